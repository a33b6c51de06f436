"""Run every kind of stage in a process of its own, and note which modules of fluid run there: what a stage can depend on.

python executed.py FILES OUT    FILES: the paths of a small consortium as JSON; OUT: a folder

The libraries are imported once, without fluid; each stage is made in a fork of that process, so that every module of fluid that is
loaded in the end ran there. Nothing here knows how the version of code is found.
"""

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

TORCH = ("torch", "torch_geometric", "lightning.pytorch", "safetensors.torch")
OTHERS = (
    "rdkit.Chem.AllChem",
    "sklearn.ensemble",
    "skops.io",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "joblib",
    "cloudpickle",
    "pebble",
)
AT_ONCE = 2
PACKAGE = Path(importlib.util.find_spec("fluid").submodule_search_locations[0])  # type: ignore[union-attr, index]


def no_logger(name: str, role: str, company: str) -> None:
    """Log nowhere; the one of fluid would bring in the runner, which makes nothing."""


def fork(work: Callable[[], None]) -> int:
    """Begin to do something in a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def wait_for(child: int) -> None:
    """Wait until a process has ended.

    Raises:
        RuntimeError: The process failed.
    """
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("a stage failed")


def federation(files: dict[str, str]) -> Any:
    """Return a small federation with stages of every kind."""
    from fluid.annotation.spec import AnnotationSpec
    from fluid.companies.spec import CompanySpec
    from fluid.data.data_spec import DataSpec
    from fluid.data.intake_spec import IntakeSpec
    from fluid.distillation.consensus_spec import ConsensusSpec
    from fluid.distillation.selection_spec import SelectionSpec
    from fluid.evaluation.spec import EvaluationSpec
    from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec, FedAvgSpec, FedDFSpec, FedMDSpec, FedProxSpec, SGESpec
    from fluid.federation.spec import FederationSpec
    from fluid.federation.stages.hybrid_spec import HybridSpec
    from fluid.models.predictor import NetworkSpec
    from fluid.training.config import TrainerSpec, Training, TrainingConfig

    one, network = TrainingConfig(epochs=1, batch_size=64), NetworkSpec(hidden=8, layers=1)
    short = {"rounds": 1, "local_epochs": 1}
    averaging = {"fedavg": FedAvgSpec(**short), "fedprox": FedProxSpec(**short), "feddf": FedDFSpec(**short)}
    others = {"fedmd": FedMDSpec(rounds=1), "dsfl": DSFLSpec(rounds=1), "sge": SGESpec(federated="fedavg")}
    return FederationSpec(
        data=DataSpec(files["pool"], files["transfer"], "", files["test"], "", validation_share=0.15),
        intake=IntakeSpec(endpoints=("active",), quorum=5, workers=0),
        companies=CompanySpec(method="size", n=2, size_exponent=0.3, min_size=20, min_per_class=5),
        model=network,
        student_model=network,
        training=Training(one, one, one, one),
        trainer=TrainerSpec(threads=1, progress=False),
        annotation=AnnotationSpec(chunk=64, mc_samples=2),
        consensus=ConsensusSpec("similarity", {"power": 2.0}),
        selection=SelectionSpec("all", 1000),
        evaluation=EvaluationSpec(n_bootstrap=5, forest=True),
        baselines=BaselinesSpec(**averaging, **others),
        hybrid=HybridSpec("l2_sp", guard=True),
        analyses=("domain_gain", "contribution"),
    )


def describe(files: dict[str, str], out: Path) -> None:
    """Run the federation, and keep the first stage of each kind for another process."""
    import cloudpickle

    from fluid.federation.simulation import simulate
    from fluid.pipeline.runner import Runner
    from fluid.pipeline.stage import Stage
    from fluid.pipeline.store import ArtifactStore

    def keep(stage: Stage) -> None:
        module = stage.module or f"federation/stages/{stage.kind}.py"
        place = out / "stages" / f"{Path(module).stem}{'-forest' * (stage.kind == 'teacher' and stage.name == 'forest')}"
        if not place.exists():
            place.write_bytes(cloudpickle.dumps((module, stage)))

    simulate(federation(files), Runner(ArtifactStore(out / "store"), logger=no_logger, needs=keep))  # type: ignore[arg-type]


def trace(place: Path, out: Path) -> None:
    """Make a stage anew, and write which modules of fluid run meanwhile, and which other files are opened."""
    opened: set[str] = set()

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(f"{PACKAGE}{os.sep}"):
            opened.add(arguments[0])

    import pickle

    sys.addaudithook(heard)
    module, stage = pickle.loads(place.read_bytes())  # noqa: S301
    importlib.import_module("fluid." + module.removesuffix(".py").replace("/", "."))  # of which the stage is a closure, kept by value
    from fluid.pipeline.store import ArtifactStore  # part of every stage

    stage.make_in(ArtifactStore(out / "again" / place.name), lambda share: None)
    here = [str(module.__file__) for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE.name]
    seen = {"module": module, "ran": here, "opened": [file for file in opened if not file.endswith((".py", ".pyc"))]}
    (out / "ran" / f"{place.name}.json").write_text(json.dumps(seen))


def main(files: Path, out: Path) -> None:
    """Make everything once, then every kind of stage again by itself."""
    for name in (*TORCH, *OTHERS):
        importlib.import_module(name)
    for folder in ("stages", "ran", "again"):
        (out / folder).mkdir(parents=True)
    wait_for(fork(lambda: describe(json.loads(files.read_text()), out)))
    at_work: list[int] = []
    for place in sorted((out / "stages").iterdir()):
        if len(at_work) == AT_ONCE:
            wait_for(at_work.pop(0))
        at_work.append(fork(lambda place=place: trace(place, out)))  # type: ignore[misc]
    for child in at_work:
        wait_for(child)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
