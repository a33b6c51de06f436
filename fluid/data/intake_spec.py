"""How a molecule file is taken in."""

from collections import Counter
from dataclasses import dataclass, field, replace

from fluid.data.endpoints import Endpoint
from fluid.data.file_form import FileForm
from fluid.data.layout import Layout
from fluid.data.merging import CLASS_POLICIES, VALUE_POLICIES, check_policy
from fluid.errors import ConfigError
from fluid.molecules.standardize import StandardizeSpec


@dataclass(frozen=True, slots=True)
class IntakeSpec:
    """How a file is taken in.

    Attributes:
        smiles_column: Column with SMILES (not used for SDF).
        endpoints: Endpoints to read, or their text form as in `Endpoint.parse`: `blocker`, `pic50 >= 5`, `pic50 [log mol/L]`; none for
            unlabelled molecules.
        standardize: Standardisation policy.
        conflicts_classification: `drop`, `majority` or `first`, where the classes of one molecule differ in a class column.
        conflicts_regression: `mean`, `median`, `first` or `drop`, where its values differ in a column of values; a threshold
            is applied to the result.
        quorum: Fewest labels per class (classification) or in all (regression) to train on.
        near_duplicates: Tanimoto similarity (Morgan, radius 2) from which on molecules of two data sets of an experiment count as the same;
            0: only by the first block of the InChIKey.
        workers: Worker processes; 0 works in this process, without time-out.
        file: How the file is written, as far as that is not to be told from it.
        layout: Rows to leave out, and where measurements stand if endpoints have no columns of their own.

    Raises:
        ConfigError: A policy is unknown, an endpoint is named twice or cannot be read, or a value is out of range.
    """

    smiles_column: str = "smiles"
    endpoints: tuple[str | Endpoint, ...] = ("blocker",)
    standardize: StandardizeSpec = field(default_factory=StandardizeSpec)
    conflicts_classification: str = "drop"
    conflicts_regression: str = "mean"
    quorum: int = 25
    near_duplicates: float = 0.0
    workers: int = 2
    file: FileForm = field(default_factory=FileForm)
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        """Check the values."""
        check_policy(self.conflicts_classification, CLASS_POLICIES, "intake.conflicts_classification")
        check_policy(self.conflicts_regression, VALUE_POLICIES, "intake.conflicts_regression")
        repeated = [name for name, count in Counter(endpoint.name for endpoint in self.parsed_endpoints).items() if count > 1]
        if repeated:
            remedy = "Copy the column under another name."
            raise ConfigError(f"intake.endpoints names {repeated[0]!r} twice", expected="one endpoint per column", remedy=remedy)
        if not 0 <= self.near_duplicates <= 1:
            raise ConfigError(f"intake.near_duplicates is {self.near_duplicates}", expected="a similarity from 0 (not looked for) to 1")
        if self.workers < 0:
            raise ConfigError(f"intake.workers is {self.workers}", expected="0 or more")

    @property
    def parsed_endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints to read."""
        return tuple(one if isinstance(one, Endpoint) else Endpoint.parse(one) for one in self.endpoints)

    def unlabelled(self) -> "IntakeSpec":
        """Return how the same file is read without its labels."""
        return replace(self, endpoints=())

    def policy(self, measured: Endpoint) -> str:
        """Return the conflict policy for a column of classes, or of values."""
        return self.conflicts_classification if measured.binary else self.conflicts_regression
