"""A command that is written out is read by a shell and by Hydra as what was meant."""

import subprocess

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from fluid.cli.command_line import WIDTH, command_line, words_of

TEXT = st.text("abcXYZ019 .,:;/\\\"'()[]{}=<>$%#~!-_éµ", min_size=1, max_size=20)
NUMBER = st.one_of(st.integers(0, 99), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
VALUE = st.one_of(TEXT, NUMBER, st.lists(TEXT, max_size=12).map(tuple))
ODD = [
    "assay (1).csv",
    "epoch=3.csv",
    "it's.csv",
    "a,b.csv",
    "Präparat µM.csv",
    "-1",
    "007",
    "1e5",
    "true",
    "null",
    "~/x y.csv",
    "a:b",
    "$HOME",
    "${x}",
    "*",
]


def words_in_a_shell(command: str) -> list[str]:
    """Return the words that a shell makes of a command."""
    script = f"fluid() {{ printf '%s\\0' fluid \"$@\"; }}\n{command}\n"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def value_of(word: str) -> object:
    read = OmegaConf.create({"value": OverridesParser.create().parse_override(word).value()})
    value = OmegaConf.to_container(read, resolve=True)["value"]
    return tuple(value) if isinstance(value, list) else value


@given(st.lists(VALUE, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_value_comes_through_shell_and_hydra(values: list[object]) -> None:
    named = [(f"key{number}", value) for number, value in enumerate(values)]
    words = words_in_a_shell(command_line("verb", named))
    assert words == words_of("verb", named)
    assert [value_of(word) for word in words[2:]] == values


@pytest.mark.parametrize("name", ODD)
def test_odd_names_stay_texts(name: str) -> None:
    (word,) = words_in_a_shell(command_line("verb", [("input", name)]))[2:]
    assert value_of(word) == name


def test_lines_are_no_wider_than_a_page() -> None:
    many = tuple(f"a rather long name of endpoint {number} [nM]" for number in range(30))
    command = command_line("train-teacher", [("input", "a.csv"), ("out", "teacher"), ("intake.endpoints", many), ("seed", 1)])
    assert max(map(len, command.splitlines())) <= 100
    words = words_in_a_shell(command)
    assert [value_of(word) for word in words[2:]] == ["a.csv", "teacher", many, 1]
    assert WIDTH <= 100


def test_plain_settings_are_not_quoted() -> None:
    assert command_line("verb", [("input", "a.csv"), ("x", ("a", "b")), ("n", 3)]) == "fluid verb input=a.csv 'x=[a,b]' n=3"
