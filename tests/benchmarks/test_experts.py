"""The study of experts: homes, gaps and targets on made-up figures."""

import math
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.conftest import loaded

FILE = Path(__file__).parents[2] / "benchmarks" / "experts" / "study.py"
TESTS = ("validation", "in-domain", "external")
LEVELS = {"pooled": 0.9, "forest": 0.88, "student": 0.85, "teacher": 0.7, "hybrid": 0.86}


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return loaded(FILE)


def figures(changes: dict[str, float] | None = None, home: dict[str, float] | None = None) -> pd.DataFrame:
    """Return made-up scores of two seeds and two companies."""
    rows = []
    level = LEVELS | (changes or {})
    at_home = {"teacher": 0.85, "student": 0.85, "hybrid": 0.86} | (home or {})
    for seed in (0, 1):
        about = {"dataset": "herg_chembl", "seed": seed, "split": "kmeans", "variant": "additive > experts"}
        rest = {"mcc": 0.5, "brier": 0.15, "ece": 0.04}
        rows += [about | rest | {"model": role, "role": role, "test": test, "auroc": level[role]} for role in level for test in TESTS]
        for company in ("T1", "T2"):
            for where, by in (("home", at_home), ("abroad", {"teacher": 0.6, "student": 0.85, "hybrid": 0.845})):
                rows += [about | rest | {"role": role, "test": where, "company": company, "auroc": by[role]} for role in by]
        rows.append(about | {"model": "T1", "role": "fidelity", "test": "transfer", "fidelity": 0.99})
    return pd.DataFrame(rows)


def judged(study: ModuleType, table: pd.DataFrame) -> dict[str, dict]:
    return {row["name"].split(": ")[1]: row for row in study.judged(table)}


def test_the_gap_is_to_the_best_pooled_model(study: ModuleType) -> None:
    found = judged(study, figures())
    assert found["gap closed, in-domain"]["value"] == pytest.approx((0.85 - 0.7) / (0.9 - 0.7))
    assert not found["gap closed, in-domain"]["holds"]
    better = judged(study, figures({"student": 0.89}))
    assert better["gap closed, in-domain"]["holds"]
    forest = judged(study, figures({"forest": 1.0}))
    assert forest["gap closed, in-domain"]["value"] == pytest.approx(0.5)


def test_hybrids_are_judged_at_home_and_abroad(study: ModuleType) -> None:
    found = judged(study, figures())
    assert all(row["holds"] for name, row in found.items() if name.startswith("hybrid"))
    assert found["hybrid over student abroad"]["value"] == pytest.approx(-0.005)
    lost = judged(study, figures(home={"teacher": 0.87}))
    assert not lost["hybrids not worse than own teacher at home"]["holds"]
    assert lost["hybrids not worse than own teacher at home"]["value"] == 0.0


def test_every_row_of_the_page_is_there(study: ModuleType) -> None:
    lines = study.markdown(list(study.judged(figures())))
    assert len(lines) == 3
    assert lines[2].count("|") == lines[0].count("|")
    assert "0.850 ± 0.000" in lines[2]


def test_an_interval_of_one_value_is_unknown(study: ModuleType) -> None:
    mean, half = study.interval([0.5])
    assert mean == 0.5
    assert math.isnan(half)


def test_home_is_where_the_nearest_private_molecule_is(study: ModuleType) -> None:
    bits = np.packbits(np.eye(4, 64, dtype=np.uint8) | np.eye(4, 64, 8, dtype=np.uint8), axis=1)
    parts = {name: SimpleNamespace(molecules=SimpleNamespace(bits=bits[rows])) for name, rows in (("T1", [0, 1]), ("T2", [2, 3]))}
    found = study.homes(parts, SimpleNamespace(molecules=SimpleNamespace(bits=bits[[3, 0, 1]])))
    assert {name: rows.tolist() for name, rows in found.items()} == {"T1": [1, 2], "T2": [0]}
