"""Baselines as a user asks for them."""

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Call

ASKED = ["baselines=[fedavg,fedmd,sge]", "baselines.fedavg.rounds=1", "baselines.fedavg.local_epochs=1", "baselines.fedmd.rounds=1"]


@pytest.mark.slow
def test_the_table_is_printed_and_kept(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, out, error = fluid("simulate", "name=compared", "workers=1", *small, *ASKED)
    assert (code, error) == (0, "")
    rows = {line.strip().split("  ")[0]: line for line in out.splitlines() if "nothing" in line or "once" in line or "every round" in line}
    assert {"teacher mean", "student", "fedavg", "fedmd", "fedmd mean", "sge mean"} <= set(rows)
    assert "weights, every round" in rows["fedavg"]
    table = pd.read_csv(tmp_path / "runs" / "compared" / "report_data" / "baselines.csv").set_index("model")
    assert table.loc["fedavg", "rounds"] == 1
    assert (tmp_path / "runs" / "compared" / "models" / "sge-T1" / "card.json").is_file()
