"""The page of a look: self-contained, escaped, with pictures, bounded."""

import re
from pathlib import Path

import pytest

from fluid.inspection.facts import Counted, Inspection
from fluid.molecules.drawing import Fault
from fluid.reporting.inspection_page import MOST_PICTURES, marked_text, rejected_card, render_page, write_page
from tests.inspection.conftest import Look, Write, look, write  # noqa: F401

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def found(look: Look, write: Write) -> Inspection:  # noqa: F811
    rows = [["C" * (i + 2) + "O", i % 2, 4 + i / 10, EVIL] for i in range(30)]
    odd = [[text, 1, 5, "a&b"] for text in (EVIL, "CC)C", "CC(C)(C)(C)C", "O", "", "OCC", *["x"] * 40)]
    other = write(["smiles"], [["CCO"], ["CCCO"]], f"o{EVIL.replace('/', '')}.csv")
    path = write(["smiles", f"hit {EVIL}", "pic50", "note"], [*rows, *odd], "in.csv")
    return look(path, against=(str(other),))


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing(found: Inspection) -> None:
    page = render_page(found, "fluid train-teacher 'x=<y>'")
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)|url\((?!#)|@import|@font-face""", page)
    assert "&lt;script&gt;alert(1)&lt;" in page
    assert "x=&lt;y&gt;" in page
    assert page.count("<section") == page.count("</section>") >= 7


def test_a_page_has_pictures_of_what_is_dropped_and_of_what_disagrees(found: Inspection) -> None:
    page = render_page(found, "")
    assert "CC<mark>)</mark>C" in page
    assert "Explicit valence for atom # 1 C" in page
    assert "no carbon" in page
    assert page.count("row 31") >= 1
    assert 'class="conflicts"' in page
    assert page.count("<svg") >= 10
    assert "The first 24 of" in page
    again = render_page(found, "")
    assert len(page) == len(again)
    assert page == again


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("CC)C", 2, "CC<mark>)</mark>C"),
        ("<b>", 0, "<mark>&lt;</mark>b&gt;"),
        ("CCO", -1, "CCO"),
        ("  C)", 1, "C<mark>)</mark>"),
        ("C", 9, "C"),
        ("C" * 500 + ")" + "C" * 500, 500, "…" + "C" * 80 + "<mark>)</mark>" + "C" * 79 + "…"),
    ],
)
def test_the_wrong_character_is_marked(text: str, position: int, expected: str) -> None:
    assert marked_text(text, Fault("", position)) == expected


def test_a_text_too_long_for_a_molecule_is_shown_but_not_looked_into() -> None:
    card = rejected_card(3, "C" * 2001)
    assert (card["svg"], card["why"]) == ("", "")
    assert card["text"].endswith("… (2,001 signs or more)")


def test_of_each_reason_only_the_first_are_drawn(found: Inspection) -> None:
    assert found.molecules is not None
    most = max(found.molecules.rejected, key=lambda one: one.count)
    assert (most.count, len(most.examples)) == (40, MOST_PICTURES)
    assert isinstance(most, Counted)


def test_a_page_is_written_as_a_whole(found: Inspection, tmp_path: Path) -> None:
    write_page(found, "", tmp_path / "a" / "look.html")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["look.html"]
    assert (tmp_path / "a" / "look.html").read_text(encoding="utf-8") == render_page(found, "")
