import numpy as np
import pytest
import torch

from fluid.data.endpoints import Endpoint
from fluid.federation.baselines.scale import agree_on_scale, common_scale, own_figures
from fluid.federation.baselines.wire import Wire
from fluid.training.train import label_scale

ENDPOINTS = (Endpoint.parse("pic50 [log mol/L]"),)


def figures(labels: np.ndarray) -> dict[str, torch.Tensor]:
    return own_figures(labels, *label_scale(labels, ENDPOINTS))


def labels(n: int, seed: int, centre: float) -> np.ndarray:
    values = np.random.default_rng(seed).normal(centre, 1.3, size=(n, 1)).astype(np.float32)
    values[::7] = np.nan
    return values


def test_it_is_that_of_all_labels_together() -> None:
    parts = {"T1": labels(50, 0, 5.0), "T2": labels(300, 1, 6.5), "T3": labels(20, 2, 4.0)}
    location, scale = common_scale({name: figures(part) for name, part in parts.items()})
    everything = np.concatenate(list(parts.values())).astype(np.float64)
    assert location == pytest.approx(np.nanmean(everything), abs=1e-5)
    assert scale == pytest.approx(np.nanstd(everything), abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_one_company_gets_its_own_back(seed: int) -> None:
    own = labels(30 + seed, seed, 5.0)
    for common, expected in zip(common_scale({"T1": figures(own)}), label_scale(own, ENDPOINTS), strict=True):
        np.testing.assert_array_equal(common, expected)


def test_without_labels_it_is_neutral() -> None:
    location, scale = common_scale({"T1": figures(np.full((4, 1), np.nan, dtype=np.float32))})
    assert (location[0], scale[0]) == (0, 1)


def test_figures_travel_only_for_values() -> None:
    told, wire = {"T1": figures(labels(30, 0, 5.0))}, Wire()
    agree_on_scale(told, regression=False, wire=wire)
    assert wire.sent == {}
    agree_on_scale(told, regression=True, wire=wire)
    assert wire.sent == {"T1": [3 * 8, 2 * 4]}
