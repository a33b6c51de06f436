"""What a look at a file is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError
from fluid.file_names import WITNESS, at_home


@dataclass(frozen=True, slots=True)
class InspectRequest:
    """Look at the molecule file `input`.

    Attributes:
        input: The file, or `embedded:<part>`.
        against: Files that it is compared with.
        out: Page to write, if any.
        json: File for all that was found, if any.
        rows: First rows that are looked at; 0: all.
        molecules: Whether the molecules are looked at, or the columns alone.
        intake: How the file is read; columns that it does not name are told from the file.
        witness: Folder that notes the last lines of ledgers, for a ledger; or `None`.
        overwrite: Whether page and JSON may replace what is there.

    Raises:
        ConfigError: The number of rows is negative.
    """

    input: str
    against: tuple[str, ...] = ()
    out: Path | None = None
    json: Path | None = None
    rows: int = 0
    molecules: bool = True
    intake: IntakeSpec = field(default_factory=lambda: IntakeSpec(smiles_column="", endpoints=()))
    witness: Path | None = field(default_factory=lambda: at_home(WITNESS))
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        if self.rows < 0:
            raise ConfigError(f"rows is {self.rows}", expected="a number of rows, or 0 for all")
