"""`fluid inspect` of a certificate and of a ledger, as a user calls it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.privacy.certified import count, send, send_uncertified


def test_a_certificate_is_said_on_the_screen_on_a_page_and_in_json(fluid: Call, tmp_path: Path) -> None:
    send(tmp_path / "sent", tmp_path / "ledger.jsonl")
    code, out, error = fluid("inspect", "sent", "out=page.html", "json=facts.json")
    assert (code, error) == (0, "")
    assert out.startswith("Certificate of Acme\n")
    assert "that the company works on a chemotype" in out
    assert out.endswith("page: page.html\nfacts: facts.json\n")
    facts = json.loads(Path("facts.json").read_text())
    assert f"ε {facts['certificate']['all_releases']['epsilon']:.2f} at δ 1e-05" in out
    assert facts["says"][0] in Path("page.html").read_text(encoding="utf-8")
    assert fluid("inspect", "sent/certificate.json")[1].startswith("Certificate of Acme\n")


def test_a_ledger_is_compared_with_its_second_place_and_with_certificates(fluid: Call, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    send(tmp_path / "sent", ledger)
    shutil.copy(ledger, tmp_path / "copy")  # any name will do
    code, out, error = fluid("inspect", "ledger.jsonl", "against=[sent]", "witness=seen", "json=facts.json")
    assert (code, error) == (0, "")
    assert "Compared with sent: it agrees." in out
    assert "! no second place knows this ledger" in out
    assert json.loads(Path("facts.json").read_text())["company"] == "Acme"
    count(ledger, "another", witness=tmp_path / "seen")
    assert "It ends no earlier than seen" in fluid("inspect", "ledger.jsonl", "witness=seen")[1]
    code, out, error = fluid("inspect", "copy", "witness=seen")
    assert (code, out) == (2, "")
    assert "the ledger ends with release 1, and release 2 was made: it is an old copy" in error


def test_certificates_are_compared_when_they_are_combined_and_the_consensus_says_what_is_promised(fluid: Call, tmp_path: Path) -> None:
    send(tmp_path / "acme", tmp_path / "acme.jsonl")
    send_uncertified(tmp_path / "bolt", "Bolt", draw=1)
    send(tmp_path / "elsewhere", tmp_path / "second.jsonl", draw=2)
    words = ["aggregate", "annotations=[acme,bolt]", "out=consensus", "consensus=mean", "few_companies=true"]
    code, _, error = fluid(*words, "earlier=[elsewhere]")
    assert (code, (tmp_path / "consensus").exists()) == (2, False)
    assert "two ledgers count releases of 'Acme' (acme) and 'Acme' (elsewhere): neither knows what the other holds" in error
    code, out, error = fluid(*words)
    assert code == 0
    assert "Without certificate, so that nothing is promised: Bolt." in " ".join((out + error).split())
    code, out, _ = fluid("inspect", "consensus")
    assert code == 0
    assert out.startswith("Consensus of 2 companies\n")
    assert "Of the molecules of the other 1 nothing is promised." in " ".join(out.split())


def test_what_is_damaged_or_forked_is_refused_in_one_line(fluid: Call, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    send(tmp_path / "first", ledger)
    (tmp_path / "cut.jsonl").write_bytes(ledger.read_bytes()[:-30])
    (tmp_path / "edited.jsonl").write_text(ledger.read_text().replace('"epsilon": 9.0', '"epsilon": 90.0'))
    shutil.copy(ledger, tmp_path / "copy.jsonl")
    send(tmp_path / "second", ledger, draw=1)
    send(tmp_path / "other", tmp_path / "copy.jsonl", draw=2)
    for words, said in (
        (["cut.jsonl"], "cut.jsonl, line 2: the line is torn: it does not end. If it is the last line"),
        (["edited.jsonl"], "edited.jsonl, line 1: the line was altered."),
        (["second", "against=[first,other]"], "release 2 of the ledger is not the same in 'Acme' (second) and 'Acme' (other)"),
        (["ledger.jsonl", "against=[other]"], "other: two ledgers disagree on release 2"),
        (["second", "rows=5"], "rows and molecules are about molecule files"),
    ):
        code, out, error = fluid("inspect", *words, "witness=null")
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert said in error


@pytest.mark.parametrize("written", ["nothing", ""])
def test_what_is_no_ledger_is_called_so(fluid: Call, tmp_path: Path, written: str) -> None:
    (tmp_path / "ledger.jsonl").write_text(written)
    code, _, error = fluid("inspect", "ledger.jsonl")
    assert code == 2
    assert "ledger" in error
