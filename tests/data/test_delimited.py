import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.file_form import FileForm
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError


def rows_of(path, *labels, **form):
    return list(read_rows(path, "smiles", labels, FileForm(**form)))


def test_cells_stay_text_and_columns_are_chosen_by_name(write):
    path = write("id,pic50,smiles,other\n1,05.10,CCO,x\n2,,C C,\n")
    assert rows_of(path, "pic50", "other") == [RawRow(1, "CCO", ("05.10", "x")), RawRow(2, "C C", ("", ""))]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.CSV"])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(write, name):
    assert rows_of(write("\ufeffsmiles,x\r\nCCO,1\r\n".encode(), name), "x") == [RawRow(1, "CCO", ("1",))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_add_no_row(write, end):
    assert [row.row for row in rows_of(write(end.join(["smiles,x", "CCO,1", "CC,2", ""]).encode()), "x")] == [1, 2]


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "a.csv", "a.txt", "a.txt.gz", "a.smi"])
def test_tabs(write, name):
    assert rows_of(write("smiles\tx\nC,C\t1\n", name), "x") == [RawRow(1, "C,C", ("1",))]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_semicolons_and_decimal_commas_stay_text(write, name):
    assert rows_of(write("smiles;x;note, all\nCCO;4,5;a,b\n", name), "x") == [RawRow(1, "CCO", ("4,5",))]


def test_a_declared_delimiter(write):
    assert rows_of(write("smiles:x\nCCO:1\n"), "x", delimiter=":") == [RawRow(1, "CCO", ("1",))]
    assert rows_of(write("smiles  x\nCCO   1\n"), "x", delimiter="space") == [RawRow(1, "CCO", ("1",))]


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


def test_blanks_before_quotes(write):
    path = write('"smiles", "x", "note"\n"CCO", "1", "a, b"\n"CC",  "2", "c"\n')
    assert rows_of(path, "x", "note") == [RawRow(1, "CCO", ("1", "a, b")), RawRow(2, "CC", ("2", "c"))]


def test_blanks_around_names(write):
    assert rows_of(write(" smiles , x \nCCO , 1\n"), "x") == [RawRow(1, "CCO ", (" 1",))]


@pytest.mark.parametrize(("line", "found"), [("CC", "1 cell"), ("CC,2,3", "3 cells")])
def test_a_ragged_row_is_listed_and_harms_no_other(write, line, found):
    rows = rows_of(write(f"smiles,x\nC,1\n{line}\nCCC,3\n"), "x")
    assert rows == [RawRow(1, "C", ("1",)), RawRow(2, "CC", (None,), f"the row has {found}, the header 2"), RawRow(3, "CCC", ("3",))]


@pytest.mark.parametrize("names", [("1", "2", "3"), ("CHEMBL1", "CHEMBL2", "b c")])
def test_row_names_of_r_have_no_column(write, names):
    rows = "".join(f'"{name}","CCO",{number}\n' for number, name in enumerate(names))
    assert rows_of(write('"smiles","x"\n' + rows), "x") == [RawRow(number + 1, "CCO", (str(number),)) for number in range(len(names))]


@pytest.mark.parametrize("rows", ["CCO,1,a\nCC,2,\n", "CCO,1,a\nCCO,2,b\n", "CCO,1,a\n", "CCO,1,a\nCC,2\n", "CCO,1,a\nCC,2,b,c\n"])
def test_other_extra_cells_are_no_row_names(write, rows):
    assert [row.smiles for row in rows_of(write("smiles,x\n" + rows), "x") if not row.problem] in ([], ["CC"])


def test_an_unclosed_quote_costs_its_row(write):
    rows = rows_of(write('smiles,x\nC,1\n"CC,2\nCCC,3\n'), "x")
    assert rows == [RawRow(1, "C", ("1",)), RawRow(2, '"CC', ("2",)), RawRow(3, "CCC", ("3",))]


def test_bytes_that_are_not_utf8_cost_only_the_rows_that_need_them(write):
    path = write("smiles,x,unit (µ)\nC,1,µM\nCC,2µ,nM\nCCC,3,nM\n".encode("latin-1"))
    assert [(row.row, bool(row.problem)) for row in rows_of(path, "x")] == [(1, False), (2, True), (3, False)]
    assert next(row.problem for row in rows_of(path, "unit (µ)")).startswith("column 'unit (µ)' is not UTF-8")
    assert [row.values for row in rows_of(path, "x", "unit (µ)", encoding="latin-1")] == [("1", "µM"), ("2µ", "nM"), ("3", "nM")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings_are_told(write, encoding):
    assert rows_of(write("smiles,x µ\nCCO,1\n".encode(encoding)), "x µ") == [RawRow(1, "CCO", ("1",))]


@pytest.mark.parametrize(
    ("encoding", "declared", "message"),
    [
        (
            "latin-1",
            "utf-8",
            r"in\.csv, after row 0: the text cannot be read as UTF-8\. Save the file as UTF-8, or set intake\.file\.encoding",
        ),
        ("latin-1", "ascii", "the text cannot be read as ASCII"),
        ("utf-16", "cp1252", "the file is UTF-16 by its first bytes, but declared as cp1252"),
        ("utf-8", "utf-16-le", r"column 'smiles' is missing|cannot be read as UTF-16-LE"),
    ],
)
def test_a_wrong_declaration_is_one_line(write, encoding, declared, message):
    with pytest.raises(InputError, match=message) as caught:
        rows_of(write("smiles,x\nC,µM\n".encode(encoding)), encoding=declared)
    assert "\n" not in str(caught.value)
    assert "intake.file.encoding" in str(caught.value)


def test_a_text_that_breaks_late_says_after_which_row(write):
    text = "smiles,x\n" + "CCO,1\n" * 100_000
    with pytest.raises(InputError, match=r"in\.csv, after row [1-9]\d+: the text cannot be read as ASCII"):
        rows_of(write(text.encode() + "C,µ\n".encode()), encoding="ascii")


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:200] + bytes(20) + b[220:], lambda b: b[:-4]])
def test_a_torn_or_altered_archive_is_named(write, tmp_path, damage):
    path = tmp_path / "a.csv.gz"
    text = "smiles\n" + "\n".join("C" * (i * 7919 % 61 + 1) for i in range(3000)) + "\n"
    path.write_bytes(damage(gzip.compress(text.encode())))
    with pytest.raises(InputError, match=r"a\.csv\.gz, after row \d+: the file is broken \(.*\)\. Copy or export it again\."):
        rows_of(path)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_whatever_the_csv_module_writes_reads_back(tmp_path_factory, cells, delimiter):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, delimiter=delimiter).writerows([("smiles", "x"), *cells])
    path.write_bytes(text.getvalue().encode())
    assert [(row.smiles, *row.values) for row in rows_of(path, "x")] == cells
