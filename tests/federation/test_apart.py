import shutil
from pathlib import Path

import pytest

from fluid.errors import ConfigError
from fluid.federation import company
from fluid.federation.apart import check_apart
from fluid.federation.predict import predict_file
from fluid.federation.requests import AnnotateRequest, PredictRequest, TeacherRequest
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "a.csv").write_text("smiles\nCCO\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "a.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("out", "given", "relation"),
    [
        ("a.csv", "a.csv", "is"),
        ("other/../a.csv", "a.csv", "is"),
        ("link.csv", "a.csv", "is"),
        ("a.csv", "link.csv", "is"),
        ("hard.csv", "a.csv", "is"),
        (".", "a.csv", "holds"),
        ("model", "model", "is"),
        ("model/new", "model", "lies in"),
    ],
)
def test_what_comes_in_is_not_overwritten(out: str, given: str, relation: str, place: Path) -> None:
    with pytest.raises(ConfigError, match=rf"out {relation} what is read .*; expected a place of its own\. Choose another out="):
        check_apart(place / out, "", place / given)


@pytest.mark.parametrize("out", ["b.csv", "other", "other/b.csv", "model2", "missing/b.csv"])
def test_other_places_are_fine(out: str, place: Path) -> None:
    check_apart(place / out, "", place / "a.csv", place / "model", "embedded:pool", place / "missing.csv")


def test_a_prediction_leaves_its_input_alone(finished: Finished, files: Files, tmp_path: Path) -> None:
    """With `overwrite=true` the input was once replaced by the answers."""
    own = Path(shutil.copy(files.test, tmp_path / "mine.csv"))
    before = own.read_bytes()
    request = PredictRequest(finished.federation.models["student"].folder, str(own), own, finished.spec.intake, overwrite=True)
    with pytest.raises(ConfigError, match="out is what is read"):
        predict_file(request, SilentProgress())
    assert own.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine.csv"]


def test_the_verbs_of_a_company_ask_before_they_work(finished: Finished, files: Files, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))
    (tmp_path / "data").mkdir()
    own = Path(shutil.copy(files.pool, tmp_path / "data" / "mine.csv"))
    with pytest.raises(ConfigError, match="out holds what is read"):
        company.train_teacher(TeacherRequest(str(own), "T1", tmp_path / "data", intake=finished.spec.intake, overwrite=True), runner)
    teacher = finished.federation.models["T1"].folder
    with pytest.raises(ConfigError, match="out lies in what is read"):
        company.annotate(AnnotateRequest(teacher, str(files.transfer), teacher / "answers"), runner)
    assert own.is_file()
    assert not (tmp_path / "store").exists()
