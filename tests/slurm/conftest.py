"""A small federation on a real Slurm, and the same without it to compare with."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import SMALL
from tests.conftest import Files
from tests.slurm.cluster import Cluster, cluster, missing, until

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "slurm"
COMPANIES = 2
PATIENCE_S = 600  # on a busy machine; with two cores of their own all of these tests together take less


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder, and skip them where no Slurm can be started."""
    reason = missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slurm)
            item.add_marker(pytest.mark.timeout(PATIENCE_S))
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class Place:
    """A folder to run in, with the settings of the small federation.

    Attributes:
        folder: Where `runs` comes to lie.
        settings: What decides results.
        environment: Of the commands.
    """

    folder: Path
    settings: list[str]
    environment: Mapping[str, str]

    def fluid(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `fluid simulate`."""
        command = [sys.executable, "-m", "fluid", "simulate", *self.settings, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=dict(self.environment), stdout=pipe, stderr=pipe, text=True)

    def done(self, *arguments: str) -> str:
        """Run `fluid simulate` to its end and return what it prints."""
        process = self.fluid(*arguments)
        out, error = process.communicate(timeout=240)
        if process.returncode:
            raise RuntimeError(out + error)
        return out

    def sbatch(self, made: Cluster, script: str, *options: str, parts: tuple[str, ...] = ()) -> str:
        """Submit one of the scripts for seed 0; returns the job's number."""
        command = ("sbatch", "--parsable", f"--chdir={self.folder}", *options, SCRIPTS / script, *self.settings, *parts)
        return made.call(*command, FLUID_SLURM=str(SCRIPTS), SEEDS="0", COMPANIES=str(COMPANIES), **self.own())

    def own(self) -> dict[str, str]:
        """Return the variables that jobs need."""
        return {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def teacher(self, name: str = "T1") -> "Training":
        """Return what is known of the training of a company's teacher, alone in a part of the run."""
        return Training(self.folder, name)


@dataclass
class Training:
    """The training of a teacher, as it can be seen in run folder and store."""

    folder: Path
    name: str

    @property
    def record(self) -> dict[str, object]:
        """What the run folder of the part says; nothing yet if there is none."""
        found = list(self.folder.rglob(f"targets/{self.name}/run.json"))
        return dict(json.loads(found[0].read_text())) if found else {}

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint, if the training has written one by now."""
        found = list((self.folder / "runs" / "store" / "scratch").glob("*/member_0")) if self.record else []
        keys = [need["key"][:32] for need in self.record.get("needs", []) if (need["stage"], need["name"]) == ("teacher", self.name)]  # type: ignore[attr-defined]
        return next((file for file in found if file.parent.name in keys), None)

    def wait(self) -> None:
        """Wait until it is in its middle."""
        until(lambda: self.checkpoint, f"a checkpoint of {self.name}", 90)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """Start a Slurm for all tests."""
    with cluster() as made:
        yield made


@pytest.fixture(scope="session")
def settings(files: Files) -> list[str]:
    """Return the settings of the federation: teachers train for some seconds and write many checkpoints."""
    own = [f"companies.n={COMPANIES}", "training.teacher.epochs=150", "training.teacher.patience=150", "trainer.checkpoint_s=0.1"]
    tests = [f"data.test_in_domain={files.test}", f"data.test_external={files.external}"]
    return [*SMALL, *own, f"data.pool={files.pool}", f"data.transfer={files.transfer}", *tests, "trainer.progress=false"]


@pytest.fixture
def place(settings: list[str], slurm: Cluster, tmp_path: Path) -> Place:
    """Return an empty place, with an empty store."""
    environment = {name: value for name, value in slurm.environment.items() if name != "FLUID_STORE"}
    made = Place(tmp_path, settings, environment)
    made.environment = {**environment, **made.own()}
    return made


@pytest.fixture(scope="session")
def plain(settings: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the place of the run to compare with: one process, no Slurm."""
    made = Place(tmp_path_factory.mktemp("plain"), settings, {})
    made.environment = {**{name: value for name, value in os.environ.items() if name != "FLUID_STORE"}, **made.own()}
    made.done("sweep=study", "seed=0")
    return made.folder


def same_results(run: Path, folder: Path) -> None:
    """Check that a run ended with the very bytes of the plain one."""
    plain = folder / "runs" / "study" / run.name
    names = ["metrics.csv"]  # metrics.json also tells what it cost
    names += [str(file.relative_to(plain)) for part in ("consensus", "models", "annotations") for file in (plain / part).rglob("*.*")]
    assert len(names) > 20
    assert [name for name in names if (run / name).read_bytes() != (plain / name).read_bytes()] == []


def same_teacher(folder: Path, plain: Path, name: str = "T1") -> None:
    """Check that a part was made with the very bytes of the plain run."""
    for kind in ("teacher", "annotate"):
        manifests = list((folder / "runs" / "store" / kind).rglob("artifact.json"))
        assert manifests
        for file in manifests:  # key, and the hash of every file
            assert (plain / file.relative_to(folder)).read_bytes() == file.read_bytes()
