import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the study, which lies beside another `run` than that of the tests of speed."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "distillation"))
    monkeypatch.delitem(sys.modules, "run", raising=False)
    import domain_shift

    yield domain_shift
    for name in ("run", "domain_shift"):
        sys.modules.pop(name)


def rows(study: ModuleType, gain: float = 0.1) -> pd.DataFrame:
    """Return made-up scores of three seeds: each student is better than the base by `gain` times its place in the list."""
    found = []
    for seed in range(3):
        for place, change in enumerate(study.CHANGES):
            value = 0.5 + 0.01 * seed + gain * place + (0.001 * seed if place == 1 else 0)
            found.append({"cause": change.cause, "name": change.name, "seed": seed, **dict.fromkeys(study.MEASURES, value)})
        for name in study.DIRECT:
            scores = {measure: math.nan if measure in study.MEASURES[4:] else 0.9 for measure in study.MEASURES}
            found.append({"cause": "asked directly", "name": name, "seed": seed, **scores})
    return pd.DataFrame(found)


def test_students_are_compared_with_the_base_seed_by_seed(study: ModuleType) -> None:
    table = study.summary(rows(study).sample(frac=1, random_state=0)).set_index("name")
    base, second, third = (table.loc[study.CHANGES[place].name] for place in range(3))
    assert base["in-domain auroc"] == pytest.approx(0.51)
    assert base["in-domain auroc Δ"] == 0
    assert second["in-domain auroc Δ"] == pytest.approx(0.101)
    assert second["in-domain auroc Δ±"] == pytest.approx(4.3027 * 0.001 / math.sqrt(3), rel=1e-4)  # not the spread over seeds
    assert third["external mcc Δ±"] == pytest.approx(0, abs=1e-12)
    lines = study.markdown(table.reset_index())
    assert len(lines) == 2 + 3 + len(study.CHANGES)
    assert lines[2] == "| asked directly | consensus | " + " | ".join(["0.900 (+0.390 ± 0.025)"] * 4 + ["–"] * 3) + " |"
    assert "0.510 ± 0.025" in lines[5]
    assert "(+0.101 ± 0.002)" in lines[6]


def test_a_student_that_was_not_measured_does_not_hold(study: ModuleType) -> None:
    scores = rows(study)
    scores.loc[scores["name"] == study.BASE.name, "in-domain auroc"] = np.nan
    failed = [row["name"] for row in study.judged_rows(study.summary(scores)) if not row["holds"]]
    assert failed == [study.BASE.name]


def test_nobody_has_the_molecules_of_the_own_chemistry(study: ModuleType, tmp_path: Path) -> None:
    study.PUBLIC = 5
    pd.DataFrame({"smiles": ["C" * n for n in range(1, 101)], "pic50": np.linspace(3, 7, 100)}).to_parquet(tmp_path / "herg_chembl.parquet")
    pd.DataFrame({"smiles": ["O" * n for n in range(1, 11)], "source": "x"}).to_parquet(tmp_path / "transfer_public.parquet")
    tables = {name: pd.read_parquet(place) for name, place in study.files(tmp_path, tmp_path, 0).items()}
    assert set(tables["pool"]["smiles"]).isdisjoint(tables["own"]["smiles"])
    assert len(tables["pool"]) + len(tables["own"]) == 100
    assert 10 < len(tables["own"]) < 40
    assert len(tables["public"]) == 5
    assert list(tables["own"]) == list(tables["public"]) == ["smiles"]
    assert (tables["pool"]["blocker"] == (tables["pool"]["smiles"].str.len() > 50)).all()
    study.files(tmp_path, tmp_path, 1)
    assert not tables["own"].equals(pd.read_parquet(tmp_path / "own-1.parquet"))


def test_without_data_it_is_skipped_loudly(study: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        study.main(["--json", str(tmp_path / "shift.json")])
    assert ended.value.code == 3
    assert "SKIPPED: needs paths.data=FOLDER with herg_chembl.parquet" in capsys.readouterr().err
