"""Whether something can be made in a place is known before the work, and nothing is left there by asking."""

import os
from collections.abc import Callable
from errno import EACCES, EBUSY, ENOSPC, EXDEV
from pathlib import Path

import pytest

from fluid import outputs
from fluid.artifacts import MANIFEST, atomic_file, atomic_folder, seal
from fluid.errors import ConfigError
from fluid.outputs import (
    check_file,
    check_folder,
    check_free,
    check_is_folder,
    check_new_file,
    check_new_folder,
    check_place,
    is_mounted,
    unescape,
)

LONG = "x" * 245


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("empty", "full", "here", "litter"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "litter" / ".DS_Store").write_text("")
    (tmp_path / "file").write_text("x")
    (tmp_path / "sealed").mkdir()
    seal(tmp_path / "sealed", "toy", "key")
    for link, target in {
        "to_empty": "empty", "to_full": "full", "to_file": "file", "dangling": "nowhere", "loop": "loop", "to_here": "here",
    }.items():  # fmt: skip
        (tmp_path / link).symlink_to(target)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "out", ["empty", "new", "new/deep/er", "to_empty", "to_empty/new", "litter", "sealed", "here/new", "a (1) é", "n/../m"]
)
def test_a_folder_that_can_be_made(place: Path, out: str) -> None:
    before = listing(place)
    check_folder(place / out)
    check_folder(place / "empty" / ".." / out)
    assert listing(place) == before


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("full", "already holds other results"),
        ("to_full", "already holds other results"),
        ("file", "there is a file of this name; expected a folder"),
        ("to_file", "there is a file of this name"),
        ("file/below", "file is a file, not a folder"),
        ("dangling", r"a link that leads nowhere \(to nowhere\)"),
        ("dangling/below", "a link that leads nowhere"),
        ("loop", "a link that leads nowhere"),
        ("here", "the folder you work in, or above it"),
        ("to_here", "the folder you work in"),
        (".", "already holds other results"),
        (LONG, "nothing can be written there .*name too long"),
        (f"new/{'x' * 300}/deep", "nothing can be written there .*name too long"),
        ("sealed/inside", "lies in a result of fluid"),
        ("a\0b", r"no name for a result \(embedded null byte\)"),
        ("caf\udce9", r"no name for a result \(it is not UTF-8\)"),
        ("/proc/x", "nothing can be written there"),
        ("/", "already holds other results"),
    ],
)
def test_a_folder_that_cannot_be_made(place: Path, out: str, message: str) -> None:
    before = listing(place)
    with pytest.raises(ConfigError, match=message) as caught:
        check_folder(place / out)
    assert "\n" not in str(caught.value)
    assert listing(place) == before


@pytest.mark.parametrize("out", ["new.csv", "new/deep.csv", "file", "to_file", "to_empty/a.csv", "here/a.csv"])
def test_a_file_that_can_be_written(place: Path, out: str) -> None:
    before = listing(place)
    check_file(place / out)
    assert listing(place) == before


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("empty", "this is a folder; expected a file"),
        ("to_empty", "this is a folder"),
        ("/dev/null", "this is a device"),
        ("file/a.csv", "file is a file, not a folder"),
        ("dangling", "a link that leads nowhere"),
        (LONG, "name too long"),
        ("sealed/a.csv", "lies in a result of fluid"),
        ("/proc/a.csv", "nothing can be written there"),
    ],
)
def test_a_file_that_cannot_be_written(place: Path, out: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_file(place / out)


def test_a_place_for_files_may_hold_others(place: Path) -> None:
    for name in ("full", "here", "new/runs", "to_full"):
        check_place(place / name)
    for name in ("file", "dangling", "file/x"):
        for check in (check_place, check_is_folder):
            with pytest.raises(ConfigError, match="file|leads nowhere"):
                check(place / name)


@pytest.mark.parametrize("check", [check_folder, check_file, check_place])
@pytest.mark.parametrize("number", [EACCES, EBUSY, EXDEV])
def test_a_file_system_that_refuses_is_found_by_trying(
    place: Path, monkeypatch: pytest.MonkeyPatch, check: Callable[[Path], None], number: int
) -> None:
    def rename(self: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(ConfigError, match="nothing can be written there"):
        check(place / "new")
    assert not [name for name in listing(place) if name.endswith(".part")]


def test_a_full_disk_is_told_as_such(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: Path, data: bytes) -> int:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="No space left"):
        check_folder(place / "new")
    assert not [name for name in listing(place) if name.endswith(".part")]


def test_a_mount_point_is_no_folder_to_replace(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = place / "mountinfo"
    (place / "a b").mkdir()
    line = f"22 28 0:20 / {str(place / 'a b').replace(' ', chr(92) + '040')} rw,nosuid shared:7 - tmpfs tmpfs rw\n"
    table.write_text(line)
    monkeypatch.setattr(outputs, "MOUNTS", table)
    with pytest.raises(ConfigError, match="a mount point and cannot be replaced"):
        check_folder(place / "a b")
    check_folder(place / "a b" / "new")
    check_place(place / "a b")
    assert is_mounted(Path("/"))
    assert not is_mounted(place / "empty")
    monkeypatch.setattr(outputs, "MOUNTS", place / "missing")
    assert not is_mounted(place / "a b")
    assert unescape(r"/a\040b\134c") == r"/a b\c"


def test_an_earlier_result_may_lie_where_nothing_can_be_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(EACCES, os.strerror(EACCES))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    check_folder(place / "sealed")
    with pytest.raises(ConfigError, match="permission denied"):
        check_folder(place / "sealed", overwrite=True)


def test_earlier_results_are_replaced_only_alone(place: Path) -> None:
    sealed = place / "sealed"
    with pytest.raises(ConfigError, match="already holds other results"):
        check_free(sealed, overwrite=False)
    (sealed / ".DS_Store").write_text("")
    check_free(sealed, overwrite=True)
    for name in ("notes.txt", "card.json~", "sub/mine.csv"):
        (sealed / name).parent.mkdir(exist_ok=True)
        (sealed / name).write_text("mine")
        with pytest.raises(ConfigError, match=f"also holds '{name}', which does not belong .*would be lost. Move it away"):
            check_folder(sealed, overwrite=True)
        (sealed / name).unlink()


def test_an_earlier_result_may_be_asked_for_again_but_is_not_new(place: Path) -> None:
    check_folder(place / "sealed")
    check_new_folder(place / "sealed", overwrite=True)
    with pytest.raises(ConfigError, match="already holds other results"):
        check_new_folder(place / "sealed")


def test_a_new_file_is_not_there_yet(place: Path) -> None:
    for out in ("new.csv", "to_empty/a.csv"):
        check_new_file(place / out, overwrite=False)
    for out in ("file", "to_file"):
        check_new_file(place / out, overwrite=True)
        with pytest.raises(ConfigError, match=r"exists already\. Choose another json=, or add overwrite=true"):
            check_new_file(place / out, overwrite=False, setting="json")
    with pytest.raises(ConfigError, match="leads nowhere"):
        check_new_file(place / "dangling", overwrite=True)


def test_a_folder_with_somebody_elses_manifest_is_not_replaced(place: Path) -> None:
    (place / "full" / MANIFEST).write_text('{"name": "another program"}')
    with pytest.raises(ConfigError, match="also holds 'artifact.json'"):
        check_folder(place / "full", overwrite=True)


def test_links_are_followed(place: Path) -> None:
    with atomic_folder(place / "to_empty") as temporary:
        (temporary / "new.txt").write_text("x")
    with atomic_file(place / "to_file") as temporary:
        temporary.write_text("new")
    with atomic_folder(place / "not" / ".." / "there") as temporary:
        (temporary / "new.txt").write_text("x")
    assert (place / "to_empty").is_symlink()
    assert (place / "to_file").is_symlink()
    assert listing(place / "empty") == listing(place / "there") == ["new.txt"]
    assert (place / "file").read_text() == "new"
    assert not (place / "not").exists()


def test_what_was_there_comes_back_if_the_new_cannot_take_its_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def once(self: Path, target: Path) -> Path:
        if self.name.startswith(".full") and (self / "new.txt").exists():
            raise OSError(EBUSY, os.strerror(EBUSY))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", once)

    def write() -> None:
        with atomic_folder(place / "full") as temporary:
            (temporary / "new.txt").write_text("x")

    with pytest.raises(OSError, match="busy"):
        write()
    assert listing(place / "full") == ["mine.txt"]
    assert not [name for name in listing(place) if name.endswith(".part")]
