import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fluid.molecules.packed import PackedGraphs


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    import run

    monkeypatch.setattr(run, "bound_cores", lambda: [0])  # the tests themselves may go on using all cores
    return run


def called(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> object:
    monkeypatch.setattr("sys.argv", ["run.py", "--json", str(tmp_path / "rows.json"), "--work", str(tmp_path / "work"), *words])
    with pytest.raises(SystemExit) as ended:
        run.main()
    return ended.value.code


def test_only_a_benchmark_whose_data_are_missing_is_a_loud_skip(run, monkeypatch, tmp_path, capsys) -> None:
    assert called(run, monkeypatch, tmp_path, "--only", "memory") == 3
    assert "SKIPPED: needs paths.data=FOLDER with herg_central.parquet" in capsys.readouterr().err
    assert not (tmp_path / "rows.json").exists()


def test_among_others_it_is_a_row_that_does_not_hold(run, monkeypatch, tmp_path) -> None:
    fine = {"name": "fine", "ours": 2.0, "peer": 1.0, "ratio": 2.0, "target": ">= 1x", "holds": True}
    monkeypatch.setitem(run.BENCHMARKS, "batch", lambda bench: [dict(fine)])
    assert called(run, monkeypatch, tmp_path, "--only", "batch", "--only", "memory") == "does not hold: memory"
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert [(row["name"], row["holds"]) for row in rows] == [("fine", True), ("memory", False)]
    assert rows[1]["reason"].startswith("skipped: needs paths.data")


def test_a_benchmark_that_fails_does_not_take_the_others_with_it(run, monkeypatch, tmp_path) -> None:
    def broken(bench: object) -> list[dict]:
        raise RuntimeError("the peer fell over")

    fine = {"name": "fine", "ours": 2.0, "peer": 1.0, "ratio": 2.0, "target": ">= 1x", "holds": True}
    monkeypatch.setitem(run.BENCHMARKS, "batch", broken)
    monkeypatch.setitem(run.BENCHMARKS, "train", lambda bench: [dict(fine)])
    assert called(run, monkeypatch, tmp_path, "--only", "batch", "--only", "train") == "does not hold: batch"
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert rows[0]["reason"] == "RuntimeError: the peer fell over"


def test_a_run_that_is_stopped_has_written_what_it_measured(run, monkeypatch, tmp_path) -> None:
    def stopped(bench: object) -> list[dict]:
        raise KeyboardInterrupt

    fine = {"name": "fine", "ours": np.float64(2.0), "peer": 1.0, "ratio": 2.0, "target": ">= 1x", "holds": np.bool_(True)}
    monkeypatch.setitem(run.BENCHMARKS, "batch", lambda bench: [dict(fine)])
    monkeypatch.setitem(run.BENCHMARKS, "train", stopped)
    monkeypatch.setattr("sys.argv", ["run.py", "--json", str(tmp_path / "rows.json"), "--only", "batch", "--only", "train"])
    with pytest.raises(KeyboardInterrupt):
        run.main()
    (row,) = json.loads((tmp_path / "rows.partial.json").read_text())["rows"]
    assert (row["name"], row["ours"], row["holds"]) == ("fine", 2.0, True)


def test_the_table_of_the_page_is_made_from_the_rows(run, monkeypatch, tmp_path) -> None:
    import common

    page = tmp_path / "docs" / "results" / "performance.md"
    page.parent.mkdir(parents=True)
    page.write_text("before\n<!-- performance -->\nearlier table\n<!-- /performance -->\nafter\n")
    monkeypatch.setattr(common, "ROOT", tmp_path)
    fine = {"name": "fine", "ours": 2.0, "peer": 1.0, "unit": "1/s", "ratio": 2.0, "target": ">= 1x", "holds": True}
    monkeypatch.setitem(run.BENCHMARKS, "batch", lambda bench: [dict(fine)])
    monkeypatch.setattr("sys.argv", ["run.py", "--json", str(tmp_path / "r.json"), "--only", "batch", "--quick", "--docs"])
    run.main()
    text = page.read_text()
    assert "| fine | 2 | 1 | 1/s | 2 | >= 1x | yes |" in text
    assert text.startswith("before\n<!-- performance -->\n| benchmark")
    assert text.endswith("<!-- /performance -->\nafter\n")
    assert "earlier table" not in text
    assert "quick" in text


def test_what_is_measured_on_a_gpu_runs_on_a_processor(library) -> None:
    import gpu
    import torch

    smiles = list(library.smiles[:40])
    site = gpu.Site(torch.device("cpu"), smiles, PackedGraphs.from_smiles(smiles), repeats=1, compile=False)
    rows = gpu.featurising(site) + gpu.batching(site, (16,)) + gpu.forward(site, (16,)) + gpu.several(site) + gpu.training(site, (16,))
    assert len({row["name"] for row in rows}) == len(rows) == 1 + 2 + 2 + 4 + 4
    assert all(row["holds"] and row["ours"] > 0 for row in rows)


def test_without_a_gpu_the_script_says_so(tmp_path: Path) -> None:
    import shutil

    if shutil.which("nvidia-smi"):
        pytest.skip("there may be a GPU")
    script = Path(__file__).parents[2] / "benchmarks" / "performance" / "gpu.sh"
    done = subprocess.run(["bash", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "no GPU on this machine" in done.stderr


def test_noise_of_two_runs_adds_up() -> None:
    from demo import within_noise

    found = within_noise({"a": (0.80, 0.03), "b": (0.80, 0.03)}, {"a": (0.84, 0.04), "b": (0.86, 0.04), "c": (1.0, 0.0)})
    assert [one["allowed"] for one in found] == pytest.approx([0.05, 0.05])
    assert [one["holds"] for one in found] == [True, False]
