import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.delimited import records
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError


def rows_of(path, *labels):
    return list(read_rows(path, "smiles", labels))


def test_cells_stay_text_and_columns_are_chosen_by_name(write):
    path = write("id,pic50,smiles,other\n1,05.10,CCO,x\n2,,C C,\n")
    assert rows_of(path, "pic50", "other") == [RawRow(1, "CCO", ("05.10", "x")), RawRow(2, "C C", ("", ""))]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.CSV"])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(write, name):
    assert rows_of(write("\ufeffsmiles,x\r\nCCO,1\r\n".encode(), name), "x") == [RawRow(1, "CCO", ("1",))]


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz"])
def test_tabs(write, name):
    assert rows_of(write("smiles\tx\nC,C\t1\n", name), "x") == [RawRow(1, "C,C", ("1",))]


def test_row_numbers_count_records_not_lines(write):
    path = write('note,smiles\n"two\nlines",C\n"a ""quoted"", comma",CC\nx,CCC\n')
    assert [(row.row, row.smiles) for row in rows_of(path)] == [(1, "C"), (2, "CC"), (3, "CCC")]


def test_blank_lines_between_rows_are_rows_and_those_around_are_not(write):
    rows = rows_of(write("\nsmiles,x\n\nC,1\n\n  \nCC,2\n\n\n"), "x")
    assert [row.smiles for row in rows] == ["", "C", "", "", "CC"]
    assert [row.row for row in rows] == [1, 2, 3, 4, 5]
    assert [row.problem for row in rows] == ["blank line", "", "blank line", "blank line", ""]


def test_an_empty_quoted_cell_is_a_row_also_at_the_end(write):
    assert [row.smiles for row in rows_of(write('smiles\nC\n""\n'))] == ["C", ""]


@pytest.mark.parametrize(("line", "found"), [("CC", "1 cell"), ("CC,2,3", "3 cells")])
def test_a_ragged_row_is_named(write, line, found):
    path = write(f"smiles,x\nC,1\n{line}\n")
    with pytest.raises(InputError, match=rf"in\.csv, row 2: the row has {found}; expected 2, as in the header\. Add the missing cells"):
        rows_of(path)


def test_an_unclosed_quote_is_named(write):
    with pytest.raises(
        InputError, match=r"in\.csv, after row 1: the file is broken \(unexpected end of data\)\. Copy or export it again\."
    ):
        rows_of(write('smiles,x\nC,1\n"CC,2\nCCC,3\n'))


def test_an_unclosed_quote_does_not_swallow_a_large_file(write):
    with pytest.raises(InputError, match=r"after row 0: the file is broken .field larger than field limit"):
        rows_of(write('smiles,x\n"C,1\n' + "CC,2\n" * 100_000))


def test_text_that_is_not_utf8_is_named(write):
    with pytest.raises(InputError, match=r"in\.csv, after row \d+: the text is not UTF-8\. Save the file as UTF-8\.$"):
        rows_of(write("smiles,x\nC,µM\n".encode("latin-1")))


def test_utf16_is_named(write):
    with pytest.raises(InputError, match="the text is not UTF-8"):
        rows_of(write("smiles\nC\n".encode("utf-16")))


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:200] + bytes(20) + b[220:], lambda b: b"smiles\nC\n"])
def test_a_torn_or_altered_archive_is_named(write, tmp_path, damage):
    path = tmp_path / "a.csv.gz"
    text = "smiles\n" + "\n".join("C" * (i * 7919 % 61 + 1) for i in range(3000)) + "\n"
    path.write_bytes(damage(gzip.compress(text.encode())))
    with pytest.raises(InputError, match=r"a\.csv\.gz, after row \d+: the file is broken \(.*\)\. Copy or export it again\."):
        rows_of(path)


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))), min_size=1, max_size=8))
def test_whatever_the_csv_module_writes_reads_back(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("smiles", "x"), *cells])
    path.write_bytes(text.getvalue().encode())
    assert [tuple(line) for line in records(path, ",")][1:] == cells
