"""What a look says against what the intake of the suggested settings does, and on files made for one question each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from fluid.data.intake import intake
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import InputError
from fluid.inspection.facts import as_json
from fluid.inspection.request import InspectRequest
from tests.conftest import Library
from tests.inspection.conftest import SPEC, Look, Write


def test_counts_are_those_of_the_intake(library: Library, write: Write, look: Look) -> None:
    smiles = [*library.smiles[:40], *library.smiles[:6], "not a molecule", "", "[Na+].[Cl-]", "C[C@H](N)O", "C[C@@H](N)O"]
    rows = [[text, number % 2, f"{number / 10:.1f}" if number % 5 else ""] for number, text in enumerate(smiles)]
    path = write(["smiles", "active", "pic50"], rows)
    found = look(path)
    assert dict(found.settings)["intake.endpoints"] == ("active", "pic50 [log mol/L]")
    done = intake(path, replace(IntakeSpec(), endpoints=dict(found.settings)["intake.endpoints"], workers=0))
    active, value = found.endpoints
    labels = done.table.labels
    assert found.molecules is not None
    assert (active.zeros, active.ones) == tuple(int((labels[:, 0] == label).sum()) for label in (0, 1))
    assert value.molecules == int(np.isfinite(labels[:, 1]).sum())
    rejected = {reason.what: reason.count for reason in found.molecules.rejected}
    reasons = [row.reason for row in done.dropped if row.reason in rejected]
    assert {reason: reasons.count(reason) for reason in rejected} == rejected
    assert found.molecules.usable == len(rows) - sum(rejected.values())
    assert found.molecules.rejected[0].examples[0] == (47, "not a molecule")


def test_conflicts_name_rows_and_what_stands_there(write: Write, look: Look) -> None:
    path = write(["smiles", "hit", "pic50"], [["CCO", 0, 4], ["CCN", 1, 5], ["OCC", 1, 4.5], ["CCN", 1, 5], ["CCCl", 0, 6], ["CCCN", 1, 7]])
    hit, value = look(path).endpoints
    assert (hit.repeated, hit.conflicts, hit.first_conflicts[0].rows) == (2, 1, (1, 3))
    assert (hit.first_conflicts[0].smiles, hit.first_conflicts[0].values) == (("CCO", "OCC"), ("0", "1"))
    assert (value.conflicts, value.largest_difference) == (1, 0.5)
    assert "hit: measured in both classes: 1 molecule (rows 1+3)." in look(path).warnings


def test_bounds_and_cells_that_are_no_label_are_counted_with_their_rows(write: Write, look: Look) -> None:
    cells = ["4.1", ">5", "<3", "~4", "see note", "ND", "", "6.5", "7.5", "8.5"]
    path = write(["smiles", "pic50"], [["C" * (2 + i) + "O", cell] for i, cell in enumerate(cells)])
    (value,) = look(path).endpoints
    assert (value.labels, value.missing, value.below, value.above) == (4, 2, 1, 1)
    assert {reason.what: reason.examples for reason in value.unused} == {
        "censored value": ((2, ">5"), (3, "<3")), "approximate value": ((4, "~4"),), "not a finite number": ((5, "see note"),),
    }  # fmt: skip


def test_a_file_with_one_measurement_per_row(library: Library, write: Write, look: Look) -> None:
    rows = [[library.smiles[i % 20], target, "Ki", 5 + i / 10] for target in ("CYP", "hERG") for i in range(20)]
    found = look(write(["smiles", "target", "measure", "p_activity"], rows))
    settings = dict(found.settings)
    assert settings["intake.layout.value_column"] == "p_activity"
    assert settings["intake.layout.endpoint_columns"] == ("target",)  # measure is always Ki
    assert settings["intake.endpoints"] == ("CYP [log mol/L]", "hERG [log mol/L]")
    assert [one.labels for one in found.endpoints] == [20, 20]
    assert [one.conflicts for one in found.endpoints] == [0, 0]


def test_a_qualifier_and_a_unit_of_their_own_columns(library: Library, write: Write, look: Look) -> None:
    rows = [[f"CHEMBL{i}", library.smiles[i], "'>'" if i % 4 == 0 else "'='", 100 + i, "nM"] for i in range(20)]
    found = look(write(["Molecule ChEMBL ID", "Smiles", "Standard Relation", "Standard Value", "Standard Units"], rows, delimiter=";"))
    settings = dict(found.settings)
    assert settings["intake.smiles_column"] == "Smiles"
    assert settings["intake.layout.qualifier_column"] == "Standard Relation"
    assert settings["intake.endpoints"] == ("Standard Value [nM]",)
    assert (found.endpoints[0].labels, found.endpoints[0].above) == (15, 5)


def test_decimal_commas_and_words_for_missing_become_settings(library: Library, write: Write, look: Look) -> None:
    rows = [[library.smiles[i], "ND" if i % 5 == 0 else f"4,{i}"] for i in range(20)]
    settings = dict(look(write(["smiles", "pic50"], rows, delimiter=";")).settings)
    assert (settings["intake.file.decimal"], settings["intake.missing"]) == (",", ("ND",))


def test_a_second_column_of_smiles_is_named(write: Write, look: Look) -> None:
    found = look(write(["canonical", "smiles", "hit"], [[f"CC{i * 'C'}O", f"OCC{i * 'C'}", i % 2] for i in range(8)]))
    assert dict(found.settings).get("intake.smiles_column") is None
    assert "2 columns hold SMILES: 'canonical', 'smiles'; 'smiles' is used. Another: intake.smiles_column=..." in found.warnings


def test_too_few_labels_are_said_and_left_out(library: Library, write: Write, look: Look) -> None:
    rows = [[library.smiles[i], i % 2, 1 if i == 0 else 0 if i < 9 else ""] for i in range(20)]
    found = look(write(["smiles", "hit", "rare"], rows))
    assert dict(found.settings)["intake.endpoints"] == ("hit",)
    assert "2 endpoints, of which 1 has fewer labels than the quorum (3 of each class): 'rare (1 and 8)'." in "\n".join(
        found.warnings
    ).replace("(8 and 1)", "(1 and 8)")
    found = look(write(["smiles", "rare"], [[row[0], row[2]] for row in rows]))
    assert dict(found.settings)["intake.quorum"] == 1
    assert found.warnings[-1] == "1 endpoint, which has fewer labels than the quorum (3 of each class): 'rare (1 and 8)'."


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("inchi", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "'inchi' holds InChI: make SMILES of it first"),
        ("name", "aspirin{}", "'name' may identify the molecules: have names or numbers turned into SMILES"),
    ],
)
def test_no_molecules_is_no_error(write: Write, look: Look, header: str, cells: str, said: str) -> None:
    found = look(write([header, "hit"], [[f'"{cells.format(i)}"', i % 2] for i in range(6)]))
    assert (found.molecules, found.endpoints, found.verb, found.settings) == (None, (), "", ())
    assert found.warnings[0] == "No column looks like SMILES, so no verb can use this file as it is."
    assert found.warnings[1].startswith(said)
    assert [column.role for column in found.columns][1] == "class"


def test_without_molecules_only_the_columns_are_looked_at(library: Library, write: Write, look: Look) -> None:
    found = look(write(["smiles", "hit"], [[library.smiles[i], i % 2] for i in range(9)]), molecules=False)
    assert (found.molecules, found.endpoints) == (None, ())
    assert dict(found.settings)["intake.endpoints"] == ("hit",)
    assert "The molecules were not looked at" in found.warnings[0]


def test_the_first_rows_only(library: Library, write: Write, look: Look) -> None:
    found = look(write(["smiles", "hit"], [[library.smiles[i], i % 2] for i in range(30)]), rows=10)
    assert found.molecules is not None
    assert (found.file.rows, found.molecules.rows, found.file.all_rows) == (10, 10, False)
    assert found.warnings[0] == "Only the first 10 rows were looked at."


def test_one_column_with_odd_bytes_does_not_blind_the_look(tmp_path: Path, library: Library, look: Look) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"smiles,hit,unit\n" + b"".join(f"{library.smiles[i]},{i % 2},".encode() + b"\xb5M\n" for i in range(10)))
    found = look(path)
    assert found.molecules is not None
    assert found.molecules.usable == 10
    assert dict(found.settings)["intake.endpoints"] == ("hit",)
    assert found.columns[2].remarks[0].startswith("cannot be read in 10 rows")


def test_columns_of_one_name_are_said(write: Write, look: Look) -> None:
    found = look(write(["smiles", "hit", "hit"], [["CCO", 0, 1], ["CCN", 1, 1]]))
    assert found.warnings[0] == "Several columns are named 'hit': they cannot be read; rename them."
    assert [column.name for column in found.columns] == ["smiles"]


def test_overlap_counts_the_same_and_the_near(library: Library, write: Write, look: Look) -> None:
    own = [*library.smiles[:20], "CCCCCCCCCCCCO"]
    other = write(["id", "structure"], [[i, text] for i, text in enumerate([*library.smiles[15:40], "OC" + "C" * 12])], "other.csv")
    (found,) = look(write(["smiles"], [[text] for text in own]), against=(str(other),)).overlaps
    assert (found.rows, found.same, found.of, found.looked_at, found.near) == (26, 5, 21, 21, 1)
    assert 0 < found.quartiles[0] <= found.quartiles[1] <= found.quartiles[2] < 0.95


def test_stereo_isomers_are_the_same_in_another_file(write: Write, look: Look) -> None:
    one, other = write(["smiles"], [["C[C@H](N)C(=O)O"]]), write(["smiles"], [["C[C@@H](N)C(=O)O"]], "other.csv")
    (found,) = look(one, against=(str(other),)).overlaps
    assert (found.same, found.near) == (1, 0)
    assert np.isnan(found.quartiles).all()
    assert as_json(look(one, against=(str(other),)))["overlaps"][0]["quartiles"] == [None] * 3


def test_a_file_without_molecules_cannot_be_compared_with(write: Write, look: Look) -> None:
    other = write(["x"], [[1], [2]], "other.csv")
    with pytest.raises(InputError, match="no column looks like SMILES"):
        look(write(["smiles"], [["CCO"]]), against=(str(other),))


def make_sdf(path: Path) -> None:
    with Chem.SDWriter(str(path)) as writer:
        for number in range(8):
            mol = Chem.MolFromSmiles("C" * (number + 2) + "O")
            mol.SetProp("_Name", f"cpd{number}")
            mol.SetProp("hit", str(number % 2))
            writer.write(mol)


FORMATS: dict[str, Callable[[Path], object]] = {
    "in.sdf": make_sdf,
    "in.smi": lambda path: path.write_text("".join(f"{'C' * (i + 2)}O cpd{i}\n" for i in range(8))),
    "in.tsv": lambda path: path.write_text("SMILES\thit\n" + "".join(f"{'C' * (i + 2)}O\t{i % 2}\n" for i in range(8))),
    "in.parquet": lambda path: pq.write_table(
        pa.table({"smi": ["C" * (i + 2) + "O" for i in range(8)], "hit": [i % 2 for i in range(8)]}), path
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_looked_at(tmp_path: Path, look: Look, name: str) -> None:
    FORMATS[name](tmp_path / name)
    found = look(tmp_path / name)
    assert found.molecules is not None
    assert (found.file.rows, found.molecules.usable, found.molecules.molecules) == (8, 8, 8)
    assert found.verb == ("predict" if name == "in.smi" else "train-teacher")


def test_the_embedded_sets_have_names(look: Look) -> None:
    found = look("embedded:test_external", rows=30, against=())
    assert found.file.name == "embedded:test_external"
    assert dict(found.settings)["input"] == "embedded:test_external"


def test_a_setting_wins_over_what_is_told(write: Write, look: Look) -> None:
    path = write(["smiles", "other", "pic50"], [[f"CC{i * 'C'}O", f"CC{i * 'C'}N", 4 + i / 10] for i in range(8)])
    spec = replace(SPEC, smiles_column="other", endpoints=("pic50 >= 4.4",))
    found = look(path, intake=spec)
    assert dict(found.settings)["intake.smiles_column"] == "other"
    assert (found.endpoints[0].zeros, found.endpoints[0].ones) == (4, 4)
    with pytest.raises(InputError, match="column 'pic' is missing"):
        look(path, intake=replace(SPEC, endpoints=("pic >= 4",)))


@pytest.mark.parametrize(("content", "said"), [("", "the file is empty"), ("smiles,hit\n", "the file has no rows")])
def test_a_file_that_cannot_be_read_is_an_error_of_one_line(tmp_path: Path, look: Look, content: str, said: str) -> None:
    (tmp_path / "in.csv").write_text(content)
    with pytest.raises(InputError, match=said):
        look(tmp_path / "in.csv")


def test_a_negative_number_of_rows_is_refused() -> None:
    with pytest.raises(InputError, match="rows is -1"):
        InspectRequest("a.csv", rows=-1)


@pytest.mark.parametrize(("count", "said"), [(300, "300 different"), (9000, "about ")])
def test_a_guess_is_said_to_be_one(write: Write, look: Look, count: int, said: str) -> None:
    found = look(write(["ID", "smiles"], [[f"CMP{number}", "CCO"] for number in range(count)]), molecules=False)
    assert found.columns[0].says.startswith(said)
