"""The frontier of privacy: gaps, the strongest attacks and certificates on made-up figures."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

from tests.benchmarks.conftest import loaded

FILE = Path(__file__).parents[2] / "benchmarks" / "privacy" / "frontier.py"
LEVELS = {"pooled": 0.9, "forest": 0.88, "student": 0.84, "teacher": 0.7}


@pytest.fixture(scope="module")
def frontier() -> ModuleType:
    return loaded(FILE)


def figures(release: str, aucs: dict[str, float]) -> pd.DataFrame:
    """Return made-up figures of two divisions: an unaided attack, one with labelled data and a baseline, on two companies each."""
    rows = []
    for seed in (0, 1):
        about = {"dataset": "herg_chembl", "seed": seed, "split": "kmeans", "variant": release}
        rows += [about | {"role": role, "test": test, "auroc": LEVELS[role]} for role in LEVELS for test in ("in-domain", "external")]
        for company, less in (("T1", 0.0), ("T8", 0.05)):
            for knows, value in aucs.items():
                rows.append(
                    about
                    | {
                        "role": "attack",
                        "company": company,
                        "knows": knows,
                        "auc": value - less,
                        "tpr": 0.002,
                        "fell": float(value - less > 0.6),
                    }
                )
        rows.append(about | {"role": "certified", "epsilon": 8.0, "tpr": 0.08})
    return pd.DataFrame(rows)


def rows_of(frontier: ModuleType, table: pd.DataFrame) -> dict[str, dict]:
    return {row["name"].split(": ")[1]: row for row in frontier.judged(table)}


def test_the_strongest_attack_on_any_company_counts_and_baselines_do_not(frontier: ModuleType) -> None:
    found = rows_of(frontier, figures("epsilon 8", {"unaided": 0.52, "informed": 0.58, "baseline": 0.9}))
    assert found["strongest attack's AUC"]["value"] == pytest.approx(0.58)
    assert found["strongest unaided attack's AUC"]["value"] == pytest.approx(0.52)
    assert found["best baseline's AUC"]["value"] == pytest.approx(0.9)
    assert found["strongest attack's AUC"]["holds"]
    assert found["strongest unaided attack's AUC"]["holds"]
    told = rows_of(frontier, figures("epsilon 8", {"unaided": 0.55, "informed": 0.61, "baseline": 0.5}))
    assert not told["strongest attack's AUC"]["holds"]
    assert not told["strongest unaided attack's AUC"]["holds"]
    assert told["audits in which a bound fell"]["value"] == 0.5
    assert not told["audits in which a bound fell"]["holds"]


def test_the_certified_release_closes_its_share_of_the_gap(frontier: ModuleType) -> None:
    found = rows_of(frontier, figures("epsilon 8", {"unaided": 0.5}))
    assert found["gap closed, in-domain"]["value"] == pytest.approx(0.14 / 0.2)
    assert found["gap closed, in-domain"]["target"] == 0.55
    assert found["epsilon"]["value"] == 8.0
    assert rows_of(frontier, figures("open", {"unaided": 0.9}))["gap closed, in-domain"]["target"] is None


def test_noise_in_teachers_makes_no_gap_smaller(frontier: ModuleType) -> None:
    noisy = figures("epsilon 8", {"unaided": 0.5})
    noisy.loc[noisy["role"] == "teacher", "auroc"] = 0.5
    noisy.loc[noisy["role"].isin(["pooled", "forest"]), "auroc"] = 0.8
    both = pd.concat([figures("open", {"unaided": 0.9}), noisy])
    found = [row for row in frontier.judged(both) if row["name"].endswith("epsilon 8: gap closed, in-domain")]
    assert [row["value"] for row in found] == [pytest.approx(0.14 / 0.2)]


def test_a_release_without_a_certificate_has_a_dash(frontier: ModuleType) -> None:
    table = figures("open", {"unaided": 0.9})
    lines = frontier.markdown(list(frontier.judged(table[table["role"] != "certified"])), frontier.SHOWN, "release")
    assert lines[2].startswith("| herg_chembl kmeans open | 0.700")
    assert lines[2].endswith("| – |")


@pytest.mark.parametrize(("most", "found"), [(1, ["T1"]), (2, ["T1", "T8"]), (3, ["T1", "T5", "T8"]), (20, [f"T{n}" for n in range(1, 9)])])
def test_companies_are_attacked_from_the_largest_to_the_smallest(frontier: ModuleType, most: int, found: list[str]) -> None:
    spec = SimpleNamespace(company_names=[f"T{number}" for number in range(1, 9)])
    assert frontier.attacked(spec, most) == found


def test_the_frontier_is_drawn(frontier: ModuleType, tmp_path: Path) -> None:
    rows = list(frontier.judged(figures("epsilon 8", {"unaided": 0.52, "informed": 0.58})))
    frontier.draw(rows, tmp_path / "frontier.png")
    assert (tmp_path / "frontier.png").stat().st_size > 5000


@pytest.mark.slow
def test_a_quick_frontier_has_all_rows(tmp_path: Path) -> None:
    asked = ["--quick", "--dataset", "embedded", "--split", "kmeans", "--companies", "1", "--release", "open", "--release", "epsilon 8"]
    command = [sys.executable, str(FILE), "--json", str(tmp_path / "rows.json"), "--work", str(tmp_path / "work"), *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FILE.parents[2])
    assert "Traceback" not in done.stderr, done.stderr
    found = {row["name"]: row["value"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]}
    assert found["embedded kmeans epsilon 8: epsilon"] == pytest.approx(8, abs=0.01)
    assert found["embedded kmeans open: strongest attack's AUC"] > 0.9
    assert found["embedded kmeans epsilon 8: strongest attack's AUC"] < 0.8
