import gzip

import pytest
from rdkit import Chem

from fluid.data.readers import read_rows
from fluid.data.sdf import MAX_RECORD_BYTES, records
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


@pytest.mark.parametrize("change", [lambda t: t.replace("\n", "\r\n"), lambda t: t + "\n\n \n", lambda t: t.removesuffix("$$$$\n")])
def test_line_ends_and_the_end_of_the_file_add_and_lose_no_row(write, text, change):
    rows = rows_of(write(change(text), "a.sdf"), "name")
    assert [(row.row, row.values) for row in rows] == [(1, ("n0",)), (2, ("n1",)), (3, ("n2",))]


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
        match=r"a\.sdf: column 'pIC50' is missing; expected one of the columns present: 'pic50', 'name'\. Did you mean 'pic50'\?",
    ):
        rows_of(write(text, "a.sdf"), "pIC50")


def test_records_without_any_property_lack_the_column_too(write, sdf_record):
    with pytest.raises(InputError, match="column 'x' is missing; expected columns, but the file has none"):
        rows_of(write(sdf_record("CC"), "a.sdf"), "x")


def test_a_file_without_record_ends_does_not_fill_the_memory(write):
    path = write(b"C" * 70 + b"\n" + b"x\n" * (2 * MAX_RECORD_BYTES), "a.sdf")
    (record,) = records(path)
    assert MAX_RECORD_BYTES < len(record) < 1.1 * MAX_RECORD_BYTES
    assert [row.problem for row in rows_of(path)] == ["SDF record of more than 4 MB"]


def test_a_torn_archive_is_named(write, text, tmp_path):
    path = tmp_path / "a.sdf.gz"
    path.write_bytes(gzip.compress(text.encode() * 50)[:-20])
    with pytest.raises(InputError, match=r"a\.sdf\.gz, after row \d+: the file is broken"):
        rows_of(path)


def test_stereochemistry_is_kept(write, sdf_record):
    smiles = "C[C@H](N)C(=O)O"
    (row,) = rows_of(write(sdf_record(smiles), "a.sdf"))
    assert Chem.CanonSmiles(row.smiles) == Chem.CanonSmiles(smiles) != Chem.CanonSmiles("CC(N)C(=O)O")
