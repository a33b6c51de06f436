"""Small files of molecules to look at."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fluid.data.intake_spec import IntakeSpec
from fluid.inspection.facts import Inspection
from fluid.inspection.look import inspect_file
from fluid.inspection.request import InspectRequest
from fluid.pipeline.progress import SilentProgress

SPEC = IntakeSpec(smiles_column="", endpoints=(), workers=0, quorum=3)
Look = Callable[..., Inspection]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows as CSV under a name."""

    def to_file(header: Sequence[str], rows: Sequence[Sequence[object]], name: str = "in.csv", delimiter: str = ",") -> Path:
        lines = [delimiter.join(map(str, cells)) for cells in (header, *rows)]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return to_file


@pytest.fixture
def look() -> Look:
    """Look at a file in this process."""

    def at(path: Path | str, **settings: object) -> Inspection:
        return inspect_file(InspectRequest(str(path), **{"intake": SPEC, **settings}), SilentProgress())

    return at
