import pytest

from fluid.molecules.scaffold import murcko_scaffold


@pytest.mark.parametrize(
    ("smiles", "scaffold"),
    [("CCO", ""), ("Cc1ccccc1", "c1ccccc1"), ("O=C(Nc1ccccc1)C1CC1", "O=C(Nc1ccccc1)C1CC1"), ("C[C@H]1CC[C@@H](O)CC1", "C1CCCCC1")],
)
def test_known_scaffolds(smiles: str, scaffold: str) -> None:
    assert murcko_scaffold(smiles) == scaffold
