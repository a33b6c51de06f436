import datetime
import subprocess
import sys
import zipfile

import pytest
from openpyxl import Workbook

from fluid.data.file_form import FileForm
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError

TABLE = [["smiles", "active", "pic50"], ["CCO", 1, 5.5], ["CC", 0, 6]]


@pytest.fixture
def store(tmp_path):
    def to_file(name="in.xlsx", **sheets):
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return to_file


def rows_of(path, *labels, **form):
    return list(read_rows(path, "smiles", labels, FileForm(**form)))


def test_numbers_stay_numbers(store):
    assert rows_of(store(data=TABLE), "active", "pic50") == [RawRow(1, "CCO", (1, 5.5)), RawRow(2, "CC", (0, 6))]


def test_whole_numbers_are_whole_however_they_are_stored(store):
    (row,) = rows_of(store(data=[["smiles", "x", "y"], ["C", 1.0, 2.5e300]]), "x", "y")
    assert row.values == (1, 2.5e300)
    assert isinstance(row.values[0], int)


def test_other_cells_are_text(store):
    day = datetime.datetime(2026, 5, 4)
    cells = ["C", day, day.replace(hour=13), "#N/A", True, "1,5", datetime.time(1, 2)]
    (row,) = rows_of(store(data=[["smiles", *"abcdef"], cells]), *"abcdef")
    assert row.values == ("2026-05-04", "2026-05-04 13:00:00", "#N/A", True, "1,5", "01:02:00")


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#VALUE!"])
def test_errors_are_their_text(store, error):
    assert rows_of(store(data=[["smiles", "x"], ["C", error]]), "x") == [RawRow(1, "C", (error,))]


def test_empty_rows_and_cells(store):
    path = store(data=[[], [None, None], ["smiles", None, " x "], ["C"], [], [None, "note", 3], [None, " "], ["", ""]])
    assert rows_of(path, "x") == [RawRow(1, "C", (None,)), RawRow(2, "", (None,), "blank line"), RawRow(3, "", (3,))]


def test_the_one_sheet_with_cells_is_read(store):
    assert len(rows_of(store(first=[], data=TABLE, last=[[None, " "]]))) == 2


def test_of_several_sheets_one_must_be_named(store):
    path = store(one=TABLE, empty=[], two=[["smiles"], ["CCC"]])
    with pytest.raises(
        InputError, match=r"in\.xlsx: 2 sheets are not empty: 'one', 'two'; expected one\. Say which: intake\.file\.sheet=NAME$"
    ):
        rows_of(path)
    assert rows_of(path, sheet="two") == [RawRow(1, "CCC", ())]
    assert len(rows_of(path, sheet=" one ")) == 2
    with pytest.raises(InputError, match=r"there is no sheet 'three'; expected one of 'one', 'empty', 'two' as intake\.file\.sheet"):
        rows_of(path, sheet="three")


@pytest.mark.parametrize("rows", [[], [["smiles", "x"]], [[None], []]])
def test_no_rows(store, rows):
    with pytest.raises(InputError, match=r"in\.xlsx: the file has no rows"):
        rows_of(store(data=rows))
    with pytest.raises(InputError, match=r"in\.xlsx: the file has no rows"):
        rows_of(store(data=rows), sheet="data")


def test_a_missing_column_is_named(store):
    with pytest.raises(
        InputError,
        match=r"column 'pIC50' is missing; expected one of the columns present: 'smiles', 'active', 'pic50'\. Did you mean 'pic50'",
    ):
        rows_of(store(data=TABLE), "pIC50")


def test_a_formula_that_no_program_has_computed_is_listed(store):
    path = store(data=[["smiles", "x", "y"], ["C", "=1+1", 1], ["CC", 3, "=A1"], ["CCC", 4, None], ["CCCC", "=2*2"]])
    assert rows_of(path, "x") == [
        RawRow(1, "C", (None,), "a formula without a result in column 'x' (open the workbook in Excel and save it)"),
        RawRow(2, "CC", (3,)),
        RawRow(3, "CCC", (4,)),
        RawRow(4, "CCCC", (None,), "a formula without a result in column 'x' (open the workbook in Excel and save it)"),
    ]


def altered(path, name, old, new):
    """Change the text of one member of a workbook."""
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    assert old in members[name]
    members[name] = members[name].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_the_result_of_a_formula_is_read(store):
    path = altered(store(data=[["smiles", "x"], ["C", "=1+1"]]), SHEET, b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert rows_of(path, "x") == [RawRow(1, "C", (2,))]


def test_a_wrong_size_of_the_sheet_is_not_believed(store):
    path = altered(store(data=TABLE), SHEET, b'<dimension ref="A1:C3"', b'<dimension ref="A1"')
    assert [row.values for row in rows_of(path, "pic50")] == [(5.5,), (6,)]


def test_dates_that_are_none_and_styles_that_are_not_there_warn_nobody(store):
    path = store(data=[["smiles", "x"], ["C", datetime.datetime(2026, 1, 1)]])
    assert b"<v>46023</v>" in zipfile.ZipFile(path).read(SHEET)
    altered(path, SHEET, b"<v>46023</v>", b"<v>99999999999</v>")
    assert rows_of(path, "x")[0].values == ("#VALUE!",)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:300] + bytes(500) + b[800:]])
def test_a_torn_workbook_is_named(store, damage):
    path = store(data=[["smiles", "x"], *([f"C{i}", i] for i in range(2000))])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"in\.xlsx.*(broken|damaged).*Copy or export it again\.$"):
        rows_of(path)


def test_a_sheet_that_is_torn_within_says_after_which_row(store):
    path = altered(store(data=[["smiles"], *([f"C{i}"] for i in range(2000))]), SHEET, b'<row r="1500"', b'<row <r="1500"')
    with pytest.raises(InputError, match=r"in\.xlsx, after row \d+: sheet 'data' is broken"):
        rows_of(path, sheet="data")


def test_many_rows_keep_their_order(store):
    path = store(data=[["smiles", "x"], *(["C" * (i % 5 + 1), i] for i in range(1000))])
    assert rows_of(path, "x") == [RawRow(i + 1, "C" * (i % 5 + 1), (i,)) for i in range(1000)]


def test_who_reads_no_workbook_does_not_wait_for_openpyxl():
    code = "import sys, fluid.data.readers; print('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
