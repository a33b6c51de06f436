"""Columns go along from Python: by argument or setting, of files, tables and indices."""

from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.errors import ArtifactError, ConfigError, InputError
from tests.conftest import Files

FOREST = ["model=forest", "model.n_trees=3", "intake.quorum=5", "intake.workers=0", "logger=none"]
PLAIN = ["intake.workers=0"]
DAYS = pd.to_datetime(["2024-02-29", None, "2020-01-01"])
TABLE = pd.DataFrame({"ID": ["007", "07", None], "batch": [1, 2, 3], "day": DAYS, "smiles": ["CCO", "C1CC", "OCC"]})


@pytest.fixture(scope="module")
def teacher(files: Files, tmp_path_factory: pytest.TempPathFactory) -> fluid.Teacher:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLUID_STORE", str(tmp_path_factory.mktemp("store")))
        return fluid.train_teacher(str(files.pool), endpoints=["active"], company="Acme", settings=FOREST)


def test_by_argument_and_by_setting(teacher: fluid.Teacher, here: Path) -> None:
    found = teacher.predict(TABLE, carry=["ID", "batch", "day"], settings=PLAIN)
    assert found.columns[:5].tolist() == ["row", "ID", "batch", "day", "smiles"]
    for name in ("ID", "batch", "day"):
        pd.testing.assert_series_equal(found[name], TABLE[name])
    pd.testing.assert_frame_equal(teacher.predict(TABLE, settings=[*PLAIN, "intake.carry=[ID,batch,day]"]), found)
    pd.testing.assert_frame_equal(teacher.predict(TABLE, intake={"carry": ["ID", "batch", "day"], "workers": 0}), found)
    assert teacher.predict(TABLE, carry="ID", settings=PLAIN).columns[:3].tolist() == ["row", "ID", "smiles"]
    assert "ID" not in teacher.predict(TABLE, settings=PLAIN)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_of_the_answers_gives_the_same_table(teacher: fluid.Teacher, here: Path, suffix: str) -> None:
    whole = TABLE.fillna({"ID": ""})
    found = teacher.predict(whole, carry=["ID", "batch", "day"], out=f"out.{suffix}", settings=PLAIN)
    for name in ("ID", "batch", "day"):
        pd.testing.assert_series_equal(found[name], whole[name])


def test_a_named_index_may_go_along(teacher: fluid.Teacher, here: Path) -> None:
    indexed = TABLE.set_index(["ID", "batch"])
    found = teacher.predict(indexed, carry=["batch", "ID"], settings=PLAIN)
    assert found[["ID", "batch"]].astype(object).where(found[["ID", "batch"]].notna(), None).to_numpy().tolist() == [
        ["007", 1], ["07", 2], [None, 3],
    ]  # fmt: skip
    with pytest.raises(InputError, match="the DataFrame given as input: column 'batch' is missing"):
        teacher.predict(TABLE.drop(columns="batch"), carry=["batch"], settings=PLAIN)


def test_both_are_refused(teacher: fluid.Teacher, here: Path) -> None:
    with pytest.raises(ConfigError, match="intake.carry is given as a setting; expected the argument carry"):
        teacher.predict(TABLE, carry=["ID"], settings=["intake.carry=[batch]"])


def test_the_own_copy_of_annotations_stays(teacher: fluid.Teacher, files: Files, here: Path) -> None:
    public = pd.read_csv(files.transfer).assign(ID=lambda table: [f"COMPOUND-{i}" for i in range(len(table))])
    plain, own = teacher.annotate(public, settings=PLAIN), teacher.annotate(public, carry=["ID"], settings=PLAIN)
    assert own.own_copy["ID"].tolist() == public["ID"].tolist()
    assert own.table.equals(plain.table)
    sent = [one.send(here / f"sent{i}") for i, one in enumerate((own, plain))]
    assert [[file.read_bytes() for file in sorted(folder.iterdir())] for folder in sent[:1]] == [
        [file.read_bytes() for file in sorted(folder.iterdir())] for folder in sent[1:]
    ]
    assert sorted(file.name for file in sent[0].iterdir()) == ["annotations.parquet", "manifest.json"]
    with pytest.raises(ArtifactError, match=r"these annotations have no own copy\. Annotate with carry"):
        _ = plain.own_copy
    with pytest.raises(ArtifactError, match="no own copy"):
        _ = fluid.Annotations(sent[0]).own_copy


def test_elsewhere_it_is_refused(files: Files, here: Path) -> None:
    with pytest.raises(ConfigError, match="intake.carry is given to train-teacher"):
        fluid.train_teacher(str(files.pool), endpoints=["active"], company="Acme", settings=[*FOREST, "intake.carry=[size]"])
