import csv
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.data.incoming import IncomingChunk
from fluid.errors import ArtifactError, ConfigError, InputError
from fluid.federation import predict
from fluid.federation.answers import answer
from fluid.federation.model_folder import Model, open_model, read_model
from fluid.federation.predict import Counts, predict_file, shards_of
from fluid.federation.requests import PredictRequest
from fluid.pipeline.progress import SilentProgress
from tests.conftest import Files, Library
from tests.federation.conftest import Finished


def order(finished: Finished, source: Path, out: Path, chunk: int = 64, **changes: object) -> PredictRequest:
    return PredictRequest(
        finished.federation.models["student"].folder,
        str(source),
        out,
        finished.spec.intake,
        AnnotationSpec(chunk=chunk),
        **changes,  # type: ignore[arg-type]
    )


@pytest.fixture
def broken_file(library: Library, tmp_path: Path) -> Path:
    """Write a file with duplicates, an empty cell and two broken SMILES among good ones."""
    rows = [library.smiles[0], "not a molecule", library.smiles[1], "", library.smiles[0], "C1CC", library.smiles[2]]
    path = tmp_path / "in.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["id", "smiles"], *([i, s] for i, s in enumerate(rows))])
    return path


def test_one_answer_per_row_in_order_with_broken_rows_marked(finished: Finished, broken_file: Path, tmp_path: Path) -> None:
    counts = predict_file(order(finished, broken_file, tmp_path / "out.csv"), SilentProgress())
    table = pd.read_csv(tmp_path / "out.csv")
    given = pd.read_csv(broken_file)["smiles"]
    assert counts == Counts(rows=7, answered=4, rejected=3)
    assert table["smiles"].fillna("").tolist() == given.fillna("").tolist()
    assert table["problem"].notna().tolist() == [False, True, False, True, False, True, False]
    assert table["active"].notna().tolist() == [True, False, True, False, True, False, True]
    assert table.loc[0, "active"] == table.loc[4, "active"]


def test_answers_are_those_of_the_model(finished: Finished, files: Files, tmp_path: Path) -> None:
    predict_file(order(finished, files.transfer, tmp_path / "out.csv"), SilentProgress())
    table, transfer = pd.read_csv(tmp_path / "out.csv"), finished.federation.data.transfer
    model = read_model(finished.federation.models["student"])
    expected = model.predictor.predict(transfer.molecules)
    np.testing.assert_allclose(table["active"], expected.mean[:, 0], atol=1e-5)
    np.testing.assert_allclose(table["active_epistemic"], expected.epistemic[:, 0], atol=1e-5)
    np.testing.assert_array_equal(table["active_call"], expected.mean[:, 0] >= model.thresholds[0])
    np.testing.assert_array_equal(table["domain_bin"], model.domain.bins(transfer.molecules.bits))


def test_chunks_change_nothing(finished: Finished, files: Files, tmp_path: Path) -> None:
    for chunk in (7, 1000):
        predict_file(order(finished, files.transfer, tmp_path / f"{chunk}.csv", chunk), SilentProgress())
    small, large = (pd.read_csv(tmp_path / f"{chunk}.csv") for chunk in (7, 1000))
    pd.testing.assert_frame_equal(small, large, rtol=1e-4, atol=1e-5)


def test_parquet_says_the_same_as_csv(finished: Finished, broken_file: Path, tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        predict_file(order(finished, broken_file, tmp_path / f"out.{suffix}"), SilentProgress())
    text, columnar = pd.read_csv(tmp_path / "out.csv"), pd.read_parquet(tmp_path / "out.parquet")
    np.testing.assert_allclose(text["active"], columnar["active"].astype(float), atol=1e-6)
    assert text["problem"].fillna("").tolist() == columnar["problem"].tolist()


@pytest.fixture
def identified(library: Library, tmp_path: Path) -> Path:
    """Write a file with identifiers of all rows, of which one is broken and two are of one molecule."""
    rows = [("007", library.smiles[0]), ("07", "C1CC"), ("", library.smiles[0]), ('a,\n"b" µ', library.smiles[1])]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["ID", "smiles", "row"], *((name, smiles, i) for i, (name, smiles) in enumerate(rows))])
    return tmp_path / "in.csv"


def carrying(request: PredictRequest, *carry: str) -> PredictRequest:
    return replace(request, intake=replace(request.intake, carry=carry))


@pytest.mark.parametrize("chunk", [1, 64])
def test_columns_go_along_with_every_row(finished: Finished, identified: Path, tmp_path: Path, chunk: int) -> None:
    for name, carry in (("with.csv", ("ID", "row")), ("without.csv", ()), ("with.parquet", ("row", "ID"))):
        predict_file(carrying(order(finished, identified, tmp_path / name, chunk), *carry), SilentProgress())
    found, plain = (pd.read_csv(tmp_path / name, dtype=str, keep_default_na=False) for name in ("with.csv", "without.csv"))
    assert found.columns[:4].tolist() == ["row", "ID", "input.row", "smiles"]
    assert found["ID"].tolist() == ["007", "07", "", 'a,\n"b" µ']
    assert found["input.row"].tolist() == ["0", "1", "2", "3"]
    pd.testing.assert_frame_equal(found.drop(columns=["ID", "input.row"]), plain)
    columnar = pq.read_table(tmp_path / "with.parquet")
    assert columnar["ID"].to_pylist() == found["ID"].tolist()
    assert columnar.column_names[:4] == ["row", "input.row", "ID", "smiles"]


def test_a_column_that_is_to_go_along_and_is_missing_is_told_before_any_work(
    finished: Finished, identified: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "answer", lambda *_: pytest.fail("work was done"))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="column 'Id' is missing; expected one of the columns present: 'ID'.*Did you mean 'ID'"):
        predict_file(carrying(order(finished, identified, tmp_path / "out.csv"), "Id"), SilentProgress())
    assert sorted(tmp_path.iterdir()) == before


def test_shards_without_what_goes_along_are_not_used(finished: Finished, identified: Path, tmp_path: Path) -> None:
    asked = order(finished, identified, tmp_path / "out.csv")
    model = open_model(finished.federation.models["student"].folder)
    assert len({shards_of(one, identified, model).key for one in (asked, carrying(asked, "ID"), carrying(asked, "row", "ID"))}) == 3


def test_an_existing_file_is_kept_unless_asked(finished: Finished, files: Files, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    with pytest.raises(ConfigError, match=r"out\.csv.*exists already|exists already.*out\.csv"):
        predict_file(order(finished, files.test, out), SilentProgress())
    assert out.read_text() == "mine"
    predict_file(order(finished, files.test, out, overwrite=True), SilentProgress())
    assert len(pd.read_csv(out)) == 60


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


@pytest.mark.parametrize(("name", "beside"), [("out.csv", "out.dropped.csv"), ("out.parquet", "out.parquet.dropped.csv")])
def test_rows_without_an_answer_are_listed_beside_the_answers(
    finished: Finished, broken_file: Path, tmp_path: Path, name: str, beside: str
) -> None:
    notes = Notes()
    predict_file(order(finished, broken_file, tmp_path / name, chunk=2), notes)
    with (tmp_path / beside).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["row"], row["smiles"], row["reason"]) for row in rows] == [
        ("2", "not a molecule", "does not parse as SMILES (a name, a formula or a code?)"),
        ("4", "", "empty SMILES"),
        ("6", "C1CC", "does not parse as SMILES"),
    ]
    assert notes.texts == [
        "in.csv: 7 rows read, 4 answered, 3 dropped (1 does not parse as SMILES, "
        "1 does not parse as SMILES (a name, a formula or a code?), 1 empty SMILES)."
    ]


def test_the_list_overwrites_nothing(finished: Finished, broken_file: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out.dropped.csv"
    mine.write_text("mine")
    with pytest.raises(ConfigError, match=r"out\.dropped\.csv: the output file exists already"):
        predict_file(order(finished, broken_file, tmp_path / "out.csv"), SilentProgress())
    assert mine.read_text() == "mine"
    shutil.copyfile(broken_file, tmp_path / "given.dropped.csv")
    with pytest.raises(ConfigError, match="out is what is read"):
        predict_file(order(finished, tmp_path / "given.dropped.csv", tmp_path / "given.csv", overwrite=True), SilentProgress())
    predict_file(order(finished, broken_file, tmp_path / "out.csv", overwrite=True), SilentProgress())
    assert mine.read_text().startswith("row,")


def test_an_unknown_suffix_is_refused(finished: Finished, files: Files, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        predict_file(order(finished, files.test, tmp_path / "out.xlsx"), SilentProgress())


def test_a_missing_file_or_column_leaves_nothing_behind(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not found"):
        predict_file(order(finished, tmp_path / "no.csv", tmp_path / "out.csv"), SilentProgress())
    (tmp_path / "in.csv").write_text("structure\nCCO\n")
    with pytest.raises(InputError, match="smiles"):
        predict_file(order(finished, tmp_path / "in.csv", tmp_path / "out.csv"), SilentProgress())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.csv"]


def test_a_folder_that_is_no_model(finished: Finished, files: Files, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no model"):
        predict_file(PredictRequest(finished.federation.consensus.folder, str(files.test), tmp_path / "out.csv"), SilentProgress())
    with pytest.raises(ArtifactError, match="folder not found"):
        predict_file(PredictRequest(tmp_path / "nowhere", str(files.test), tmp_path / "out.csv"), SilentProgress())


def shards_beside(out: Path) -> list[Path]:
    return sorted(out.parent.glob(f".{out.name}.shards/0*"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_second_run_answers_only_what_the_first_did_not(
    finished: Finished, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    straight, resumed = tmp_path / f"straight.{suffix}", tmp_path / f"resumed.{suffix}"
    predict_file(order(finished, files.transfer, straight, 20), SilentProgress())
    done: list[int] = []

    def stopping(model: Model, chunk: IncomingChunk, carried: list[pa.Field]) -> pa.Table:
        if len(done) == 3:
            done.append(0)
            raise KeyboardInterrupt
        done.append(len(chunk.rows))
        return answer(model, chunk, carried)

    monkeypatch.setattr(predict, "answer", stopping)
    with pytest.raises(KeyboardInterrupt):
        predict_file(order(finished, files.transfer, resumed, 20), SilentProgress())
    assert len(shards_beside(resumed)) == 3
    assert not resumed.exists()
    counts = predict_file(order(finished, files.transfer, resumed, 20), SilentProgress())
    assert sum(done) == counts.rows == len(finished.federation.data.transfer)
    assert resumed.read_bytes() == straight.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [straight.name, resumed.name, predict.list_beside(straight).name, predict.list_beside(resumed).name]
    )


def test_answers_of_another_model_or_file_are_not_used(finished: Finished, files: Files, tmp_path: Path) -> None:
    out, file = tmp_path / "out.csv", tmp_path / "in.csv"
    file.write_bytes(files.transfer.read_bytes())
    before = shards_of(order(finished, file, out), file, open_model(finished.federation.models["student"].folder))
    with before.piece() as folder:
        (folder / "answers.parquet").write_text("answers of the first file")
    file.write_text("smiles\nCCO\nc1ccccc1CN\n")
    assert predict_file(order(finished, file, out), SilentProgress()).rows == 2


def test_kill_9_loses_at_most_one_shard(finished: Finished, files: Files, tmp_path: Path) -> None:
    out, model = tmp_path / "out.csv", finished.federation.models["student"].folder
    source = tmp_path / "in.csv"
    lines = files.transfer.read_text().splitlines()
    source.write_text("\n".join(lines[:1] + 60 * lines[1:]) + "\n")
    command = ["predict", f"model_folder={model}", f"input={source}", f"out={out}", "annotation.chunk=200", "intake.workers=1"]
    process = subprocess.Popen([sys.executable, "-m", "fluid", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(shards_beside(out)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = len(shards_beside(out))
    assert kept >= 4
    assert not out.exists()
    done = subprocess.run([sys.executable, "-m", "fluid", *command], capture_output=True, text=True, check=True)
    assert f"{kept} shards" in done.stdout + done.stderr
    predict_file(order(finished, source, tmp_path / "straight.csv", 200), SilentProgress())
    assert out.read_bytes() == (tmp_path / "straight.csv").read_bytes()
    assert not shards_beside(out)


def test_what_was_taken_as_drawn_is_said(finished: Finished, tmp_path: Path) -> None:
    rows = ["CC[C@H](N)O |&1:2|", "CC[C@H](N)O", "nothing"]
    (tmp_path / "in.csv").write_text("smiles\n" + "".join(f'"{text}"\n' for text in rows))
    predict_file(order(finished, tmp_path / "in.csv", tmp_path / "out.csv"), SilentProgress())
    assert pd.read_csv(tmp_path / "out.csv")["note"].fillna("").tolist() == ["and/or stereo taken as drawn", "", ""]
