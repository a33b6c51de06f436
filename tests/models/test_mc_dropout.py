"""Dropout samples of a whole ensemble, against a loop over members, samples and molecules."""

import numpy as np
import pytest
import torch

from fluid.models.ensemble import GraphEnsemble
from fluid.models.network import Network
from fluid.models.prediction import PLANES, combine_members
from fluid.models.predictor import NetworkSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import torch_stream
from tests.models.conftest import ENDPOINTS, SMILES, batch_of


def make(encoder: str, mc_samples: int, members: int = 2, head_dropout: float = 0.3) -> GraphEnsemble:
    networks = []
    for seed in range(members):
        torch.manual_seed(seed)
        networks.append(Network(NetworkSpec(encoder, hidden=8, layers=2, head_dropout=head_dropout), ENDPOINTS).eval())
    calibration = (np.array(values, dtype=np.float32) for values in ([1.7, 1.0], [0.0, 2.0], [1.0, 0.5]))
    return GraphEnsemble(tuple(networks), ENDPOINTS, *calibration, mc_samples=mc_samples)


@pytest.mark.parametrize("encoder", ["gine", "dmpnn", "attentivefp"])
def test_answers_are_the_loop_over_members_and_samples(encoder: str, molecules: MoleculeSet) -> None:
    model, means, variances = make(encoder, 5), [], []
    for number, network in enumerate(model.networks):
        masks = torch.rand(5, 1, 8, generator=torch_stream(0, "mc dropout", number))[:, 0] >= 0.3
        for mask in masks:
            one = np.empty((2, len(SMILES), 2))
            for row, smiles in enumerate(SMILES):
                with torch.inference_mode():
                    units = torch.relu(network.head.hidden(network.encoder(batch_of((smiles,)))[0])) * mask / 0.7
                    logit, value, _, log_variance = network.head.out(units).double().tolist()
                one[0, row] = 1 / (1 + np.exp(-logit / float(model.temperature[0]))), value * 0.5 + 2
                one[1, row] = 0.0, np.exp(np.clip(log_variance, -8, 8)) * 0.25
            means.append(one[0])
            variances.append(one[1])
    expected, answers = combine_members(ENDPOINTS, np.stack(means), np.stack(variances)), model.predict(molecules)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(answers, plane), getattr(expected, plane), rtol=1e-5, atol=1e-6)


def test_without_a_dropout_rate_samples_change_nothing(molecules: MoleculeSet) -> None:
    plain, sampled = (make("gine", samples, head_dropout=0.0).predict(molecules) for samples in (0, 4))
    for plane in PLANES:
        np.testing.assert_allclose(getattr(sampled, plane), getattr(plain, plane), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("mc_samples", [0, 3])
def test_the_order_of_molecules_and_of_members_does_not_matter(molecules: MoleculeSet, mc_samples: int) -> None:
    model = make("gine", mc_samples)
    answers, back = model.predict(molecules), np.arange(len(molecules))[::-1]
    np.testing.assert_allclose(model.predict(molecules.take(back)).mean[::-1], answers.mean, rtol=1e-5, atol=1e-6)
    if mc_samples == 0:
        swapped = GraphEnsemble(model.networks[::-1], ENDPOINTS, model.temperature, model.location, model.scale)
        np.testing.assert_allclose(swapped.predict(molecules).epistemic, answers.epistemic, rtol=1e-4, atol=1e-7)


def test_more_members_of_one_kind_change_nothing(molecules: MoleculeSet) -> None:
    one = make("dmpnn", 0, members=1)
    thrice = GraphEnsemble(one.networks * 3, ENDPOINTS, one.temperature, one.location, one.scale)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(thrice.predict(molecules), plane), getattr(one.predict(molecules), plane), rtol=1e-5, atol=1e-6)


def test_members_in_training_mode_are_asked_in_evaluation_mode(molecules: MoleculeSet) -> None:
    model = make("gine", 0)
    expected = model.predict(molecules).mean
    for network in model.networks:
        network.train()
    np.testing.assert_array_equal(model.predict(molecules).mean, expected)


def test_predicting_leaves_the_weights_and_the_global_random_state_alone(molecules: MoleculeSet) -> None:
    model = make("gine", 3)
    before = [{name: value.clone() for name, value in network.state_dict().items()} for network in model.networks]
    state = torch.get_rng_state()
    model.predict(molecules)
    assert torch.equal(torch.get_rng_state(), state)
    for network, weights in zip(model.networks, before, strict=True):
        assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_extreme_logits_give_probabilities(molecules: MoleculeSet) -> None:
    model = make("gine", 0, members=1)
    for sign in (1.0, -1.0):
        torch.nn.init.constant_(model.networks[0].head.out.bias, sign * 1e6)
        answers = model.predict(molecules)
        np.testing.assert_allclose(answers.mean[:, 0], (sign + 1) / 2, atol=1e-12)
        assert all(np.isfinite(getattr(answers, plane)).all() for plane in PLANES)


def test_copies_with_other_calibration_share_their_networks(molecules: MoleculeSet) -> None:
    model = make("gine", 0)
    flat = model.with_temperature(np.array([1e9, 1.0], dtype=np.float32))
    assert flat.networks is model.networks
    np.testing.assert_allclose(flat.predict(molecules).mean[:, 0], 0.5, atol=1e-6)
    np.testing.assert_array_equal(flat.predict(molecules).mean[:, 1], model.predict(molecules).mean[:, 1])
    assert model.with_mc_samples(7).mc_samples == 7
