"""Settings that Hydra's grammar cannot read are answered with how to write them."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from fluid.cli.quoting import explain_setting, quote, readable
from tests.cli.conftest import Call

FILES = [
    "assay (1).csv",
    "epoch=3.csv",
    "it's.csv",
    "a,b.csv",
    "/x/y z/é#1.csv",
    "a[1].csv",
    '"x',
    "100%.csv",
    "a\\b'c",
    "{x}.csv",
    'it\'s "x"',
    "C:\\runs\\",
]


@pytest.mark.parametrize("value", FILES)
def test_what_is_told_to_be_written_is_read_as_that_text(value: str) -> None:
    (word,) = shlex.split(readable("input", value))
    assert OverridesParser.create().parse_override(word).value() == value
    assert OverridesParser.create().parse_override(f"input={quote(value)}").value() == value


@given(st.text("\\\"' a,$#=~{}[]()\n\té", max_size=8))
def test_any_text_is_read_as_itself(text: str) -> None:
    assert OverridesParser.create().parse_override(f"input={quote(text)}").value() == text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["simulate", "model.hidden=3 (1)"], """cannot be read, because of special characters. Write: 'model.hidden="3 (1)"'"""),
        (["simulate", "-m", "model.hidden=3 (1)", "seed=1,2"], """Write: 'model.hidden="3 (1)"'"""),
        (["simulate", "companies.method=a,b"], """add -m. A list: companies.method=[...]. One text: 'companies.method="a,b"'"""),
        (["simulate", "analyses=[a > 5]"], """cannot be read. Put each text of the list in quotes, and the whole in others"""),
        (["simulate", "intake.endpoints=[pic50 >= 5,, b]"], "cannot be read. Put each text of the list in quotes"),
    ],
)
def test_the_command_line_says_how_to_quote(fluid: Call, arguments: list[str], expected: str) -> None:
    code, _, error = fluid(*arguments)
    assert code == 2
    assert error.count("\n") == 1
    assert expected in error


def test_what_is_no_setting_at_all() -> None:
    assert explain_setting("'") == "' cannot be read; expected key=value."
