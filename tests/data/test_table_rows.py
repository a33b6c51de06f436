from fluid.data.rows import Cursor, RawRow
from fluid.data.table_rows import BLANK, Asked, Flawless, Record, table_rows


def test_rows_are_numbered_and_blank_ones_at_the_end_left_out():
    blank = Record((), BLANK)
    groups = [[blank, Record(("1", "C"))], Flawless([("2", "CC"), ("3", "CCC")]), [blank], [blank], Flawless([("4", "O")]), [blank, blank]]
    rows = list(table_rows(groups, Asked(("smiles", "id"), (1, 0)), Cursor(10)))
    assert [row.row for row in rows] == list(range(11, 18))
    assert [row.smiles for row in rows] == ["", "C", "CC", "CCC", "", "", "O"]
    assert [row.values for row in rows] == [(None,), ("1",), ("2",), ("3",), (None,), (None,), ("4",)]
    assert [row.problem for row in rows] == [BLANK, "", "", "", BLANK, BLANK, ""]


def test_a_problem_keeps_the_smiles_if_there_is_one():
    asked = Asked(("smiles", "x"), (1, 2))
    rows = list(table_rows([[Record(("a", "CC"), "too short"), Record(("a",), "too short")]], asked, Cursor()))
    assert rows == [RawRow(1, "CC", (None,), "too short"), RawRow(2, "", (None,), "too short")]


def test_bytes_that_cannot_be_read_cost_the_rows_whose_asked_cells_hold_them():
    wrong = b"\xb5M".decode("utf-8", "surrogateescape")
    rows = list(
        table_rows(
            [[Record(("C", wrong, wrong)), Record(("C", "1", wrong)), Record(("C\0C", "1", ""))]], Asked(("smiles", "x"), (0, 1)), Cursor()
        )
    )
    assert rows == [
        RawRow(1, "C", (None,), "column 'x' is not UTF-8 (intake.file.encoding names another encoding)"),
        RawRow(2, "C", ("1",)),
        RawRow(3, "C\ufffdC", (None,), "a zero byte in column 'smiles'"),
    ]


def test_cells_need_not_be_text():
    assert list(table_rows([[Record((5, None, 1.5))]], Asked(("smiles", "x", "y"), (0, 2, 1)), Cursor())) == [RawRow(1, "5", (1.5, None))]
    assert list(table_rows([Flawless([["C"]])], Asked(("smiles",), (0,)), Cursor())) == [RawRow(1, "C", ())]
