"""Scripts of every kind: no main guard, standard input, `-c`, threads; worker processes never import them."""

import json
import sys
from multiprocessing.spawn import get_preparation_data
from pathlib import Path

import pytest

from fluid.fresh import main_module_hidden
from tests.api.conftest import Script
from tests.conftest import Files

INTAKE = """
from pathlib import Path
from fluid.data.intake import IntakeSpec, intake
print("the script runs")
print(len(intake(Path({pool!r}), IntakeSpec(endpoints=("active",), workers=2)).table))
"""
CHAIN = """
import fluid
print("the script runs")
settings = ["training=tiny", "model=forest", "model.n_trees=5", "intake.quorum=5", "intake.workers=2", "annotation.mc_samples=0"]
teacher = fluid.train_teacher({pool!r}, endpoints=["active"], company="T1", settings=settings)
table = teacher.predict({pool!r}, settings=["intake.workers=2"])
print(len(table), teacher.name)
"""


def script(text: str, files: Files) -> str:
    return text.format(pool=str(files.pool))


def start(way: str, code: str, python: Script, folder: Path) -> "tuple[int, str, str]":
    """Run code as a user might: as a script, guarded or not, as a module, from standard input, after `-c`, or in a thread."""
    (folder / "mine.py").write_text(code)
    if way == "guarded script":
        body = "".join(f"    {line}\n" for line in code.strip().splitlines())
        (folder / "mine.py").write_text(f'if __name__ == "__main__":\n{body}')
    if way == "thread":
        body = "".join(f"    {line}\n" for line in code.strip().splitlines())
        (folder / "mine.py").write_text(f"import threading\ndef work():\n{body}\nt = threading.Thread(target=work)\nt.start()\nt.join()\n")
    arguments = {"standard input": ["-"], "-c": ["-c", code], "module": ["-m", "mine"]}.get(way, ["mine.py"])
    done = python(*arguments, given=code if way == "standard input" else None)
    return done.returncode, done.stdout, done.stderr


def one_of(*ways: str) -> pytest.MarkDecorator:
    """Try each way; all but the first are slow, since every process imports all it needs."""
    return pytest.mark.parametrize("way", [ways[0], *(pytest.param(way, marks=pytest.mark.slow) for way in ways[1:])])


@one_of("standard input", "script", "guarded script", "module", "-c", "thread")
def test_molecules_are_read_by_workers_from_anywhere(way: str, files: Files, python: Script, tmp_path: Path) -> None:
    assert start(way, script(INTAKE, files), python, tmp_path) == (0, "the script runs\n240\n", "")


@one_of("script", "standard input", "thread")
def test_a_teacher_is_trained_and_predicts_from_anywhere(way: str, files: Files, python: Script, tmp_path: Path) -> None:
    code, out, error = start(way, script(CHAIN, files), python, tmp_path)
    assert (code, error) == (0, "")
    assert (out.splitlines()[0], out.splitlines()[-1], out.count("the script runs")) == ("the script runs", "240 T1", 1)


SIDE_BY_SIDE = """
from functools import partial
from fluid.pipeline.workers import run_side_by_side
print("the script runs")
print(sorted(outcome.name for outcome in run_side_by_side({"a": partial(pow, 2, 3), "b": partial(pow, 3, 2)}, 2)))
"""


@one_of("script", "standard input")
def test_tasks_are_carried_out_side_by_side_from_anywhere(way: str, python: Script, tmp_path: Path) -> None:
    assert start(way, SIDE_BY_SIDE, python, tmp_path) == (0, "the script runs\n['a', 'b']\n", "")


@pytest.mark.slow
def test_models_are_trained_side_by_side_from_a_script_without_guard(files: Files, python: Script, tmp_path: Path) -> None:
    settings = [
        "data=files", f"data.pool={files.pool}", f"data.transfer={files.transfer}", "intake.endpoints=[active]", "intake.quorum=5",
        "companies=size", "companies.n=2", "companies.min_size=20", "companies.min_per_class=5", "model=forest", "model.n_trees=5",
        "student_model={hidden: 8, layers: 2}", "training=tiny", "evaluation.n_bootstrap=5", "evaluation.forest=false", "workers=2",
        "logger=none",
    ]  # fmt: skip
    run = f"run = fluid.simulate({settings!r}, name='x')"
    code = f"import fluid, json\nprint('the script runs')\n{run}\nprint(json.dumps(list(run.models)))\n"
    (tmp_path / "mine.py").write_text(code)
    done = python("mine.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("the script runs") == 1
    assert set(json.loads(done.stdout.splitlines()[-1])) == {"pooled", "T1", "T2", "student", "H1", "H2"}


def test_a_process_of_the_script_itself_names_the_guard(files: Files, python: Script, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import multiprocessing, fluid\n"
        f"fluid.load({str(tmp_path)!r}) if multiprocessing.current_process().name != 'MainProcess' else None\n"
        "multiprocessing.get_context('spawn').Process(target=print).start()\n"
    )
    done = python("mine.py")
    assert "fluid.errors.FluidError: a process that your script started runs the whole script again" in done.stderr
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]


def test_the_main_module_is_left_as_it_was() -> None:
    main = sys.modules["__main__"].__dict__
    before = dict(main)
    with main_module_hidden():
        assert "__file__" not in main
        assert not {"init_main_from_path", "init_main_from_name"} & set(get_preparation_data("x"))
    assert main == before
