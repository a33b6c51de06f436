import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from fluid.inspection.text import WIDTH, bars, fit, render, wrapped
from fluid.inspection.wording import number_text, plural, shown
from tests.conftest import Library
from tests.inspection.conftest import Look, Write


def test_a_screen_has_all_parts_and_no_line_is_too_wide(library: Library, write: Write, look: Look) -> None:
    header = ["smiles", "a very long name of a column of values that goes on and on 中文中文 [nM]", "hit", "note"]
    rows = [[library.smiles[i % 35], 1000 * i, i % 2, f"\x1b[31m{'red' * 40}{i}"] for i in range(40)]
    path = write(header, [*rows, ["x" * 300, 1, 1, "?"]])
    other = write(["smiles"], [[text] for text in library.smiles[:10]], "other.csv")
    found = look(path, against=(str(other),))
    text = render(found, "fluid train-teacher")
    assert max(map(cell_len, text.splitlines())) <= WIDTH
    assert "\x1b" not in text
    for part in (
        "! 1 of 41 rows cannot be used",
        "Molecules: 40 of 41",
        "Endpoint hit: 40 labels",
        "Against ",
        "To learn from it:\nfluid train",
    ):
        assert part in text
    assert text.index("! 1 of 41") < text.index("Molecules:")
    assert re.search(r"(?m)^hit +class +41 filled +1 21, 0 20$", text)


@given(st.text(max_size=300))
@example("0\u20280\u20291\x85\x0b2")
def test_any_text_of_a_file_fits_into_one_line(text: str) -> None:
    line = fit(f"row 1: {shown(text)}", WIDTH)
    assert cell_len(line) <= WIDTH
    assert len(line.splitlines()) <= 1
    assert all(cell_len(part) <= WIDTH for part in wrapped(shown(text), "! ", "  "))


def test_a_histogram_shows_every_bin_that_holds_anything() -> None:
    assert bars([0, 1, 500, 1000]) == " ▂▅█"
    assert bars([]) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(4.0, "4"), (4.25, "4.25"), (100_000.0, "100,000"), (1e12, "1e+12"), (-0.00001234, "-1.234e-05")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_text(value) == text


def test_one_is_no_plural() -> None:
    assert [plural(count, "row") for count in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
