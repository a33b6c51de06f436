from pathlib import Path

import pytest

from fluid.data.endpoints import Endpoint
from fluid.privacy.accounting import Account
from fluid.privacy.certificate import COVERS_NOT
from fluid.privacy.ledger import read_ledger
from fluid.privacy.mechanisms import Gaussian, Perturbation, described
from fluid.privacy.sent import Sent, read_sent
from fluid.privacy.statement import made_by, of_certificate, of_consensus, of_ledger
from fluid.privacy.sum_plan import Summed, SumNoise, sum_certificate
from tests.privacy.certified import MECHANISMS, count, send, send_uncertified


def test_a_certificate_says_its_numbers_in_words_and_as_a_table(tmp_path: Path) -> None:
    count(tmp_path / "ledger.jsonl", "another")
    sent = read_sent(send(tmp_path / "sent", tmp_path / "ledger.jsonl"))
    found = of_certificate(sent)
    assert found.title == "Certificate of Acme"
    one, both = (Account(MECHANISMS * times).epsilon(1e-5) for times in (1, 2))
    assert found.rows[0] == ("ε at δ 1e-05", f"{one:.2f}", f"{both:.2f}")
    assert found.rows[3] == (
        "series of ten found, wrongly accusing 0.1 % of others",
        *(f"{Account(MECHANISMS * times).tpr(0.001, 10):.2%}" for times in (1, 2)),
    )
    assert (len(found.rows), found.heads) == (5, ("at most", "this release", "all releases"))
    assert found.says[0].startswith(f"ε {both:.2f} at δ 1e-05. Whoever wrongly accuses one molecule in a thousand")
    assert "Its noise comes from the operating system. Made by: weights of hERG: normal noise of 4 times" in found.says[1]
    assert f"release 2 of ledger {sent.ledger[:12]}" in found.says[2]
    assert found.does_not_cover == COVERS_NOT
    assert found.facts["certificate"] == sent.certificate


def test_what_promises_nothing_is_called_so(tmp_path: Path) -> None:
    plain, simulated = read_sent(send_uncertified(tmp_path / "plain", "Bolt")), read_sent(send(tmp_path / "simulated", None, "Core"))
    found = of_certificate(plain)
    assert (found.title, found.rows, found.covers) == ("Release of Bolt", (), ())
    assert "nothing is promised" in found.says[0]
    assert found.facts["certificate"] is None
    beside = of_certificate(simulated, [plain])
    assert beside.says[0].endswith("its noise comes from a seed, so that nothing is promised.")
    assert beside.warnings == (f"Bolt promises nothing of {tmp_path / 'plain'}",)
    assert beside.facts["without_promise"] == [str(simulated.where), str(plain.where)]


def test_a_ledger_says_what_was_released_and_what_is_left(tmp_path: Path) -> None:
    path, seen = tmp_path / "ledger.jsonl", tmp_path / "seen"
    for release in ("one", "two"):
        count(path, release, witness=seen)
    ledger = read_ledger(path)
    found = of_ledger(ledger, seen)
    alone, both = (Account(MECHANISMS * times).epsilon(1e-5) for times in (1, 2))
    assert found.says[0] == (f"Budget: ε 9 at δ 1e-05 for all releases together. Spent: {both:.2f} by 2. Left: {9 - both:.2f}.")
    assert both < 2 * alone  # which is why what is left is said to be computed, not added
    assert [(row[0], row[3]) for row in found.rows] == [("1", f"{alone:.2f}"), ("2", f"{alone:.2f}")]
    assert (found.rows[0][2], found.rows[0][4]) == ("one", "hERG")
    assert found.warnings == ()
    assert found.says[-1] == f"It ends no earlier than {seen / f'{ledger.name}.json'} noted."
    assert (found.facts["spent"], found.facts["left"]) == (pytest.approx(both), pytest.approx(9 - both))
    assert [one["release"] for one in found.facts["releases"]] == ["one", "two"]


def test_a_ledger_that_nobody_else_knows_is_called_so_and_one_without_releases_has_all_left(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    count(path, "one")
    path.write_text(path.read_text().splitlines()[0] + "\n")  # cut off: of this, the ledger itself says nothing
    found = of_ledger(read_ledger(path), tmp_path / "seen", [Path("a.json")])
    assert "nobody can tell" in found.warnings[0]
    assert (found.facts["spent"], found.facts["left"], found.rows) == (0, 9, ())
    assert "of series of ten, 0.10%" in found.says[1]  # an attacker who guesses
    assert "Compared with a.json: it agrees." in found.says


def test_a_consensus_says_of_how_many_companies_something_is_promised() -> None:
    promised = {"companies": 1, "of": 4, "largest_epsilon": 7.998, "largest_delta": 1e-5, "says": "Of the molecules of 1 of 4 companies."}
    found = of_consensus(4, promised)
    assert (found.title, found.says[0]) == ("Consensus of 4 companies", promised["says"])
    assert found.rows == (("1", "4", "8.00", "1e-05"),)
    assert found.facts["promised"] == promised
    plain = of_consensus(4, {})
    assert "nothing is promised" in plain.says[0]
    assert (plain.rows, plain.facts["promised"]) == ((), None)


def test_noise_is_said_in_words_and_endpoints_with_equal_noise_together() -> None:
    mechanisms = [
        *(Gaussian(f"evidence of {name}", 0.25) for name in ("hERG", "CYP 3A4")),
        Gaussian("evidence of logP", 0.5),
        Perturbation("weights of hERG", 1.25, 0.5, 0.5),
        Gaussian("a histogram", 0.5),
    ]
    assert made_by({"mechanisms": [described(one) for one in mechanisms]}, "here") == [
        "evidence of hERG, CYP 3A4: normal noise of 4 times what one molecule changes",
        "evidence of logP: normal noise of 2 times what one molecule changes",
        "weights of hERG: a random term with σ 1.25 (C 0.5)",
        "a histogram: normal noise of 2 times what one molecule changes",
    ]


def test_sums_over_companies_are_said_in_words() -> None:
    endpoints = (Endpoint.parse("a"), Endpoint.parse("b"))
    found = sum_certificate(Summed(("T1", "T2"), endpoints, 1, ()), SumNoise(0.5, 0.025), 1e-5, True)
    assert made_by(found, "there") == [
        "gradients, summed over companies, of a, b: normal noise of 2 times what one molecule changes",
        "number of molecules of all companies of a, b: normal noise of 40 times what one molecule changes",
    ]


def test_nothing_of_a_release_without_certificate_is_counted() -> None:
    assert not Sent("Acme", Path("x")).is_counted
