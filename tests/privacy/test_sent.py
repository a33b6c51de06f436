import shutil
from pathlib import Path

import pytest

from fluid.artifacts import read_json, write_json
from fluid.errors import ArtifactError
from fluid.privacy.certificate import FILE
from fluid.privacy.sent import promised_text, promised_together, read_sent
from tests.privacy.certified import count, send, send_uncertified


def test_a_release_is_read_as_folder_as_result_of_annotate_and_as_certificate_alone(tmp_path: Path) -> None:
    folder = send(tmp_path / "out" / "annotation_set", tmp_path / "ledger.jsonl")
    found = read_sent(folder)
    assert (found.company, found.where, found.is_promised, found.is_counted) == ("Acme", folder, True, True)
    assert found.certificate == read_json(folder / FILE)
    assert found.chain == tuple(found.certificate["chain"])
    assert read_sent(tmp_path / "out") == found
    assert read_sent(folder / FILE).certificate == found.certificate
    alone = tmp_path / "teacher"
    alone.mkdir()
    shutil.copy(folder / FILE, alone)
    assert read_sent(alone).certificate == found.certificate


def test_what_promises_nothing_is_a_release_too(tmp_path: Path) -> None:
    plain, simulated = read_sent(send_uncertified(tmp_path / "plain", "Bolt")), read_sent(send(tmp_path / "simulated", None, "Core"))
    assert (plain.company, plain.certificate, plain.is_promised, plain.is_counted) == ("Bolt", {}, False, False)
    assert (simulated.company, simulated.is_promised, simulated.is_counted) == ("Core", False, False)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"company": "Bolt"}, "the certificate is of 'Bolt', and the release of 'Acme'"),
        ({"evidence": "0" * 64}, "the evidence of 'Acme' is not that which the certificate is of"),
    ],
)
def test_the_certificate_of_another_release_is_refused(tmp_path: Path, other: dict[str, str], message: str) -> None:
    folder = send(tmp_path / "sent", tmp_path / "ledger.jsonl")
    write_json(folder / FILE, {**read_json(folder / FILE), **other})
    with pytest.raises(ArtifactError, match=f"certificate.json: {message}; expected the certificate of this release. Ask its sender"):
        read_sent(folder)


def test_a_certificate_must_be_about_all_endpoints_of_the_release_and_about_its_evidence(tmp_path: Path) -> None:
    first, second = (send(tmp_path / name, tmp_path / f"{name}.jsonl", draw=draw) for draw, name in enumerate(("one", "two")))
    shutil.copy(second / FILE, first)
    with pytest.raises(ArtifactError, match="the evidence of 'Acme' is not that which the certificate is of"):
        read_sent(first)
    told = read_json(second / FILE)
    renamed = [{**one, "what": one["what"].replace("hERG", "Cav1.2")} for one in told["mechanisms"]]
    write_json(second / FILE, {**told, "mechanisms": renamed})
    with pytest.raises(ArtifactError, match=r"is about evidence of Cav1\.2, .*; expected evidence of hERG, weights of hERG"):
        read_sent(second)


def test_where_nothing_was_sent_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="there is no release here; expected an annotation set, a certified teacher, or a certificate"):
        read_sent(tmp_path)


def test_a_consensus_promises_of_each_company_what_its_certificate_says_and_nothing_of_others(tmp_path: Path) -> None:
    count(tmp_path / "acme.jsonl", "another")
    acme, bolt = (read_sent(send(tmp_path / name, tmp_path / f"{name}.jsonl", name.title())) for name in ("acme", "bolt"))
    core, dyne = read_sent(send_uncertified(tmp_path / "core", "Core")), read_sent(send(tmp_path / "dyne", None, "Dyne"))
    both = promised_together([acme, bolt])
    assert (both["companies"], both["of"]) == (2, 2)
    assert both["largest_epsilon"] == acme.certificate["all_releases"]["epsilon"] > bolt.certificate["all_releases"]["epsilon"]
    assert both["says"].startswith("Of the molecules of all companies it tells no more than their certificates allow; the largest ε is")
    assert both["says"].endswith(f"{both['largest_epsilon']:.2f}.")
    mixed = promised_together([acme, bolt, core, dyne])
    assert "Of the molecules of 2 of 4 companies it tells no more" in mixed["says"]
    assert mixed["says"].endswith("Of the molecules of the other 2 nothing is promised.")
    assert not any(name in mixed["says"] for name in ("Acme", "Core"))  # a consensus goes to all
    assert promised_together([core, dyne]) == {}
    said = promised_text([acme, core, dyne], [core])
    assert f"Acme: ε {acme.certificate['all_releases']['epsilon']:.2f} at δ" in said
    assert "Without certificate, so that nothing is promised: Core. Sent before without certificate, and counted nowhere: Core (" in said
