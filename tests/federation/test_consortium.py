import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fluid.artifacts import open_artifact
from fluid.data.dataset import Dataset
from fluid.errors import ArtifactError, ConfigError, QuorumError
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation import consortium
from fluid.federation.requests import AggregateRequest, AnnotateRequest, DistillRequest, EvaluateRequest, HybridRequest, TeacherRequest
from fluid.federation.stages.student_spec import StudentSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished


def write_private_file(dataset: Dataset, path: Path) -> None:
    lines = [f"{smiles},{int(label)}" for smiles, label in zip(dataset.molecules.smiles, dataset.labels[:, 0], strict=True)]
    path.write_text("\n".join(["smiles,active", *lines]) + "\n")


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
    consortium.aggregate(AggregateRequest(sent, post / "consensus", spec.consensus, spec.annotation), runner)
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
    assert open_artifact(world / "coordinator" / "student").digest == finished.federation.models["student"].digest


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
    assert consortium.distill(order, Runner(ArtifactStore(post / "store"))).digest == run.federation.models["student"].digest


def test_only_annotations_reach_the_coordinator(world: Path) -> None:
    for name in ("T1", "T2", "T3"):
        assert sorted(file.name for file in (world / "coordinator" / name).iterdir()) == ["annotations.parquet", "manifest.json"]


def test_no_private_molecule_is_in_what_the_coordinator_has(world: Path, finished: Finished) -> None:
    private = {s.encode() for part in finished.federation.companies.values() for s in part.molecules.smiles if len(s) > 6}
    for file in (world / "coordinator").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(smiles in content for smiles in private), file


def test_dropped_rows_are_listed_beside_the_model(world: Path) -> None:
    assert (world / "T1" / "teacher" / "dropped.csv").read_text().startswith("row,")


def test_a_second_call_finds_the_result(world: Path, finished: Finished) -> None:
    spec, runner = finished.spec, Runner(ArtifactStore(world / "coordinator" / "store"))
    sent = tuple(world / "coordinator" / name for name in ("T1", "T2", "T3"))
    consortium.aggregate(AggregateRequest(sent, world / "coordinator" / "consensus", spec.consensus, spec.annotation), runner)
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
