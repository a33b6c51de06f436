from pathlib import Path

import numpy as np

from fluid.data.intake import intake
from fluid.data.intake_spec import IntakeSpec
from fluid.molecules.standardize import StandardizeSpec

PAIRS = ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"), ("F/C=C/Cl", "F/C=C\\Cl"), ("C[S@](=O)CC", "C[S@@](=O)CC")


def write(folder: Path) -> Path:
    """Write pairs of stereo-isomers, one of each active."""
    path = folder / "pairs.csv"
    path.write_text("smiles,blocker\n" + "".join(f"{one},1\n{other},0\n" for one, other in PAIRS) + "CCO,1\n")
    return path


def test_stereo_isomers_keep_their_own_labels(tmp_path: Path) -> None:
    found = intake(write(tmp_path), IntakeSpec(workers=0))
    assert (len(found.table), found.dropped, found.merged) == (7, (), 0)
    np.testing.assert_array_equal(found.table.labels[:, 0], [1, 0, 1, 0, 1, 0, 1])


def test_without_stereochemistry_they_are_one_molecule(tmp_path: Path) -> None:
    found = intake(write(tmp_path), IntakeSpec(workers=0, standardize=StandardizeSpec(stereo="remove")))
    assert found.table.smiles == ("CCO",)
    assert {row.reason for row in found.dropped} == {"conflicting labels"}
    assert len(found.dropped) == 6
