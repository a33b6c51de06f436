import pytest

from fluid.molecules.likeness import smiles_likeness


@pytest.mark.parametrize(
    ("texts", "share", "atoms"),
    [
        ([], 0, 0), (["", " "], 0, 0), (["CCO", "x"], 0.5, 3), (["CCO ethanol", "C |$a$|"], 1, 2), (["aspirin"], 0, 0),
        (["C" * 3000], 0, 0),
    ],
)  # fmt: skip
def test_how_much_texts_look_like_smiles(texts: list[str], share: float, atoms: float) -> None:
    assert smiles_likeness(texts) == (share, atoms)
