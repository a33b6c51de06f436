"""Packages that add what they cannot: one clear line, nothing half-written, and no harm to those who do not ask for it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fluid.errors import ConfigError
from fluid.registry import Registry, installed, nearest_word
from tests.cli.conftest import SMALL
from tests.cli.conftest import fluid as fluid
from tests.conftest import Files
from tests.extensions.conftest import Install, look_again

Call = Callable[..., tuple[int, str, str]]
NUMBERS: Registry[int] = Registry("fluid.numbers", "number", {"one": 1, "two": "math:tau"}, int, "number")


@pytest.mark.parametrize(
    ("entry_points", "source", "asked", "message"),
    [
        (
            "[fluid.consensus]\nmedian = clashing:METHOD\n",
            "METHOD = 1\n",
            "consensus=median",
            "the package 'clashing' registers the consensus 'median', a name that fluid itself has already",
        ),
        (
            "[fluid.models]\nforest = clashing:MODEL\n",
            "MODEL = 1\n",
            "model=forest",
            "the package 'clashing' registers the kind of model 'forest', a name that fluid itself has already",
        ),
        (
            "[fluid.hybrids]\nmine = clashing:MODE\n",
            "import a_library_that_is_not_there\n",
            "hybrid.mode=mine",
            "the hybrid mode 'mine' of the package 'clashing' cannot be imported"
            " (ModuleNotFoundError: No module named 'a_library_that_is_not_there')",
        ),
        (
            "[fluid.students]\nmine = clashing:MODE\n",
            "raise RuntimeError('no licence')\n",
            "distillation.mode=mine",
            "the student mode 'mine' of the package 'clashing' cannot be imported (RuntimeError: no licence)",
        ),
        (
            "[fluid.students]\nmine = clashing:MODE\n",
            "MODE = 'a text'\n",
            "distillation.mode=mine",
            "the package 'clashing' registers as student mode 'mine' a value of type str",
        ),
        (
            "[fluid.encoders]\nmine = clashing:NOTHING\n",
            "",
            "model.encoder=mine",
            "the encoder 'mine' of the package 'clashing' cannot be imported (AttributeError: ",
        ),
        (
            "[fluid.losses]\nmine = clashing:LOSS\n",
            "LOSS = 0\n",
            "loss.classes=mine",
            "the package 'clashing' registers as loss 'mine' a value of type int",
        ),
    ],
)
def test_a_broken_addition_is_told_when_it_is_asked_for(
    fluid: Call, install: Install, files: Files, entry_points: str, source: str, asked: str, message: str
) -> None:
    install("clashing", entry_points, source)
    settings = [text for text in SMALL if not (asked.startswith("model=") and text.startswith("model."))]
    code, _, error = fluid("simulate", *settings, f"data.pool={files.pool}", f"data.transfer={files.transfer}", asked)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "others"]


def test_who_does_not_ask_for_it_is_not_disturbed_and_help_lists_it(fluid: Call, install: Install, files: Files) -> None:
    install("clashing", "[fluid.hybrids]\nmine = clashing:MODE\n[fluid.models]\nforest = clashing:MODE\n", "raise ImportError('broken')\n")
    paths = [f"data.pool={files.pool}", f"data.transfer={files.transfer}"]
    code, _, error = fluid("simulate", *SMALL, *paths, "target=data")
    assert (code, error) == (0, "")
    code, out, error = fluid("simulate", "--help")
    assert (code, error) == (0, "")
    assert "Other packages that do not work:" in out
    assert "the hybrid mode 'mine' of the package 'clashing' cannot be imported (ImportError: broken)" in out
    assert "the package 'clashing' registers the kind of model 'forest'" in out


def test_two_packages_cannot_have_one_name(install: Install) -> None:
    install("first", "[fluid.numbers]\nthree = first:THREE\n", "THREE = 3\n")
    assert dict(NUMBERS.items()) == {"one": 1, "two": 6.283185307179586, "three": 3}
    assert NUMBERS.modules("one", "three") == ("first",)
    install("second", "[fluid.numbers]\nthree = second:THREE\nfour = second:FOUR\n", "THREE, FOUR = 3, 4\n")
    with pytest.raises(ConfigError, match="the package 'second' registers the number 'three', a name that first has already"):
        NUMBERS["three"]
    assert NUMBERS["four"] == 4
    assert list(NUMBERS.broken()) == ["three"]


def test_only_the_copy_of_a_package_that_is_imported_counts(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("my_numbers", "[other.things]\nfive = my_numbers:FIVE\n", "FIVE = 5\n")
    older = tmp_path / "older" / "My.Numbers-0.9.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: My.Numbers\nVersion: 0.9\n")
    (older / "entry_points.txt").write_text("[fluid.numbers]\nfive = my_numbers:FIVE\n")
    monkeypatch.setattr("sys.path", [*sys.path, str(older.parent)])
    look_again()
    assert "five" not in NUMBERS
    monkeypatch.setattr("sys.path", [str(older.parent), *sys.path])
    look_again()
    assert NUMBERS["five"] == 5


def test_an_unknown_name_is_told_with_the_nearest_known_one() -> None:
    assert "three" not in NUMBERS
    with pytest.raises(ConfigError, match=r"^number is 'tow'; expected one of one, two\. Did you mean 'two'\?$"):
        NUMBERS["tow"]
    with pytest.raises(ConfigError, match=r"^number is 'xyz'; expected one of one, two\.$"):
        NUMBERS["xyz"]
    assert nearest_word("xyz", ["b", "a"]) == "Known: a, b."


def test_what_is_ours_is_imported_only_when_it_is_asked_for() -> None:
    lazy: Registry[int] = Registry("fluid.numbers", "number", {"never": "no.such.module:VALUE"}, object, "number")
    assert "never" in lazy
    lazy.check("never")
    with pytest.raises(ModuleNotFoundError):
        lazy["never"]
    assert installed("fluid.numbers") == ()
