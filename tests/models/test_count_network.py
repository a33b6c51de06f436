"""A network on graphs and counts: the sum of both parts, or counts in front of the head; nothing else moves an answer."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fluid.models.additive_spec import AdditiveSpec
from fluid.models.count_network import CountedBatch, CountNetwork, WideHead
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.count_batch import CountTensors
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES, batch_of

SPEC = WideDeepSpec(NetworkSpec(hidden=8, layers=2), AdditiveSpec(n_bits=64), combine="joint")
FEATURES = SPEC.additive.dictionary.features(MoleculeSet.from_smiles(SMILES))


def made(combine: str = "joint", head: str = "plain", seed: int = 0) -> CountNetwork:
    """Return a network in evaluation mode, with a table that is not 0."""
    torch.manual_seed(seed)
    network = CountNetwork(replace(SPEC, network=replace(SPEC.network, head=head), combine=combine), ENDPOINTS).eval()
    torch.nn.init.normal_(network.table.weight)
    return network


def batch(order: tuple[int, ...] = tuple(range(len(SMILES)))) -> CountedBatch:
    return CountedBatch(batch_of(tuple(SMILES[i] for i in order)), CountTensors.from_features(FEATURES).rows(torch.tensor(order)))


@pytest.mark.parametrize("head", ["plain", "evidential"])
def test_the_answer_is_the_sum_of_both_parts(head: str) -> None:
    network = made(head=head)
    plain = Network(network.spec, ENDPOINTS).eval()
    plain.encoder.load_state_dict(network.encoder.state_dict())
    plain.head.load_state_dict(network.head.head.state_dict())
    with torch.inference_mode():
        deep, both = plain(batch().graph), network(batch())
    wide = FEATURES.toarray() @ network.table.weight.detach().numpy()
    np.testing.assert_allclose(both.mean.numpy(), deep.mean.numpy() + wide, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(both.log_variance.numpy(), deep.log_variance.numpy(), rtol=1e-4, atol=1e-5)


def test_dropout_samples_have_the_same_scores_of_substructures() -> None:
    network = made()
    with torch.inference_mode():
        vectors = network.encode(batch())
        samples = network.head.sample(vectors, torch.Generator().manual_seed(0), 5)[0]
        alone = network.head.head.sample(vectors[:, :-2], torch.Generator().manual_seed(0), 5)[0]
    wide = torch.from_numpy((FEATURES.toarray() @ network.table.weight.detach().numpy()).astype(np.float32))
    torch.testing.assert_close(samples, alone + wide)


def test_a_new_additive_part_says_nothing() -> None:
    torch.manual_seed(0)
    network = CountNetwork(SPEC, ENDPOINTS).eval()
    with torch.inference_mode():
        torch.testing.assert_close(network(batch()).mean, network.head.head(Network.encode(network, batch().graph))[0])


@pytest.mark.parametrize("combine", ["joint", "fingerprint"])
def test_order_changes_nothing(combine: str) -> None:
    network, order = made(combine), (3, 0, 5, 1)
    with torch.inference_mode():
        whole, some = network(batch()), network(batch(order))
    torch.testing.assert_close(some.mean, whole.mean[list(order)], rtol=1e-4, atol=1e-5)


def test_counts_in_front_of_the_head_are_read() -> None:
    network = made("fingerprint")
    assert isinstance(network.head.hidden, torch.nn.Linear)
    assert network.head.hidden.in_features == network.encoder.width + 8
    with torch.inference_mode():
        before = network(batch()).mean
        network.table.weight.mul_(3)
        assert bool((network(batch()).mean != before).any())


def test_the_additive_part_has_its_own_penalty_and_no_decay() -> None:
    network = made()
    network.labels = 50
    assert network.penalised[0] is network.table.weight
    expected = 0.5 * float((network.table.weight.detach() ** 2).sum()) / (0.1 * 50)  # 0.1 is the middle strength
    assert float(network.penalty().detach()) == pytest.approx(expected, rel=1e-6)
    assert made("fingerprint").penalised == ()
    assert made("fingerprint").penalty() is None
    assert isinstance(network.head, WideHead)
