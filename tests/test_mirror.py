"""Tests lie where what they test lies, under its name: `fluid/a/b.py` has its tests in `tests/a/test_b.py`."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "fluid"
ROOMS = ("molecules", "data", "inspection", "companies", "distillation", "annotation", "evaluation", "privacy", "reporting", "runs")
CROSS_CUTTING: frozenset[str] = frozenset()
"""Test files of these rooms that test several modules together; each needs a reason in its docstring."""


def modules_of(test: Path, package: Path) -> list[str]:
    """Return the modules that a test file may be named after: `test_b.py` or `test_b_<aspect>.py` for `b.py` beside it."""
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[: i + 1]) for i in range(len(words))]
    names += ["__init__"] if words == ["package"] else []  # `test_package.py`: what a room is as a whole
    return [name for name in names if (package / f"{name}.py").is_file()]


def strangers(tests: Path, package: Path, rooms: tuple[str, ...], exempt: frozenset[str]) -> list[str]:
    """Return the test files of some rooms that are named after no module."""
    files = [path.relative_to(tests) for room in rooms for path in sorted((tests / room).rglob("test_*.py"))]
    return [file.as_posix() for file in files if file.as_posix() not in exempt and not modules_of(file, package / file.parent)]


def test_every_test_file_is_named_after_what_it_tests() -> None:
    assert strangers(TESTS, PACKAGE, ROOMS, CROSS_CUTTING) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests(room: str) -> None:
    assert list((TESTS / room).rglob("test_*.py"))


def test_a_file_that_mirrors_nothing_is_found(tmp_path: Path) -> None:
    for name in ("tests/a/test_b.py", "tests/a/test_b_limits.py", "tests/a/test_bc.py", "tests/a/c/test_b.py", "fluid/a/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = strangers(tmp_path / "tests", tmp_path / "fluid", ("a",), frozenset())
    assert found == ["a/c/test_b.py", "a/test_bc.py"]
    assert strangers(tmp_path / "tests", tmp_path / "fluid", ("a",), frozenset({"a/test_bc.py"})) == ["a/c/test_b.py"]
