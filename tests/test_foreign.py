"""Files of other programs in folders of results."""

import os
import shutil
from pathlib import Path

import pytest

from fluid.artifacts import MANIFEST, copy_artifact, open_artifact, seal, strangers, tell_of_foreign
from fluid.errors import ArtifactError
from fluid.foreign import files_below, is_foreign, is_litter

LITTER = [
    ".DS_Store", "._card.json", "desktop.ini", "Desktop.ini", "Thumbs.db", ".directory", ".nfs000001", "Icon\r", ".fuse_hidden0001",
    "__MACOSX/._x", "@eaDir/x@SynoEAStream", "~$card.xlsx", ".~lock.card.csv#", "$RECYCLE.BIN/x", ".Trash-1000/x",
]  # fmt: skip
COPIES = ["card.json~", ".card.json.swp", "model/x~"]
OWN = [
    "notes.txt", "card (conflicted copy).json", "card.sync-conflict-20260101-120000-ABC.json", "card 2.json", "card.json.bak",
    "desktop.ini.txt", "DS_Store", "~notes.txt", "model/.hidden", "copy of Thumbs.db",
]  # fmt: skip


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    folder = tmp_path / "sealed"
    (folder / "model").mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    (folder / "model" / "weights.bin").write_bytes(b"w")
    seal(folder, "teacher", "key")
    return folder


def leave(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("other")


@pytest.mark.parametrize("name", [*LITTER, *COPIES])
def test_what_other_programs_leave_is_ignored_and_named_once(sealed: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    digest = open_artifact(sealed).digest
    assert not list(recwarn)
    leave(sealed, name)
    assert open_artifact(sealed).digest == open_artifact(sealed).digest == digest
    assert [str(warning.message) for warning in recwarn] == [
        f"{sealed} also holds files of other programs, which are ignored: {str(Path(name))!r}"
    ]


@pytest.mark.parametrize("name", OWN)
def test_any_other_file_is_named_and_is_to_be_moved_away(sealed: Path, name: str) -> None:
    leave(sealed, name)
    with pytest.raises(ArtifactError) as caught:
        open_artifact(sealed)
    assert str(caught.value) == f"{sealed / name}: this file does not belong to the results in its folder. Move it away."


def test_files_of_results_are_verified_whatever_their_names(sealed: Path) -> None:
    """A name that is foreign by its look, and named in a manifest, is no loophole."""
    (sealed / "card.json").rename(sealed / "card.json~")
    with pytest.raises(ArtifactError, match=r"card\.json: content differs"):
        open_artifact(sealed)


def test_what_other_programs_leave_while_a_folder_is_made_is_not_sealed(tmp_path: Path) -> None:
    for name in ("a.txt", ".DS_Store", "sub/Thumbs.db"):
        leave(tmp_path, name)
    seal(tmp_path, "toy", "key")
    for name in (".DS_Store", "sub/Thumbs.db"):
        (tmp_path / name).unlink()
    assert open_artifact(tmp_path).key == "key"


@pytest.mark.filterwarnings("ignore:.*files of other programs")
def test_a_copy_has_the_results_only(sealed: Path, tmp_path: Path) -> None:
    for name in (*LITTER, *COPIES):
        leave(sealed, name)
    copy_artifact(open_artifact(sealed), tmp_path / "copy")
    assert set(files_below(tmp_path / "copy")) == {"card.json", "model/weights.bin", MANIFEST}
    assert open_artifact(tmp_path / "copy").digest == open_artifact(sealed).digest
    assert os.stat(tmp_path / "copy" / "card.json").st_mode == os.stat(sealed / "card.json").st_mode


def test_strangers_are_what_would_be_lost(sealed: Path, tmp_path: Path) -> None:
    for name in (*LITTER, *COPIES, "notes.txt"):
        leave(sealed, name)
    assert strangers(sealed) == sorted([*COPIES, "notes.txt"])
    shutil.copytree(sealed, tmp_path / "other")
    (tmp_path / "other" / MANIFEST).unlink()
    assert {"notes.txt", "card.json"} <= set(strangers(tmp_path / "other"))


@pytest.mark.parametrize(("names", "litter", "foreign"), [(LITTER, True, True), (COPIES, False, True), (OWN, False, False)])
def test_kinds_of_files(names: list[str], litter: bool, foreign: bool) -> None:
    assert {is_litter(name) for name in names} == {litter}
    assert {is_foreign(name) for name in names} == {foreign}


def test_nothing_is_said_of_nothing(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    tell_of_foreign(tmp_path, [])
    assert not list(recwarn)
