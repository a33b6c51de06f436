"""What passes between companies and coordinator, counted."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from torch import Tensor

from fluid.artifacts import Artifact

COLUMNS = ("company", "bytes_up", "bytes_down")
TRAFFIC = "traffic.csv"


def size_of(message: Mapping[str, Tensor]) -> int:
    """Return the bytes of all tensors of a message, as they lie in memory: neither compressed nor with headers."""
    return sum(tensor.nbytes for tensor in message.values())


@dataclass(slots=True)
class Wire:
    """The line between the coordinator and each company; whatever one side learns of the other goes through it.

    Attributes:
        sent: Bytes up and down, by company.
    """

    sent: dict[str, list[int]] = field(default_factory=dict)

    def up(self, company: str, message: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Hand a company's message to the coordinator."""
        return self._counted(company, message, 0)

    def down(self, company: str, message: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Hand a message of the coordinator to a company."""
        return self._counted(company, message, 1)

    def _counted(self, company: str, message: Mapping[str, Tensor], way: int) -> Mapping[str, Tensor]:
        self.sent.setdefault(company, [0, 0])[way] += size_of(message)
        return message

    def write(self, folder: Path) -> None:
        """Write the bytes of each company into a stage's folder."""
        with (folder / TRAFFIC).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *((company, *both) for company, both in self.sent.items())])


def read_traffic(artifact: Artifact) -> pd.DataFrame:
    """Return the bytes that each company sent and got: columns `COLUMNS`."""
    return pd.read_csv(artifact / TRAFFIC, dtype={"company": str}, keep_default_na=False)
