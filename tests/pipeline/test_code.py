"""What makes a result old: any change of code that it was made by, and no other."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

import fluid.artifacts as artifacts
import fluid.pipeline.code as code

STAGES = ("intake", "split", "teacher", "annotate", "consensus", "student", "hybrid", "evaluate")
BASELINES = ("fedavg", "fedprox", "feddf", "fedmd", "dsfl", "sge")


def stage(kind: str) -> str:
    return f"federation/{'baselines' if kind in BASELINES else 'stages'}/{kind}.py"


def forget() -> None:
    for cached in (code.imported, code.sources, artifacts.code_version):
        cached.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    copy = tmp_path / "fluid"
    copytree(artifacts.PACKAGE, copy, ignore=lambda folder, names: [name for name in names if name in ("__pycache__", "embedded")])
    monkeypatch.setattr(artifacts, "PACKAGE", copy)
    monkeypatch.setattr(code, "PACKAGE", copy)
    forget()
    yield copy
    forget()


@pytest.mark.parametrize(
    ("changed", "old"),
    [
        ("distillation/combine.py", {"consensus", "evaluate"}),
        ("training/fit.py", {"teacher", "student", "hybrid"}),
        ("companies/scaffold.py", {"split"}),
        ("federation/model_folder.py", {"teacher", "annotate", "student", "hybrid", "evaluate"}),
        ("federation/consensus_table.py", {"consensus", "student", "hybrid", "evaluate"}),
        ("molecules/standardize.py", set(STAGES) - {"consensus"}),
        ("artifacts.py", set(STAGES)),
        ("reporting/page.py", set()),
        ("cli/main.py", set()),
        ("pipeline/store.py", set()),
    ],
)
def test_a_change_makes_just_what_it_made_old(package: Path, changed: str, old: set[str]) -> None:
    before = {kind: code.code_of(stage(kind)) for kind in STAGES}
    with (package / changed).open("a") as file:
        file.write("\n# changed\n")
    forget()
    assert {kind for kind in STAGES if code.code_of(stage(kind)) != before[kind]} == old


@pytest.mark.parametrize(
    ("changed", "old"),
    [
        ("federation/baselines/average.py", {"fedavg", "fedprox", "feddf"}),
        ("federation/baselines/prediction_rounds.py", {"fedmd", "dsfl"}),
        ("training/proximal.py", {"fedprox"}),
        ("training/local_rounds.py", {"fedavg", "fedprox", "feddf"}),
        ("distillation/aggregation.py", {"feddf"}),
        ("federation/baselines/suite.py", set()),
        ("federation/baselines/spec.py", set(BASELINES)),
    ],
)
def test_a_change_of_a_baseline_makes_no_stage_old(package: Path, changed: str, old: set[str]) -> None:
    test_a_change_makes_just_what_it_made_old(package, changed, set())
    before = {kind: code.code_of(stage(kind)) for kind in BASELINES}
    with (package / changed).open("a") as file:
        file.write("\n# changed again\n")
    forget()
    assert {kind for kind in BASELINES if code.code_of(stage(kind)) != before[kind]} == old


def test_every_way_of_importing_is_followed(package: Path) -> None:
    for name, text in {
        "a.py": "import fluid.b\nfrom fluid.room import c\nfrom fluid.room2 import y\n\ndef late():\n from fluid.d import x\n",
        "b.py": "from fluid import e\n", "d.py": "x = 1\n", "e.py": "", "f.py": "",
        "room/__init__.py": "", "room/c.py": "import fluid.a\n", "room2/__init__.py": "y = 1\n",
    }.items():  # fmt: skip
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(text)
    assert code.sources("a.py") == ("a.py", "b.py", "d.py", "e.py", "room/c.py", "room2/__init__.py")
