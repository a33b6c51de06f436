from pathlib import Path

import pytest

from fluid.cli.compose import compose, plain_values
from fluid.cli.places import as_typed
from fluid.cli.positional import with_input
from fluid.errors import ConfigError

NAMES = [
    "assay.csv",
    "assay (1).csv",
    "epoch=3.csv",
    "it's.csv",
    "a,b.csv",
    "Präparat µM.csv",
    "~/x.csv",
    "embedded:pool",
    "a b\\c.csv",
    "[x].csv",
    "${x}.csv",
    "~x=1.csv",
    "null",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("others", [[], ["rows=5", "out=x.html"]])
def test_a_file_that_stands_alone_is_the_input(name: str, others: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if "=" in name or "$" in name or name == "null":  # it may mean something else unless there is such a file
        Path(name).touch()
    for arguments in ([name, *others], [*others, name]):
        words = with_input("inspect", arguments)
        found = plain_values(compose("inspect", as_typed(words)), complete=False)
        assert found["input"] == name
        assert len(words) == 1 + len(others)


def test_settings_stay_settings_even_if_a_file_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out=x.html").touch()
    assert with_input("inspect", ["a.csv", "out=x.html", "intake.quorum=3", "+x=1"])[1:] == ["out=x.html", "intake.quorum=3", "+x=1"]


@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job"], ["-c", "job", "--resolve"], ["-m", "input=a.csv", "-c", "job"]])
def test_flags_and_their_values_are_no_files(arguments: list[str]) -> None:
    assert with_input("inspect", arguments) == arguments


def test_other_verbs_take_no_file_so() -> None:
    assert with_input("predict", ["a.csv"]) == ["a.csv"]


@pytest.mark.parametrize("arguments", [["a.csv", "b.csv"], ["a.csv", "input=b.csv"]])
def test_two_files_are_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"two files are given.*Compare by against="):
        with_input("inspect", arguments)
