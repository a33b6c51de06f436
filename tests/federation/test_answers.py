"""Whatever an endpoint is called, its column holds what its place says."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.data.endpoints import Endpoint
from fluid.data.incoming import IncomingChunk, IncomingRow
from fluid.data.intake_spec import IntakeSpec
from fluid.federation import company, predict
from fluid.federation.answers import FIXED, answer, names_of, names_of_carried, parts_of, schema_of
from fluid.federation.model_folder import Model
from fluid.federation.requests import EvaluateRequest, PredictRequest, TeacherRequest
from fluid.models.prediction import Prediction
from fluid.models.predictor import ForestSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Library

OTHERS = ["hit_call", "hit", "pic50_epistemic", "pic50", "a_call_call", "endpoint.row", "endpoint.endpoint.row", "CL [mL min-1]"]
WORDS = [*sorted(FIXED), *OTHERS]
ANY_NAMES = st.one_of(
    st.sampled_from(WORDS),
    st.builds(str.__add__, st.sampled_from(WORDS), st.sampled_from(["_call", "_epistemic", "_aleatoric", ""])),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12).map(str.strip),
)


def is_accepted(name: str) -> bool:
    """Return whether the reader accepts a name."""
    return bool(name) and name.isprintable() and name == name.strip() and not set('/"') & set(name)


NAMED = st.tuples(ANY_NAMES.filter(is_accepted), st.sampled_from(["classification", "regression"]))


class Said:
    """A predictor whose answers say which endpoint and part they are of."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.endpoints = endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        shape = (len(molecules), len(self.endpoints))
        planes = [np.broadcast_to(np.arange(shape[1]) / 64 + part / 512, shape).astype(np.float32) for part in (1, 2, 3)]
        return Prediction(*planes)


class Near:
    """A domain score that is the same for all."""

    def bins(self, bits: np.ndarray) -> np.ndarray:
        return np.full(len(bits), 2, dtype=np.uint8)


def table_of(
    endpoints: tuple[Endpoint, ...], carried: tuple[pa.Field, ...] = (), cells: tuple[tuple[object, ...], ...] = ((),) * 3
) -> pa.Table:
    model: Any = Model("m", "teacher", Said(endpoints), np.full(len(endpoints), 0.01), Near(), None)  # type: ignore[arg-type]
    molecules = MoleculeSet.from_smiles(["CCO", "CCN"], ["A" * 14, "B" * 14])
    good = [Standardized(smiles, key) for smiles, key in zip(molecules.smiles, molecules.keys, strict=True)]
    broken = MoleculeRejected("does not parse")
    given = (("CCO", good[0]), ("x", broken), ("CCN", good[1]))
    rows = [IncomingRow(n, smiles, (), found, cells[n - 1]) for n, (smiles, found) in enumerate(given, start=1)]
    found = answer(model, IncomingChunk(rows, molecules), carried)
    assert found.schema == schema_of(model, carried)
    return found


ENDPOINTS = st.lists(NAMED, min_size=1, max_size=6, unique_by=lambda one: one[0])
COLUMNS = st.lists(st.one_of(ANY_NAMES.filter(bool), st.builds(str.__add__, st.just("input."), ANY_NAMES)), max_size=5, unique=True)


def columns_of(found: pa.Table, endpoints: tuple[Endpoint, ...]) -> pa.Table:
    """Return the columns of the endpoints, which stand between `standardized` and the last four; check what they hold."""
    first, place = found.column_names.index("standardized") + 1, 0
    of_endpoints = found.select(found.column_names[first:-4])
    for i, (endpoint, own) in enumerate(zip(endpoints, names_of(endpoints), strict=True)):
        assert of_endpoints.column_names[place : place + len(own)] == own
        for part, name in enumerate(own):
            expected = float(np.float32(i / 64 + (part + 1) / 512)) if part < 3 else int(i / 64 + 1 / 512 >= 0.01)
            assert of_endpoints.column(place + part).to_pylist() == [expected, None, expected], name
        assert len(own) == len(parts_of(endpoint)) == (4 if endpoint.kind == "classification" else 3)
        place += len(own)
    assert place == of_endpoints.num_columns
    return of_endpoints


@settings(max_examples=300, deadline=None)
@given(ENDPOINTS, COLUMNS, st.lists(st.sampled_from([pa.string(), pa.int64(), pa.bool_()]), min_size=5, max_size=5))
def test_any_names_give_different_columns_that_hold_what_their_place_says(
    asked: list[tuple[str, str]], carried: list[str], types: list[pa.DataType]
) -> None:
    endpoints = tuple(Endpoint(name, kind, "" if kind == "classification" else "u") for name, kind in asked)  # type: ignore[arg-type]
    fields = tuple(pa.field(name, kind) for name, kind in zip(carried, types, strict=False))
    values = {pa.string(): ("007", "", None), pa.int64(): (2**60 + 1, None, 3), pa.bool_(): (True, False, None)}
    cells = tuple(tuple(values[field.type][row] for field in fields) for row in range(3))
    found = table_of(endpoints, fields, cells)
    assert len(set(found.column_names)) == len(found.column_names)
    assert found.column_names[0] == "row"
    assert found["row"].to_pylist() == [1, 2, 3]
    assert found["smiles"].to_pylist() == ["CCO", "x", "CCN"]
    assert found["problem"].to_pylist() == ["", "does not parse", ""]
    assert found["domain_bin"].to_pylist() == [2, None, 2]
    alone = table_of(endpoints)
    assert columns_of(found, endpoints) == columns_of(alone, endpoints)  # nothing changes because something goes along
    assert found.column_names[1 + len(fields) :] == alone.column_names[1:]
    for place, field in enumerate(fields, start=1):
        name = found.column_names[place]
        assert name.endswith(field.name)
        assert (name == field.name) == (field.name not in alone.column_names)
        assert not name.removesuffix(field.name).replace("input.", "")
        assert found.schema[place].type == field.type
        assert tuple(found.column(place).to_pylist()) == values[field.type]


def test_what_clashes_and_goes_along_says_whose_it_is() -> None:
    taken = ["row", "smiles", "hit", "hit_call"]
    assert names_of_carried(["ID", "row", "hit_call", "input.row"], taken) == ["ID", "input.input.row", "input.hit_call", "input.row"]
    assert names_of_carried([], taken) == []


def test_names_that_clash_with_nothing_stay_as_they_are() -> None:
    endpoints = (Endpoint("hit_call"), Endpoint("pic50", "regression", "log"))
    assert names_of(endpoints) == [
        ["hit_call", "hit_call_epistemic", "hit_call_aleatoric", "hit_call_call"],
        ["pic50", "pic50_epistemic", "pic50_aleatoric"],
    ]


def test_only_the_later_of_two_that_clash_is_renamed() -> None:
    assert names_of((Endpoint("hit"), Endpoint("hit_call", "regression", "u"), Endpoint("row", "regression", "u"))) == [
        ["hit", "hit_epistemic", "hit_aleatoric", "hit_call"],
        ["endpoint.hit_call", "endpoint.hit_call_epistemic", "endpoint.hit_call_aleatoric"],
        ["endpoint.row", "endpoint.row_epistemic", "endpoint.row_aleatoric"],
    ]


@pytest.mark.parametrize(("name", "column"), [("hit_call", "hit_call"), ("row", "endpoint.row"), ("in_domain", "endpoint.in_domain")])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_name_goes_through_training_and_prediction(name: str, column: str, suffix: str, library: Library, tmp_path: Path) -> None:
    """Predictions of `hit_call` were once cut to whole numbers."""
    lines = [f"{smiles},{active}" for smiles, active in zip(library.smiles[:80], library.active[:80], strict=True)]
    (tmp_path / "assay.csv").write_text("\n".join([f"smiles,{name}", *lines]))
    runner, intake = Runner(ArtifactStore(tmp_path / "store")), IntakeSpec(endpoints=(name,), quorum=5, workers=0)
    asked = {"input": str(tmp_path / "assay.csv"), "intake": intake}
    company.train_teacher(TeacherRequest(company="T1", out=tmp_path / "teacher", model=ForestSpec(n_trees=10), **asked), runner)  # type: ignore[arg-type]
    predict.predict_file(PredictRequest(tmp_path / "teacher", out=tmp_path / f"out.{suffix}", **asked), SilentProgress())  # type: ignore[arg-type]
    out = tmp_path / f"out.{suffix}"
    found = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    assert found["row"].tolist() == list(range(1, 81))
    assert ((found[column] > 0) & (found[column] < 1)).mean() > 0.5  # probabilities, not classes
    assert set(found[f"{column}_call"].unique()) == {0, 1}
    scores = company.evaluate(EvaluateRequest(tmp_path / "teacher", out=tmp_path / "scores", **asked), runner)  # type: ignore[arg-type]
    assert scores["endpoint"].unique().tolist() == [name]
