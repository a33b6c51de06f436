import pytest
import torch
from rdkit import Chem

from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.models.predictor import ForestSpec, NetworkSpec
from tests.models.conftest import ENDPOINTS, SMILES, batch_of


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_shapes(network: Network) -> None:
    output = network(batch_of(SMILES))
    assert output.mean.shape == output.log_variance.shape == (len(SMILES), len(ENDPOINTS))
    assert torch.isfinite(output.mean).all()


def test_an_answer_does_not_depend_on_its_batch(network: Network) -> None:
    together = network(batch_of(SMILES)).mean
    alone = torch.cat([network(batch_of((smiles,))).mean for smiles in SMILES])
    backwards = network(batch_of(SMILES[::-1])).mean.flip(0)
    close(together, alone)
    close(together, backwards)


def test_an_answer_does_not_depend_on_the_order_of_atoms(network: Network) -> None:
    mol = Chem.MolFromSmiles("CC(=O)Nc1ccc(O)cc1F")
    written = tuple(sorted({Chem.MolToSmiles(mol, doRandom=True) for _ in range(10)}))
    answers = network(batch_of(written)).mean
    close(answers, answers[:1].expand_as(answers))


def test_different_molecules_get_different_answers(network: Network) -> None:
    answers = network(batch_of(("CCCO", "CCCN", "CC(C)O", "c1ccccc1"))).mean[:, 0]
    assert len(torch.unique(answers)) == 4


def test_an_empty_batch(network: Network) -> None:
    assert network(batch_of(())).mean.shape == (0, len(ENDPOINTS))


def test_gradients_reach_every_weight(network: Network) -> None:
    output = network.train()(batch_of(SMILES))
    (output.mean.sum() + output.log_variance.sum()).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@pytest.mark.parametrize("encoder", ["gine", "dmpnn", "attentivefp"])
def test_bfloat16_autocast_is_near_float32(encoder: str) -> None:
    torch.manual_seed(0)
    network = Network(NetworkSpec(encoder, hidden=32, layers=2), ENDPOINTS).eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        rough = network(batch_of(SMILES)).mean.float()
    torch.testing.assert_close(rough, network(batch_of(SMILES)).mean, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encoder": "gcn"}, "model.encoder is 'gcn'"),
        ({"hidden": 0}, "model.hidden is 0"),
        ({"layers": 0}, "model.layers is 0"),
        ({"dropout": 1.0}, "dropout is 1"),
    ],
)
def test_wrong_architectures(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NetworkSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{"n_trees": 0}, {"n_bits": 100}, {"max_depth": -1}])
def test_wrong_forests(values: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        ForestSpec(**values)
