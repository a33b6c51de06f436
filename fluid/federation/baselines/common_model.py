"""The stage that all baselines with one common model share: carry out the rounds, write the model and the bytes that were sent."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fluid.artifacts import plain
from fluid.data.dataset import Dataset
from fluid.federation.baselines.spec import KIND
from fluid.federation.baselines.weight_rounds import Common, network_spec
from fluid.federation.model_folder import About, reference_fingerprints, write_model
from fluid.federation.spec import FederationSpec
from fluid.pipeline.stage import Stage, Work
from fluid.training.kinds.kind import modules_of


def common_model_stage(
    name: str,
    parts: Mapping[str, Dataset],
    transfer: Dataset,
    spec: FederationSpec,
    rounds: Callable[[Work], Common],
    settings: Mapping[str, Any],
) -> Stage:
    """Describe a baseline that ends in one common model.

    Args:
        name: Name of the baseline and of the module that describes it.
        parts: Private split by company.
        transfer: The transfer set; the common model's domain is told from it, as the student's.
        spec: The experiment.
        rounds: Carries out the rounds.
        settings: What else decides the result.

    Raises:
        ConfigError: The companies' model has no weights.
    """
    network_spec(spec)

    def build(folder: Path, work: Work) -> None:
        common = rounds(work)
        reference = reference_fingerprints(transfer.molecules, spec.seed)
        write_model(folder, common.predictor, About(name, KIND, common.thresholds, reference, spec.annotation), common.curve)
        common.wire.write(folder)

    inputs = {
        "companies": {company: part.digest for company, part in parts.items()},
        "transfer": transfer.transfer_digest,
        "model": plain(spec.model),
        "config": spec.training.teacher,
        "trainer": spec.trainer.deciding(),
        "annotation": spec.annotation,
        "seed": spec.seed,
        "quorum": spec.intake.quorum,
        **settings,
    }
    threads = spec.trainer.threads_for(spec.training.teacher)
    modules = (*modules_of(spec.model), *spec.loss.modules)
    return Stage(KIND, name, inputs, build, f"federation/baselines/{name}.py", threads, modules)
