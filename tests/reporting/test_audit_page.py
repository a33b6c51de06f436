"""The page of an audit: self-contained, escaped, without molecules, and the same verdict as the facts."""

import re
from dataclasses import replace
from typing import Any

import pytest

from fluid.privacy.audit import Audit, ByClass
from fluid.privacy.finding import Finding
from fluid.privacy.inversion.found import Inverted
from fluid.privacy.planted import Planted
from fluid.privacy.policy import FELL, HOLDS, OPEN, PolicySpec, Verdict
from fluid.privacy.questions import Question
from fluid.privacy.statistics import Measured
from fluid.privacy.themes import Theme
from fluid.reporting.audit_page import knows_text, render_page, verdict_text, write_page

EVIL = "<script>alert(1)</script>"
ABOUT: dict[str, Any] = {
    "version": "0", "artefact": "annotation set", "of": f"Acme {EVIL}", "seed": 0, "endpoints": ["blocker"], "asked": True,
    "learner": "", "shadows": 0, "non_members_are": "molecules held out by the company",
    "digests": {"release": "abc", "transfer": None, "others": ["d", "e"]},
}  # fmt: skip


def finding(name: str, state: str, baseline: bool = False) -> Finding:
    verdicts = () if baseline else (Verdict("auc", 0.53, state), Verdict("tpr", 0.0015, OPEN))
    rate = Measured(0.012, 0.004, 0.03)
    return Finding(name, 1, "the evidence", "Is it?", True, True, baseline, 50, 60, False, Measured(0.854, 0.8, 0.9), rate, rate, verdicts)


@pytest.fixture
def found() -> Audit:
    planted = (Planted("one", "labels by heart", "lira", Measured(1.0, 0.9, 1.0)), Planted("two", "bins", "", Measured(0.5, 0.4, 0.6)))
    question = Question("label", "How well?", Measured(0.9, 0.8, 0.95), Measured(0.7, 0.6, 0.8))
    findings = (finding("singletons", FELL), finding("structure_alone", HOLDS, baseline=True))
    return Audit(
        50, 60, findings, (ByClass("blocker", 1, 20, Measured(0.7, 0.6, 0.8)),), (question,), planted, 0.62, 0.02,
        ("singletons: AUC 0.854",), ("a planted leak was not found: bins",), ("Add noise.",), PolicySpec(),
    )  # fmt: skip


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing(found: Audit) -> None:
    page = render_page(found, ABOUT)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)|url\((?!#)|@import|@font-face""", page)
    assert page.count("<section") == page.count("</section>") >= 6
    assert page == render_page(found, ABOUT)


def test_what_is_told_of_the_company_as_a_whole_has_no_bound(found: Audit) -> None:
    themes = (
        Theme("measured", "blocker", 1198.2, 1162.0),
        Theme("active", "blocker", 0.149, 0.244, 0.3),
        Theme("kinds", "blocker", 0.9, 0.88, 0.5),
    )
    page = render_page(replace(found, themes=themes), ABOUT)
    for text in ("<td>1,198</td><td>1,162</td><td>–</td>", "<td>14.9 %</td><td>24.4 %</td><td>30.0 %</td>", "<td>0.900</td><td>0.880</td>"):
        assert text in page
    assert "No bound is set on this, and a certificate does not cover it" in page
    assert "No bound is set on this" not in render_page(found, ABOUT)


def test_a_page_says_what_was_found(found: Audit) -> None:
    page = render_page(found, ABOUT)
    for text in ("0.854 (0.800–0.900)", "1.20 % (0.40 %–3.00 %)", "not found", "Add noise.", "auc fell, tpr open", "singletons: AUC 0.854"):
        assert text in page
    assert "because the interval holds the bound: 1." in page
    assert "None" not in page


@pytest.mark.parametrize(
    ("fell", "blind", "said"),
    [
        (("x",), ("y",), "Do not send this as it is"),
        ((), ("y",), "cannot vouch"),
        ((), (), "No bound of the policy fell"),
    ],
)
def test_the_verdict_is_the_first_thing_said(found: Audit, fell: tuple[str, ...], blind: tuple[str, ...], said: str) -> None:
    one = replace(found, fell=fell, blind=blind)
    assert said in verdict_text(one)
    assert render_page(one, ABOUT).index(said) < render_page(one, ABOUT).index("What was asked")


def test_what_a_partner_recovers_is_told(found: Audit) -> None:
    share = Measured(0.25, 0.2, 0.3)
    bins = Inverted("others_bins", 1, "Of how many?", 4, 1200, share, share, None, None, None, Verdict("beyond", 0.01, FELL))
    answers = replace(bins, name="others_answers:blocker", right=share, error=Measured(0.05, 0.04, 0.06), prior_error=share)
    page = render_page(replace(found, inverted=(bins, answers)), {**ABOUT, "partner": f"Bolt {EVIL}"})
    for text in (
        "Bolt &lt;script&gt;",
        "others_bins",
        "25.00 % (20.00 %–30.00 %)",
        "0.050 (0.040–0.060), 0.250",
        "1,200 transfer molecules",
    ):
        assert text in page
    assert "What a partner recovers" not in render_page(found, ABOUT)


def test_a_forest_that_met_no_shadow_forests_is_said_so(found: Audit) -> None:
    page = render_page(found, {**ABOUT, "learner": "forest"})
    assert "own kind (forest) were not tried" in page
    assert "were not tried" not in render_page(found, {**ABOUT, "learner": "forest", "shadows": 8})
    assert "were not tried" not in render_page(found, ABOUT)


def test_what_an_attacker_knows_is_said() -> None:
    assert knows_text(finding("lira", OPEN)) == "the structure, the label, labelled molecules like it"
    assert knows_text(replace(finding("a", OPEN), needs_label=False, informed=False)) == "the structure"


def test_a_page_is_a_file(found: Audit, tmp_path) -> None:
    write_page(found, ABOUT, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == render_page(found, ABOUT)
