"""Wrong calls: one line that says what is wrong, and nothing half-written."""

import errno
import pickle
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.api.door import GO_ON, door
from fluid.errors import ArtifactError, ConfigError, FluidError, InputError, QuorumError
from tests.api.conftest import contents
from tests.conftest import Files

FOREST = ["model=forest", "model.n_trees=3", "intake.quorum=5", "intake.workers=0", "annotation.mc_samples=0"]
PLAIN = ["intake.workers=0"]


@pytest.fixture(scope="module")
def teachers(files: Files, tmp_path_factory: pytest.TempPathFactory) -> dict[str, fluid.Teacher]:
    """Train two small forests, by two companies."""
    root, table = tmp_path_factory.mktemp("teachers"), pd.read_csv(files.pool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLUID_STORE", str(root / "store"))
        return {
            name: fluid.train_teacher(
                table.iloc[start::2], endpoints=["active"], company=name, out=root / name, settings=[*FOREST, "logger=none"]
            )
            for start, name in enumerate(("Acme", "Bolt"))
        }


def one_line(call: Callable[[], object], kind: type[FluidError], message: str) -> None:
    """Check that a call fails with one line, in Python and in a notebook."""
    with pytest.raises(kind, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert caught.value._render_traceback_() == [f"{kind.__name__}: {caught.value}"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: fluid.train_teacher("nowhere.csv", company="T1"), InputError, r"nowhere\.csv: the molecule file is not found"),
        (lambda: fluid.train_teacher("CCO", company="T1"), InputError, "A single SMILES is a list of one"),
        (lambda: fluid.train_teacher(["CCO"], company="T1"), InputError, "the list given as input: column 'blocker' is missing"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", model="forst"), ConfigError, "Did you mean 'forest'"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", epochs=3), ConfigError, "Could not override 'epochs'"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", logger="csv"), ConfigError, "a logger writes beside the result; .* Add out="),
        (lambda: fluid.train_teacher(["CCO"], company=3), ConfigError, "company is 3; expected a text"),  # type: ignore[arg-type]
        (lambda: fluid.train_teacher(["CCO"], company="T1", endpoints="pic50 >"), ConfigError, "endpoint 'pic50 >' is not understood"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", settings="out=t"), ConfigError, "out is given as a setting; expected"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", input="a.csv"), ConfigError, "expected the argument molecules"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", settings="++company=T2"), ConfigError, "expected the argument company"),
        (lambda: fluid.train_teacher(["CCO"], company="T1", endpoints="a", intake={"endpoints": ["b"]}), ConfigError, "argument endpoints"),
        (lambda: fluid.aggregate([]), ConfigError, "no list, or an empty one"),
        (lambda: fluid.aggregate("from_bolt"), ConfigError, "no list, or an empty one"),
        (lambda: fluid.aggregate(["from_bolt"]), ArtifactError, "from_bolt: folder not found; expected the folder of annotations"),
        (lambda: fluid.aggregate([3]), ConfigError, "annotations is given as int"),  # type: ignore[list-item]
        (lambda: fluid.load("nowhere"), ArtifactError, "nowhere: folder not found"),
        (lambda: fluid.load("."), ArtifactError, "this folder holds nothing that can be opened"),
        (lambda: fluid.Run("."), ArtifactError, "this folder holds no finished run"),
        (lambda: fluid.Consensus("."), ArtifactError, "this folder holds no consensus"),
        (lambda: fluid.Annotations("."), ArtifactError, "this folder holds no annotation set"),
        (lambda: fluid.simulate(data="files"), ConfigError, r"^data\.pool is missing\. Give it as data\.pool=\.\.\."),
        (lambda: fluid.train_teacher(["CCO"], company="T1", model="predictions"), ConfigError, r"^model\.path is missing"),
    ],
)  # fmt: skip
def test_a_wrong_call(call: Callable[[], object], kind: type[FluidError], message: str, here: Path) -> None:
    one_line(call, kind, message)
    assert not list(here.glob("runs/store/teacher/*"))


def test_too_few_labels_name_the_table(files: Files, here: Path) -> None:
    few = pd.read_csv(files.pool).head(4)
    one_line(
        lambda: fluid.train_teacher(few, endpoints=["active"], company="T1", settings=FOREST),
        QuorumError,
        "^the DataFrame given as input: ",
    )


def test_a_model_of_another_kind(teachers: dict[str, fluid.Teacher], files: Files) -> None:
    folder = teachers["Acme"].folder
    one_line(lambda: fluid.Student(folder), ArtifactError, "the model is a teacher; expected a student")
    one_line(lambda: fluid.hybrid(folder, folder, files.transfer, files.pool, company="Acme"), ArtifactError, "expected a student")


def test_an_altered_model(teachers: dict[str, fluid.Teacher], here: Path) -> None:
    copy = teachers["Acme"].save("copy")
    (copy / "card.json").write_text("{}")
    one_line(lambda: fluid.load(copy), ArtifactError, "content differs from its manifest")
    one_line(lambda: teachers["Acme"].save(copy), ConfigError, "already holds other results")
    assert teachers["Acme"].save(copy, overwrite=True) == copy
    assert contents(copy) == contents(teachers["Acme"].folder)


def test_saving_twice_changes_nothing(teachers: dict[str, fluid.Teacher], here: Path) -> None:
    folder = teachers["Acme"].save("copy")
    before = folder.stat().st_ino
    assert teachers["Acme"].save("copy").stat().st_ino == before
    assert teachers["Acme"].save(teachers["Acme"].folder) == teachers["Acme"].folder


def test_what_is_not_of_fluid_is_never_replaced(teachers: dict[str, fluid.Teacher], here: Path) -> None:
    (here / "letters").mkdir()
    (here / "letters" / "letter.txt").write_text("mine")
    one_line(lambda: teachers["Acme"].save("letters", overwrite=True), ConfigError, "already holds other results")
    assert contents(here / "letters") == {"letter.txt": b"mine"}


def test_two_transfer_sets_do_not_meet(teachers: dict[str, fluid.Teacher], files: Files, here: Path) -> None:
    public = list(pd.read_csv(files.transfer)["smiles"])
    first, second = teachers["Acme"].annotate(public), fluid.annotate(teachers["Bolt"], public[:50])
    one_line(lambda: fluid.aggregate([first, second]), ArtifactError, "annotated another transfer set")
    one_line(lambda: fluid.aggregate([first, first.folder]), ArtifactError, "two annotation sets are of one teacher")
    consensus = fluid.aggregate([first])
    one_line(lambda: fluid.distill(consensus, public[:50]), ArtifactError, "the consensus is over another transfer set")


def test_broken_rows_are_marked(teachers: dict[str, fluid.Teacher], here: Path) -> None:
    answers = fluid.predict(teachers["Acme"].folder, ["CCN", "not a SMILES", None, "", "CCO"])
    assert list(answers["row"]) == [1, 2, 3, 4, 5]
    assert list(answers["problem"] != "") == [False, True, True, True, False]
    assert answers["active"].notna().tolist() == [True, False, False, False, True]


def test_a_model_is_scored_on_its_own_endpoints(teachers: dict[str, fluid.Teacher], files: Files, here: Path) -> None:
    scores = fluid.evaluate(teachers["Acme"], files.test, settings=["evaluation.n_bootstrap=2", *PLAIN])
    assert set(scores["endpoint"]) == {"active"}
    assert not scores["value"].isna().all()
    with pytest.raises(ArtifactError, match="the model knows none of the labels' endpoints"):
        teachers["Acme"].evaluate(files.test, endpoints="size [nM]", settings=PLAIN)


def test_validation_moves_the_thresholds(teachers: dict[str, fluid.Teacher], files: Files, here: Path) -> None:
    settings = ["evaluation.n_bootstrap=0", *PLAIN]
    turned = pd.read_csv(files.external).assign(active=lambda table: 1 - table["active"])  # the best threshold is then an odd one
    plain, chosen = (teachers["Acme"].evaluate(files.test, validation=given, settings=settings) for given in (None, turned))
    values = [table.set_index("metric")["value"] for table in (plain, chosen)]
    assert values[0]["auroc"] == values[1]["auroc"]
    assert values[0]["mcc"] != values[1]["mcc"]


def test_ctrl_c_says_how_to_go_on() -> None:
    @door
    def call() -> None:
        raise KeyboardInterrupt

    with pytest.raises(fluid.Interrupted, match=r"^interrupted; nothing is half-written\.") as caught:
        call()
    assert caught.value._render_traceback_() == [f"Interrupted: {GO_ON}"]  # type: ignore[attr-defined]
    assert isinstance(caught.value, KeyboardInterrupt)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")])
def test_out_of_memory_says_what_to_lower(error: Exception) -> None:
    @door
    def call() -> None:
        raise error

    one_line(call, FluidError, "out of memory; lower workers")


def test_a_full_disk_is_one_line() -> None:
    @door
    def call() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "result.parquet")

    one_line(call, FluidError, r"the disk is full \(result.parquet\); free some space")


def test_other_errors_stay() -> None:
    @door
    def call() -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        call()


def test_errors_travel_between_processes() -> None:
    @door
    def call() -> None:
        raise InputError("no", where="here")

    with pytest.raises(InputError) as caught:
        call()
    assert str(pickle.loads(pickle.dumps(FluidError(str(caught.value))))) == "here: no."  # noqa: S301
