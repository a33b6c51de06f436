"""The parts are usable alone: the examples run, and are short."""

from pathlib import Path

import pytest

from tests.api.conftest import Script

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
def test_an_example_runs_and_is_short(file: Path, python: Script) -> None:
    done = python(str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert SAYS[file.stem] in done.stdout
    assert len(file.read_text().splitlines()) <= 30
