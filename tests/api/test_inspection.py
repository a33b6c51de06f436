"""`fluid.inspect`: the same facts as on the command line, as tables."""

from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.errors import ConfigError, InputError
from tests.conftest import Library

KEYWORDS = {"intake": {"workers": 0, "quorum": 3}}


@pytest.fixture
def table(library: Library) -> pd.DataFrame:
    smiles = [*library.smiles[:20], library.smiles[0], "nothing"]
    return pd.DataFrame({"smiles": smiles, "hit": [i % 2 for i in range(21)] + [1], "pic50": [4 + i / 10 for i in range(22)]})


def test_a_table_and_a_file_of_it_give_the_same_facts(table: pd.DataFrame, here: Path) -> None:
    table.to_csv("assay.csv", index=False)
    of_file, of_table = fluid.inspect("assay.csv", **KEYWORDS), fluid.inspect(table, **KEYWORDS)
    for name in ("columns", "endpoints", "rejected", "conflicts", "overlaps"):
        pd.testing.assert_frame_equal(getattr(of_file, name), getattr(of_table, name))
    assert of_file.warnings == of_table.warnings
    assert of_file.settings == {"intake.endpoints": ["hit", "pic50 [log mol/L]"], "intake.quorum": 3}
    assert "input=assay.csv" in of_file.command
    assert (of_table.command, of_table.facts()["file"]) == ("", "the DataFrame given as input")


def test_tables_hold_what_was_found(table: pd.DataFrame, here: Path) -> None:
    found = fluid.inspect(table, against=[str(write(table.head(3), here))], **KEYWORDS)
    assert found.columns.set_index("name")["role"].to_dict() == {"smiles": "SMILES", "hit": "class", "pic50": "values"}
    assert found.rejected[["row", "smiles"]].values.tolist() == [[22, "nothing"]]
    assert found.endpoints["labels"].tolist() == [21, 21]
    assert found.overlaps["same"].tolist() == [3]
    assert found.conflicts["row"].tolist() == [1, 21]
    assert found.conflicts["endpoint"].unique().tolist() == ["pic50"]


def write(table: pd.DataFrame, folder: Path) -> Path:
    table.to_csv(folder / "other.csv", index=False)
    return folder / "other.csv"


def test_the_settings_that_are_found_are_those_that_train(table: pd.DataFrame, here: Path) -> None:
    found = fluid.inspect(table, **KEYWORDS)
    settings = {**found.settings, "intake.workers": 0, "model": "forest", "model.n_trees": 3, "annotation.mc_samples": 0}
    teacher = fluid.train_teacher(table, company="Acme", settings=settings)
    assert teacher.endpoints == ("hit", "pic50 [log mol/L]")


def test_a_notebook_shows_warnings_tables_and_the_command(table: pd.DataFrame, here: Path) -> None:
    table.rename(columns={"hit": "<b>hit</b>"}).to_csv("assay.csv", index=False)
    html = fluid.inspect("assay.csv", **KEYWORDS)._repr_html_()
    assert "<li>1 of 22 rows cannot be used" in html
    assert "&lt;b&gt;hit" in html
    assert "<b>hit" not in html
    assert "<pre>fluid train-teacher input=assay.csv" in html
    assert repr(fluid.inspect(["CCO", "CCN"])).startswith("<Inspection: file the list given as input, rows 2")


def test_a_page_is_written_where_it_is_asked_for(table: pd.DataFrame, here: Path) -> None:
    fluid.inspect(table, out="look.html", **KEYWORDS)
    assert Path("look.html").read_text().startswith("<!doctype html>")
    with pytest.raises(ConfigError, match="exists already"):
        fluid.inspect(table, out="look.html", **KEYWORDS)
    assert fluid.inspect(table, out="look.html", overwrite=True, **KEYWORDS).content.file.rows == 22


def test_what_is_an_argument_is_no_setting(table: pd.DataFrame, here: Path) -> None:
    with pytest.raises(ConfigError, match="input is given as a setting; expected the argument molecules"):
        fluid.inspect(table, settings=["input=a.csv"])
    assert fluid.inspect(["CCO"], intake={"smiles_column": "structure"}).columns["name"].tolist() == ["structure"]
    with pytest.raises(InputError, match="there is no file 'CCO'"):
        fluid.inspect("CCO")
