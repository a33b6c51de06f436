"""A small made-up chemistry, so that whole federations run in seconds: amines are `active`, the rest is not."""

import csv
import itertools
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

RINGS = ("c1ccc({0})cc1", "c1cc({0})ccn1", "C1CCC({0})CC1", "c1csc({0})c1")
CORES = (*RINGS, "c1ccc2cc({0})ccc2c1", "C1CC({0})CO1", "c1coc({0})c1", "C1CCN({0})C1")
LINKERS = ("", "C", "CC", "CCC", "OC", "C(=O)C", "CC(C)", "C(=O)N")
ENDS = ("N", "NC", "N(C)C", "O", "OC", "C#N", "F", "S")


@dataclass(frozen=True)
class Library:
    """Molecules with a class (`active`) and a value (`size`, heavy atoms / 10)."""

    smiles: tuple[str, ...]
    active: tuple[int, ...]

    def write(self, path: Path, rows: Sequence[int], labelled: bool = True) -> Path:
        """Write some rows as a CSV file."""
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["smiles", "active", "size"] if labelled else ["smiles"])
            for row in rows:
                heavy = sum(letter.isalpha() for letter in self.smiles[row]) / 10
                writer.writerow([self.smiles[row], self.active[row], heavy] if labelled else [self.smiles[row]])
        return path


@pytest.fixture(scope="session", autouse=True)
def heeds_ctrl_c() -> None:
    """Let Ctrl-C mean Ctrl-C here and in child processes, even if whoever started the tests in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def library() -> Library:
    """Return about 500 distinct molecules in a fixed random order."""
    made = [(core.format(linker + end), end) for core, linker, end in itertools.product(CORES, LINKERS, ENDS)]
    order = np.random.default_rng(0).permutation(len(made))
    return Library(tuple(made[i][0] for i in order), tuple(int(made[i][1].startswith("N")) for i in order))


@dataclass(frozen=True)
class Files:
    """Files of a small consortium: one pool, a transfer set, an in-domain and an external test."""

    pool: Path
    transfer: Path
    test: Path
    external: Path


@pytest.fixture(scope="session")
def files(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Write the files of a small consortium."""
    folder = tmp_path_factory.mktemp("files")
    return Files(
        library.write(folder / "pool.csv", range(240)),
        library.write(folder / "transfer.csv", range(240, 380), labelled=False),
        library.write(folder / "test.csv", range(380, 440)),
        library.write(folder / "external.csv", range(440, 500)),
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that no worker has one of them left at the end (with --no-loadscope-reorder)."""
    items.sort(key=lambda item: (item.get_closest_marker("slurm") is None, item.path.parent.name != "cli"))
