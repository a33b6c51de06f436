"""Small files of molecules."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from rdkit import Chem

from fluid.data.intake import Intake, IntakeSpec, intake

Writer = Callable[..., Path]


@pytest.fixture
def sdf_record() -> Callable[..., str]:
    """Make one SDF record, ended by `$$$$`."""

    def make(smiles: str, **properties: str) -> str:
        fields = "".join(f">  <{name}>\n{value}\n\n" for name, value in properties.items())
        return Chem.MolToMolBlock(Chem.MolFromSmiles(smiles)) + fields + "$$$$\n"

    return make


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write text or bytes to a named file, gzipped if the name says so."""

    def to_file(content: str | bytes, name: str = "in.csv") -> Path:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return to_file


@pytest.fixture
def take_in(write: Writer) -> Callable[..., Intake]:
    """Take CSV text in, in this process."""

    def run(text: str, *endpoints: str, **settings: object) -> Intake:
        spec = IntakeSpec(endpoints=endpoints, workers=0, **settings)
        return intake(write(text), spec)

    return run
