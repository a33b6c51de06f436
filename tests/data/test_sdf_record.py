from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from fluid.data.readers import read_rows
from fluid.data.sdf_record import AskedItems, header_name, split_record

MOLECULE = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (">  <pic50>", "pic50"),
        ("> <pic50>", "pic50"),
        (">< pic50 >", " pic50 "),
        ("> 25 <pic50>", "pic50"),
        ("> 25 <pic50> (MOL-1)", "pic50"),
        (">  <pic50>  (CMPD-000) ", "pic50"),
        ("> (12) <pic50> FROM ARCHIVES", "pic50"),
        (">  <>", ""),
        (">  < >", " "),
        (">  <IC50 > 5>", "IC50 > 5"),
        (">  <a<b>>", "a<b>"),
        ("> DT12", "DT12"),
        (">4.0", None),
        ("> 4.0", None),
        (">", None),
        (" >  <pic50>", None),
        ("<pic50>", None),
        ("4.0", None),
        ("", None),
    ],
)
def test_header_lines(line, name):
    assert header_name(line) == name
    items = split_record(f"{MOLECULE}{line}\n1\n").items
    assert items == ([] if name is None else [(name, "1")])


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        ([">  <a>", "1", "", ">  <b>", "2", ""], [("a", "1"), ("b", "2")]),
        ([">  <a>", "1", ">  <b>", "2"], [("a", "1"), ("b", "2")]),
        ([">  <a>", "1", " ", ">  <b>", "2", "\t", ""], [("a", "1"), ("b", "2")]),
        ([">  <a>", "1", "", "", "", ">  <b>", "2"], [("a", "1"), ("b", "2")]),
        ([">  <a>", "", ">  <b>", ">  <c>", "", "", "3"], [("a", ""), ("b", ""), ("c", "3")]),
        ([">  <a>", "one", "two", "", "three", "", ">  <b>", "2"], [("a", "one\ntwo\n\nthree"), ("b", "2")]),
        ([">  <a>", " 1 ", ""], [("a", " 1 ")]),
        ([">  <a>", ">4.0", ""], [("a", ">4.0")]),
        (["", "", ">  <a>", "1"], [("a", "1")]),
        (["stray", ">  <a>", "1"], [("a", "1")]),
        ([], []),
    ],
)
def test_data_items(lines, items):
    assert split_record(MOLECULE + "\n".join(lines)).items == items


@pytest.mark.parametrize("blank", [0, 1, 2, 5])
def test_blank_lines_before_a_record_are_no_part_of_the_molecule(blank):
    block = "title\n" + MOLECULE.split("\n", 1)[1]
    record = split_record("\n" * blank + block)
    assert record.title == "title"
    assert record.molecule == block.rstrip("\n")


def test_a_lost_blank_title_is_put_back():
    assert split_record(MOLECULE.lstrip("\n")).molecule == MOLECULE.rstrip("\n")
    assert split_record(MOLECULE.lstrip("\n")).title == ""


def test_without_its_end_mark_the_molecule_ends_at_the_first_data_item():
    text = MOLECULE.replace("M  END\n", "")
    assert split_record(text + ">  <a>\n1\n").molecule == text
    assert split_record(text).molecule == text
    assert split_record("\n> <t>\n1\n") == ("", [("t", "1")])


def test_bytes_of_older_programs():
    text = (MOLECULE + ">  <IC50 µM>\n3 µM\n").encode("latin-1").decode("utf-8", "surrogateescape")
    assert split_record(text).items == [("IC50 µM", "3 µM")]


@pytest.mark.parametrize(
    ("items", "values", "problem"),
    [
        ([("x", "1"), ("y", "2")], ("1", None), ""),
        ([("x", "1"), ("x", "1")], ("1", None), ""),
        ([("x", "1"), ("x", "2")], (None, None), "data item 'x' is there twice, with different values"),
        ([(" x", "1")], ("1", None), ""),
        ([("x ", "2"), ("x", "1")], ("1", None), ""),
        ([("X", "1")], (None, None), ""),
        ([("z", "1"), ("x", "")], ("", "1"), ""),
    ],
)
def test_asked_items(items, values, problem):
    record = split_record(MOLECULE + "".join(f">  <{name}>\n{value}\n\n" for name, value in items))
    assert AskedItems(("x", "z")).values(record) == (values, problem)


def test_the_title_is_a_column_unless_an_item_has_its_name():
    assert AskedItems(("_Name",)).values(split_record(" CMPD 1 " + MOLECULE)) == (("CMPD 1",), "")
    assert AskedItems(("_Name",)).values(split_record("t" + MOLECULE + "> <_Name>\nitem\n")) == (("item",), "")


@dataclass
class Written:
    """A record that is written line by line, and what it says."""

    title: str
    lines: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)


WORD = st.text(st.sampled_from("ab 1.>-µ"), min_size=1, max_size=5).filter(str.strip)
NAME = st.text(st.sampled_from("abc (>%_-"), min_size=1, max_size=6).map(str.strip)
NAMES = st.lists(NAME, max_size=5, unique=True)
BLANKS = st.lists(st.sampled_from(["", " ", "\t", "   "]), max_size=3)
TAG = st.sampled_from([">  <{}>", "> <{}>", "> 25 <{}>", ">  <{}> (MOL 1)", "><{}> ", "> (1) <{}> 5"])


@st.composite
def records(draw):
    """Draw a record with any mixture of tags, values of several lines, and blank lines or none between them."""
    record = Written(draw(st.text(st.sampled_from("ab 1-"), max_size=6)).strip())
    for name in draw(NAMES):
        value = draw(st.lists(WORD, max_size=3))
        inner = [line for word in value for line in (word, *draw(BLANKS))]
        while inner and not inner[-1].strip():
            inner.pop()
        record.lines += [draw(TAG).format(name), *inner, *draw(BLANKS)]
        record.items[name] = "\n".join(inner)
    return record


@given(st.lists(records(), min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.integers(0, 2))
def test_what_was_written_is_read(tmp_path_factory, written, end, last_mark, blank):
    """Only a last record without `$$$$`, and without a data item of the record before it, is taken to be cut off."""
    smiles = ["CCO", "c1ccccc1", "C[C@H](N)O", "CC"][: len(written)]
    lines = []
    for record, one in zip(written, smiles, strict=True):
        block = Chem.MolToMolBlock(Chem.MolFromSmiles(one)).split("\n")
        lines += [*[""] * blank, record.title, *block[1:-1], *record.lines, "$$$$"]
    if not last_mark:
        lines[-1] = ""
    path = tmp_path_factory.mktemp("sdf") / "a.sdf"
    path.write_bytes((end.join(lines) + end).encode())
    cut = not last_mark and len(written) > 1 and not written[-2].items.keys() <= written[-1].items.keys()
    whole = written[:-1] if cut else written
    names = sorted({name for record in whole for name in record.items})
    rows = list(read_rows(path, "x", ["_Name", *names]))
    assert [row.row for row in rows] == list(range(1, len(written) + 1))
    assert [row.problem for row in rows] == [""] * len(whole) + ["the file ends within this SDF record"] * cut
    assert [row.smiles and Chem.CanonSmiles(row.smiles) for row in rows] == [Chem.CanonSmiles(one) for one in smiles[: len(whole)]] + [
        ""
    ] * cut
    assert [row.values for row in rows[: len(whole)]] == [(record.title, *(record.items.get(name) for name in names)) for record in whole]
