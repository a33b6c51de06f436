"""Failures that a user can cause or meet, as one line."""

from pathlib import Path

import pytest

from fluid.cli.failures import guard
from tests.cli.conftest import Call


def test_a_file_of_the_users_own_that_is_not_yaml_is_named_with_its_line(fluid: Call) -> None:
    Path("mine/suite").mkdir(parents=True)
    Path("mine/suite/own.yaml").write_text("# mine\ntitle: x\nexperiments: {a: {question: why?, sweep: {}}}\n")
    code, _, error = fluid("benchmark", "--config-dir", "mine", "suite=own")
    assert code == 2
    assert error.count("\n") == 1
    assert "mine/suite/own.yaml, line 3: this is not YAML: " in error


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "No such file or directory (a.csv)"),
        (OSError("no device"), "no device"),
        (MemoryError(), "out of memory; lower workers"),
    ],
)
def test_what_this_machine_lacks_is_one_line_and_code_1(capsys: pytest.CaptureFixture[str], failure: Exception, line: str) -> None:
    def run() -> None:
        raise failure

    assert guard(run, "simulate") == 1
    assert capsys.readouterr().err.startswith(f"fluid: error: {line}")
