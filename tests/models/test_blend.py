from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bernoulli

from fluid.errors import ConfigError, ShapeError
from fluid.models.blend import SUPPORT_K, Blend, Gate
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.prediction import PLANES
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import nearest_similarity
from tests.models.conftest import ENDPOINTS, SMILES

ASKED = MoleculeSet.from_smiles(("CCCO", "Oc1ccccc1C", "FC(F)(F)Br"))


def constant(active: float, logd: float, endpoints: tuple = ENDPOINTS) -> NeighbourPredictor:
    """Return a model that says the same of every molecule."""
    said = np.array([[active, logd][: len(endpoints)]], dtype=np.float32)
    return NeighbourPredictor(
        MoleculeSet.from_smiles(("C",)).bits, said, np.ones_like(said), endpoints, NeighbourSpec(similarity_power=0.0)
    )


@pytest.fixture
def blend(molecules: MoleculeSet) -> Blend:
    return Blend(constant(0.9, 3.0), constant(0.2, 1.0), molecules.bits, Gate(0.1, 0.5, 0.8))


def test_the_share_is_the_clipped_line() -> None:
    gate = Gate(0.2, 0.6, 0.5)
    np.testing.assert_allclose(gate.share(np.array([0.0, 0.2, 0.4, 0.6, 1.0])), [0, 0, 0.25, 0.5, 0.5])


def test_the_mixture_by_hand(blend: Blend, molecules: MoleculeSet) -> None:
    share = blend.gate.share(nearest_similarity(ASKED.bits, molecules.bits, SUPPORT_K))
    assert len(np.unique(share)) == 3
    answers = blend.predict(ASKED)
    np.testing.assert_allclose(answers.mean[:, 0], share * 0.9 + (1 - share) * 0.2, rtol=1e-6)
    np.testing.assert_allclose(answers.mean[:, 1], share * 3 + (1 - share) * 1, rtol=1e-6)
    aleatoric = share * bernoulli.entropy(0.9) + (1 - share) * bernoulli.entropy(0.2)
    np.testing.assert_allclose(answers.aleatoric[:, 0], aleatoric, rtol=1e-5)
    np.testing.assert_allclose(answers.epistemic[:, 0], bernoulli.entropy(answers.mean[:, 0]) - aleatoric, atol=1e-5)
    np.testing.assert_allclose(answers.epistemic[:, 1], share * (1 - share) * 4, rtol=1e-5)


@pytest.mark.parametrize(("most", "who"), [(0.0, "general"), (1.0, "local")])
def test_at_its_limits_it_is_one_of_the_two(blend: Blend, most: float, who: str) -> None:
    one = replace(blend, gate=Gate(-1.0, -0.5, most))
    for plane in PLANES:
        np.testing.assert_allclose(getattr(one.predict(ASKED), plane), getattr(getattr(blend, who).predict(ASKED), plane), atol=1e-6)


def test_an_endpoint_that_the_local_model_does_not_know_is_the_general_ones(blend: Blend) -> None:
    narrow = replace(blend, local=constant(0.9, 0.0, ENDPOINTS[:1]))
    assert narrow.endpoints == ENDPOINTS
    np.testing.assert_allclose(narrow.predict(ASKED).mean[:, 1], 1.0)
    np.testing.assert_array_equal(narrow.predict(ASKED).mean[:, 0], blend.predict(ASKED).mean[:, 0])
    with pytest.raises(ConfigError, match="endpoint 'logd' is unknown to the other model"):
        replace(blend, general=constant(0.9, 0.0, ENDPOINTS[:1]))


def test_wrong_gates_and_bits(blend: Blend) -> None:
    for values in ((0.5, 0.5, 0.5), (0.5, 0.2, 0.5), (0.2, 0.5, 1.5), (0.2, float("nan"), 0.5)):
        with pytest.raises(ConfigError, match=r"Gate.* is out of range; expected low below high"):
            Gate(*values)
    with pytest.raises(ShapeError, match="bits are float64"):
        replace(blend, bits=blend.bits.astype(float))


def test_no_molecules(blend: Blend) -> None:
    assert blend.predict(MoleculeSet.from_smiles(())).mean.shape == (0, 2)
    assert len(SMILES) == len(blend.bits)
