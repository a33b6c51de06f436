"""Models of all data together: means of log-odds, what is kept, and the bound on made-up figures."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.conftest import loaded

FILE = Path(__file__).parents[2] / "benchmarks" / "experts" / "pooled.py"


@pytest.fixture(scope="module")
def pooled() -> ModuleType:
    return loaded(FILE)


def figures(pooled: ModuleType, inside: float, outside: float) -> pd.DataFrame:
    """Return made-up figures of two seeds, in which the forest has 0.88 and 0.82, and the main model other ones."""
    rows = []
    for seed, model in ((seed, model) for seed in (0, 1) for model in pooled.MODELS):
        both = (inside, outside) if model == pooled.MAIN else (0.88, 0.82)
        rows.append({"dataset": "herg_chembl", "seed": seed, "model": model, "validation": 0.9, "in-domain": both[0], "external": both[1]})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("inside", "outside", "missed"), [(0.876, 0.821, []), (0.874, 0.821, ["in-domain"]), (0.89, 0.81, ["external"])])
def test_the_main_model_is_held_against_the_forest(pooled: ModuleType, inside: float, outside: float, missed: list[str]) -> None:
    rows = list(pooled.judged(figures(pooled, inside, outside)))
    assert [row["name"].split(", ")[-1] for row in rows if not row["holds"]] == missed
    main = [row for row in rows if row["target"] is not None]
    assert [row["value"] for row in main] == pytest.approx([inside - 0.88, outside - 0.82])
    elsewhere = list(pooled.judged(figures(pooled, 0.5, 0.5).assign(dataset="embedded")))
    assert all(row["holds"] and row["target"] is None for row in elsewhere)


def test_means_are_of_log_odds(pooled: ModuleType) -> None:
    labels = dict.fromkeys(pooled.SHOWN, np.array([0, 1, 0, 1]))
    right, wrong = np.array([-1.0, 1.0, -1.0, 1.0]), np.array([3.0, -3.0, 0.0, 0.0])
    said = {part: dict.fromkeys(pooled.SHOWN, right) for part in pooled.PARTS} | {"additive": dict.fromkeys(pooled.SHOWN, wrong)}
    found = {row["model"]: row["in-domain"] for row in pooled.levels_of(list(pooled.MODELS), said, labels)}
    assert found["forest"] == 1
    assert found["additive"] == 0.125
    assert found["wide_deep, mean"] == 0.25  # of 1, -1, -0.5, 0.5
    assert found["fingerprint, additive and forest"] == 0.75  # of 1/3, -1/3, -2/3, 2/3


def test_answers_that_are_kept_are_not_made_again(pooled: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def made(part: str, *_: object) -> dict[str, np.ndarray]:
        asked.append(part)
        return {"validation": np.array([0.5])}

    monkeypatch.setattr(pooled, "answers_of", made)
    for part, seed in (("additive", 0), ("additive", 0), ("additive", 1), ("three fingerprint", 0)):
        assert pooled.kept(tmp_path / "answers", part, None, None, seed)["validation"].tolist() == [0.5]
    assert asked == ["additive", "additive", "three fingerprint"]


def test_the_page_has_a_line_per_model(pooled: ModuleType) -> None:
    lines = pooled.markdown(list(pooled.judged(figures(pooled, 0.88, 0.82))))
    assert len(lines) == 2 + len(pooled.MODELS)
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert "| herg_chembl | forest | 0.900 ± 0.000 | 0.880 ± 0.000 | 0.820 ± 0.000 |" in lines
