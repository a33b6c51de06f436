from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from fluid.errors import ArtifactError
from fluid.models.kinds.forest import TRUSTED
from fluid.models.skops_file import dump, load

X = np.random.default_rng(0).random((60, 5))


@pytest.mark.parametrize("kind", [RandomForestClassifier, RandomForestRegressor])
def test_equal_models_give_equal_bytes_and_answers(kind: type, tmp_path: Path) -> None:
    models = [kind(5, random_state=0).fit(X, np.arange(60) % 3) for _ in range(2)]
    for model, name in zip(models, "ab", strict=True):
        dump(model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    np.testing.assert_array_equal(load(tmp_path / "a", TRUSTED).predict(X), models[0].predict(X))


def test_other_models_give_other_bytes(tmp_path: Path) -> None:
    for seed in (0, 1):
        dump(RandomForestClassifier(3, random_state=seed).fit(X, np.arange(60) % 2), tmp_path / str(seed))
    assert (tmp_path / "0").read_bytes() != (tmp_path / "1").read_bytes()


def test_unknown_types_are_refused(tmp_path: Path) -> None:
    dump(RandomForestClassifier(1, random_state=0).fit(X, np.arange(60) % 2), tmp_path / "a")
    with pytest.raises(ArtifactError, match="(?i)untrusted"):
        load(tmp_path / "a", [])
