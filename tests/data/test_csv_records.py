import csv
import io
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.csv_records import SMILES_LIKE, Shape, lenient_cells, record_groups, strict_cells
from fluid.data.table_rows import BLANK, Flawless
from fluid.data.text_lines import MAX_LINE, Lines, split_lines

CELL = st.text(st.sampled_from('xyé ,;"\n|\t'), max_size=8)
TABLE = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))


def written(rows, delimiter=",", quoting=csv.QUOTE_ALL, end="\n"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return text.getvalue()


def records_of(text, shape, block=None):
    lines = split_lines(text)
    blocks = [text] if block is None else ["".join(lines[start : start + block]) for start in range(0, len(lines), block)]
    found = []
    for group in record_groups(Lines(blocks), shape):
        found += [(list(cells), "") for cells in group.rows] if isinstance(group, Flawless) else [(list(r.cells), r.problem) for r in group]
    return found


@given(TABLE, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([None, 1, 2]))
def test_what_the_csv_module_writes_is_read(table, delimiter, end, block):
    text = written(table, delimiter, end=end)
    assert records_of(text, Shape(delimiter, len(table[0])), block) == [(row, "") for row in table]


@given(TABLE, st.sampled_from(",;\t|"))
def test_strict_reading_is_that_of_the_csv_module(table, delimiter):
    text = written(table, delimiter, csv.QUOTE_MINIMAL)
    lines, found = Lines([text]), []
    while line := lines.take():
        found.append(strict_cells([line], lines, Shape(delimiter, len(table[0]))))
    assert found == [row or [""] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]


@given(st.text(st.sampled_from('ab",\n'), max_size=12))
def test_text_breaks_the_rules_where_it_does_for_the_csv_module(text):
    lines, taken = Lines([text]), []
    first = lines.take()
    try:
        expected = next(csv.reader(io.StringIO(text, newline=""), strict=True), None) or [""]
    except csv.Error:
        expected = None
    taken.append(first)
    assert strict_cells(taken, lines, Shape(",")) == expected


STRAY = ['"x', 'x"', 'a "quoted" word', '"alpha"-amylase', '5" pipe', '"a" "b"', '""', '"', 'say ""hi', "'", 'x""']


@given(st.data())
def test_a_bad_quote_costs_its_own_row_and_no_other(data):
    """Whatever quotes stand in the notes of some rows, every other row is read, under its own number."""
    count = data.draw(st.integers(2, 12))
    notes = {row: data.draw(st.sampled_from(STRAY)) for row in data.draw(st.sets(st.integers(0, count - 1), max_size=3))}
    place = data.draw(st.integers(0, 3))
    rows = []
    for row in range(count):
        cells = ["CCO", str(row), "4.5"]
        cells.insert(place, notes.get(row, "fine"))
        rows.append(",".join(cells))
    shape = Shape(",", 4, smiles=0 if place else 1)
    found = records_of("\n".join(rows) + data.draw(st.sampled_from(["\n", ""])), shape, data.draw(st.sampled_from([None, 1, 3])))
    assert len(found) == count
    for row, (cells, problem) in enumerate(found):
        if row not in notes:
            assert (cells, problem) == (rows[row].split(","), "")
        elif not problem:
            assert [cell for at, cell in enumerate(cells) if at != place] == ["CCO", str(row), "4.5"]


def test_rows_between_two_stray_quotes_are_rows():
    text = 'CCO,1,"alpha\nCCN,2,x\n\nCCC,3,beta"\nCC,4,y\n'
    assert [cells[:2] for cells, problem in records_of(text, Shape(",", 3)) if not problem] == [
        ["CCO", "1"],
        ["CCN", "2"],
        ["CCC", "3"],
        ["CC", "4"],
    ]


@pytest.mark.parametrize(
    "cell",
    ["two\nlines", "No, thanks\nreally, no", "a\n\n\nb", 'with "" quotes\nand, commas', "\n", "1\n" * 300, "  mol\n  2D\n\n 1 0\nM  END"],
)
def test_a_cell_of_several_lines_is_one(cell):
    text = f'CCO,"{cell}",1\nCC,"{cell}",2\n'
    expected = cell.replace('""', '"')
    assert records_of(text, Shape(",", 3)) == [(["CCO", expected, "1"], ""), (["CC", expected, "2"], "")]


def test_two_smiles_in_a_cell_stay_together():
    assert records_of('"CCO\nCCN",0,4\nCC,1,5\n', Shape(",", 3)) == [(["CCO\nCCN", "0", "4"], ""), (["CC", "1", "5"], "")]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('CCO,"alpha"-amylase,1', ["CCO", '"alpha"-amylase', "1"]),
        ('CCO,"a,b"c,1', ["CCO", "a,bc", "1"]),
        ('"CCO" ,"x" ,1', ["CCO", "x", "1"]),
        ('CCO,"open,1', ["CCO", '"open', "1"]),
        ('CCO,"a,b,1', ["CCO", '"a', "b", "1"]),
    ],
)
def test_a_line_that_breaks_the_rules(line, cells):
    assert lenient_cells(line + "\n", Shape(",", 3)) == cells


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("CCO,1", "the row has 2 cells, the header 3"),
        ("CCO", "the row has 1 cell, the header 3"),
        ("CCO,1,2,3", "the row has 4 cells, the header 3"),
        ("CCO,1,2, ,,", ""),
        ("", BLANK),
        ("   ", BLANK),
        (",,", ""),
    ],
)
def test_rows_with_too_few_or_too_many_cells(line, problem):
    found = records_of(f"C,1,2\n{line}\nCC,3,4\n", Shape(",", 3))
    assert [cells[:1] for cells, _ in (found[0], found[2])] == [["C"], ["CC"]]
    assert found[1][1] == problem


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("size", [140_000, 3_000_000])
def test_a_large_cell_is_read(quote, size):
    text = f"CCO,1,{quote}{'x, y' * (size // 4) if quote else 'x' * size}{quote}\nCC,2,z\n"
    (first, second) = records_of(text, Shape(",", 3))
    assert (len(first[0][2]), first[1], second) == (size, "", (["CC", "2", "z"], ""))


def test_a_row_that_is_too_large_is_listed():
    text = "CCO,1,x\nCC," + "x" * (MAX_LINE + 10) + ",z\nC,2,y\n"
    assert [problem for _, problem in records_of(text, Shape(",", 3))] == ["", "a row of more than 4 MB", ""]


def test_an_unclosed_quote_before_a_large_file_costs_one_row():
    text = 'CCO,1,"x\n' + "CC,2,y\n" * 300_000
    found = records_of(text, Shape(",", 3), block=10_000)
    assert len(found) == 300_001
    assert (found[0], found[-1]) == ((["CCO", "1", '"x'], ""), (["CC", "2", "y"], ""))


def test_many_bad_quotes_take_no_longer_than_their_lines():
    drawn = random.Random(0)
    rows = [f"CCO,{i},{drawn.choice(STRAY) if i % 3 else 'ok'}\n" for i in range(30_000)]
    began = time.perf_counter()
    assert len(records_of("".join(rows), Shape(",", 3), block=5000)) == 30_000
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("text", "is_one"), [("CCO", True), ("[Na+].[Cl-]", True), ("c1ccccc1Br", True), ("smiles", False), ("Hello", False), ("", False)]
)
def test_what_looks_like_smiles(text, is_one):
    assert (SMILES_LIKE.fullmatch(text) is not None) == is_one
