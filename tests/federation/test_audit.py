"""Audits of real artefacts by files, and what is refused."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import Artifact, read_json
from fluid.data.intake_spec import IntakeSpec
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ArtifactError, ConfigError, FluidError, QuorumError
from fluid.federation.audit import audit, nearest_public
from fluid.federation.audited import open_audited
from fluid.federation.consortium import aggregate, annotate, distill, train_teacher
from fluid.federation.files import read_file
from fluid.federation.model_folder import open_model
from fluid.federation.requests import AggregateRequest, AnnotateRequest, AuditRequest, DistillRequest, TeacherRequest
from fluid.federation.stages.audit import AT_RISK, FACTS, HELD_OUT, NEAREST_PUBLIC, PAGE, Before, drawn, scene_of
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import ForestSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.privacy.policy import PolicySpec
from tests.conftest import Library

INTAKE = IntakeSpec(endpoints=("active",), quorum=5, workers=0)


class Made:
    """Two companies with teachers, annotation sets, a consensus and a student of experts; what each test audits."""

    def __init__(self, folder: Path, library: Library) -> None:
        self.folder, self.runner = folder, Runner(ArtifactStore(folder / "store"))
        write = library.write
        self.own, self.held_out = write(folder / "own.csv", range(120)), write(folder / "held_out.csv", range(120, 200))
        self.other, self.transfer = write(folder / "other.csv", range(200, 300)), write(folder / "transfer.csv", range(300, 440), False)
        evidence = AnnotationSpec(domain="evidence", mc_samples=0)
        self.train("Acme", self.own, AdditiveSpec(2, 2048, (0.3,)), evidence)
        self.train("Bolt", self.other, AdditiveSpec(2, 2048, (0.3,)), evidence)
        self.train("Forest", self.own, ForestSpec(n_trees=20), AnnotationSpec(mc_samples=0))
        sets = (folder / "Acme.set", folder / "Bolt.set")
        aggregate(AggregateRequest(sets, folder / "consensus", ConsensusSpec("evidence"), details=True, few_companies=True), self.runner)
        mean = ConsensusSpec("mean")
        aggregate(AggregateRequest(sets, folder / "lean", mean, few_companies=True), self.runner)
        student = StudentSpec(mode="experts", labels="soft")
        request = DistillRequest(folder / "consensus", str(self.transfer), folder / "student", student, intake=INTAKE, annotations=sets)
        distill(request, self.runner)

    def train(self, name: str, file: Path, model, annotation: AnnotationSpec) -> None:
        train_teacher(TeacherRequest(str(file), name, self.folder / name, model, INTAKE, annotation=annotation), self.runner)
        annotate(AnnotateRequest(self.folder / name, str(self.transfer), self.folder / f"{name}.set", INTAKE, annotation), self.runner)

    def request(self, release: str, out: Path, **more) -> AuditRequest:
        given = {"non_members": str(self.held_out), "transfer": str(self.transfer), "intake": INTAKE, **more}
        return AuditRequest(self.folder / release, str(self.own), out, **given)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Made:
    return Made(tmp_path_factory.mktemp("audit"), library)


@pytest.fixture
def look(made: Made, tmp_path: Path) -> Callable[..., Artifact]:
    """Return a function that audits a release."""

    def call(release: str, **more) -> Artifact:
        return audit(made.request(release, tmp_path / "out", **more), made.runner)

    return call


def names(found: Artifact) -> set[str]:
    return {one["attack"] for one in read_json(found / FACTS)["audit"]["findings"]}


def test_an_annotation_set_with_evidence_tells_who_was_counted(look, made: Made) -> None:
    found = look("Acme.set", annotations=(made.folder / "Bolt.set",))
    facts = read_json(found / FACTS)
    assert names(found) >= {"known_substructures", "singletons", "familiarity_sent", "label_copied", "against_others", "lira"}
    assert "label_asked" not in names(found)  # no teacher was given
    assert (facts["artefact"], facts["of"], facts["asked"], facts["others"]) == ("annotation set", "Acme", False, ["Bolt"])
    assert all(len(facts["digests"][name]) == 64 for name in ("release", "members", "non_members", "transfer"))
    assert (facts["audit"]["members"], facts["audit"]["non_members"]) == (120, 80)
    assert all(one["version"] >= 1 for one in facts["audit"]["findings"])
    measured, active = facts["audit"]["themes"]
    assert (measured["name"], measured["true"], measured["guess"]) == ("measured", 120, None)
    assert measured["told"] == pytest.approx(120, rel=0.15)
    assert (active["name"], active["endpoint"]) == ("active", "active")
    assert 0 < active["guess"] < 1


def test_a_consensus_tells_nothing_of_one_company_as_a_whole(look) -> None:
    assert read_json(look("lean") / FACTS)["audit"]["themes"] == []


def test_only_one_file_names_molecules(look, made: Made) -> None:
    found = look("Forest.set", teacher=str(made.folder / "Forest"))
    with (found / AT_RISK).open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 120
    shares = [float(row["non_members_no_less"]) for row in rows]
    assert shares == sorted(shares)
    assert 0 < shares[0] <= 1 / 81 + 1e-6
    for file in (FACTS, PAGE):
        text = (found / file).read_text()
        assert not any(f'"{row["smiles"]}"' in text or f">{row['smiles']}<" in text for row in rows)


def test_a_forest_that_answers_its_own_molecules_breaks_a_bound(look, made: Made) -> None:
    found = look("Forest.set", teacher=str(made.folder / "Forest"))
    facts = read_json(found / FACTS)
    assert facts["asked"]
    assert not facts["holds"]
    assert any(text.startswith("certainty_asked") or text.startswith("label_asked") for text in facts["audit"]["fell"])
    assert any("Forests are by construction" in text or "by heart" in text for text in facts["audit"]["advice"])


def test_weights_of_an_additive_teacher_are_solved_for(look) -> None:
    found = look("Acme")
    assert "joint_posterior" in names(found)
    planted = {one["name"]: one["found_by"] for one in read_json(found / FACTS)["audit"]["planted"]}
    assert planted["pulled_weights"] in ("joint_posterior", "label_copied")


def test_how_an_additive_teacher_learns_is_known(made: Made) -> None:
    transfer = read_file("transfer", str(made.transfer), INTAKE.unlabelled(), made.runner)[1]
    acme, forest = (open_model(made.folder / name) for name in ("Acme", "Forest"))
    told = open_audited(made.folder / "Acme.set", transfer, acme, "")
    assert told.recipe == open_audited(made.folder / "Acme", None, None, "").recipe == AdditiveSpec(2, 2048, (0.3,))
    _, own = read_file("members", str(made.own), INTAKE, made.runner)
    before = Before(told, own.take(np.arange(60)), own.take(np.arange(60, 120)), HELD_OUT, transfer)
    assert scene_of(before, drawn(before, 50, 0), 0).recipe == told.recipe
    assert open_audited(made.folder / "Acme.set", transfer, None, "").recipe is None
    assert open_audited(made.folder / "Forest.set", transfer, forest, "").recipe is None


def test_a_forest_has_no_weights_to_solve_for(look, made: Made) -> None:
    assert "joint_posterior" not in names(look("Forest.set", teacher=str(made.folder / "Forest")))


def test_a_student_of_experts_is_read_where_the_companys_part_stands(look) -> None:
    found = look("student", company="Acme")
    assert names(found) >= {"known_substructures", "weight_of_one", "label_asked", "familiarity_asked", "lira"}
    assert read_json(found / FACTS)["artefact"] == "student (experts)"


def test_a_consensus_is_read_by_its_labels_and_its_support(look) -> None:
    assert names(look("consensus")) >= {"support_sent", "certainty_sent", "label_copied"}


def test_a_partner_turns_a_consensus_of_two_round(look, made: Made) -> None:
    found = read_json(look("consensus", annotations=(made.folder / "Bolt.set", made.folder / "Acme.set")) / FACTS)
    assert found["partner"] == "Bolt"
    (answers,) = found["audit"]["inverted"]
    assert answers["name"] == "others_answers:active"
    assert answers["companies"] == 2
    assert answers["right"]["value"] > 0.95
    assert answers["verdict"]["state"] == "fell"
    assert any(text.startswith("others_answers:active: recovered of") for text in found["audit"]["fell"])
    assert any("give the student back" in text for text in found["audit"]["advice"])
    assert {one["found_by"] for one in found["audit"]["planted"] if one["name"].startswith("others_")} == {"others_bins", "others_answers"}


def test_a_mean_of_two_is_turned_round_without_details_too(look, made: Made) -> None:
    found = read_json(look("lean", annotations=(made.folder / "Bolt.set", made.folder / "Acme.set")) / FACTS)
    (answers,) = found["audit"]["inverted"]
    assert answers["companies"] == 2
    assert answers["right"]["value"] > 0.95
    assert answers["verdict"]["state"] == "fell"


def test_a_partner_needs_only_what_he_said_himself(look, made: Made) -> None:
    (answers,) = read_json(look("consensus", annotations=(made.folder / "Acme.set",)) / FACTS)["audit"]["inverted"]
    assert answers["told"]["value"] > 0.3
    assert answers["right"] is None


def test_a_consensus_that_nobody_turned_round_is_not_vouched_for(look) -> None:
    assert any("nobody tried to recover the others" in text for text in read_json(look("consensus") / FACTS)["audit"]["blind"])


def test_who_is_no_partner_cannot_turn_a_consensus_round(look, made: Made) -> None:
    said = refused(look, "consensus", ArtifactError, annotations=(made.folder / "Forest.set",))
    assert "'Forest' are of no partner of the consensus; expected those of Acme, Bolt" in said


def test_a_model_needs_no_transfer_set(look) -> None:
    assert names(look("Forest", transfer="")) >= {"label_asked", "certainty_asked", "bin_asked"}


def test_public_molecules_stand_for_non_members_and_are_told_to_be_others(look, made: Made) -> None:
    found = read_json(look("Acme.set", non_members="") / FACTS)
    assert found["non_members_are"].startswith("public molecules")
    assert found["audit"]["non_members"] <= 120


def test_public_molecules_that_stand_for_non_members_are_not_read_as_public_too(made: Made) -> None:
    transfer = read_file("transfer", str(made.transfer), INTAKE.unlabelled(), made.runner)[1]
    own = read_file("own", str(made.own), INTAKE, made.runner)[1]
    audited = open_audited(made.folder / "Acme.set", transfer, None, "")
    outside = nearest_public(own, transfer, 20, 0)
    before = Before(audited, own, outside, NEAREST_PUBLIC, transfer)
    scene = scene_of(before, drawn(before, 500, 0), 0)
    assert len(scene.public.smiles) == len(transfer) - len(outside)  # type: ignore[union-attr]
    kept = [transfer.molecules.smiles.index(one) for one in scene.public.smiles]  # type: ignore[union-attr]
    assert np.array_equal(scene.sent.answers.prediction, audited.sent.prediction[kept])  # type: ignore[union-attr]
    assert not scene.in_public.any()


@pytest.mark.slow
def test_equal_audits_are_equal_and_another_seed_is_another(made: Made, tmp_path: Path) -> None:
    one, again, other = (
        audit(replace(made.request("Acme.set", tmp_path / name), seed=seed, candidates=20), Runner(ArtifactStore(tmp_path / f"s{name}")))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert (one / FACTS).read_bytes() == (again / FACTS).read_bytes()
    assert (one / PAGE).read_bytes() == (again / PAGE).read_bytes()
    assert (one / AT_RISK).read_bytes() != (other / AT_RISK).read_bytes()


def refused(look, release: str, kind: type[FluidError], **more) -> str:
    with pytest.raises(kind) as error:
        look(release, **more)
    return str(error.value)


def test_a_log_that_names_molecules_breaks_a_bound_and_one_that_does_not_holds(look, made: Made, library: Library) -> None:
    loud, mute = made.folder / "loud.log", made.folder / "mute.log"
    loud.write_text("".join(f"WARNING row {row}: {library.smiles[row]} answered late\n" for row in range(0, 120, 2)))
    mute.write_text("INFO 120 molecules of Acme, AUROC 0.81 (0.78 to 0.84)\n" * 50)
    found = read_json(look(str(loud), transfer="", company="Acme") / FACTS)
    assert found["artefact"] == "report or log"
    assert any(text.startswith("written: AUC 0.75") for text in found["audit"]["fell"])
    quiet = read_json(look(str(mute), transfer="", company="Acme", overwrite=True) / FACTS)
    assert quiet["audit"]["fell"] == []
    assert [one["found_by"] for one in quiet["audit"]["planted"]] == ["written"]


def test_an_empty_folder_is_refused(look, made: Made) -> None:
    (made.folder / "empty").mkdir(exist_ok=True)
    assert "holds nothing that can be audited" in refused(look, "", ArtifactError)  # the folder above all artefacts
    assert "this folder holds nothing that can be audited" in refused(look, "empty", ArtifactError)


def test_a_folder_that_is_not_there_is_said_to_be_missing(look) -> None:
    assert "this folder does not exist" in refused(look, "nowhere", ArtifactError)


def test_a_release_over_another_transfer_set_is_refused(look, made: Made, library: Library) -> None:
    other = library.write(made.folder / "others_transfer.csv", range(310, 450), labelled=False)
    assert "annotated another transfer set" in refused(look, "Acme.set", ArtifactError, transfer=str(other))
    assert "over another transfer set" in refused(look, "consensus", ArtifactError, transfer=str(other))


def test_a_release_without_its_transfer_set_is_refused(look) -> None:
    assert "which is not given; expected transfer=" in refused(look, "Acme.set", ConfigError, transfer="")


def test_a_damaged_release_is_refused(look, made: Made) -> None:
    broken = made.folder / "broken"
    broken.mkdir(exist_ok=True)
    for file in (made.folder / "Acme.set" / "annotation_set").iterdir():
        (broken / file.name).write_bytes(file.read_bytes() + (b"x" if file.name == "annotations.parquet" else b""))
    assert "truncated or altered" in refused(look, "broken", ArtifactError)


def test_another_ones_teacher_is_refused(look, made: Made) -> None:
    said = refused(look, "Acme.set", ArtifactError, teacher=str(made.folder / "Bolt"))
    assert "the teacher is 'Bolt', and the annotation set is of 'Acme'" in said


def test_the_release_is_not_among_the_others(look, made: Made) -> None:
    assert "'Acme' are the release itself" in refused(look, "Acme.set", ArtifactError, annotations=(made.folder / "Acme.set",))


def test_a_student_with_parts_needs_to_know_whose(look) -> None:
    assert "expected one of those whose parts stand in the student: Acme, Bolt" in refused(look, "student", ConfigError)


def test_too_few_molecules_are_refused(look, made: Made, library: Library) -> None:
    few = library.write(made.folder / "few.csv", range(120, 128))
    said = refused(look, "Acme.set", QuorumError, non_members=str(few))
    assert "120 members and 8 non-members" in said
    assert "smallest effect that could be seen" in said


def test_non_members_that_are_members_are_left_out(look, made: Made) -> None:
    assert "120 members and 0 non-members" in refused(look, "Acme.set", QuorumError, non_members=str(made.own), overwrite=True)


def test_labels_of_something_else_are_refused(look, made: Made) -> None:
    other = replace(INTAKE, endpoints=("size [heavy]",))
    assert "answers none of the labels' endpoints" in refused(look, "Acme.set", ConfigError, intake=other)


def test_so_few_candidates_are_refused() -> None:
    with pytest.raises(ConfigError, match="candidates is 9; expected 10 or more"):
        AuditRequest(Path("r"), "a.csv", Path("o"), candidates=9)


def test_one_shadow_is_refused() -> None:
    with pytest.raises(ConfigError, match="shadows is 1; expected 0, or 2 or more"):
        AuditRequest(Path("r"), "a.csv", Path("o"), shadows=1)


def test_forests_of_made_up_companies_are_grown_where_they_are_asked_for(look, made: Made) -> None:
    found = read_json(look("Forest.set", teacher=str(made.folder / "Forest"), shadows=4) / FACTS)
    assert "own_kind" in {one["attack"] for one in found["audit"]["findings"]}
    assert found["shadows"] == 4


def test_a_policy_that_allows_everything_never_falls(look, made: Made) -> None:
    found = read_json(look("Forest.set", teacher=str(made.folder / "Forest"), policy=PolicySpec(1.0, 1.0, 1.0, 1.0)) / FACTS)
    assert found["audit"]["fell"] == []
    assert np.isclose(found["audit"]["policy"]["auc"], 1.0)
