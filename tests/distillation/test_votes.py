"""Wrong input of a consensus: a message names the argument, what came and what was expected, or a limit value is documented."""

import math

import pytest
import torch

from fluid.distillation import METHODS, ConsensusLayer, combine, dawid_skene, fit_consensus, gaussian_em
from fluid.errors import ConfigError, ShapeError
from tests.distillation.battery import KINDS, K, M, T, example, run

every = pytest.mark.parametrize("method", METHODS)


@every
@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (torch.tensor([1.0, -1.0, 1.0, 1.0]).reshape(K, 1, 1), ValueError, "weights has negative, infinite or NaN values"),
        (torch.tensor([1.0, math.nan, 1.0, 1.0]).reshape(K, 1, 1), ValueError, "expected finite numbers of 0 or more"),
        (torch.tensor([1.0, math.inf, 1.0, 1.0]).reshape(K, 1, 1), ValueError, "weights has negative, infinite or NaN values"),
        (torch.ones(K, M + 1, T), ShapeError, r"weights has shape \(4, 31, 3\); expected \(4, 30, 3\) or \(K, 1, 1\)"),
    ],
)
def test_wrong_weights(method: str, weights: torch.Tensor, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run(method, {**example(), "weights": weights})


@every
def test_wrong_answers(method: str) -> None:
    tensors = example()
    for column, value, message in (
        (0, 1.5, r"values outside \[0, 1\]"),
        (2, -0.1, r"values outside \[0, 1\]"),
        (1, math.inf, "infinite values"),
    ):
        predictions = tensors["predictions"].clone()
        predictions[1, 3, column] = value
        with pytest.raises(ValueError, match=f"predictions has {message}; expected"):
            run(method, {**tensors, "predictions": predictions})
    with pytest.raises(ShapeError, match=r"predictions has shape \(4, 30\); expected \(teachers, molecules, endpoints\)"):
        run(method, {**tensors, "predictions": torch.rand(4, 30)})


@every
def test_what_is_needed_and_not_given_is_named(method: str) -> None:
    for name in fit_consensus(method, example(), KINDS).plan.needs:
        tensors = example()
        del tensors[name]
        with pytest.raises(ConfigError, match=f"needs {name}, which was not given"):
            run(method, tensors)


@pytest.mark.parametrize("plane", ["epistemic", "aleatoric", "similarity"])
def test_what_is_unknown_beside_an_answer_is_refused(plane: str) -> None:
    tensors = example()
    tensors[plane][1, 3] = torch.nan
    with pytest.raises(ValueError, match=f"{plane} is NaN where a teacher answered; expected a number beside every answer"):
        run("selective", tensors)
    tensors["predictions"][1, 3] = torch.nan
    assert not torch.isnan(run("selective", tensors).soft_label).any()


def test_a_temperature_per_teacher() -> None:
    with pytest.raises(ValueError, match="teacher_temperature has 2 entries; expected 4, one per teacher"):
        run("mean", example(), teacher_temperature=[1.0, 2.0])


def test_wrong_labels() -> None:
    tensors = example()
    with pytest.raises(ShapeError, match=r"labels has shape \(4, 3\); expected \(30, 3\)"):
        run("stacking", {**tensors, "labels": torch.ones(4, 3)})
    with pytest.raises(ConfigError, match="'stacking' has no labelled molecule for endpoint 1; expected labels of some public molecules"):
        run("stacking", {**tensors, "labels": torch.full((M, T), torch.nan)})
    with pytest.raises(ValueError, match="values other than 0 and 1"):
        run("stacking", {**tensors, "labels": torch.full((M, T), 0.5)})


def test_the_modules_arguments_are_checked_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match="consensus.method is 'magic'"):
        ConsensusLayer("magic", KINDS)
    assert repr(ConsensusLayer("similarity", ["regression"], power=3.0)) == "ConsensusLayer('similarity', ('regression',), power=3.0)"


def test_wrong_input_of_the_functions() -> None:
    with pytest.raises(ShapeError, match="predictions has shape"):
        dawid_skene(torch.rand(3, 4))
    with pytest.raises(ValueError, match="predictions has values outside"):
        dawid_skene(torch.rand(3, 4, 1) + 1)
    with pytest.raises(ShapeError, match="weights has shape"):
        dawid_skene(torch.rand(3, 4, 1), torch.ones(3, 4))
    with pytest.raises(ValueError, match="weights has negative"):
        gaussian_em(torch.rand(3, 4, 1), -torch.ones(3, 4, 1))
    with pytest.raises(ValueError, match="predictions has infinite values"):
        gaussian_em(torch.full((3, 4, 1), math.inf))
    with pytest.raises(ValueError, match="floor is 0"):
        gaussian_em(torch.rand(3, 4, 1), floor=0)


@every
def test_a_single_molecule_and_a_single_endpoint(method: str) -> None:
    tensors = {name: plane[:1] if name == "labels" else plane[:, :1] for name, plane in example().items()}
    tensors["labels"] = torch.ones(1, T, dtype=torch.float64)
    assert torch.isfinite(run(method, tensors).soft_label).all()
    for column, kind in enumerate(KINDS):
        one = {name: plane if name == "similarity" else plane[..., column : column + 1] for name, plane in tensors.items()}
        assert torch.isfinite(combine(method, one, [kind]).soft_label).all()
