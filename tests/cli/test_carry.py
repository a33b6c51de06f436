"""A registration number goes along through predict and annotate, from every kind of file, and never leaves the company."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from tests.cli.conftest import Call
from tests.conftest import Files

FOREST = ["model=forest", "model.n_trees=3", "intake.quorum=5", "intake.workers=0", "logger=none", "intake.endpoints=[active]"]
SMILES = ["CCO", "C1CC", "OCC", "c1ccccc1N"]
IDS = ["00123", "0123", "1e5", "007"]


def as_csv(path: Path) -> None:
    path.write_text("\n".join(["ID,smiles,in_domain", *(f"{name},{smiles},x" for name, smiles in zip(IDS, SMILES, strict=True))]) + "\n")


def as_parquet(path: Path) -> None:
    pq.write_table(pa.table({"ID": IDS, "smiles": SMILES, "in_domain": ["x"] * 4}), path)


def as_sdf(path: Path) -> None:
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(smiles, sanitize=False) or Chem.Mol()) for smiles in ["CCO", "CCO", "OCC", "c1ccccc1N"]]
    path.write_text("".join(f"{block}>  <ID>\n{name}\n\n>  <in_domain>\nx\n\n$$$$\n" for block, name in zip(blocks, IDS, strict=True)))


@pytest.fixture
def teacher(fluid: Call, files: Files) -> None:
    assert fluid("train-teacher", "company=Acme", f"input={files.pool}", "out=teacher", *FOREST)[0] == 0


@pytest.mark.parametrize(("write", "suffix"), [(as_csv, "csv"), (as_csv, "csv.gz"), (as_parquet, "parquet"), (as_sdf, "sdf")])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_predict(fluid: Call, teacher: None, write: Callable[[Path], None], suffix: str, out: str) -> None:
    write(Path(f"in.{suffix}".removesuffix(".gz")))
    if suffix.endswith(".gz"):
        pd.read_csv("in.csv", dtype=str).to_csv("in.csv.gz", index=False)
    code, _, error = fluid(
        "predict", "model_folder=teacher", f"input=in.{suffix}", f"out={out}", "intake.carry=[ID,in_domain]", "intake.workers=0"
    )
    assert (code, error) == (0, "")
    found = pd.read_csv(out, dtype={"ID": str}) if out.endswith("csv") else pd.read_parquet(out)
    assert found.columns[:4].tolist() == ["row", "ID", "input.in_domain", "smiles"]
    assert found["ID"].tolist() == IDS
    assert found["input.in_domain"].eq("x").all()
    assert found["active"].notna().sum() >= 3


def test_a_whole_number_stays_one(fluid: Call, teacher: None) -> None:
    pq.write_table(pa.table({"ID": [2**53 + 1, None, 3, 4], "smiles": SMILES}), "in.parquet")
    for out in ("out.csv", "out.parquet"):
        assert fluid("predict", "model_folder=teacher", "input=in.parquet", f"out={out}", "intake.carry=[ID]", "intake.workers=0")[0] == 0
    assert pq.read_table("out.parquet")["ID"].to_pylist() == [2**53 + 1, None, 3, 4]
    assert pd.read_csv("out.csv", dtype={"ID": "Int64"})["ID"].tolist()[0] == 2**53 + 1


def test_annotate(fluid: Call, teacher: None) -> None:
    as_csv(Path("public.csv"))
    given = ["teacher=teacher", "transfer=public.csv", "intake.workers=0", "annotation.overlap=allow"]
    assert fluid("annotate", *given, "out=plain")[0] == 0
    code, out, _ = fluid("annotate", *given, "out=own", "intake.carry=[ID]")
    assert code == 0
    assert out.strip().endswith("own/annotation_set")
    assert sorted(file.name for file in Path("own").iterdir()) == ["annotation_set", "answers.parquet", "artifact.json", "dropped.csv"]
    for file in Path("plain/annotation_set").iterdir():
        assert (Path("own/annotation_set") / file.name).read_bytes() == file.read_bytes()
    assert pd.read_parquet("own/answers.parquet")["ID"].tolist() == IDS
    assert fluid("aggregate", "annotations=[own]", "out=consensus")[0] == 0


@pytest.mark.parametrize(
    "verb", [["predict", "model_folder=teacher", "input=in.sdf", "out=x.csv"], ["annotate", "teacher=teacher", "transfer=in.sdf", "out=x"]]
)
def test_a_missing_one_is_one_line_before_any_work(fluid: Call, teacher: None, verb: list[str]) -> None:
    as_sdf(Path("in.sdf"))
    code, out, error = fluid(*verb, "intake.carry=[Id]", "intake.workers=0")
    assert (code, out) == (2, "")
    assert "column 'Id' is missing; expected one of the columns present: 'ID', 'in_domain', '_Name'. Did you mean 'ID'?" in error
    assert not Path("x").exists()
    assert not Path("x.csv").exists()


def test_verbs_that_carry_nothing_say_so(fluid: Call, files: Files) -> None:
    code, _, error = fluid("train-teacher", "company=Acme", f"input={files.pool}", "out=teacher", *FOREST, "intake.carry=[size]")
    assert code == 2
    assert "intake.carry is given to train-teacher; expected it with predict or annotate only." in error
