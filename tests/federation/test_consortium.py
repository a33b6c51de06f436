import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fluid.artifacts import MANIFEST, open_artifact
from fluid.data.dataset import Dataset
from fluid.errors import ArtifactError, ConfigError, QuorumError
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation import consortium
from fluid.federation.requests import AggregateRequest, AnnotateRequest, DistillRequest, EvaluateRequest, HybridRequest, TeacherRequest
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.predictor import ForestSpec
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished


def write_private_file(dataset: Dataset, path: Path) -> None:
    lines = [f"{smiles},{int(label)}" for smiles, label in zip(dataset.molecules.smiles, dataset.labels[:, 0], strict=True)]
    path.write_text("\n".join(["smiles,active", *lines]) + "\n")


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a result, but its manifest and the list of dropped rows, which a simulation keeps elsewhere."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if name not in (MANIFEST, "dropped.csv")}


@pytest.fixture(scope="module")
def world(finished: Finished, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the simulation's federation again, by three companies and a coordinator in folders of their own."""
    root, spec = tmp_path_factory.mktemp("world"), finished.spec
    common = {"intake": spec.intake, "trainer": spec.trainer, "annotation": spec.annotation, "seed": spec.seed}
    public = {"transfer": str(files.transfer), **common}
    post = root / "coordinator"
    for name, part in finished.federation.companies.items():
        home = root / name
        home.mkdir()
        write_private_file(part, home / "assay.csv")
        private = {"input": str(home / "assay.csv"), "company": name, "training": spec.training, **common}
        runner = Runner(ArtifactStore(home / "store"))
        consortium.train_teacher(TeacherRequest(out=home / "teacher", model=spec.model, **private), runner)
        order = AnnotateRequest(home / "teacher", str(files.transfer), home / "annotations", spec.intake, spec.annotation)
        consortium.annotate(order, runner)
        shutil.copytree(home / "annotations" / "annotation_set", post / name)
    runner = Runner(ArtifactStore(post / "store"))
    sent = tuple(post / name for name in ("T2", "T3", "T1"))  # in any order
    consortium.aggregate(
        AggregateRequest(sent, post / "consensus", spec.consensus, spec.annotation, details=True, few_companies=True), runner
    )
    order = DistillRequest(
        post / "consensus", out=post / "student", model=spec.student_model, selection=spec.selection, training=spec.training, **public
    )
    consortium.distill(order, runner)
    for name in finished.federation.companies:
        home = root / name
        private = {"input": str(home / "assay.csv"), "company": name, "training": spec.training, "selection": spec.selection}
        order = HybridRequest(
            student=post / "student", consensus_folder=post / "consensus", out=home / "hybrid", hybrid=spec.hybrid, **private, **public
        )
        consortium.hybrid(order, Runner(ArtifactStore(home / "store")))
    return root


@pytest.mark.parametrize("company", ["T1", "T2", "T3"])
def test_teachers_annotations_and_hybrids_are_those_of_the_simulation(world: Path, finished: Finished, company: str) -> None:
    federation = finished.federation
    pairs = [
        (world / company / "teacher" / "model", federation.models[company] / "model"),
        (world / company / "annotations" / "annotation_set", federation.annotations[company] / "annotation_set"),
        (world / company / "hybrid" / "model", federation.models["H" + company[1:]] / "model"),
    ]
    for ours, theirs in pairs:
        names = sorted(file.name for file in ours.iterdir())
        assert names == sorted(file.name for file in theirs.iterdir())
        assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in names)


def test_consensus_and_student_are_those_of_the_simulation(world: Path, finished: Finished) -> None:
    assert open_artifact(world / "coordinator" / "consensus").digest == finished.federation.consensus.digest
    assert files_of(world / "coordinator" / "student") == files_of(finished.federation.models["student"].folder)


def test_a_student_of_heads_is_that_of_the_simulation(world: Path, rerun: Callable[..., Finished], files: Files) -> None:
    heads, post = StudentSpec("heads"), world / "coordinator"
    run = rerun(distillation=heads)
    spec, sent = run.spec, tuple(post / name for name in ("T3", "T1", "T2"))
    order = DistillRequest(
        post / "consensus",
        str(files.transfer),
        post / "heads",
        heads,
        spec.student_model,
        spec.intake,
        spec.training,
        trainer=spec.trainer,
        annotation=spec.annotation,
        selection=spec.selection,
        annotations=sent,
        seed=spec.seed,
    )
    made = consortium.distill(order, Runner(ArtifactStore(post / "store"))).folder
    assert files_of(made) == files_of(run.federation.models["student"].folder)


def test_only_annotations_reach_the_coordinator(world: Path) -> None:
    for name in ("T1", "T2", "T3"):
        assert sorted(file.name for file in (world / "coordinator" / name).iterdir()) == ["annotations.parquet", "manifest.json"]


def test_no_private_molecule_is_in_what_the_coordinator_has(world: Path, finished: Finished) -> None:
    private = {s.encode() for part in finished.federation.companies.values() for s in part.molecules.smiles if len(s) > 6}
    for file in (world / "coordinator").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(smiles in content for smiles in private), file


class Notes(SilentProgress):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


BROKEN = ["C1CC,1", "C1CC,0", ",1", "CCCCCCCCCCCCCCCCO,equivocal", "[Na+].[Cl-],1", "CCCCCCCCCCCCCCCCCO,", "CCCCCCCCCCCCCCCCCO,"]
TOLD = "7 dropped (2 does not parse as SMILES, 2 no label, 1 empty SMILES, 2 more)"


def with_broken_rows(file: Path, path: Path) -> Path:
    labelled = file.read_text().splitlines()
    rows = [row if "," in labelled[0] else row.split(",")[0] for row in BROKEN]
    path.write_text("\n".join([",".join(line.split(",")[:2]) for line in labelled] + rows) + "\n")
    return path


def reasons_in(list_file: Path) -> list[str]:
    return pd.read_csv(list_file, keep_default_na=False)["reason"].tolist()


LABELLED = [
    "does not parse as SMILES", "does not parse as SMILES", "empty SMILES", "equivocal call", "no carbon", "no label", "no label",
]  # fmt: skip
UNLABELLED = ["does not parse as SMILES", "does not parse as SMILES", "blank line", "no carbon"]


def test_every_verb_that_reads_molecules_lists_what_it_dropped_and_says_so(
    world: Path, finished: Finished, files: Files, tmp_path: Path
) -> None:
    spec, progress = finished.spec, Notes()
    home, runner = world / "T1", Runner(ArtifactStore(tmp_path / "store"), progress)
    common = {"intake": spec.intake, "trainer": spec.trainer, "annotation": spec.annotation, "training": spec.training}
    pool, test = with_broken_rows(files.pool, tmp_path / "pool.csv"), with_broken_rows(files.test, tmp_path / "test.csv")
    transfer = with_broken_rows(files.transfer, tmp_path / "transfer.csv")
    teacher = TeacherRequest(str(pool), "T1", tmp_path / "teacher", ForestSpec(n_trees=3), **common)
    for _ in range(2):  # also where the intake is in the store, and the result in its folder
        consortium.train_teacher(teacher, runner)
        assert progress.texts.pop() == f"pool.csv: 247 rows read, 240 kept, {TOLD}, 0 merged."
    assert reasons_in(tmp_path / "teacher" / "dropped.csv") == LABELLED
    consortium.annotate(AnnotateRequest(tmp_path / "teacher", str(transfer), tmp_path / "a", spec.intake, spec.annotation), runner)
    told = "transfer.csv: 147 rows read, 142 kept, 4 dropped (2 does not parse as SMILES, 1 blank line, 1 no carbon), 1 merged."
    assert progress.texts.pop() == told
    assert reasons_in(tmp_path / "a" / "dropped.csv") == UNLABELLED
    consortium.aggregate(AggregateRequest((tmp_path / "a",), tmp_path / "c", annotation=spec.annotation), runner)
    order = DistillRequest(tmp_path / "c", str(transfer), tmp_path / "student", model=spec.student_model, **common)
    consortium.distill(order, runner)
    assert progress.texts.pop() == told
    assert reasons_in(tmp_path / "student" / "dropped.csv") == UNLABELLED
    hybrid = HybridRequest(str(pool), "T1", tmp_path / "student", tmp_path / "c", str(transfer), tmp_path / "hybrid", **common)
    consortium.hybrid(hybrid, runner)
    assert [reasons_in(tmp_path / "hybrid" / name) for name in ("dropped.csv", "dropped_transfer.csv")] == [LABELLED, UNLABELLED]
    asked = {"intake": spec.intake, "evaluation": EvaluationSpec(n_bootstrap=2)}
    consortium.evaluate(EvaluateRequest(home / "teacher", str(test), tmp_path / "e", str(pool), **asked), runner)
    assert [text.split(":")[0] for text in progress.texts] == ["pool.csv", "transfer.csv", "test.csv", "pool.csv"]
    assert [reasons_in(tmp_path / "e" / name) for name in ("dropped.csv", "dropped_validation.csv")] == [LABELLED, LABELLED]


def test_another_list_is_another_result(world: Path, finished: Finished, files: Files, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))
    order = EvaluateRequest(
        world / "T1" / "teacher", str(files.test), tmp_path / "e", intake=finished.spec.intake, evaluation=EvaluationSpec(n_bootstrap=2)
    )
    consortium.evaluate(order, runner)
    longer = with_broken_rows(files.test, tmp_path / "test.csv")
    consortium.evaluate(replace(order, input=str(longer), overwrite=True), runner)
    assert reasons_in(tmp_path / "e" / "dropped.csv") == LABELLED


def test_a_second_call_finds_the_result(world: Path, finished: Finished) -> None:
    spec, runner = finished.spec, Runner(ArtifactStore(world / "coordinator" / "store"))
    sent = tuple(world / "coordinator" / name for name in ("T1", "T2", "T3"))
    consortium.aggregate(
        AggregateRequest(sent, world / "coordinator" / "consensus", spec.consensus, spec.annotation, details=True, few_companies=True),
        runner,
    )
    assert [record.reused for record in runner.records] == [True]


def test_a_folder_with_other_results_is_not_touched(world: Path, finished: Finished, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    sent = (world / "coordinator" / "T1",)
    with pytest.raises(ConfigError, match="already holds other results"):
        consortium.aggregate(
            AggregateRequest(sent, tmp_path, finished.spec.consensus, overwrite=True), Runner(ArtifactStore(tmp_path / "s"))
        )
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_evaluate_gives_the_scores_of_the_simulation(world: Path, finished: Finished, files: Files, tmp_path: Path) -> None:
    order = EvaluateRequest(
        world / "T1" / "teacher",
        str(files.external),
        tmp_path / "scores",
        intake=finished.spec.intake,
        evaluation=EvaluationSpec(n_bootstrap=5),
    )
    scores = consortium.evaluate(order, Runner(ArtifactStore(tmp_path / "store"))).set_index("metric")["value"]
    simulated = [line.split(",") for line in (finished.federation.evaluated["T1"] / "scores.csv").read_text().splitlines()]
    where = {name: i for i, name in enumerate(simulated[0])}
    expected = {r[where["metric"]]: float(r[where["value"]]) for r in simulated[1:] if r[where["test"]] == "external"}
    assert scores["auroc"] == pytest.approx(expected["auroc"], abs=1e-9)


def test_no_annotation_sets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no annotation sets were given"):
        consortium.read_sets(())


def test_a_set_over_another_transfer_set_is_refused(world: Path, files: Files, finished: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    lines = files.transfer.read_text().splitlines()
    other.write_text("\n".join(lines[:100]) + "\n")
    order = AnnotateRequest(world / "T2" / "teacher", str(other), tmp_path / "annotations", finished.spec.intake, finished.spec.annotation)
    consortium.annotate(order, Runner(ArtifactStore(tmp_path / "store")))
    with pytest.raises(ArtifactError, match="annotated another transfer set"):
        consortium.read_sets((world / "coordinator" / "T1", tmp_path / "annotations"))


def test_the_same_company_twice_is_refused(world: Path, finished: Finished, tmp_path: Path) -> None:
    twice = (world / "coordinator" / "T1", world / "coordinator" / "T1")
    with pytest.raises(ArtifactError, match="T1"):
        consortium.aggregate(AggregateRequest(twice, tmp_path / "out", finished.spec.consensus), Runner(ArtifactStore(tmp_path / "store")))
    assert not (tmp_path / "out").exists()


def test_a_consensus_over_another_transfer_set_is_refused(world: Path, files: Files, finished: Finished, tmp_path: Path) -> None:
    order = DistillRequest(
        world / "coordinator" / "consensus",
        str(files.pool),
        tmp_path / "student",
        intake=finished.spec.intake,
        training=finished.spec.training,
    )
    with pytest.raises(ArtifactError, match="another transfer set"):
        consortium.distill(order, Runner(ArtifactStore(tmp_path / "store")))
    assert not (tmp_path / "student").exists()


def test_an_altered_teacher_is_refused(world: Path, files: Files, finished: Finished, tmp_path: Path) -> None:
    shutil.copytree(world / "T1" / "teacher", tmp_path / "teacher")
    weights = next((tmp_path / "teacher").rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-10])
    order = AnnotateRequest(tmp_path / "teacher", str(files.transfer), tmp_path / "out", finished.spec.intake, finished.spec.annotation)
    with pytest.raises(ArtifactError, match=r"member_0\.safetensors.*content differs|content differs.*member_0\.safetensors"):
        consortium.annotate(order, Runner(ArtifactStore(tmp_path / "store")))
    assert not (tmp_path / "out").exists()


def test_too_few_labels_name_the_file(files: Files, finished: Finished, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("\n".join(files.pool.read_text().splitlines()[:6]) + "\n")
    order = TeacherRequest(str(few), "T1", tmp_path / "teacher", intake=finished.spec.intake)
    with pytest.raises(QuorumError, match=r"few\.csv"):
        consortium.train_teacher(order, Runner(ArtifactStore(tmp_path / "store")))
    assert not (tmp_path / "teacher").exists()
