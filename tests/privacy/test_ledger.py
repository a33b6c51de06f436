import json
import shutil
from multiprocessing import get_context
from pathlib import Path

import pytest
from filelock import FileLock

from fluid.errors import ArtifactError, BudgetError, ConfigError
from fluid.privacy import ledger as module
from fluid.privacy.accounting import Account
from fluid.privacy.ledger import Ledger, charge, check_budget, check_head, open_ledger, read_ledger, sealed
from fluid.privacy.mechanisms import Gaussian, Mechanism

SMALL: tuple[Mechanism, ...] = (Gaussian("evidence of hERG", 0.3),)
BUDGET = (3.0, 1e-5)


def count(path: Path, release: str, mechanisms: tuple[Mechanism, ...] = SMALL, witness: Path | None = None) -> Ledger:
    with open_ledger(path, "T1", BUDGET, witness) as ledger:
        return charge(ledger, mechanisms, release, witness)


def test_releases_add_up_and_the_budget_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "own" / "ledger.jsonl"
    first, second = count(path, "one"), count(path, "two")
    assert first.spent == pytest.approx(Account(SMALL).epsilon(1e-5))
    assert second.spent == pytest.approx(Account(SMALL * 2).epsilon(1e-5))
    assert read_ledger(path).lines == second.lines
    before = path.read_bytes()
    with pytest.raises(
        BudgetError, match=r"with this release ε would be .* is spent by 2 releases.*expected 3 at most.*Nothing was released"
    ):
        count(path, "three", (Gaussian("more", 0.9),))
    assert path.read_bytes() == before


def test_the_chain_of_a_later_ledger_begins_with_that_of_an_earlier_one(tmp_path: Path) -> None:
    first, second = count(tmp_path / "ledger.jsonl", "one"), count(tmp_path / "ledger.jsonl", "two")
    assert second.chain == (*first.chain, second.head["hash"])
    assert len(first.chain) == first.head["number"] == 1  # the opening's hash is not among them


def test_the_same_release_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    assert count(path, "one").head == count(path, "one").head
    assert count(path, "another draw").head["number"] == 2


def test_what_is_counted_is_on_disk_before_anything_else_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append((tmp_path / "ledger.jsonl").read_bytes()))
    count(tmp_path / "ledger.jsonl", "one")
    assert b'"release": "one"' in synced[-1]


def test_a_new_ledger_needs_a_budget(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"no budget to begin one with; expected privacy\.budget=EPSILON"),
        open_ledger(tmp_path / "ledger.jsonl", "T1", (None, 1e-5)),
    ):
        pass
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_budget_is_decided_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    count(path, "one")
    with open_ledger(path, "T1", (None, 1e-5)) as ledger:
        assert ledger.budget == BUDGET
    for budget in ((8.0, 1e-5), (3.0, 1e-6)):
        with pytest.raises(ConfigError, match="disagrees with the ledger; expected 3 and 1e-05"), open_ledger(path, "T1", budget):
            pass
    with pytest.raises(ConfigError, match="the ledger is of 'T1', and the release of 'T2'"), open_ledger(path, "T2", BUDGET):
        pass


def damage(path: Path, how: str) -> None:
    lines = path.read_text().splitlines()
    if how == "altered":
        lines[1] = lines[1].replace("0.3", "0.1")
    elif how == "left out":
        del lines[1]
    elif how == "torn":
        lines[2] = lines[2][:40]
    elif how == "hashed anew":
        told = {key: value for key, value in json.loads(lines[1]).items() if key != "hash"}
        lines[1] = json.dumps(sealed({**told, "release": "another"}))
    elif how == "key":
        lines[1] = json.dumps({**json.loads(lines[1]), "more": 1})
    path.write_text("" if how == "empty" else "\n".join(lines) + ("" if how == "cut off" else "\n"))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("altered", "line 2: the line was altered"),
        ("hashed anew", "line 3: the chain is broken: a line before this one was altered, or is missing; expected release 2"),
        ("left out", "line 2: the chain is broken: a line before this one was altered, or is missing; expected release 1"),
        ("torn", r"line 3: the line is torn or is no JSON\. If it is the last line"),
        ("cut off", r"line 3: the line is torn: it does not end\. If it is the last line"),
        ("key", "line 2: this is no line of a ledger"),
        ("empty", "the ledger is empty"),
    ],
)
def test_a_damaged_ledger_is_refused(tmp_path: Path, how: str, message: str) -> None:
    path = tmp_path / "ledger.jsonl"
    for release in ("one", "two"):
        count(path, release)
    damage(path, how)
    with pytest.raises(ArtifactError, match=message):
        count(path, "three")


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="file not found; expected a ledger"):
        read_ledger(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArtifactError, match="this is no ledger"):
        read_ledger(tmp_path / "binary")


def test_a_ledger_put_back_from_a_copy_is_noticed(tmp_path: Path) -> None:
    path, copy, seen = tmp_path / "ledger.jsonl", tmp_path / "copy.jsonl", tmp_path / "seen"
    count(path, "one", witness=seen)
    shutil.copy(path, copy)
    count(path, "two", witness=seen)
    shutil.copy(copy, path)
    with pytest.raises(ArtifactError, match=r"the ledger ends with release 1, and release 2 was made: it is an old copy"):
        count(path, "three", witness=seen)


def test_two_ledgers_that_disagree_are_noticed(tmp_path: Path) -> None:
    path, copy, seen = tmp_path / "ledger.jsonl", tmp_path / "copy.jsonl", tmp_path / "seen"
    count(path, "one", witness=seen)
    shutil.copy(path, copy)
    told = count(path, "two", witness=seen).head
    count(copy, "other")
    with pytest.raises(ArtifactError, match="two ledgers disagree on release 2"):
        count(copy, "three", witness=seen)
    with pytest.raises(ArtifactError, match="certificate: two ledgers disagree on release 2"):
        check_head(read_ledger(copy), told, "certificate")
    with pytest.raises(ArtifactError, match="this is not about the ledger"):
        check_head(read_ledger(copy), {**told, "ledger": "another"}, "certificate")


def test_a_ledger_that_was_written_before_its_second_place_is_fine(tmp_path: Path) -> None:
    path, seen = tmp_path / "ledger.jsonl", tmp_path / "seen"
    count(path, "one", witness=seen)
    count(path, "two")
    assert count(path, "three", witness=seen).head["number"] == 3


def test_another_process_must_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.1)
    path = tmp_path / "ledger.jsonl"
    with FileLock(f"{path}.lock"), pytest.raises(BudgetError, match=r"another process holds the ledger\. Wait"):
        count(path, "one")


@pytest.mark.slow
def test_processes_at_once_count_every_release(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(count, [(path, str(number), (Gaussian("e", 0.05),)) for number in range(6)])
    found = read_ledger(path)
    assert sorted(line["release"] for line in found.lines[1:]) == [str(number) for number in range(6)]
    assert check_budget(found, ()) == pytest.approx(Account((Gaussian("e", 0.05),) * 6).epsilon(1e-5))
