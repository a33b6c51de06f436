import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from fluid.artifacts import write_json
from fluid.errors import ArtifactError
from fluid.privacy.accounting import Account
from fluid.privacy.certificate import FILE, Contents, certificate, digest_of, in_words, read_certificate
from fluid.privacy.ledger import Ledger, charge, open_ledger
from fluid.privacy.mechanisms import Gaussian, Perturbation, mechanism_of

ACME = Contents("Acme", "digest", "digest of counts")
MECHANISMS = (Gaussian("evidence of hERG", 0.5),)


def test_it_bounds_attacks_as_normal_noise_does() -> None:
    found = certificate(ACME, MECHANISMS, 1e-5, True)
    rates = found["this_release"]["largest_true_positive_rate_at"]
    for fpr, text in ((0.001, "0.001"), (0.01, "0.01")):
        for molecules, who in ((1, "one molecule"), (10, "ten together")):
            assert rates[text][who] == pytest.approx(norm.cdf(norm.ppf(fpr) + 0.5 * molecules), rel=1e-2)
    assert found["this_release"]["epsilon"] == pytest.approx(Account(MECHANISMS).epsilon(1e-5))


def test_it_can_be_checked_by_whoever_reads_it() -> None:
    mechanisms = (*MECHANISMS, Perturbation("weights of hERG", 1.0, 0.5, 0.5))
    found = json.loads(json.dumps(certificate(ACME, mechanisms, 1e-5, True)))
    again = Account([mechanism_of(one, "certificate") for one in found["mechanisms"]])
    assert again.epsilon(found["this_release"]["delta"]) == pytest.approx(found["this_release"]["epsilon"])


def test_a_certificate_that_was_sent_is_computed_again(tmp_path: Path) -> None:
    true = certificate(ACME, (*MECHANISMS, Perturbation("weights of hERG", 1.0, 0.5, 0.5)), 1e-5, True)
    write_json(tmp_path / FILE, true)
    assert read_certificate(tmp_path / FILE) == true
    for changed in ({"epsilon": 0.5}, {"delta": 1e-9}, {"largest_true_positive_rate_at": {"0.001": {"one molecule": 0.001}}}):
        write_json(tmp_path / FILE, {**true, "this_release": {**true["this_release"], **changed}})
        with pytest.raises(ArtifactError, match=r"it claims .* by its mechanisms"):
            read_certificate(tmp_path / FILE)


@pytest.mark.parametrize("told", [[], {}, {"format": 2}, {"format": 1, "mechanisms": [], "holds": True, "this_release": {"delta": "x"}}])
def test_what_is_no_certificate_is_refused(tmp_path: Path, told: object) -> None:
    write_json(tmp_path / FILE, told)
    with pytest.raises(ArtifactError, match=r"this is no certificate; expected a certificate of format 1"):
        read_certificate(tmp_path / FILE)


def counted(path: Path, *releases: str) -> Ledger:
    """Return a ledger of releases that are made alike."""
    with open_ledger(path, "Acme", (9.0, 1e-5)) as ledger:
        for release in releases:
            ledger = charge(ledger, MECHANISMS, release)
        return ledger


def test_all_releases_tell_more_than_one(tmp_path: Path) -> None:
    ledger = counted(tmp_path / "ledger.jsonl", "another", "digest")
    found = certificate(ACME, MECHANISMS, 1e-5, True, ledger)
    assert found["all_releases"]["epsilon"] == pytest.approx(Account((Gaussian("both", 0.5 * 2**0.5),)).epsilon(1e-5))
    assert (found["ledger"], found["chain"]) == (ledger.head, [line["hash"] for line in ledger.lines[1:]])
    write_json(tmp_path / FILE, found)
    assert read_certificate(tmp_path / FILE) == found
    assert "all_releases" not in certificate(ACME, MECHANISMS, 1e-5, True)


def test_what_a_certificate_says_of_the_ledger_must_not_contradict_itself(tmp_path: Path) -> None:
    true = certificate(ACME, MECHANISMS, 1e-5, True, counted(tmp_path / "ledger.jsonl", "another", "digest"))
    for changed in (
        {"chain": true["chain"][:1]},
        {"chain": true["chain"][::-1]},
        {"chain": [1, 2]},
        {"ledger": {"number": 2}},
        {"chain": 2},
    ):
        write_json(tmp_path / FILE, {**true, **changed})
        with pytest.raises(ArtifactError, match=r"what it says of the ledger contradicts itself; expected a hash per release"):
            read_certificate(tmp_path / FILE)
    for changed in ({"epsilon": 0.5}, {"delta": 1e-9}):
        write_json(tmp_path / FILE, {**true, "all_releases": {**true["all_releases"], **changed}})
        with pytest.raises(ArtifactError, match=r"all releases together tell less than this one; expected at least as much"):
            read_certificate(tmp_path / FILE)


def test_a_digest_knows_values_shapes_and_kinds() -> None:
    array = np.arange(6.0)
    others = (array.reshape(2, 3), array.astype(np.float32), array + 1)
    assert len({digest_of(array), *map(digest_of, others)}) == 4
    assert digest_of(array) == digest_of(array.copy())
    assert Contents.of("Acme", array, array, array).evidence == digest_of(array)


def test_a_simulation_promises_nothing() -> None:
    real, seeded = (certificate(ACME, MECHANISMS, 1e-5, is_release) for is_release in (True, False))
    assert (real["holds"], real["noise_from"]) == (True, "the operating system")
    assert (seeded["holds"], seeded["noise_from"]) == (False, "a seed")
    assert in_words(seeded).startswith(in_words(real))
    assert in_words(seeded).endswith("nothing is promised.")


def test_its_words_are_its_numbers() -> None:
    said = in_words(certificate(ACME, MECHANISMS, 1e-5, True))
    assert said.startswith("ε 1.99 at δ 1e-05. Whoever wrongly accuses one molecule in a thousand finds at most 0.48%")
    assert "of series of ten, 97.19%." in said


def test_it_says_what_it_does_not_bound() -> None:
    found = " ".join(certificate(ACME, MECHANISMS, 1e-5, True)["does_not_cover"])
    assert "chemotype" in found
    assert "double precision" in found
