"""Certified teachers: counted before they are there, with noise that nobody can draw again, and nothing else in them but noisy numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fluid
from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import read_json
from fluid.data.endpoints import Endpoint
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import BudgetError, ConfigError
from fluid.federation import consortium
from fluid.federation.model_folder import open_model
from fluid.federation.requests import AnnotateRequest, TeacherRequest
from fluid.federation.stages.certified import with_noise
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.own_expert import OwnExpert
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.privacy.certificate import FILE
from fluid.privacy.ledger import check_head, read_ledger
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.training.config import TrainerSpec, TrainingConfig
from tests.conftest import Files
from tests.federation.conftest import Finished
from tests.federation.test_consortium import write_private_file

MODEL = AdditiveSpec(n_bits=64, solver="perturbed", strengths=(0.5,))
ANNOTATION = AnnotationSpec(chunk=64, domain="evidence", evidence=ReleaseSpec(n_bits=64, clip=2.0))


@pytest.fixture
def order(finished: Finished, files: Files, tmp_path: Path) -> Callable[..., TeacherRequest]:
    """Return a function that asks for a certified teacher of the first company, into a folder of a name."""
    write_private_file(finished.federation.companies["T1"], tmp_path / "assay.csv")
    privacy = PrivacySpec(epsilon=4.0, ledger=tmp_path / "ledger.jsonl", budget=6.0, witness=tmp_path / "seen")
    common = TeacherRequest(
        str(tmp_path / "assay.csv"), "T1", tmp_path / "teacher", MODEL, finished.spec.intake, trainer=finished.spec.trainer,
        annotation=ANNOTATION, privacy=privacy,
    )  # fmt: skip

    def asked(out: str, **changes: object) -> TeacherRequest:
        return replace(common, out=tmp_path / out, **changes)  # type: ignore[arg-type]

    return asked


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


def test_a_release_is_counted_once_and_the_budget_ends_it(order: Callable[..., TeacherRequest], runner: Runner, tmp_path: Path) -> None:
    made = consortium.train_teacher(order("teacher"), runner)
    told = read_json(made / FILE)
    assert 3.9 < told["this_release"]["epsilon"] <= 4.0
    assert told["holds"]
    assert told["noise_from"] == "the operating system"
    check_head(read_ledger(tmp_path / "ledger.jsonl"), told["ledger"], "certificate")
    consortium.train_teacher(order("teacher"), runner)  # it is there already
    assert len(read_ledger(tmp_path / "ledger.jsonl").lines) == 2
    before = (tmp_path / "ledger.jsonl").read_bytes()
    with pytest.raises(BudgetError, match="expected 6 at most, the budget"):
        consortium.train_teacher(order("again"), runner)
    assert not (tmp_path / "again").exists()
    assert (tmp_path / "ledger.jsonl").read_bytes() == before
    smaller = order("smaller", privacy=replace(order("").privacy, epsilon=1.0), model=replace(MODEL, strengths=(0.05,)))
    other = read_json(consortium.train_teacher(smaller, runner) / FILE)
    assert other["all_releases"]["epsilon"] <= 6.0
    assert other["all_releases"]["epsilon"] > told["all_releases"]["epsilon"]


def test_two_draws_differ_and_the_certificate_leaves_with_the_answers(
    order: Callable[..., TeacherRequest], runner: Runner, files: Files, tmp_path: Path
) -> None:
    privacy = replace(order("").privacy, budget=50.0)
    models = [open_model(consortium.train_teacher(order(out, privacy=privacy), runner).folder) for out in ("one", "two")]
    first, second = (model.predictor for model in models)
    assert isinstance(first, AdditivePredictor)
    assert isinstance(second, AdditivePredictor)
    assert not np.isclose(first.weights, second.weights).any()
    assert models[0].evidence is not None
    noise = read_json(tmp_path / "one" / FILE)["mechanisms"][-1]["ratio"]
    counts = models[0].evidence.counts
    assert counts[counts > 0].min() >= 2.0 / noise  # what is below the noise is 0
    made = consortium.annotate(
        AnnotateRequest(tmp_path / "one", str(files.transfer), tmp_path / "sent", order("").intake, ANNOTATION), runner
    )
    sent = made.folder / "annotation_set"
    assert (sent / FILE).read_bytes() == (tmp_path / "one" / FILE).read_bytes()
    assert {path.name for path in sent.iterdir()} == {"annotations.parquet", "manifest.json", "evidence.safetensors", FILE}
    copied = fluid.Annotations(fluid.Annotations(made.folder).send(tmp_path / "copy"))
    assert copied.certificate == read_json(sent / FILE)
    assert read_annotation_set(sent).epistemic.max() < 1e-12  # no doubt is told, which private molecules would decide


def test_but_for_what_the_mechanisms_release_nothing_that_leaves_depends_on_private_molecules(
    order: Callable[..., TeacherRequest], runner: Runner, finished: Finished, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    weights, counts = generator.normal(size=64), np.abs(generator.normal(size=(1, 64))).astype(np.float32)
    monkeypatch.setattr("fluid.training.kinds.additive.solve_perturbed", lambda *_: (weights, 0.5))
    monkeypatch.setattr("fluid.federation.model_folder.release_counts", lambda *_: counts)
    sent = []
    for part in ("T1", "T2"):  # other molecules, other labels, and another number of them
        write_private_file(finished.federation.companies[part], tmp_path / f"{part}.csv")
        privacy = replace(order("").privacy, ledger=tmp_path / f"{part}.jsonl")
        consortium.train_teacher(order(part, input=str(tmp_path / f"{part}.csv"), privacy=privacy), runner)
        asked = AnnotateRequest(tmp_path / part, str(files.transfer), tmp_path / f"{part}_sent", order("").intake, ANNOTATION)
        folder = consortium.annotate(asked, runner).folder / "annotation_set"
        told = {key: value for key, value in read_json(folder / FILE).items() if key not in ("ledger", "chain")}  # a time, a random name
        sent.append((told, {path.name: path.read_bytes() for path in folder.iterdir() if path.name != FILE}))
    assert sent[0] == sent[1]


def settings(**changes: object) -> TeacherSettings:
    common = TeacherSettings(MODEL, TrainingConfig(), TrainerSpec(), ANNOTATION, 0, privacy=PrivacySpec(epsilon=4.0))
    return replace(common, **changes)  # type: ignore[arg-type]


CLASS = (Endpoint.parse("active"),)


def test_a_teacher_with_noise_learns_from_all_its_molecules() -> None:
    assert with_noise(settings(privacy=PrivacySpec()), CLASS).config.validation_share == 0
    plain = settings(model=AdditiveSpec(), privacy=PrivacySpec())
    assert with_noise(plain, CLASS) == plain


def test_noise_grows_with_endpoints_and_is_none_where_none_is_asked() -> None:
    one, two = (with_noise(settings(), (*CLASS, Endpoint.parse("other"))[:n]) for n in (1, 2))
    assert isinstance(one.model, AdditiveSpec)
    assert isinstance(two.model, AdditiveSpec)
    assert 0 < one.model.noise < two.model.noise
    assert 0 < one.annotation.evidence.noise < two.annotation.evidence.noise
    assert with_noise(settings(privacy=PrivacySpec()), CLASS).model == MODEL


def test_noise_of_ones_own_choice_can_be_counted_too() -> None:
    noisy = replace(ANNOTATION, evidence=replace(ANNOTATION.evidence, noise=1.0))
    asked = settings(model=replace(MODEL, noise=3.0), annotation=noisy, privacy=PrivacySpec(ledger=Path("ledger")), is_release=True)
    found = with_noise(asked, CLASS)
    assert (found.model, found.annotation) == (asked.model, asked.annotation)


def test_what_cannot_be_certified_or_counted_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no ledger counts the release; expected privacy\.ledger=FILE privacy\.budget=EPSILON"):
        with_noise(settings(is_release=True), CLASS)
    with pytest.raises(ConfigError, match="the teacher has no noise of its own"):
        with_noise(settings(model=NetworkSpec()), CLASS)
    with pytest.raises(ConfigError, match="without noise nothing is certified"):
        with_noise(settings(privacy=PrivacySpec(ledger=Path("ledger"))), CLASS)


def test_a_whole_federation_of_certified_teachers_runs_and_hybrids_use_teachers_without_noise(rerun: Callable[..., Finished]) -> None:
    changes = {
        "model": MODEL, "annotation": ANNOTATION, "privacy": PrivacySpec(epsilon=4.0), "consensus": ConsensusSpec("evidence"),
        "distillation": StudentSpec("experts"), "hybrid": HybridSpec("own_expert"),
    }  # fmt: skip
    run = rerun(**changes)
    sent = read_json(run.federation.annotations["T1"] / "annotation_set" / FILE)
    assert (sent["holds"], sent["noise_from"]) == (False, "a seed")
    released, hybrid = (open_model(run.federation.models[name].folder).predictor for name in ("T1", "H1"))
    assert isinstance(hybrid, OwnExpert)
    assert isinstance(hybrid.own, AdditivePredictor)
    assert isinstance(released, AdditivePredictor)
    assert released.spec.noise > 0
    assert (hybrid.own.spec.noise, hybrid.own.spec.solver) == (0, "auto")
    assert all(record.reused for record in rerun(**changes).runner.records)


def test_a_simulation_has_no_ledger_and_its_pooled_teacher_no_noise(finished: Finished) -> None:
    with pytest.raises(ConfigError, match=r"a simulation makes none; expected no ledger"):
        replace(finished.spec, privacy=PrivacySpec(ledger=Path("ledger")))
    spec = replace(finished.spec, model=replace(MODEL, noise=2.0), privacy=PrivacySpec(epsilon=4.0))
    assert isinstance(spec.pooled_settings.model, AdditiveSpec)
    assert spec.pooled_settings.model.noise == 0
    assert not spec.pooled_settings.privacy.is_asked
    assert spec.teacher_settings.privacy.epsilon == 4.0
