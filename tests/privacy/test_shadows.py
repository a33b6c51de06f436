import numpy as np
import pytest
from sklearn.linear_model import Ridge

from fluid.models.additive_solve import solve_classes
from fluid.privacy.scene import Scene
from fluid.privacy.shadows import halves, train_shadows


def test_shadows_together_are_shadows_alone(quiet: Scene) -> None:
    labels = quiet.candidates.labels[:, 0]
    inside = halves(300, 3, 0.5, np.random.default_rng(0))
    found = train_shadows(quiet.features, labels, True, inside, 0.1)
    for scores, own in zip(found.scores, inside, strict=True):
        alone = solve_classes(quiet.features[own], labels[own], np.ones(own.sum()), 0.1)
        assert scores == pytest.approx(quiet.features @ alone.weights + alone.bias, abs=0.02)


def test_shadows_of_values_are_ridge_regressions(quiet: Scene) -> None:
    values = np.random.default_rng(0).normal(6, 2, 300)
    own = np.arange(300) < 150
    scores = train_shadows(quiet.features, values, False, own[None], 0.1).scores[0]
    unit, middle = values.std(), values.mean()
    alone = Ridge(alpha=10).fit(quiet.features[own], (values[own] - middle) / unit)
    assert scores == pytest.approx(alone.predict(quiet.features) * unit + middle, abs=0.05)


@pytest.mark.parametrize(("share", "many"), [(0.5, 4), (0.0, 1), (1.0, 7)])
def test_every_molecule_is_in_some_shadows_and_not_in_others(share: float, many: int) -> None:
    inside = halves(50, 8, share, np.random.default_rng(0))
    assert set(inside.sum(axis=0)) == {many}
    assert len({tuple(column) for column in inside.T}) > 5
