"""What identifies rows goes along into a company's own copy of its annotations, and into nothing else."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError, InputError
from fluid.federation import company
from fluid.federation.files import read_file
from fluid.federation.model_folder import open_model
from fluid.federation.own_copy import NOT_THERE, OWN_COPY, write_own_copy
from fluid.federation.requests import AnnotateRequest, DistillRequest, EvaluateRequest, HybridRequest, TeacherRequest
from fluid.federation.spec import FederationSpec
from fluid.models.predictor import ForestSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Library

SECRET = "COMPOUND-{:05d}-OF-ACME"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


@pytest.fixture
def teacher(library: Library, tmp_path: Path, runner: Runner) -> Path:
    library.write(tmp_path / "assay.csv", range(120))
    intake = IntakeSpec(endpoints=("active", "size [u]"), quorum=5, workers=0)
    company.train_teacher(
        TeacherRequest(str(tmp_path / "assay.csv"), "Acme", tmp_path / "teacher", ForestSpec(n_trees=3), intake=intake), runner
    )
    return tmp_path / "teacher"


@pytest.fixture
def transfer(library: Library, tmp_path: Path) -> Path:
    """Write a transfer file with a broken row, and a molecule that is there three times."""
    smiles = [*library.smiles[200:230], "C1CC", library.smiles[203], library.smiles[203], *library.smiles[230:240]]
    with (tmp_path / "transfer.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["ID", "smiles"], *((SECRET.format(i), text) for i, text in enumerate(smiles))])
    return tmp_path / "transfer.csv"


def order(teacher: Path, transfer: Path, out: Path, *carry: str) -> AnnotateRequest:
    return AnnotateRequest(teacher, str(transfer), out, IntakeSpec(workers=0, carry=carry), AnnotationSpec(chunk=16))


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_own_copy_has_a_row_per_row_with_the_answers_of_the_set(teacher: Path, transfer: Path, tmp_path: Path, runner: Runner) -> None:
    company.annotate(order(teacher, transfer, tmp_path / "out", "ID"), runner)
    found, given = pq.read_table(tmp_path / "out" / OWN_COPY).to_pandas(), pd.read_csv(transfer)
    said = read_annotation_set(tmp_path / "out" / "annotation_set")
    assert found.columns[:4].tolist() == ["row", "ID", "smiles", "standardized"]
    assert found["row"].tolist() == list(range(1, len(given) + 1))
    assert found[["ID", "smiles"]].to_numpy().tolist() == given[["ID", "smiles"]].to_numpy().tolist()
    assert found.loc[30, "problem"]
    assert found.drop(index=30)["problem"].eq("").all()
    assert len(said) == len(given) - 3
    firsts = found.drop(index=[30, 31, 32])
    np.testing.assert_array_equal(firsts["active"].astype(np.float32), said.prediction[:, 0])
    np.testing.assert_array_equal(firsts["size_aleatoric"].astype(np.float32), said.aleatoric[:, 1])
    np.testing.assert_array_equal(firsts["domain_bin"].astype(int), said.domain_bin)
    for again in (31, 32):
        assert found.loc[again, "standardized":].equals(found.loc[3, "standardized":])


def test_a_molecule_that_the_set_lacks_is_marked(teacher: Path, transfer: Path, tmp_path: Path, runner: Runner) -> None:
    asked = order(teacher, transfer, tmp_path / "out", "ID")
    company.annotate(asked, runner)
    whole = pq.read_table(tmp_path / "out" / OWN_COPY)
    library = read_file("transfer", str(transfer), asked.intake.unlabelled(), runner)[1]
    lines = transfer.read_text().splitlines()
    more = tmp_path / "more.csv"  # as if a molecule had missed the time limit when the set was made
    more.write_text("\n".join([*lines[:4], "X,C1CCCCCCCCCCCC1", *lines[4:]]) + "\n")
    write_own_copy(tmp_path / "out", more, asked, open_model(teacher), library)
    found = pq.read_table(tmp_path / "out" / OWN_COPY)
    assert (found["ID"][3].as_py(), found["problem"][3].as_py(), found["active"][3].as_py()) == ("X", NOT_THERE, None)
    assert found.filter(pc.not_equal(found["ID"], "X")).drop_columns("row") == whole.drop_columns("row")


def test_no_byte_of_it_is_in_what_leaves_the_company(teacher: Path, transfer: Path, tmp_path: Path, runner: Runner) -> None:
    company.annotate(order(teacher, transfer, tmp_path / "plain"), runner)
    intakes = {folder.name for folder in (tmp_path / "store" / "intake").iterdir()}
    company.annotate(order(teacher, transfer, tmp_path / "out", "ID"), runner)
    assert bytes_in(tmp_path / "out" / "annotation_set") == bytes_in(tmp_path / "plain" / "annotation_set")
    assert not (tmp_path / "plain" / OWN_COPY).exists()
    assert {folder.name for folder in (tmp_path / "store" / "intake").iterdir()} == intakes  # the file is not taken in anew
    for file in [*(tmp_path / "out" / "annotation_set").iterdir(), *(tmp_path / "store").rglob("*.*")]:
        content = str(pq.read_table(file).to_pydict()).encode() if file.suffix == ".parquet" else file.read_bytes()
        assert b"COMPOUND" not in content, file
    assert "COMPOUND" in str(pq.read_table(tmp_path / "out" / OWN_COPY)["ID"].to_pylist())


def test_the_same_call_does_nothing_and_other_columns_are_another_result(
    teacher: Path, transfer: Path, tmp_path: Path, runner: Runner
) -> None:
    asked = order(teacher, transfer, tmp_path / "out", "ID")
    first = company.annotate(asked, runner)
    assert company.annotate(asked, runner).digest == first.digest
    assert runner.records[-1].reused
    with pytest.raises(ConfigError, match="already holds other results"):
        company.annotate(order(teacher, transfer, tmp_path / "out", "ID", "smiles"), runner)
    transfer.write_text(transfer.read_text().replace("COMPOUND", "MOLECULE"))  # the same molecules under other names
    company.annotate(replace(asked, overwrite=True), runner)
    assert pq.read_table(tmp_path / "out" / OWN_COPY)["ID"][0].as_py().startswith("MOLECULE")


def test_a_missing_column_is_told_before_any_work(teacher: Path, transfer: Path, tmp_path: Path, runner: Runner) -> None:
    runner.records.clear()
    with pytest.raises(InputError, match="column 'Id' is missing.*Did you mean 'ID'"):
        company.annotate(order(teacher, transfer, tmp_path / "out", "Id"), runner)
    assert not runner.records
    assert not (tmp_path / "out").exists()


def test_columns_that_would_go_nowhere_are_refused() -> None:
    here, carry = Path("x"), IntakeSpec(carry=("ID",))
    for verb, make in {
        "train-teacher": lambda: TeacherRequest("a.csv", "Acme", here, intake=carry),
        "distill": lambda: DistillRequest(here, "t.csv", here, intake=carry),
        "hybrid": lambda: HybridRequest("a.csv", "Acme", here, here, "t.csv", here, intake=carry),
        "evaluate": lambda: EvaluateRequest(here, "a.csv", here, intake=carry),
    }.items():
        with pytest.raises(ConfigError, match=f"intake.carry is given to {verb}; expected it with predict or annotate only"):
            make()


def test_a_simulation_refuses_them_too(spec: FederationSpec) -> None:
    with pytest.raises(ConfigError, match="intake.carry is given to simulate"):
        replace(spec, intake=replace(spec.intake, carry=("ID",)))
