from pathlib import Path

import pandas as pd

from fluid.evaluation.result_tables import read_table


def test_names_stay_as_they_were_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"company": ["", "007", ""], "endpoint": ["NA", "1e3", "true"], "value": [0.5, None, 1.0]})
    table.to_csv(tmp_path / "a.csv", index=False)
    read = read_table(tmp_path / "a.csv")
    assert read["endpoint"].tolist() == ["NA", "1e3", "true"]
    assert read["company"].fillna("").tolist() == ["", "007", ""]
    assert read["value"].isna().tolist() == [False, True, False]


def test_a_table_without_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,\n2,3\n")
    assert read_table(tmp_path / "a.csv")["y"].isna().tolist() == [True, False]
