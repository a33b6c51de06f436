import pytest

from fluid.data.decimal_sign import told_sign
from fluid.data.file_form import FileForm
from fluid.data.readers import told_decimal
from fluid.errors import InputError


@pytest.mark.parametrize(
    ("cells", "delimiter", "sign"),
    [
        (["4,5", "5"], ";", ","),
        (["4,5", "5"], "\t", ","),
        (["4,5", "5"], ",", "."),
        (["4,5", "5"], "", ","),
        (["4,5", "5.5"], ";", "."),
        (["4,5", "1.5e3"], ";", "."),
        (["<4,5", ">= 5,25", "~1,5E-3", "−1,5"], ";", ","),
        (["> 4.5", "4,5"], ";", "."),
        (["1,200", "3,400"], ";", ","),
        (["1,200", "3,400"], "\t", "."),
        (["1,200", "0,400"], "\t", ","),
        (["1,200", "3,4"], "\t", ","),
        (["1,200,000"], ";", "."),
        (["1,200.5"], ";", "."),
        (["a,b", "4-5", None, 3, 4.5, ""], ";", "."),
        ([",5"], ";", ","),
        ([], ";", "."),
    ],
)
def test_a_comma_is_told_only_where_it_can_be_no_other(cells, delimiter, sign):
    assert told_sign(cells, delimiter) == sign


@pytest.mark.parametrize("name", ["a.csv", "a.txt.gz", "a.tsv"])
def test_from_a_table(write, name):
    assert told_decimal(write("smiles;x;v1.5\nC;4,5;1.5\n", name), "smiles", ("x",)) == ","
    assert told_decimal(write("smiles;x;v1.5\nC;4,5;1.5\n", name), "smiles", ("x", "v1.5")) == "."
    assert told_decimal(write('smiles,x\nC,"4,5"\n', name), "smiles", ("x",)) == "."


def test_from_other_files(write, sdf_record):
    assert told_decimal(write(sdf_record("CC", x="4,5"), "a.sdf"), "smiles", ("x",)) == ","
    assert told_decimal(write("CC 4,5\n", "a.smi"), "smiles", ("_Name",)) == ","
    assert told_decimal(write("smiles x\nCC 4,5\n", "a.smi"), "smiles", ("x",)) == ","
    assert told_decimal(write("smiles x\nC |$a b$| 4,5\n", "a.smi"), "smiles", ("x",)) == ","


def test_what_is_declared_is_not_looked_for(write):
    assert told_decimal(write("smiles;x\nC;4.5\n"), "smiles", ("x",), FileForm(decimal=",")) == ","
    assert told_decimal(write("smiles;x\nC;4,5\n"), "smiles", ("x",), FileForm(decimal=".")) == "."
    assert told_decimal(write("smiles;x\nC;4,5\n"), "smiles", ()) == "."


def test_a_missing_column_is_named(write):
    with pytest.raises(InputError, match="column 'y' is missing"):
        told_decimal(write("smiles;x\nC;4,5\n"), "smiles", ("y",))
