"""What a coordinator combines, and what the consensus that it gives away holds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fluid.artifacts import open_artifact, read_json
from fluid.data.dataset import Dataset
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ArtifactError, ConfigError
from fluid.federation import coordinator
from fluid.federation.audited import of_consensus
from fluid.federation.consensus_table import read_consensus
from fluid.federation.coordinator import refuse_few
from fluid.federation.heads import check_sets
from fluid.federation.lesson import lesson_of
from fluid.federation.requests import AggregateRequest
from fluid.federation.stages.student_spec import StudentSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.privacy.certificate import FILE
from tests.federation.conftest import Finished, read_sets
from tests.privacy.certified import send, send_uncertified

Make = Callable[..., Path]


@pytest.fixture
def make(finished: Finished, tmp_path: Path) -> Make:
    """Return a function that combines the annotation sets of the small federation by files."""

    def run(out: str, **asked: bool) -> Path:
        sent = tuple(one.folder for one in finished.federation.annotations.values())
        request = AggregateRequest(sent, tmp_path / out, finished.spec.consensus, finished.spec.annotation, **asked)
        return coordinator.aggregate(request, finished.runner).folder

    return run


@pytest.fixture
def transfer(finished: Finished) -> Dataset:
    return finished.federation.data.transfer


@pytest.mark.parametrize("n", [2, 3])
def test_a_consensus_of_few_companies_is_refused_with_the_reason(n: int) -> None:
    with pytest.raises(ConfigError, match=rf"a consensus of {n} companies.*compute those of the others.*expected 4.*few_companies=true"):
        refuse_few(n)


@pytest.mark.parametrize("n", [1, 4, 8])
def test_many_companies_or_a_rehearsal_with_one_are_fine(n: int) -> None:
    refuse_few(n)


def test_three_companies_are_combined_only_if_asked_to(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="few_companies=true"):
        make("out")
    assert not (tmp_path / "out").exists()
    assert make("out", few_companies=True).is_dir()


def test_what_students_learn_is_the_same_and_nothing_tells_of_single_companies(make: Make, finished: Finished) -> None:
    released, detailed = open_artifact(make("released", few_companies=True)), open_artifact(make("own", few_companies=True, details=True))
    assert sorted(file.name for file in released.folder.iterdir()) == ["artifact.json", "consensus.json", "consensus.parquet"]
    assert {"acquisition.parquet", "contribution.csv"} <= {file.name for file in detailed.folder.iterdir()}
    assert pq.read_schema(released / "consensus.parquet").names == ["active/soft_label", "active/confidence"]
    said, whole = read_consensus(released), read_consensus(detailed)
    np.testing.assert_array_equal(said.soft_label, whole.soft_label)
    np.testing.assert_array_equal(said.confidence, whole.confidence)
    assert said.support is None
    assert not said.acquisition
    content = b"".join(file.read_bytes() for file in released.folder.iterdir())
    assert not any(f'"{name}"'.encode() in content for name in finished.federation.annotations)
    assert set(read_json(released / "consensus.json")) == {"endpoints", "transfer_digest", "method", "rows", "sets", "companies"}


def test_annotation_sets_behind_a_consensus_are_known_without_names(make: Make, finished: Finished, transfer: Dataset) -> None:
    said, edges = read_consensus(open_artifact(make("released", few_companies=True))), finished.spec.annotation.edges
    sets = read_sets(finished.federation.annotations, transfer)
    check_sets(sets[::-1], said, edges)
    with pytest.raises(ConfigError, match="the consensus is of other annotation sets; the annotation sets are of T1, T3"):
        check_sets([sets[0], sets[2]], said, edges)
    changed = replace(sets[0], prediction=1 - sets[0].prediction)
    with pytest.raises(ConfigError, match="other annotation sets"):
        check_sets([changed, *sets[1:]], said, edges)


@pytest.mark.parametrize(
    ("selection", "said"),
    [(SelectionSpec("covered", 50), "selection=covered needs the coverage"), (SelectionSpec(coverage_power=1.0), "holds no coverage")],
)
def test_who_chooses_by_what_is_not_there_is_told_how_to_get_it(make: Make, transfer: Dataset, selection: SelectionSpec, said: str) -> None:
    table = read_consensus(open_artifact(make("released", few_companies=True)))
    with pytest.raises(ConfigError, match=said + ".*aggregate with details=true"):
        lesson_of(table, transfer, StudentSpec(), LossSpec("soft_bce"), selection, 0)


def test_an_audit_sees_what_is_there(make: Make) -> None:
    released, detailed = make("released", few_companies=True), make("own", few_companies=True, details=True)
    seen = [of_consensus(read_consensus(open_artifact(folder))).sent for folder in (released, detailed)]
    assert [sorted(one.signals) for one in seen if one] == [["certainty"], ["certainty", "coverage", "support"]]


def combine(tmp_path: Path, runner: Runner, *names: str, earlier: tuple[str, ...] = ()) -> Path:
    """Combine what some companies sent."""
    asked = AggregateRequest(
        tuple(tmp_path / name for name in names), tmp_path / "out", ConsensusSpec("mean"), few_companies=True,
        earlier=tuple(tmp_path / name for name in earlier),
    )  # fmt: skip
    return coordinator.aggregate(asked, runner).folder


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


def test_a_consensus_says_of_how_many_companies_something_is_promised(tmp_path: Path, runner: Runner) -> None:
    send(tmp_path / "acme", tmp_path / "acme.jsonl")
    send_uncertified(tmp_path / "bolt", "Bolt", draw=1)
    folder = combine(tmp_path, runner, "acme", "bolt")
    told = read_consensus(open_artifact(folder)).promised
    assert (told["companies"], told["of"]) == (1, 2)
    assert told["says"].endswith("Of the molecules of the other 1 nothing is promised.")
    assert "Acme" not in (folder / "consensus.json").read_text()


def test_a_consensus_without_certificates_says_nothing_of_promises(tmp_path: Path, runner: Runner) -> None:
    for draw, name in enumerate(("Acme", "Bolt")):
        send_uncertified(tmp_path / name, name, draw)
    assert "promised" not in read_json(combine(tmp_path, runner, "Acme", "Bolt") / "consensus.json")


def test_a_ledger_that_was_put_back_or_a_certificate_of_another_release_is_refused_by_name(tmp_path: Path, runner: Runner) -> None:
    ledger = tmp_path / "acme.jsonl"
    send(tmp_path / "first", ledger)
    before = ledger.read_bytes()
    send(tmp_path / "second", ledger, draw=1)
    send_uncertified(tmp_path / "bolt", "Bolt", draw=2)
    combine(tmp_path, runner, "second", "bolt", earlier=("first",))
    ledger.write_bytes(before)
    send(tmp_path / "third", ledger, draw=3)
    with pytest.raises(ArtifactError, match=r"release 2 of the ledger is not the same in 'Acme' \(.*third\) and 'Acme' \(.*second\)"):
        combine(tmp_path, runner, "third", "bolt", earlier=("first", "second"))
    (tmp_path / "bolt" / FILE).write_bytes((tmp_path / "third" / FILE).read_bytes())
    with pytest.raises(ArtifactError, match="the certificate is of 'Acme', and the release of 'Bolt'"):
        combine(tmp_path, runner, "second", "bolt")
