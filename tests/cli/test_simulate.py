"""Targets of a federation, made alone."""

from pathlib import Path

import pytest

from tests.cli.conftest import Call

PATHS = ("metrics.csv", "consensus/consensus.parquet")


@pytest.mark.slow
def test_targets_made_alone_are_found_by_the_whole_run(fluid: Call, small: list[str], tmp_path: Path) -> None:
    plain = [f"paths.artifacts={tmp_path / 'plain'}", f"paths.runs={tmp_path / 'plain_runs'}"]
    parts = f"paths.artifacts={tmp_path / 'parts'}"
    assert fluid("simulate", *small, "name=whole", *plain)[0] == 0
    made = ["T2", "data", "pooled", "T1", "T3", "consensus", "H2"]
    for part in made:
        code, out, error = fluid("simulate", *small, "name=whole", parts, f"target={part}")
        assert (code, error) == (0, "")
        assert out.splitlines()[-1] == f"{part} is in the store: {tmp_path / 'parts'}"
    assert not (tmp_path / "runs" / "whole" / "metrics.json").exists()
    assert {folder.name for folder in (tmp_path / "runs" / "whole" / "targets").iterdir()} == set(made)
    code, out, _ = fluid("simulate", *small, "name=whole", parts)
    assert code == 0
    for stage in (
        "train teacher: T1",
        "train teacher: pooled",
        "combine annotations: consensus",
        "distil student: student",
        "train hybrid: H2",
    ):
        assert f"{stage} (already done)" in out
    assert "train hybrid: H1 (already done)" not in out
    for name in PATHS:
        assert (tmp_path / "runs" / "whole" / name).read_bytes() == (tmp_path / "plain_runs" / "whole" / name).read_bytes()
    left = {place.relative_to(tmp_path / "plain"): place.read_bytes() for place in (tmp_path / "plain").rglob("artifact.json")}
    assert {place.relative_to(tmp_path / "parts"): place.read_bytes() for place in (tmp_path / "parts").rglob("artifact.json")} == left
    assert "1 runs, " in fluid("collect", "folder=runs")[1]


def test_a_question_mark_draws_the_graph_and_writes_nothing(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, out, error = fluid("simulate", *small, "target=?")
    assert (code, error) == (0, "")
    needs = dict(([*line.split(" <- "), ""])[:2] for line in out.splitlines())
    assert needs["consensus"] == "annotations-T1, annotations-T2, annotations-T3"
    assert "student" in needs["H2"]
    assert list(tmp_path.iterdir()) == []
