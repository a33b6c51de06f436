"""The parts are usable alone: the examples run, and are short."""

import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
SAYS = {
    "comparison": "fedavg - similarity: -0.0",
    "consensus": "(molecule 2 rests on 2.0 teachers)",
    "encoder": "3 molecules, 21 atoms, 40 directed bonds\nvectors: (3, 64)",
    "loss": "step 100: loss 0.",
    "metrics": "gain in AUROC 0.",
    "split": "scaffold   sizes: T1 ",
}


def test_every_part_has_an_example() -> None:
    assert [file.stem for file in EXAMPLES] == sorted(SAYS)
    assert all(f"`{file.name}`" in (FOLDER / "README.md").read_text() for file in EXAMPLES)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_runs_and_is_short(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(file), run_name="__main__")
    assert SAYS[file.stem] in capsys.readouterr().out
    assert len(file.read_text().splitlines()) <= 30
