"""Failures that a user can cause or meet, as one line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluid.cli.failures import guard
from fluid.cli.main import VERBS, main
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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["seed=${x}"], "seed refers to the setting 'x', which does not exist."),
        (["name=${oc.env:NOT_SET_HERE}"], "name refers to the environment variable NOT_SET_HERE, which is not set."),
        (["name=${name}"], "name refers to itself."),
        (["name=${f:x}"], "name refers to something by 'f', which is not known."),
        (["seed='${oc.env:[}'"], "cannot be used there."),
        (["data=true"], "data=true: a choice is one of the words that fluid simulate --help lists."),
        (["paths.runs=null"], "paths.runs is None; expected the name of a file or folder."),
        (["paths.artifacts="], "paths.artifacts is ''; expected the name of a file or folder."),
        (["seed=" + "1" * 5000], "a setting is a number with too many digits."),
        (["seed=" + "[" * 3000 + "]" * 3000], "has too many brackets."),
    ],
)
def test_a_setting_that_cannot_be_read_is_said_in_our_words(fluid: Call, arguments: list[str], expected: str) -> None:
    code, _, error = fluid("simulate", *arguments)
    assert (code, error.count("\n")) == (2, 1)
    assert expected in error


def test_a_name_that_an_encoding_lacks_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        "caf\udce9".encode()

    assert guard(run, "simulate") == 1
    assert "a name has signs that the encoding utf-8 lacks ('caf\\udce9')" in capsys.readouterr().err


SIGNS = st.text("\"' ,=[]{}()$:~#%@!*?<>|&;\\\t\n\x00\x1b\u2028é日\udce9a1.-+/_eE", max_size=10)
WORDS = st.sampled_from(
    [
        *(
            "null",
            "true",
            "???",
            "${seed}",
            "${x}",
            "${oc.env:NOPE}",
            "${a:b}",
            "[${x}]",
            "1" * 5000,
            "(" * 300,
            "1e999",
            "nan",
            "x" * 3000,
        ),
        *("../..", "/", "~", "~root", "/dev/null", "[a,b]", "{a: 1}", "a,b", "choice(1,2)", "str(1)", "embedded:", "--", "-m", "-h"),
    ]
)
GIVEN = {
    "predict": {"model_folder": "m", "input": "i.csv", "out": "p.csv", "overwrite": "true", "intake.workers": "0"},
    "annotate": {"teacher": "t", "transfer": "x.csv", "out": "a"},
    "aggregate": {"annotations": "[a,b]", "out": "c", "consensus": "mean"},
    "audit": {"release": "r", "input": "i.csv", "non_members": "n.csv", "transfer": "x.csv", "annotations": "[a,b]", "out": "o"},
    "evaluate": {"model_folder": "m", "input": "i.csv", "validation": "", "out": "e", "intake.endpoints": "[blocker]"},
    "train-teacher": {"input": "i.csv", "company": "A", "out": "t", "model": "forest", "logger": "none", "seed": "1"},
    "hybrid": {
        "input": "i.csv",
        "company": "A",
        "out": "h",
        "student": "s",
        "consensus_folder": "c",
        "transfer": "x.csv",
        "logger": "none",
    },
    "distill": {"consensus_folder": "c", "transfer": "x.csv", "out": "s", "annotations": "[]", "logger": "none"},
    "collect": {"folder": "f", "out": "c.csv"},
    "inspect": {"input": "i.csv", "against": "x.csv", "out": "look.html", "json": "look.json", "rows": "5"},
    "report": {"run": "r"},
    "status": {"paths.runs": "runs", "paths.artifacts": "store"},
    "gc": {"paths.runs": "runs", "paths.artifacts": "store", "dry_run": "true"},
    "simulate": {"data": "files", "data.pool": "p", "data.transfer": "x", "name": "n", "intake.endpoints": "[blocker]", "paths.runs": "r"},
    "benchmark": {"suite": "public_validation", "tier": "smoke", "readme": "no.md", "check": "no"},
}


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Draw a command line of which one or two values, or one word, are nasty."""
    verb = draw(st.sampled_from(sorted(GIVEN)))
    values = dict(GIVEN[verb])
    for key in draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=2, unique=True)):
        values[key] = draw(SIGNS | WORDS)
    return [verb, *(f"{key}={value}" for key, value in values.items()), *draw(st.lists(SIGNS | WORDS, max_size=1))]


def test_every_verb_is_tried() -> None:
    assert set(GIVEN) == set(VERBS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=command_lines())
def test_whatever_is_typed_the_answer_is_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    code = main(arguments)
    error = capsys.readouterr().err
    assert code in (0, 1, 2)
    assert (error.count("\n") == 1 and error.startswith("fluid: error: ")) or (code == 0 and not error)
    assert "Traceback" not in error
