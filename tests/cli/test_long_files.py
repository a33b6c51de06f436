"""A file with one measurement per row, as ChEMBL writes it, does what a file with a column per endpoint does."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Call
from tests.conftest import Library

FOREST = ["model=forest", "model.n_trees=3", "intake.quorum=5", "intake.workers=0", "logger=none"]
ENDPOINTS = ['intake.endpoints=["hERG Ki >= 0.9 [nM]","hERG IC50 [nM]"]']
LAYOUT = ["intake.layout.endpoint_columns=[target,type]", "intake.layout.value_column=value", "intake.layout.unit_column=unit"]
WHERE = ['intake.layout.where="relation is = and comment is not outside"']


@pytest.fixture
def tables(library: Library, tmp_path: Path) -> None:
    """Write the same measurements in both forms; the long one has rows of other units, targets and comments among them."""
    wide, long = [["smiles", "hERG Ki", "hERG IC50"]], [["canonical", "target", "type", "value", "unit", "relation", "comment"]]
    for number, smiles in enumerate(library.smiles[:90]):
        heavy = sum(map(str.isalpha, smiles)) / 10
        cells = ["" if (number + column) % 4 == 0 else str(heavy + column) for column in range(2)]
        wide.append([smiles, *cells])
        long += [[smiles, "hERG", kind, cell, "nM", "=", ""] for kind, cell in zip(("Ki", "IC50"), cells, strict=True) if cell]
        long.append([smiles, "hERG", "Ki", "77", "%" if number % 2 else "nM", "=" if number % 3 else "~", "" if number % 2 else "outside"])
        long.append([smiles, "CYP3A4", "Ki", "5", "nM", "=", ""])
    for name, rows in (("wide", wide), ("long", long)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    library.write(tmp_path / "public.csv", range(200, 260), labelled=False)


def rest_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a model that do not say which file it was made from."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return {name: content for name, content in files.items() if name not in ("artifact.json", "dropped.csv")}


def test_every_verb_reads_it(fluid: Call, tables: None, tmp_path: Path) -> None:
    long = [*ENDPOINTS, *LAYOUT, *WHERE, "intake.smiles_column=canonical"]
    for form, how in (("wide", ENDPOINTS), ("long", long)):
        code, _, error = fluid("train-teacher", f"input={form}.csv", "company=T1", f"out={form}", *FOREST, *how)
        assert (code, error) == (0, "")
        more = ["evaluation.n_bootstrap=5", "intake.workers=0"]
        assert fluid("evaluate", f"model_folder={form}", f"input={form}.csv", f"out={form}-scores", *how, *more)[0] == 0
    assert rest_of(tmp_path / "long") == rest_of(tmp_path / "wide")
    assert (tmp_path / "long-scores" / "scores.csv").read_bytes() == (tmp_path / "wide-scores" / "scores.csv").read_bytes()
    reasons = pd.read_csv(tmp_path / "long" / "dropped.csv")["reason"].value_counts()
    assert set(reasons.index) == {
        "left out: the unit is %, not nM", "left out: CYP3A4 Ki is not asked for", "left out: relation is not =",
        "left out: comment is outside",
    }  # fmt: skip
    public = ["transfer=public.csv", "intake.workers=0"]
    assert fluid("annotate", "teacher=long", "out=answers", *public)[0] == 0
    assert fluid("aggregate", "annotations=[answers]", "out=consensus")[0] == 0
    assert fluid("distill", "consensus_folder=consensus", "out=student", "model=forest", "model.n_trees=3", "logger=none", *public)[0] == 0
    # the smiles column has one name in both files of a hybrid
    frame = pd.read_csv("public.csv").rename(columns={"smiles": "canonical"}).assign(source="public")
    frame.to_csv("public2.csv", index=False)
    own = ["input=long.csv", "company=T1", "student=student", "consensus_folder=consensus", "transfer=public2.csv", "out=hybrid"]
    options = ["intake.quorum=5", "intake.workers=0", "logger=none", "hybrid=concatenate", "transfer_where=source is public"]
    code, _, error = fluid("hybrid", *own, *options, *long)
    assert (code, error) == (0, "")
    code, _, error = fluid("predict", "model_folder=hybrid", "input=long.csv", "out=out.csv", "intake.workers=0", *long[1:])
    assert (code, error) == (0, "")
    assert len(pd.read_csv("out.csv")) == len(pd.read_csv("long.csv"))


def test_a_simulation_reads_it(fluid: Call, tables: None, small: list[str], tmp_path: Path) -> None:
    kept = [one for one in small if not one.startswith(("data.", "intake.endpoints", "model.", "training", "companies"))]
    asked = ["companies=size", "companies.n=2", "companies.min_size=5", "companies.min_per_class=2", "target=T1"]
    for form, how in (("wide", []), ("long", [*LAYOUT, *WHERE])):
        frame = pd.read_csv(f"{form}.csv").rename(columns={"canonical": "smiles"})
        frame.to_csv(f"{form}.csv", index=False)
        files = [f"data.pool={form}.csv", "data.transfer=public.csv", "data.validation_share=0.1"]
        code, _, error = fluid("simulate", *kept, *asked, *files, "model=forest", "model.n_trees=3", *ENDPOINTS, *how)
        assert (code, error) == (0, "")
    assert len(list((tmp_path / "runs" / "store" / "teacher").glob("[!.]*"))) == 1  # the second found what the first had made


def test_a_name_that_is_nowhere(fluid: Call, tables: None) -> None:
    given = ["input=long.csv", "company=T1", "out=teacher", "intake.smiles_column=canonical", *LAYOUT, *FOREST]
    code, _, error = fluid("train-teacher", *given, 'intake.endpoints=["hERG KI [nM]"]')
    assert code == 2
    assert "no row names endpoint 'hERG KI'; expected an endpoint that columns 'target', 'type' name: 'hERG Ki'" in error
    assert error.strip().endswith("Did you mean 'hERG Ki'?")
