from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from fluid.data.embedded import embedded_path
from fluid.errors import ArtifactError, InputError
from fluid.molecules.features import featurize
from fluid.molecules.packed import FILES, PackedGraphs

SMILES = ["CCO", "C", "c1ccccc1O", "[Na+]", "CC(=O)N", "C1CC1"]


def validation_smiles() -> list[str]:
    return [str(smiles) for smiles in pq.read_table(embedded_path("validation"))["smiles"].to_pylist()]


@pytest.fixture
def graphs() -> PackedGraphs:
    return PackedGraphs.from_smiles(SMILES)


def assert_equal(a: PackedGraphs, b: PackedGraphs) -> None:
    for name in FILES:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_each_molecule_lies_between_its_offsets(graphs: PackedGraphs) -> None:
    for i, smiles in enumerate(SMILES):
        atoms, neighbours, bonds = featurize(Chem.MolFromSmiles(smiles))
        np.testing.assert_array_equal(graphs.atoms[graphs.atom_offsets[i] : graphs.atom_offsets[i + 1]], atoms)
        edges = slice(graphs.edge_offsets[i], graphs.edge_offsets[i + 1])
        np.testing.assert_array_equal(graphs.neighbours[edges], neighbours)
        np.testing.assert_array_equal(graphs.bonds[edges], bonds)


def test_drug_like_molecules_take_at_most_400_bytes() -> None:
    assert PackedGraphs.from_smiles(validation_smiles()).nbytes_per_molecule <= 400


@pytest.mark.parametrize("index", [[], [0], [5, 0, 5], [3, 2, 1, 0], list(range(6))])
def test_take_is_the_same_as_featurising_those(graphs: PackedGraphs, index: list[int]) -> None:
    assert_equal(graphs.take(np.array(index, dtype=np.int64)), PackedGraphs.from_smiles([SMILES[i] for i in index]))


def test_concatenate_is_the_same_as_featurising_together(graphs: PackedGraphs) -> None:
    parts = [PackedGraphs.from_smiles(part) for part in (SMILES[:2], [], SMILES[2:])]
    assert_equal(parts[0].concatenate(parts[1:]), graphs)


def test_saved_graphs_are_memory_mapped(graphs: PackedGraphs, tmp_path: Path) -> None:
    graphs.save(tmp_path / "graphs")
    loaded = PackedGraphs.load(tmp_path / "graphs")
    assert_equal(loaded, graphs)
    assert isinstance(loaded.atoms, np.memmap)


def test_an_empty_library_is_kept(tmp_path: Path) -> None:
    PackedGraphs.from_smiles([]).save(tmp_path)
    assert len(PackedGraphs.load(tmp_path)) == 0


def test_broken_smiles_are_named() -> None:
    with pytest.raises(InputError, match=r"C1CC.*molecule 2|molecule 2.*C1CC"):
        PackedGraphs.from_smiles(["C", "C1CC"])


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_torn_array_is_named(graphs: PackedGraphs, tmp_path: Path, name: str) -> None:
    graphs.save(tmp_path)
    path = tmp_path / f"{name}.npy"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ArtifactError, match=name):
        PackedGraphs.load(tmp_path)
    path.unlink()
    with pytest.raises(ArtifactError, match=name):
        PackedGraphs.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("atom_offsets", lambda a: a[::-1].copy(), "offsets do not fit"),
        ("edge_offsets", lambda a: a[:-1], "offsets do not fit|another number"),
        ("atoms", lambda a: a[:, :5].copy(), "atoms have shape"),
        ("bonds", lambda a: a[:-1], "do not fit each other"),
        ("bonds", lambda a: a.astype(np.int64), "type int64"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(graphs: PackedGraphs, tmp_path: Path, name: str, change, message: str) -> None:  # type: ignore[no-untyped-def]
    graphs.save(tmp_path)
    np.save(tmp_path / f"{name}.npy", change(getattr(graphs, name)))
    with pytest.raises(ArtifactError, match=message):
        PackedGraphs.load(tmp_path)


def test_numbers_of_atoms_and_bonds_are_those_of_rdkit() -> None:
    smiles = validation_smiles()
    graphs = PackedGraphs.from_smiles(smiles)
    mols = [Chem.MolFromSmiles(text) for text in smiles]
    np.testing.assert_array_equal(np.diff(graphs.atom_offsets), [mol.GetNumAtoms() for mol in mols])
    np.testing.assert_array_equal(np.diff(graphs.edge_offsets), [2 * mol.GetNumBonds() for mol in mols])


def test_files_on_disk_take_at_most_400_bytes_per_molecule(tmp_path: Path) -> None:
    smiles = validation_smiles()
    PackedGraphs.from_smiles(smiles).save(tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 400 * len(smiles)


def test_a_molecule_without_bonds_has_no_edges() -> None:
    graphs = PackedGraphs.from_smiles(["C", "[Na+]"])
    assert graphs.atom_offsets.tolist() == [0, 1, 2]
    assert graphs.edge_offsets.tolist() == [0, 0, 0]
    assert graphs.take(np.array([1])).atoms.shape == (1, 8)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"no array"])
def test_an_emptied_or_foreign_array_is_named(graphs: PackedGraphs, tmp_path: Path, name: str, content: bytes) -> None:
    graphs.save(tmp_path)
    (tmp_path / f"{name}.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{name}\.npy: graph array cannot be read.*Delete the folder"):
        PackedGraphs.load(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_single_number_is_no_array(graphs: PackedGraphs, tmp_path: Path, name: str) -> None:
    graphs.save(tmp_path)
    np.save(tmp_path / f"{name}.npy", np.array(3, dtype=FILES[name]))
    with pytest.raises(ArtifactError, match=rf"{name}\.npy: "):
        PackedGraphs.load(tmp_path)


def test_pickled_objects_are_refused(graphs: PackedGraphs, tmp_path: Path) -> None:
    graphs.save(tmp_path)
    np.save(tmp_path / "bonds.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactError, match=r"bonds\.npy: graph array cannot be read"):
        PackedGraphs.load(tmp_path)
