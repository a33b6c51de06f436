import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import AllChem

from fluid.data.file_form import FileForm
from fluid.data.readers import read_rows
from fluid.data.sdf import MAX_RECORD, has_items, record_texts
from fluid.data.text_lines import open_lines
from fluid.errors import InputError

SMILES = ("CCO", "c1ccccc1", "C[C@H](N)C(=O)O")


def rows_of(path, *labels):
    return list(read_rows(path, "ignored", labels))


def canonical(rows):
    return [row.smiles and Chem.CanonSmiles(row.smiles) for row in rows]


@pytest.fixture
def text(sdf_record):
    return "".join(sdf_record(smiles, pic50=f"0{i}.50", name=f"n{i}") for i, smiles in enumerate(SMILES))


@pytest.mark.parametrize("name", ["a.sdf", "a.sdf.gz", "a.SDF"])
def test_records_become_rows_with_text_properties(write, text, name):
    rows = rows_of(write(text, name), "pic50")
    assert canonical(rows) == [Chem.CanonSmiles(smiles) for smiles in SMILES]
    assert [(row.row, row.values, row.problem) for row in rows] == [(1, ("00.50",), ""), (2, ("01.50",), ""), (3, ("02.50",), "")]


def test_rows_agree_with_rdkits_own_reader(write, text):
    path = write(text, "a.sdf")
    expected = [(Chem.MolToSmiles(mol), (mol.GetProp("name"),)) for mol in Chem.SDMolSupplier(str(path))]
    assert [(row.smiles, row.values) for row in rows_of(path, "name")] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("\n", "\r"),
        lambda t: t.replace("\n", "\r\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: t + "\n\n \n",
        lambda t: t.removesuffix("$$$$\n"),
        lambda t: t.removesuffix("\n"),
        lambda t: t.replace("\n\n$$$$", "\n$$$$"),
        lambda t: t.replace("$$$$\n", "$$$$\n\n"),
        lambda t: t.lstrip("\n"),
    ],
)
def test_line_ends_and_the_end_of_the_file_add_and_lose_no_row(write, text, change):
    rows = rows_of(write(change(text), "a.sdf"), "name")
    assert [(row.row, row.values, row.problem) for row in rows] == [(1, ("n0",), ""), (2, ("n1",), ""), (3, ("n2",), "")]
    assert canonical(rows) == [Chem.CanonSmiles(smiles) for smiles in SMILES]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_encodings(write, text, encoding):
    rows = rows_of(write(text.replace("n1", "µ").encode(encoding), "a.sdf"), "name")
    assert [row.values for row in rows] == [("n0",), ("µ",), ("n2",)]


@pytest.mark.parametrize("encoding", ["mac-roman", "cp437"])
def test_a_declared_encoding(write, text, encoding):
    path = write(text.replace("n1", "µ").encode(encoding), "a.sdf")
    assert [row.values for row in read_rows(path, "x", ("name",), FileForm(encoding=encoding))] == [("n0",), ("µ",), ("n2",)]


@pytest.mark.parametrize("broken", ["hello\n$$$$\n", "$$$$\n", "\n\n\n 99  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n"])
def test_a_broken_record_is_a_row_with_its_reason_and_harms_no_other(write, sdf_record, broken):
    text = sdf_record("CCO", x="1") + broken + sdf_record("CCN", x="2")
    rows = rows_of(write(text, "a.sdf"), "x")
    assert [(row.row, row.values, row.problem) for row in rows] == [
        (1, ("1",), ""),
        (2, (None,), "SDF record cannot be read"),
        (3, ("2",), ""),
    ]
    assert canonical(rows) == ["CCO", "", "CCN"]


def test_the_labels_of_a_record_whose_molecule_cannot_be_read_are_known(write, sdf_record):
    broken = sdf_record("CCC", x="3").replace(" C  ", " Qq ")
    rows = rows_of(write(sdf_record("CCO", x="1") + broken, "a.sdf"), "x")
    assert [(row.smiles, row.values, row.problem) for row in rows] == [("CCO", ("1",), ""), ("", ("3",), "SDF record cannot be read")]


def test_a_record_with_an_impossible_valence_is_broken(write, sdf_record):
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False), kekulize=False)
    rows = rows_of(write(block + "$$$$\n" + sdf_record("CC"), "a.sdf"))
    assert [row.problem for row in rows] == ["SDF record cannot be read", ""]


def test_latin1_properties_are_read(write, sdf_record):
    rows = rows_of(write(sdf_record("CC", **{"IC50_µM": "3 µM"}).encode("latin-1"), "a.sdf"), "IC50_µM")
    assert rows[0].values == ("3 µM",)


def test_a_property_that_some_records_lack_is_missing_there(write, sdf_record):
    rows = rows_of(write(sdf_record("CC", x="1") + sdf_record("CCC"), "a.sdf"), "x")
    assert [row.values for row in rows] == [("1",), (None,)]


def test_a_property_that_all_records_lack_is_a_missing_column(write, text):
    with pytest.raises(
        InputError,
        match=r"a\.sdf: column 'pIC50' is missing; expected one of the columns present: 'pic50', 'name', '_Name'\. Did you mean 'pic50'\?",
    ):
        rows_of(write(text, "a.sdf"), "pIC50")


def test_records_without_any_property_lack_the_column_too(write, sdf_record):
    with pytest.raises(InputError, match="column 'x' is missing; expected one of the columns present: '_Name'"):
        rows_of(write(sdf_record("CC"), "a.sdf"), "x")


def test_names_that_look_the_same_in_all_records_are_one_column(write, sdf_record):
    rows = rows_of(write(sdf_record("CC", **{"x ": "1"}) + sdf_record("CCC", **{" x": "2"}), "a.sdf"), "x")
    assert [row.values for row in rows] == [("1",), ("2",)]


def test_a_file_without_record_ends_does_not_fill_the_memory(write):
    path = write(b"C" * 70 + b"\n" + b"x\n" * (2 * MAX_RECORD), "a.sdf")
    with open_lines(path, FileForm()) as lines:
        (record,) = record_texts(lines)
    assert MAX_RECORD < len(record.text) < 1.2 * MAX_RECORD
    assert [row.problem for row in rows_of(path)] == ["SDF record of more than 4 MB"]


def test_a_record_that_is_too_long_harms_no_other(write, sdf_record):
    path = write(sdf_record("CC", x="1") + sdf_record("CCC", x="y" * MAX_RECORD) + sdf_record("CCCC", x="2"), "a.sdf")
    assert [(row.row, row.smiles, row.values, row.problem) for row in rows_of(path, "x")] == [
        (1, "CC", ("1",), ""), (2, "", (None,), "SDF record of more than 4 MB"), (3, "CCCC", ("2",), ""),
    ]  # fmt: skip


@pytest.mark.parametrize("part", [0.1, 0.5, 0.8, 0.95])
def test_a_last_record_that_is_cut_off_is_listed(write, sdf_record, part):
    last = sdf_record("CCC", x="4.25", y="5.5")
    rows = rows_of(write(sdf_record("CC", x="1", y="2") + last[: int(part * len(last))], "a.sdf"), "x")
    assert [(row.row, row.values) for row in rows] == [(1, ("1",)), (2, (None,))]
    assert rows[1].problem == "the file ends within this SDF record"


@pytest.mark.parametrize("cut", [1, 4, 6, 7, 8, 9, 10, 11])
def test_no_value_of_a_cut_off_record_is_taken_for_whole(write, sdf_record, cut):
    """The record ends with `4.25`, a blank line and its mark: a shorter value is never read."""
    text = sdf_record("CC", x="4.25")
    rows = rows_of(write(text[:-cut], "a.sdf"), "x")
    assert [row.values for row in rows] in ([("4.25",)], [(None,)])
    assert (rows[0].values == (None,)) == bool(rows[0].problem)


def test_a_file_of_one_molecule_without_mark_is_a_record(write, sdf_record):
    block = sdf_record("CC").removesuffix("$$$$\n")
    assert [row.smiles for row in rows_of(write(block, "a.sdf"))] == ["CC"]
    assert [row.smiles for row in rows_of(write(block.rstrip(), "b.sdf"))] == ["CC"]


def test_a_mark_that_is_a_value(write, sdf_record):
    record = sdf_record("CC", price="$$$$", x="1")
    rows = rows_of(write(record + record, "a.sdf"), "price", "x")
    assert [(row.row, row.values, row.problem) for row in rows] == [(1, ("$$$$", "1"), ""), (2, ("$$$$", "1"), "")]


def test_a_record_without_molecule_is_not_joined_to_the_one_before(write, sdf_record):
    rows = rows_of(write(sdf_record("CC", x="1") + "> <x>\n2\n\n$$$$\n" + sdf_record("CCC", x="3"), "a.sdf"), "x")
    assert [(row.smiles, *row.values) for row in rows] == [("CC", "1"), ("", "2"), ("CCC", "3")]
    assert [row.problem for row in rows] == ["", "SDF record cannot be read", ""]


def test_a_blank_line_within_a_molecule(write, sdf_record):
    assert [row.smiles for row in rows_of(write(sdf_record("CCO", x="1").replace("M  END", "\nM  END"), "a.sdf"), "x")] == ["CCO"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16"])
def test_data_items_are_found_under_whatever_name_they_are_read(write, sdf_record, encoding):
    text = sdf_record("CCO", a="1").replace(">  <a>", "> 25 <MELTING.POINT> (DT12)\n1\n\n>  <\u00b5>\n2\n\n> <a <b> c >\n3\n\n> DT25")
    path = write((sdf_record("CC") + text).encode(encoding), "a.sdf")
    names = ("MELTING.POINT", "\u00b5", "a <b> c", "DT25", "_Name")
    assert has_items(path, names, FileForm())
    assert [row.values for row in rows_of(path, *names)][1] == ("1", "2", "3", "1", "")
    assert has_items(path, (), FileForm())
    assert not has_items(path, ("a",), FileForm())


def test_data_items_of_a_torn_file(write, sdf_record):
    path = write(sdf_record("CC", a="1") * 20_000, "a.sdf.gz")
    path.write_bytes(path.read_bytes()[:-100])
    assert has_items(path, ("a",), FileForm())
    with pytest.raises(InputError, match=r"a\.sdf\.gz, after row [1-9]\d*: the file is broken"):
        has_items(path, ("b",), FileForm())


def test_titles_are_a_column(write, sdf_record):
    rows = rows_of(write("CMPD-1" + sdf_record("CC") + sdf_record("CCC"), "a.sdf"), "_Name")
    assert [row.values for row in rows] == [("CMPD-1",), ("",)]


def supplied(path):
    """Read a file as RDKit does."""
    return [mol and (Chem.MolToSmiles(mol), mol.GetProp("x")) for mol in Chem.SDMolSupplier(str(path))]


DRAWN = [
    "CCO", "C[C@H](N)C(=O)O", "C/C=C\\Cl", "[Na+].[O-]c1ccccc1", "[13CH3][2H]", "O=[N+]([O-])c1ccc(C#N)cc1", "C1CC2(C1)OCCO2", "*CC",
    "N[Pt](N)(Cl)Cl", "[H][H]", "OC1CC1.Cl", "C[S@](=O)CC",
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(DRAWN), st.sampled_from(["2D", "3D", "V3000", "hydrogens", "kekule"])), min_size=1, max_size=5))
def test_molecules_are_those_of_rdkits_own_reader(tmp_path_factory, drawn):
    text = ""
    for number, (smiles, kind) in enumerate(drawn):
        mol = Chem.MolFromSmiles(smiles)
        if kind in ("3D", "hydrogens"):
            mol = Chem.AddHs(mol)
        if kind == "3D":
            AllChem.EmbedMolecule(mol, randomSeed=7)
        elif kind == "2D":
            AllChem.Compute2DCoords(mol)
        block = Chem.MolToMolBlock(mol, forceV3000=kind == "V3000", kekulize=kind != "kekule")
        text += f"{block}>  <x>\nvalue {number}\n\n$$$$\n"
    path = tmp_path_factory.mktemp("sdf") / "a.sdf"
    path.write_text(text)
    assert [None if row.problem else (row.smiles, *row.values) for row in rows_of(path, "x")] == supplied(path)


def test_stereo_that_is_only_relative_is_said(write):
    block = Chem.MolToV3KMolBlock(Chem.MolFromSmiles("C[C@H](O)[C@@H](F)Cl |&1:1,3|"))
    (row,) = rows_of(write(block + "$$$$\n", "a.sdf"))
    assert Chem.MolFromSmiles(row.smiles).GetStereoGroups()
    assert "|&1:" in row.smiles


def test_a_torn_archive_is_named(write, text, tmp_path):
    path = tmp_path / "a.sdf.gz"
    path.write_bytes(gzip.compress(text.encode() * 50)[:-20])
    with pytest.raises(InputError, match=r"a\.sdf\.gz, after row \d+: the file is broken"):
        rows_of(path)


def test_stereochemistry_is_kept(write, sdf_record):
    smiles = "C[C@H](N)C(=O)O"
    (row,) = rows_of(write(sdf_record(smiles), "a.sdf"))
    assert Chem.CanonSmiles(row.smiles) == Chem.CanonSmiles(smiles) != Chem.CanonSmiles("CC(N)C(=O)O")
