from pathlib import Path

import numpy as np
import pytest

from fluid.artifacts import open_artifact, seal, write_json
from fluid.errors import ArtifactError
from fluid.federation.model_folder import MAX_REFERENCE, own_molecules
from fluid.federation.own_molecules import FILE, OwnMolecules, read_own_molecules, write_own_molecules
from fluid.molecules.molecule_set import MoleculeSet

OWN = ["C[C@H](N)C(=O)O", "CCO", "c1ccccc1O", "CCN"]
ASKED = ["CCCC", "C[C@@H](N)C(=O)O", "CCN", "CCS"]


@pytest.fixture
def own() -> OwnMolecules:
    return own_molecules(MoleculeSet.from_smiles(OWN), seed=0)


def test_molecules_and_their_stereo_isomers_are_known_again(own: OwnMolecules) -> None:
    assert own.shared(MoleculeSet.from_smiles(ASKED)).tolist() == [1, 2]
    assert own.shared(MoleculeSet.from_smiles(["CCCC"])).tolist() == []


def test_each_is_hidden_from_itself_by_its_place_in_the_reference(own: OwnMolecules) -> None:
    sampled = OwnMolecules(own.skeletons, np.array([0, 3]))
    hidden = sampled.hidden(MoleculeSet.from_smiles(["CCO", *ASKED]))
    assert list(zip(hidden.queries, hidden.references, strict=True)) == [(2, 0), (3, 1)]
    assert not np.isfinite(hidden.similarity)


def test_nothing_shared_hides_nothing(own: OwnMolecules) -> None:
    hidden = own.hidden(MoleculeSet.from_smiles(["CCCC"]))
    assert (len(hidden.queries), len(hidden.references)) == (0, 0)


def test_what_is_written_is_read(own: OwnMolecules, tmp_path: Path) -> None:
    write_own_molecules(tmp_path, own)
    seal(tmp_path, "teacher", "key")
    found = read_own_molecules(open_artifact(tmp_path))
    assert found is not None
    assert (found.skeletons, found.reference.tolist()) == (own.skeletons, [0, 1, 2, 3])
    assert all(text not in (tmp_path / FILE).read_text() for text in OWN)


def test_a_model_may_not_say_and_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "silent").mkdir()
    seal(tmp_path / "silent", "student", "key")
    assert read_own_molecules(open_artifact(tmp_path / "silent")) is None
    other = tmp_path / "other"
    other.mkdir()
    write_json(other / FILE, {"format": 2})
    seal(other, "teacher", "key")
    with pytest.raises(ArtifactError, match="list of own molecules cannot be read.*format 1"):
        read_own_molecules(open_artifact(other))


def test_the_reference_is_a_sample_of_many(own: OwnMolecules) -> None:
    molecules = MoleculeSet.from_smiles(["CCO"])
    many = own_molecules(molecules.take(np.zeros(MAX_REFERENCE + 5, dtype=np.int64)), seed=0)
    assert (len(many.skeletons), len(many.reference)) == (MAX_REFERENCE + 5, MAX_REFERENCE)
