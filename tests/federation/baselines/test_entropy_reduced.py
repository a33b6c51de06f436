import torch

from fluid.federation.baselines.dsfl import reduce_entropy


def test_probabilities_are_sharpened_and_values_left_alone() -> None:
    mean = torch.tensor([[0.8, 7.0], [0.4, -3.0], [torch.nan, 0.5]])
    found = reduce_entropy(mean, torch.tensor([True, False]), 0.5)
    assert torch.equal(found[:, 1], mean[:, 1])
    torch.testing.assert_close(found[:2, 0], torch.tensor([0.64 / 0.68, 0.16 / 0.52]))
    assert torch.isnan(found[2, 0])
    assert torch.equal(reduce_entropy(mean[:2], torch.tensor([True, False]), 1.0), mean[:2])
