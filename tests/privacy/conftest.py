"""Scenes of real molecules: a company with 150 of them, 150 that it has not, and 300 public ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import fluid
from fluid.annotation.evidence import count_evidence
from fluid.data.endpoints import Endpoint
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.substructures import Dictionary
from fluid.privacy.scene import Answers, Candidates, Copied, Public, Scene, features_of

EMBEDDED = Path(fluid.__file__).parent / "data" / "embedded"
DICTIONARY = Dictionary(2, 2048)
N = 300


def molecules(name: str, n: int) -> tuple[tuple[str, ...], np.ndarray]:
    table = pq.read_table(EMBEDDED / f"{name}.parquet")
    rows = np.random.default_rng(0).permutation(len(table))[:n]
    labels = table["blocker"].to_numpy()[rows] if "blocker" in table.column_names else np.zeros(n)
    smiles = table["smiles"].to_pylist()
    return tuple(smiles[row] for row in rows), labels.astype(float)


@pytest.fixture(scope="session")
def pool() -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    smiles, labels = molecules("pool", N)
    return smiles, labels, morgan_bits(smiles)


@pytest.fixture(scope="session")
def public() -> Public:
    smiles, _ = molecules("transfer", N)
    return Public(smiles, tuple(f"public {i}" for i in range(N)), morgan_bits(smiles), DICTIONARY)


@pytest.fixture(scope="session")
def quiet(pool: Any, public: Public) -> Scene:
    """A release that tells nothing: all that it says is drawn without looking at who is a member."""
    smiles, labels, bits = pool
    draw = np.random.default_rng(1)
    member = np.arange(N) < N // 2
    keys = tuple(f"candidate {i}" for i in range(N))
    endpoints = (Endpoint("blocker"),)
    others = [Copied(Answers(draw.uniform(0.1, 0.9, (N, 1))), endpoints, public) for _ in range(2)]
    names = ("bin", "closeness", "certainty", "confidence")
    asked, sent = ({name: draw.integers(0, 4, N).astype(float) for name in names} for _ in range(2))
    counts = count_evidence(features_of(DICTIONARY, molecules("validation", N)[0]), np.zeros((N, 1)))
    return Scene(
        endpoints, Candidates(smiles, keys, bits, member, labels[:, None]), DICTIONARY, public,
        Copied(Answers(draw.uniform(0.1, 0.9, (N, 1)), sent), endpoints, public),
        Answers(draw.uniform(0.1, 0.9, (N, 1)), asked), counts, None, others, seed=0,
    )  # fmt: skip


@pytest.fixture
def scene(quiet: Scene) -> Scene:
    """The same, for tests that change it."""
    return quiet.changed()
