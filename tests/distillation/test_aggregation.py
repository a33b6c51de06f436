import math

import pytest
import torch

from fluid.distillation.aggregation import mean_logits
from fluid.errors import ShapeError

CLASS, VALUE = torch.tensor([True]), torch.tensor([False])


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match="predictions has shape"):
        mean_logits(torch.tensor([[0.4]]), CLASS)


def test_the_mean_of_logits_by_hand() -> None:
    p = torch.tensor([[[0.9]], [[0.6]]])
    logit = (math.log(0.9 / 0.1) + math.log(0.6 / 0.4)) / 2
    assert mean_logits(p, CLASS).item() == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)
    assert mean_logits(torch.tensor([[[3.0]], [[5.0]]]), VALUE).item() == 4.0


def test_equal_models_say_what_each_says() -> None:
    p = torch.rand(50, 1, generator=torch.Generator().manual_seed(2)) * 0.98 + 0.01
    torch.testing.assert_close(mean_logits(p.expand(4, -1, -1), CLASS), p, rtol=1e-6, atol=1e-7)
