import pytest
import torch
from rdkit import Chem

from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.molecules.batch import GraphBatch
from fluid.molecules.standardize import StandardizeSpec, standardize
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


def renumbered(batch: GraphBatch, seed: int) -> GraphBatch:
    """Shuffle the atoms of each molecule and then the edges, which stay sorted by destination."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (batch.ptr[1:] - batch.ptr[:-1]).tolist()
    order = torch.cat([int(begin) + torch.randperm(size, generator=generator) for begin, size in zip(batch.ptr, sizes, strict=False)])
    ends = torch.argsort(order)[batch.edge_index]
    rank = torch.argsort(ends[1] * len(order) + ends[0])
    source, destination = ends[:, rank]
    reverse = torch.argsort(source * len(order) + destination)
    return GraphBatch(batch.atoms[order], torch.stack([source, destination]), batch.bonds[rank], reverse, batch.molecule, batch.ptr)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("seed", range(3))
def test_an_answer_does_not_depend_on_the_numbers_of_atoms(network: Network, seed: int, dtype: torch.dtype) -> None:
    network, batch = network.to(dtype), batch_of(SMILES)
    shuffled = renumbered(batch, seed)
    assert not torch.equal(shuffled.atoms, batch.atoms)
    assert torch.equal(shuffled.edge_index[:, shuffled.reverse], shuffled.edge_index.flip(0))
    tolerance = 1e-9 if dtype == torch.float64 else 1e-5
    for ours, theirs in zip(network(shuffled), network(batch), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_in_float32_an_answer_does_not_depend_on_its_batch(network: Network) -> None:
    network = network.float()
    together = network(batch_of(SMILES)).mean
    alone = torch.cat([network(batch_of((smiles,))).mean for smiles in SMILES])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together, network.double()(batch_of(SMILES)).mean.float(), rtol=1e-5, atol=1e-5)


def test_a_standardised_chiral_molecule_has_one_answer_however_it_was_written(network: Network) -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)N[C@@H](CO)c1ccccc1")
    written = [standardize(text, StandardizeSpec()).smiles for text in Chem.MolToRandomSmilesVect(mol, 12, randomSeed=5)]
    answers = network(batch_of(tuple(written))).mean
    close(answers, answers[:1].expand_as(answers))
    mirrored = network(batch_of(("C[C@@H](N)C(=O)N[C@H](CO)c1ccccc1",))).mean
    assert not torch.allclose(mirrored, answers[:1])


@pytest.mark.parametrize("smiles", [("C",), ("[Na+]",), ("C", "[Na+]", "N", "C")])
def test_molecules_without_bonds(network: Network, smiles: tuple[str, ...]) -> None:
    output = network(batch_of(smiles))
    assert output.mean.shape == (len(smiles), 2)
    assert torch.isfinite(output.mean).all()
    among_others = network(batch_of((*smiles, "CCO", "c1ccccc1"))).mean[: len(smiles)]
    close(output.mean, among_others)


def test_molecules_without_bonds_can_be_learnt_from(network: Network) -> None:
    output = network.train()(batch_of(("C", "N", "O")))
    (output.mean.sum() + output.log_variance.sum()).backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
    assert network.head.out.weight.grad is not None


def test_two_copies_of_a_molecule_in_a_batch_get_one_answer(network: Network) -> None:
    answers = network(batch_of(("CCO", "c1ccccc1", "CCO"))).mean
    close(answers[0], answers[2])


def test_molecules_do_not_see_each_other(network: Network) -> None:
    batch = batch_of(SMILES)
    embedding = network.encoder.atoms(batch.atoms).detach().requires_grad_()
    network.encoder.atoms.forward = lambda atoms: embedding  # type: ignore[method-assign]
    network(batch).mean[2].sum().backward()
    assert embedding.grad is not None
    for number in range(len(SMILES)):
        touched = bool((embedding.grad[batch.molecule == number] != 0).any())
        assert touched == (number == 2)


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
        ({"head_dropout": -0.1}, r"model\.head_dropout is -0\.1; expected a share in \[0, 1\)"),
        ({"dropout": float("nan")}, r"model\.dropout is nan; expected a share in \[0, 1\)"),
        ({"encoder": "GINE"}, "expected one of gine, dmpnn, attentivefp"),
    ],
)
def test_wrong_architectures(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        NetworkSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{"n_trees": 0}, {"n_bits": 100}, {"max_depth": -1}])
def test_wrong_forests(values: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        ForestSpec(**values)
