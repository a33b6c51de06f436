import re

import numpy as np
import pandas as pd
import pytest

from fluid.data.endpoints import Endpoint
from fluid.privacy.sum_plan import Summed, noise_for, sum_certificate
from fluid.reporting.figures import bars, panels
from fluid.reporting.page import render
from fluid.reporting.privacy_section import (
    BLIND,
    FALLEN,
    HOLDS,
    NOT_AUDITED,
    certified_sentences,
    percent_text,
    privacy_sentences,
    privacy_table,
)
from fluid.reporting.report_data import COLUMNS
from tests.reporting.conftest import make


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures empty: nobody looks at them here."""
    for module in (bars, panels):
        monkeypatch.setattr(module, "as_svg", lambda draw, width, height: "<svg></svg>")


def audits(*verdicts: str) -> pd.DataFrame:
    rows = []
    for number, verdict in enumerate(verdicts):
        auc = float("nan") if verdict == NOT_AUDITED else 0.6 + number / 10
        about = (f"annotations of T{number + 1}", "" if verdict == NOT_AUDITED else "T1", "" if verdict == NOT_AUDITED else "lira")
        found = float("nan") if verdict == NOT_AUDITED else 0.25 * number
        rows.append((*about, auc, auc - 0.02, auc + 0.02, 0.05, 0.02, 0.1, found, 1.0, verdict, f"digest {number}"))
    return pd.DataFrame(rows, columns=list(COLUMNS["audits"]))


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_was_not_audited_is_not_called_private_and_says_so() -> None:
    page = render(make())
    assert "This run was not audited" in page
    assert "fluid audit release=..." in page
    assert not re.search(r"\b(is|are|stays?|remains?|keeps?|fully|provably) (private|safe|secure|confidential|protected)\b", page)
    assert "anonym" not in page


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ((HOLDS,), "No bound fell in 1 audit."),
        ((HOLDS, HOLDS), "No bound fell in 2 audits."),
        ((FALLEN, HOLDS), "Of 2 audits, bounds fell in 1."),
        ((FALLEN, BLIND, HOLDS), "Of 3 audits, bounds fell in 1 and 1 cannot vouch for the release."),
    ],
)
def test_the_verdict_counts_audits(verdicts: tuple[str, ...], said: str) -> None:
    assert privacy_sentences(audits(*verdicts))[0] == said


def test_the_strongest_attack_and_what_a_partner_recovers_are_named() -> None:
    told = " ".join(privacy_sentences(audits(HOLDS, FALLEN, NOT_AUDITED)))
    assert "lira on annotations of T2, AUC 0.700 (0.680–0.720)" in told
    assert "up to 25.0 % of the transfer molecules (annotations of T2)" in told
    assert "nothing is known of what they tell: annotations of T3." in told
    assert "proves nothing" in told


def test_the_table_has_a_row_for_what_was_not_audited_too() -> None:
    table = privacy_table(audits(FALLEN, NOT_AUDITED))
    assert table["policy"].tolist() == [FALLEN, NOT_AUDITED]
    assert table["AUC"].tolist() == ["0.600 (0.580–0.620)", "–"]
    assert table["found at 0.1 %"].tolist()[0] == "5.00 (2.00–10.00) %"
    assert percent_text(*[float("nan")] * 3) == "–"


@pytest.mark.usefixtures("undrawn")
def test_names_are_escaped_in_the_section() -> None:
    table = audits(FALLEN).assign(release="<b>student</b>", of="<i>x</i>")
    page = render(make(audits=table))
    assert "<b>student" not in page
    assert "<i>x" not in page
    assert "This run was not audited" not in page


@pytest.mark.usefixtures("undrawn")
def test_what_is_certified_of_a_student_is_said_with_what_is_assumed_and_no_word_more() -> None:
    """It does not take the place of an audit, and a simulation promises nothing."""
    summed = Summed(("T1", "T2", "T3"), (Endpoint.parse("active"),), 1, (np.zeros(1),))
    said = certified_sentences(sum_certificate(summed, noise_for(8.0, 1e-5, 1), 1e-5, False))
    page = render(make(promised=said))
    assert "certified to each of T1, T2, T3: ε 8.00 at δ 1e-05" in page
    assert "its noise comes from a seed, so that nothing is promised" in page
    assert "only to be curious" in page
    assert "This run was not audited" in page
    assert "certified to" not in render(make())
