import shutil
from pathlib import Path

import pytest

from fluid.artifacts import read_json, write_json
from fluid.errors import ArtifactError
from fluid.privacy.certificate import FILE
from fluid.privacy.forks import check_forks
from fluid.privacy.sent import read_sent
from tests.privacy.certified import count, send, send_uncertified


def check(*folders: Path) -> None:
    check_forks([read_sent(folder) for folder in folders])


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with a release, of which there is an old copy beside it."""
    path = tmp_path / "ledger.jsonl"
    send(tmp_path / "first", path)
    shutil.copy(path, tmp_path / "copy.jsonl")
    return path


def test_a_ledger_that_grew_is_fine_in_any_order_and_beside_other_companies(ledger: Path, tmp_path: Path) -> None:
    send(tmp_path / "second", ledger, draw=1)
    send(tmp_path / "bolt", tmp_path / "bolt.jsonl", "Bolt")
    folders = [tmp_path / "first", tmp_path / "second", tmp_path / "bolt", send_uncertified(tmp_path / "core", "Core")]
    check(*folders)
    check(*folders[::-1])


def test_a_release_that_is_sent_again_has_one_place(ledger: Path, tmp_path: Path) -> None:
    check(tmp_path / "first", shutil.copytree(tmp_path / "first", tmp_path / "again"))


def test_an_old_copy_that_was_put_back_is_found_by_the_next_release(ledger: Path, tmp_path: Path) -> None:
    send(tmp_path / "second", ledger, draw=1)
    shutil.copy(tmp_path / "copy.jsonl", ledger)
    send(tmp_path / "other", ledger, draw=2)
    with pytest.raises(ArtifactError, match=r"release 2 of the ledger is not the same in 'Acme' \(.*second\) and 'Acme' \(.*other\)"):
        check(tmp_path / "first", tmp_path / "second", tmp_path / "other")


def test_it_is_found_by_later_releases_too(ledger: Path, tmp_path: Path) -> None:
    send(tmp_path / "second", ledger, draw=1)
    shutil.copy(tmp_path / "copy.jsonl", ledger)
    count(ledger, "not sent to this coordinator")
    send(tmp_path / "third", ledger, draw=3)
    with pytest.raises(ArtifactError, match=r"release 2 of the ledger is not the same.*An old copy of it was put back, or two copies are"):
        check(tmp_path / "third", tmp_path / "second")


def test_one_place_is_for_one_release(ledger: Path, tmp_path: Path) -> None:
    told = read_json(tmp_path / "first" / FILE)
    write_json(tmp_path / "twin.json", {**told, "release": "another"})
    with pytest.raises(ArtifactError, match=r"two releases have place 1 of the ledger: 'Acme' \(.*first\) and 'Acme' \(.*twin\.json\)"):
        check(tmp_path / "first", tmp_path / "twin.json")


def test_a_company_has_one_ledger_and_a_ledger_one_company(ledger: Path, tmp_path: Path) -> None:
    send(tmp_path / "elsewhere", tmp_path / "second.jsonl", draw=1)
    with pytest.raises(
        ArtifactError, match=r"two ledgers count releases of 'Acme' \(.*\) and 'Acme' \(.*neither knows what the other holds"
    ):
        check(tmp_path / "first", tmp_path / "elsewhere")
    write_json(tmp_path / "bolt.json", {**read_json(tmp_path / "first" / FILE), "company": "Bolt"})
    with pytest.raises(ArtifactError, match=r"one ledger counts releases of 'Acme' .* and 'Bolt'"):
        check(tmp_path / "first", tmp_path / "bolt.json")


def test_a_later_certificate_tells_at_least_what_the_releases_at_hand_tell(ledger: Path, tmp_path: Path) -> None:
    told = read_json(send(tmp_path / "second", ledger, draw=1) / FILE)
    write_json(tmp_path / "second" / FILE, {**told, "all_releases": told["this_release"]})
    with pytest.raises(ArtifactError, match=r"all releases of 'Acme' \(.*second\) are said to have ε 1\.698, and 2 of them have 2\.502"):
        check(tmp_path / "first", tmp_path / "second")
