import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.file_form import FileForm
from fluid.data.table_head import read_head
from fluid.data.text_lines import Lines

WANTED = ("smiles", "pic50")


def head_of(text, wanted=WANTED, suffix=".csv", **form):
    lines = Lines([text] if text else [])
    head = read_head(lines, wanted, FileForm(**form), suffix)
    return (head and (head.names, head.delimiter)), lines.block()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_the_header_tells_the_delimiter(suffix, delimiter, quote):
    header = delimiter.join(f"{quote}{name}{quote}" for name in ("id", "smiles", "pic50"))
    assert head_of(header + "\nrest\n", suffix=suffix) == ((["id", "smiles", "pic50"], delimiter), "rest\n")


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t"), (".txt", ",")])
def test_a_header_of_one_column_tells_none(suffix, delimiter):
    assert head_of("smiles\nC\n", ("smiles",), suffix) == ((["smiles"], delimiter), "C\n")


def test_the_delimiter_is_the_one_that_gives_the_asked_columns():
    assert head_of("smiles;id, old, new, other;pic50\n")[0] == (["smiles", "id, old, new, other", "pic50"], ";")
    assert head_of("smiles;pic50, measured, and again\n", ("smiles", "pic50, measured, and again"))[0][1] == ";"


def test_if_none_gives_them_it_is_the_one_that_gives_most():
    assert head_of("SMILES;pIC50, measured;x\n")[0] == (["SMILES", "pIC50, measured", "x"], ";")


def test_a_declared_delimiter_is_taken():
    assert head_of("smiles,pic50^x\n", delimiter="^")[0] == (["smiles,pic50", "x"], "^")


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;\t"])
def test_excel_says_its_separator(line):
    assert head_of(f"{line}\r\nsmiles;a,b,c,pic50\r\nC\r\n", ("smiles",)) == ((["smiles", "a,b,c,pic50"], ";"), "C\r\n")


def test_what_is_declared_outdoes_what_excel_says():
    assert head_of("sep=;\nsmiles,pic50\n", delimiter=",")[0] == (["smiles", "pic50"], ",")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# by LIMS\n#, 2026\n\nsmiles,pic50\nC,1\n", ["smiles", "pic50"]),
        ("\n  \nsmiles,pic50\nC,1\n", ["smiles", "pic50"]),
        ("#smiles,pic50\nC,1\n", ["smiles", "pic50"]),
        ("# by LIMS\n# smiles\tpic50\nC,1\n", ["smiles", "pic50"]),
        ("#,smiles,pic50\nC,1\n", ["#", "smiles", "pic50"]),
        ("# smiles and so on\nsmiles,pic50\nC,1\n", ["smiles", "pic50"]),
        ("# a, b, c, d\nsmi,act\nC,1\n", ["smi", "act"]),
    ],
)
def test_lines_before_the_header(text, names):
    head, rest = head_of(text)
    assert (head[0], rest) == (names, "C,1\n")


def test_a_header_of_several_lines():
    assert head_of('smiles,"pic50\n(log)"\nC,1\n', ("smiles", "pic50\n(log)")) == ((["smiles", "pic50\n(log)"], ","), "C,1\n")


def test_an_unclosed_quote_in_the_header_takes_no_row():
    assert head_of('smiles,pic50,5" pipe,"note\nC,1,2,3\n') == ((["smiles", "pic50", '5" pipe', '"note'], ","), "C,1,2,3\n")


def test_names_are_without_blanks_and_in_letters_of_older_programs():
    text = b" smiles , pic50\xa0, IC50 \xb5M\n".decode("utf-8", "surrogateescape")
    assert head_of(text)[0][0] == ["smiles", "pic50", "IC50 µM"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only this\n", "sep=;\n"])
def test_no_header(text):
    assert head_of(text) == (None, "")


@given(
    st.lists(st.text(st.sampled_from('ab ,;|\t"#=\n'), max_size=6), min_size=1, max_size=5),
    st.sampled_from(",;\t|"),
)
def test_a_quoted_header_with_the_asked_columns_is_found_whatever_else_it_has(others, delimiter):
    names = ["smiles", *others, "pic50"]
    header = delimiter.join('"' + name.replace('"', '""') + '"' for name in names)
    assert head_of(header + "\nrest\n") == (([name.strip() for name in names], delimiter), "rest\n")
