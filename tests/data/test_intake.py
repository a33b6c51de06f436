import gzip
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from rdkit import Chem

from fluid.data.columns import check_source
from fluid.data.embedded import PARTS, embedded_path
from fluid.data.file_form import FileForm
from fluid.data.incoming import gather_chunks, read_incoming
from fluid.data.incoming_shards import fill_shards, molecules_in, rows_in
from fluid.data.intake import Intake, IntakeSpec, collect, intake
from fluid.errors import FluidError, InputError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import StandardizeSpec
from fluid.molecules.workers import standardize_many
from fluid.pipeline.shards import Shards
from tests.data.conftest import Writer

ROWS = [
    ("CCO", 4.0),  # 1 kept
    ("C1CC", 6.0),  # 2 does not parse
    ("OCC", 6.0),  # 3 the molecule of row 1
    ("c1ccccc1O", ""),  # 4 no label
    ("[Na+].[Cl-]", 5.0),  # 5 no carbon
    ("CC(=O)[O-].[Na+]", 7.5),  # 6 kept as acetic acid
    ("", 5.0),  # 7 empty
    ("CC(=O)O", 7.7),  # 8 the molecule of row 6
    ("CCN", 3.0),  # 9 kept
]


def spec(*endpoints: str, **changes: object) -> IntakeSpec:
    return IntakeSpec("smiles", endpoints, workers=0, **changes)  # type: ignore[arg-type]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "assay.csv"
    path.write_text("\n".join(["smiles,pic50", *(f"{s},{v}" for s, v in ROWS)]) + "\n")
    return path


def account(done: Intake) -> tuple[int, int, int, int]:
    return done.rows, len(done.table), len(done.dropped), done.merged


def test_every_row_is_accounted_for(csv: Path) -> None:
    done = intake(csv, spec("pic50 [log mol/L]"))
    assert account(done) == (9, 3, 4, 2)
    assert done.table.smiles == ("CCO", "CC(=O)O", "CCN")
    np.testing.assert_allclose(done.table.labels[:, 0], [5.0, 7.6, 3.0], rtol=1e-6)
    assert [(row.row, row.reason) for row in done.dropped] == [
        (2, "does not parse as SMILES"),
        (4, "no label"),
        (5, "no carbon"),
        (7, "empty SMILES"),
    ]


def test_a_threshold_makes_classes_and_conflicts_are_dropped_by_policy(csv: Path) -> None:
    done = intake(csv, spec("pic50 >= 5"))  # rows 1 and 3 merge to a mean of 5.0 before the threshold
    assert done.table.labels[:, 0].tolist() == [1, 1, 0]
    flags = csv.with_name("flags.csv")
    flags.write_text("smiles,active\nCCO,1\nOCC,0\nCCN,1\nCCN,1\nCCC,0\n")
    done = intake(flags, spec("active"))
    assert account(done) == (5, 2, 2, 1)
    assert [(row.row, row.reason) for row in done.dropped] == [(1, "conflicting labels"), (2, "conflicting labels")]


def test_taking_the_result_in_again_changes_nothing(csv: Path, tmp_path: Path) -> None:
    once = intake(csv, spec("pic50 [log mol/L]")).table
    again = tmp_path / "again.csv"
    again.write_text(
        "\n".join(["smiles,pic50", *(f"{s},{v!r}" for s, v in zip(once.smiles, once.labels[:, 0].tolist(), strict=True))]) + "\n"
    )
    done = intake(again, spec("pic50 [log mol/L]"))
    assert account(done) == (3, 3, 0, 0)
    assert done.table.digest == once.digest


def test_csv_parquet_and_sdf_give_the_same_table(csv: Path, tmp_path: Path) -> None:
    import pandas as pd

    good = [(s, v) for s, v in ROWS if s and s != "C1CC" and v != ""]
    frame = pd.DataFrame(good, columns=["smiles", "pic50"])
    frame.to_parquet(tmp_path / "assay.parquet")
    frame.to_csv(tmp_path / "good.csv", index=False)
    with gzip.open(tmp_path / "assay.sdf.gz", "wt") as stream:
        writer = Chem.SDWriter(stream)
        for smiles, value in good:
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("pic50", str(value))
            writer.write(mol)
        writer.close()
    digests = {intake(tmp_path / name, spec("pic50 [log mol/L]")).table.digest for name in ("good.csv", "assay.parquet", "assay.sdf.gz")}
    assert len(digests) == 1


def test_workers_change_nothing(csv: Path) -> None:
    alone = intake(csv, spec("pic50 [log mol/L]"))
    two = intake(csv, IntakeSpec("smiles", ("pic50 [log mol/L]",), workers=2))
    assert (two.table.digest, two.dropped, two.merged) == (alone.table.digest, alone.dropped, alone.merged)


def test_rows_one_by_one_keep_duplicates_and_mark_broken_ones(csv: Path) -> None:
    rows = [row for chunk in read_incoming(csv, spec()) for row in chunk.rows]
    assert [row.row for row in rows] == list(range(1, 10))
    assert [row.smiles for row in rows] == [smiles for smiles, _ in ROWS]
    assert [row.row for row in rows if isinstance(row.molecule, MoleculeRejected)] == [2, 5, 7]


@pytest.mark.parametrize(("skip", "most", "rows"), [(0, 4, [1, 2, 3, 4]), (3, 2, [4, 5]), (7, 5, [8, 9]), (7, 0, [8, 9])])
def test_reading_stops_after_some_rows(csv: Path, skip: int, most: int, rows: list[int]) -> None:
    assert [row.row for chunk in read_incoming(csv, spec(), skip=skip, most=most, chunk=3) for row in chunk.rows] == rows


def test_progress_ends_with_all_rows(csv: Path) -> None:
    seen: list[int] = []
    intake(csv, spec("pic50 [log mol/L]"), seen.append)
    assert seen == [9]


@pytest.mark.parametrize(
    ("content", "endpoint", "message"),
    [
        ("smiles,pic50\nC1CC,5\n,5\n", "pic50 >= 5", "no valid molecule in 2 rows.*does not parse"),
        (
            "smiles,pic50\nCCO,abc\n",
            "pic50 >= 5",
            r"assay\.csv: 1 label in 1 row of column 'pic50' cannot be used: not a finite number \(row 1: 'abc'\)",
        ),
        ("smiles,pic50\nCCO,5\nCCN,inf\n", "pic50 [log]", "row 2.*inf"),
        ("smiles,active\nCCO,2\n", "active", "row 1.*'2'"),
        ("smiles,active\n", "active", "no valid molecule|no row|empty"),
        ("", "active", "empty"),
        ("smiles,active\nCCO,1\n", "blocker", "'blocker'"),
        ("structure,active\nCCO,1\n", "active", "'smiles'"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, endpoint: str, message: str) -> None:
    path = tmp_path / "assay.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        intake(path, spec(endpoint))


def test_rows_that_do_not_add_up_are_our_error(csv: Path) -> None:
    done = intake(csv, spec("pic50 [log mol/L]"))
    with pytest.raises(FluidError, match="internal accounting"):
        Intake(done.table, done.dropped, done.merged + 1, done.rows, done.places, done.labels)
    with pytest.raises(FluidError, match="internal accounting: endpoint 'pic50' has 8 measurements"):
        Intake(done.table, done.dropped, done.merged, done.rows, done.places, (replace(done.labels[0], merged=0),))


def embedded_smiles() -> dict[str, list[str]]:
    return {name: pq.read_table(embedded_path(name))["smiles"].to_pylist() for name in PARTS}


def test_the_embedded_parts_have_the_promised_sizes_and_share_no_molecule() -> None:
    smiles = embedded_smiles()
    everything = [text for part in smiles.values() for text in part]
    assert len(everything) == len(set(everything))
    assert 7_500 <= len(smiles["pool"]) <= 8_500
    assert len(smiles["test_external"]) >= 1_500
    assert len(smiles["transfer"]) >= 40_000
    assert 0.30 <= np.mean(pq.read_table(embedded_path("pool"))["blocker"].to_pylist()) <= 0.45


@pytest.mark.slow
def test_the_embedded_parts_share_no_inchikey() -> None:
    keys = [row.key for part in embedded_smiles().values() for row in standardize_many(part, IntakeSpec().standardize, 2)]  # type: ignore[union-attr]
    assert len(keys) == len(set(keys)) > 54_000


@pytest.mark.parametrize(("skip", "chunk"), [(0, 2), (3, 4), (9, 512)])
def test_incoming_chunks_hold_the_molecules_of_their_good_rows(csv: Path, skip: int, chunk: int) -> None:
    chunks = list(gather_chunks(read_incoming(csv, spec(), skip=skip, chunk=chunk), 3))
    assert [row.row for part in chunks for row in part.rows] == list(range(skip + 1, 10))
    for part in chunks:
        good = [row.molecule for row in part.rows if not isinstance(row.molecule, MoleculeRejected)]
        assert list(part.molecules.smiles) == [molecule.smiles for molecule in good]
        assert len(part.molecules.graphs) == len(good)


def test_an_intake_in_shards_is_the_same_and_goes_on_where_it_stopped(csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = spec("pic50 [log mol/L]")
    straight = intake(csv, asked)
    monkeypatch.setattr("fluid.data.incoming_shards.SHARD_ROWS", 2)
    shards = Shards(tmp_path / "shards", "key")
    fill_shards(csv, asked, shards)
    whole = collect(csv, asked, rows_in(shards))
    assert len(shards) > 1
    assert (whole.table.digest, whole.dropped, whole.merged) == (straight.table.digest, straight.dropped, straight.merged)
    parts = list(molecules_in(shards, whole.places))
    expected = MoleculeSet.from_smiles(straight.table.smiles, straight.table.keys)
    np.testing.assert_array_equal(np.concatenate([bits for _, bits in parts]), expected.bits)
    graphs = parts[0][0].concatenate([graphs for graphs, _ in parts[1:]])
    np.testing.assert_array_equal(graphs.atoms, expected.graphs.atoms)
    np.testing.assert_array_equal(graphs.bonds, expected.graphs.bonds)
    shutil.rmtree(list(shards)[-1])
    again = Shards(tmp_path / "shards", "key")
    assert len(again) == len(shards) - 1
    fill_shards(csv, asked, again)
    assert collect(csv, asked, rows_in(again)).table.digest == straight.table.digest


ISOMERS = ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "F/C=C/Cl", "F/C=C\\Cl", "C[S@](=O)CC", "C[S@@](=O)CC")


@pytest.fixture
def isomers(tmp_path: Path) -> Path:
    """Return a file of pairs of stereo-isomers, one of each pair active, and one molecule more."""
    path = tmp_path / "isomers.csv"
    path.write_text("smiles,blocker\n" + "".join(f"{text},{number % 2}\n" for number, text in enumerate((*ISOMERS, "CCO"))))
    return path


def test_stereo_isomers_keep_their_own_labels(isomers: Path) -> None:
    found = intake(isomers, IntakeSpec(workers=0))
    assert (found.dropped, found.merged) == ((), 0)
    np.testing.assert_array_equal(found.table.labels[:, 0], [0, 1, 0, 1, 0, 1, 0])


def test_without_stereochemistry_stereo_isomers_are_one_molecule(isomers: Path) -> None:
    found = intake(isomers, IntakeSpec(workers=0, standardize=StandardizeSpec(stereo="remove")))
    assert found.table.smiles == ("CCO",)
    assert [row.reason for row in found.dropped] == ["conflicting labels"] * 6


GOOD = [("CCO", "5.5"), ("c1ccccc1", "6.25"), ("CCN", "4")]


def written(kind: str, write: Writer) -> Path:
    """Write the same three molecules as another kind of file."""
    lines = [("smiles", "pic50"), *GOOD]
    if kind == ".xlsx":
        book = Workbook()
        for smiles, value in lines:
            book.active.append([smiles, value if value == "pic50" else float(value)])
        data = BytesIO()
        book.save(data)
        return write(data.getvalue(), "in.xlsx")
    if kind == ".arrow":
        data, columns = BytesIO(), {"smiles": [one for one, _ in GOOD], "pic50": [float(value) for _, value in GOOD]}
        pyarrow.feather.write_feather(pa.table(columns), data)
        return write(data.getvalue(), "in.arrow")
    if kind == ".sdf":
        return write("".join(f"{Chem.MolToMolBlock(Chem.MolFromSmiles(s))}>  <pic50>\n{v}\n$$$$\n" for s, v in GOOD), "in.sdf")
    delimiter = {".csv": ",", ".tsv": "\t", ".txt": ";", ".smi": " "}[kind]
    return write("".join(f"{smiles}{delimiter}{value}\n" for smiles, value in lines), f"in{kind}")


@pytest.mark.parametrize("kind", [".tsv", ".txt", ".smi", ".sdf", ".xlsx", ".arrow"])
def test_the_same_molecules_are_the_same_table_whatever_file_they_come_from(write: Writer, kind: str) -> None:
    spec = IntakeSpec(endpoints=("pic50 [log]",), workers=0)
    assert intake(written(kind, write), spec).table.digest == intake(written(".csv", write), spec).table.digest


def test_rows_that_cannot_be_read_are_listed_with_their_reasons(write: Writer) -> None:
    path = write('smiles;pic50;note\nCCO;5.5;x\nCCN;6\nCCC;7;"x\nC\0C;7;x\nCCCC;8;y\n')
    done = intake(path, IntakeSpec(endpoints=("pic50 [log]",), workers=0))
    assert done.table.smiles == ("CCO", "CCC", "CCCC")
    assert [(row.row, row.reason) for row in done.dropped] == [
        (2, "the row has 2 cells, the header 3"),
        (4, "a zero byte in column 'smiles'"),
    ]


def test_how_a_file_is_written_can_be_declared(write: Writer) -> None:
    path = write("smiles^pic50 µ\nCCO^5.5\n".encode("mac-roman"))
    spec = IntakeSpec(endpoints=("pic50 µ [log]",), workers=0, file=FileForm(encoding="mac-roman", delimiter="^"))
    assert intake(path, spec).table.labels.tolist() == [[5.5]]
    check_source(path, spec)


def test_what_was_taken_as_drawn_is_counted(write: Writer) -> None:
    path = write('smiles,blocker\n"C[C@H](N)O |&1:1|",1\n"C[C@H](F)O |o1:1|",0\nCCO,1\n"C[C@H](Cl)O |&1:1|",\n')
    assert intake(path, IntakeSpec(workers=0)).counts["notes"] == {"and/or stereo taken as drawn": 3}


def test_and_or_stereo_of_sdf_is_said(write: Writer) -> None:
    block = Chem.MolToV3KMolBlock(Chem.MolFromSmiles("C[C@H](N)O |&1:1|"))
    done = intake(write(f"{block}>  <blocker>\n1\n\n$$$$\n", "a.sdf"), IntakeSpec(workers=0))
    assert done.notes == {"and/or stereo taken as drawn": 1}
