import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import fluid.cli.verbs as verbs
from fluid.cli.main import VERBS
from fluid.cli.signals import SIGNALS, heed_signals
from tests.cli.conftest import Call


def one_line(error: str) -> bool:
    return error.startswith("fluid: error: ") and error.count("\n") == 1


def test_help_names_every_verb(fluid: Call) -> None:
    code, out, _ = fluid("--help")
    assert code == 0
    assert all(verb in out for verb in VERBS)
    assert fluid()[1] == out


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_an_example(fluid: Call, verb: str) -> None:
    code, out, error = fluid(verb, "--help")
    assert (code, error) == (0, "")
    assert f"  fluid {verb} " in out


def test_version(fluid: Call) -> None:
    assert fluid("--version")[1].startswith("fluid ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["simulat"], "Did you mean 'simulate'?"),
        (["simulate", "companies={nn: 3}"], "Its keys: endpoint_share, left_out, method"),
        (["simulate", "sede=3"], "Did you mean 'seed'?"),
        (["simulate", "model=gin"], "Did you mean 'gine'?"),
        (["simulate", "model.hiden=3"], "hidden"),
        (["simulate", "modle=gine"], "Did you mean 'model'?"),
        (["simulate", "seed=three"], "seed is 'three'; expected a whole number"),
        (["simulate", "training.teacher.epochs=0"], "epochs is 0"),
        (["simulate", "trainer.precision=16-mixed"], "trainer.precision is '16-mixed'"),
        (["simulate", "companies.method=magic"], "companies.method is 'magic'"),
        (["simulate", "consensus.method=magic"], "consensus.method is 'magic'"),
        (["simulate", "selection.mode=magic"], "selection.mode is 'magic'"),
        (["simulate", "+consensus.options.pwer=2"], "does not take the options"),
        (["simulate", "consensus.options.power=-2"], "power"),
        (["simulate", "selection.n=0"], "selection.n is 0"),
        (["simulate", "loss.classes=magic"], "loss.classes is 'magic'"),
        (["simulate", "data.transfer=no.csv"], "no.csv"),
        (["simulate", "hybrid.mode=magic"], "hybrid.mode is 'magic'"),
        (["simulate", "data=files"], "data.pool=..."),
        (["train-teacher", "company=T1", "out=x"], "input=..."),
        (["predict", "model_folder=nowhere", "input=a.csv", "out=b.csv"], "nowhere"),
        (["simulate", "data=files", "data.pool=no.csv", "data.transfer=no.csv"], "no.csv"),
        (["report", "run=nowhere"], "nowhere"),
        (["evaluate", "model_folder=nowhere", "input=a.csv", "out=b"], "nowhere"),
        (["aggregate", "annotations=[a,b]", "out=c"], "a"),
        (["simulate", "'"], "'"),
    ],
)
def test_wrong_input_is_one_line_with_a_remedy_and_nothing_written(
    fluid: Call, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    code, _, error = fluid(*arguments)
    assert code == 2
    assert one_line(error)
    assert expected in error
    assert list(tmp_path.rglob("*.*")) == []


def fail_with(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    def run(_: dict[str, Any]) -> None:
        raise failure

    monkeypatch.setattr(verbs, "RUNNERS", {"report": run})


def too_much_memory() -> Exception:
    """Return what torch raises when more memory is asked for than there is."""
    try:
        torch.empty(2**60)
    except RuntimeError as error:
        return error
    raise AssertionError("2**60 floats fit into memory")


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(fluid: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    code, _, error = fluid("report", "run=x")
    assert code == 130
    assert one_line(error)
    assert "run the same command again" in error


@pytest.mark.parametrize(("sent", "expected", "word"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGUSR1, 75, "preempted")])
def test_a_batch_systems_signals_have_exit_codes_of_their_own(
    fluid: Call, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, expected: int, word: str
) -> None:
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    try:
        heed_signals()
        monkeypatch.setattr("fluid.cli.verbs.run_verb", lambda *_: os.kill(os.getpid(), sent))
        code, _, error = fluid("report", "run=x")
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    assert (code, one_line(error)) == (expected, True)
    assert f"{word}; run the same command again" in error


def test_a_full_disk_is_said_in_one_line(fluid: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "some/file"))
    code, _, error = fluid("report", "run=x")
    assert code == 1
    assert one_line(error)
    assert "the disk is full (some/file)" in error


@pytest.mark.parametrize(
    "failure", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), too_much_memory()]
)
def test_out_of_memory_says_which_setting_to_lower(fluid: Call, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    fail_with(monkeypatch, failure)
    code, _, error = fluid("report", "run=x")
    assert (code, one_line(error)) == (1, True)
    assert "lower workers, annotation.chunk" in error


@pytest.mark.parametrize("failure", [ZeroDivisionError("bug"), RuntimeError("bug")])
def test_a_defect_of_ours_keeps_its_traceback(fluid: Call, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    fail_with(monkeypatch, failure)
    with pytest.raises(type(failure), match="bug"):
        fluid("report", "run=x")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(f"{sys.executable} -m fluid simulate --help | head -n 1", shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("fluid simulate")
    assert done.stderr == ""
