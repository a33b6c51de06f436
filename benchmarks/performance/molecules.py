"""Molecules to measure with: the embedded set, and a larger file where one was given."""

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd
from bench import Missing
from sklearn.metrics import roc_auc_score

from fluid.data.embedded import PARTS, embedded_path

LARGE = "herg_central.parquet"
LABEL = "blocker"


def embedded(part: str, n: int | None = None) -> pd.DataFrame:
    """Return the first rows of a part of the embedded set, with columns `smiles` and, if labelled, `blocker`."""
    return pd.read_parquet(embedded_path(part)).iloc[:n].reset_index(drop=True)


def large(data: Path | None, n: int) -> list[str]:
    """Return the first SMILES, as published, of the larger file.

    Raises:
        Missing: The folder was not given, or lacks the file.
    """
    if data is None or not (data / LARGE).is_file():
        raise Missing(f"needs paths.data=FOLDER with {LARGE} (given: {data})")
    return pd.read_parquet(data / LARGE, columns=["smiles"])["smiles"].iloc[:n].tolist()


def transfer(n: int) -> list[str]:
    """Return the first SMILES of the embedded transfer set."""
    return embedded("transfer", n)["smiles"].tolist()


def repeated(n: int) -> list[str]:
    """Return `n` SMILES: the embedded transfer set, from its beginning again where it ends."""
    return list(islice(cycle(transfer(n)), n))


def many(n: int, data: Path | None) -> list[str]:
    """Return `n` SMILES: of all embedded parts while these last, beyond them of the larger file."""
    own = [smiles for part in sorted(PARTS, reverse=True) for smiles in embedded(part)["smiles"]]
    return own[:n] if n <= len(own) else large(data, n)


def write_smiles(path: Path, smiles: Sequence[str]) -> Path:
    """Write a CSV file with a column `smiles`."""
    pd.DataFrame({"smiles": list(smiles)}).to_csv(path, index=False)
    return path


def auroc(answers: Path, truth: pd.DataFrame) -> float:
    """Return the AUROC of a CSV file of answers, one row per row of the truth."""
    given = pd.read_csv(answers)[LABEL].to_numpy(dtype=float)
    if len(given) != len(truth) or not np.isfinite(given).all():
        raise RuntimeError(f"{answers} does not answer every row of {len(truth)}")
    return float(roc_auc_score(truth[LABEL], given))
