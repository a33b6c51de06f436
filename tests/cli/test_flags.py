"""Flags that cannot be used are answered in one line."""

import pytest

from fluid.cli.flags import in_order
from tests.cli.conftest import Call


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--foo"], "unrecognized arguments: --foo; expected settings (key=value), --help"),
        (["--cfg"], "--cfg/-c: expected one argument"),
        (["--cfg", "foo"], "invalid choice: 'foo'"),
        (["--config-dir"], "--config-dir/-cd: expected one argument"),
        (["--config-dir", "nowhere"], "nowhere' not found"),
        (["--resolve"], "--resolve and --package belong to --cfg"),
        (["-p", "x"], "--resolve and --package belong to --cfg"),
        (["--cfg", "job", "-m"], "only one of"),
        (["--info", "seed=3"], "invalid choice: 'seed=3'"),
        (["--shell-completion"], "needs install=SHELL"),
        (["--config-name", "x"], "--config-name is not used"),
        (["--multi"], "unrecognized arguments: --multi"),
        (["-x=3"], "unrecognized arguments: -x=3"),
    ],
)
def test_a_wrong_flag_is_one_line(fluid: Call, arguments: list[str], expected: str) -> None:
    code, _, error = fluid("predict", *arguments)
    assert code == 2
    assert error.count("\n") == 1
    assert expected in error


def test_flags_that_can_be_used() -> None:
    for arguments in (["--cfg", "job", "--resolve"], ["-m", "seed=1,2"], ["name=x", "-m", "seed=1,2"], ["--help"], ["seed=1"], []):
        assert in_order(arguments) == arguments


def test_settings_may_stand_between_flags(fluid: Call) -> None:
    assert in_order(["a=1", "--config-dir", "mine", "b=2", "-m", "c=3"]) == ["a=1", "b=2", "c=3", "--config-dir", "mine", "-m"]
    code, out, _ = fluid("collect", "folder=x", "--cfg", "job", "out=a (1).csv")
    assert code == 0
    assert "out: a (1).csv" in out
