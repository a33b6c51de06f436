import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.file_form import FileForm
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError


def rows_of(path, *labels, smiles="smiles", **form):
    return list(read_rows(path, smiles, labels, FileForm(**form)))


@pytest.mark.parametrize("name", ["a.smi", "a.SMI", "a.smi.gz", "a.txt", "a.txt.gz"])
@pytest.mark.parametrize("gap", ["\t", " ", "  \t "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_smiles_and_names_without_header(write, name, gap, end):
    text = end.join([f"CCO{gap}ethanol", f"C[N+](C)(C)C{gap}a salt, or so", "c1ccccc1", ""])
    assert rows_of(write(text.encode(), name), "_Name") == [
        RawRow(1, "CCO", ("ethanol",)), RawRow(2, "C[N+](C)(C)C", ("a salt, or so",)), RawRow(3, "c1ccccc1", ("",)),
    ]  # fmt: skip


def test_the_smiles_column_has_any_name_if_there_is_no_header(write):
    assert rows_of(write("CCO e\n", "a.smi"), smiles="structure") == [RawRow(1, "CCO", ())]


@pytest.mark.parametrize("name", ["a.smi", "a.txt"])
@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("smiles name", "name"),
        ("SMILES\tname", "name"),
        ("#smiles name", "name"),
        ("# SMILES  name", "name"),
        ("# by LIMS\n\nsmiles name", "name"),
    ],
)
def test_a_header_names_the_columns(write, name, header, column):
    assert rows_of(write(f"{header}\nCCO\tpure ethanol\nCC\n".replace("\t", " "), name), column) == [
        RawRow(1, "CCO", ("pure ethanol",)),
        RawRow(2, "CC", ("",)),
    ]


def test_a_header_of_several_columns(write):
    path = write("smiles id pic50\nCCO a 5.0\nCC b\nC |$a b$| c 6\n", "a.smi")
    assert rows_of(path, "pic50", "id") == [
        RawRow(1, "CCO", ("5.0", "a")),
        RawRow(2, "CC", (None, None), "the row has 2 cells, the header 3"),
        RawRow(3, "C |$a b$|", ("6", "c")),
    ]
    assert rows_of(write("id smiles\na CCO\n", "b.smi"), "id") == [RawRow(1, "CCO", ("a",))]


@pytest.mark.parametrize("name", ["a.smi", "a.txt"])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_a_table_under_such_a_name_is_a_table(write, name, delimiter):
    text = delimiter.join(["smiles", "pic50", "a name"]) + "\n" + delimiter.join(["CCO", "5", "x y"]) + "\n"
    assert rows_of(write(text, name), "a name", "pic50") == [RawRow(1, "CCO", ("x y", "5"))]


@pytest.mark.parametrize(
    ("line", "smiles", "name"),
    [
        ("C[C@H](O)F |&1:1| both", "C[C@H](O)F |&1:1|", "both"),
        ("C[C@H](O)F |&1:1|", "C[C@H](O)F |&1:1|", ""),
        ("CC* |$;;R1 or so$|\tx y", "CC* |$;;R1 or so$|", "x y"),
        ("CCO |not closed", "CCO", "|not closed"),
        ("CCO name |&1:1|", "CCO", "name |&1:1|"),
        ("CCO |a|b", "CCO", "|a|b"),
    ],
)
def test_an_extension_is_part_of_the_smiles(write, line, smiles, name):
    assert rows_of(write(f"{line}\n", "a.smi"), "_Name") == [RawRow(1, smiles, (name,))]


def test_blank_and_broken_lines_are_rows(write):
    rows = rows_of(write("\nCCO\n\nnot_a_smiles x\n\n", "a.smi"))
    assert [(row.row, row.smiles, row.problem) for row in rows] == [(1, "CCO", ""), (2, "", "blank line"), (3, "not_a_smiles", "")]


def test_names_that_are_not_utf8_cost_only_rows_that_need_them(write):
    path = write("CCO \xb5\nCC x\n".encode("latin-1"), "a.smi")
    assert [row.problem for row in rows_of(path)] == ["", ""]
    assert [bool(row.problem) for row in rows_of(path, "_Name")] == [True, False]


@pytest.mark.parametrize("text", ["CCO 5\n", "smiles\nCCO\n", "CCO\n"])
def test_a_column_that_is_not_there(write, text):
    with pytest.raises(InputError, match=r"a\.smi: column 'pic50' is missing; expected one of the columns present: 'smiles'"):
        rows_of(write(text, "a.smi"), "pic50")


def test_a_text_file_without_the_column_is_a_table(write):
    with pytest.raises(InputError, match=r"a\.txt: column 'smiles' is missing; expected one of the columns present: 'mol', 'act'"):
        rows_of(write("mol,act\nCCO,1\n", "a.txt"))


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_no_rows(write, text):
    with pytest.raises(InputError, match="no rows|is empty"):
        rows_of(write(text, "a.smi"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CCO", "[Na+].[Cl-]", "C/C=C\\C", "N#N", "%12CC%12"]),
            st.sampled_from(["", " |&1:0|", " |$x y$,c:1|"]),
            st.text(st.sampled_from("ab 1,;\"'#"), max_size=5),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("smi") / "a.smi"
    path.write_text("".join(f"{smiles}{extension} {name}\n" for smiles, extension, name in lines))
    assert [(row.smiles, *row.values) for row in read_rows(path, "smiles", ("_Name",))] == [(s + e, n.strip()) for s, e, n in lines]
