"""How a molecule file is taken in."""

from collections import Counter
from dataclasses import dataclass, field, replace

from fluid.data.bad_labels import BAD_POLICIES
from fluid.data.class_words import ClassWords, split_words
from fluid.data.endpoints import Endpoint
from fluid.data.file_form import FileForm
from fluid.data.labels import CENSORED_POLICIES
from fluid.data.layout import Layout
from fluid.data.merging import CLASS_POLICIES, VALUE_POLICIES, check_policy
from fluid.errors import ConfigError
from fluid.molecules.standardize import StandardizeSpec

LEAVE_OUT, REFUSE = "leave_out", "refuse"
QUORUM_POLICIES = (LEAVE_OUT, REFUSE)


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
        below_quorum: `leave_out`: endpoints with fewer are left out and told, unless none is left; `refuse`: they are refused.
        near_duplicates: Tanimoto similarity (Morgan, radius 2) from which on molecules of two data sets of an experiment count as the same;
            0: only by the first block of the InChIKey.
        workers: Worker processes; 0 works in this process, without time-out.
        file: How the file is written, as far as that is not to be told from it.
        layout: Rows to leave out, and where measurements stand if endpoints have no columns of their own.
        missing: Further words that mean that nothing was measured, in all columns: `ND`, `-`, `-999`.
        bad_labels: `refuse` a file with cells that hold no label, or `drop` and list these.
        censored: What becomes of a bound (`>10`) where values are learnt: `drop` and list it, `bound`: it counts as measured, `likelihood`:
            it is learnt as a bound. Where a threshold makes classes, a bound is a class if it is certain of it, whatever this says.
        carry: Columns that go along with the rows into the answers of `predict` and into a company's own copy of what it annotates.

    Raises:
        ConfigError: A policy is unknown, an endpoint or a carried column is named twice or cannot be read, or a value is out of range.
    """

    smiles_column: str = "smiles"
    endpoints: tuple[str | Endpoint, ...] = ("blocker",)
    standardize: StandardizeSpec = field(default_factory=StandardizeSpec)
    conflicts_classification: str = "drop"
    conflicts_regression: str = "mean"
    quorum: int = 25
    below_quorum: str = LEAVE_OUT
    near_duplicates: float = 0.0
    workers: int = 2
    file: FileForm = field(default_factory=FileForm)
    layout: Layout = field(default_factory=Layout)
    missing: tuple[str | int | float, ...] = ()
    bad_labels: str = "refuse"
    censored: str = "drop"
    carry: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        check_policy(self.conflicts_classification, CLASS_POLICIES, "intake.conflicts_classification")
        check_policy(self.conflicts_regression, VALUE_POLICIES, "intake.conflicts_regression")
        check_policy(self.below_quorum, QUORUM_POLICIES, "intake.below_quorum")
        repeated = [name for name, count in Counter(endpoint.name for endpoint in self.parsed_endpoints).items() if count > 1]
        if repeated:
            remedy = "Copy the column under another name."
            raise ConfigError(f"intake.endpoints names {repeated[0]!r} twice", expected="one endpoint per column", remedy=remedy)
        self._check_labels()
        if not 0 <= self.near_duplicates <= 1:
            raise ConfigError(f"intake.near_duplicates is {self.near_duplicates}", expected="a similarity from 0 (not looked for) to 1")
        if self.workers < 0:
            raise ConfigError(f"intake.workers is {self.workers}", expected="0 or more")
        if "" in self.carry or len(set(self.carry)) < len(self.carry):
            raise ConfigError(f"intake.carry is {list(self.carry)}", expected="names of columns, each once")

    def _check_labels(self) -> None:
        check_policy(self.bad_labels, BAD_POLICIES, "intake.bad_labels")
        check_policy(self.censored, CENSORED_POLICIES, "intake.censored")
        if not all(type(word) in (str, int, float) for word in self.missing):
            raise ConfigError(f"intake.missing is {list(self.missing)}", expected="words or numbers, e.g. [ND,-999]")
        column = self.layout.qualifier_column
        if column and "{}" not in column and not self.layout.endpoint_columns and len(self.endpoints) > 1:
            given = f"intake.layout.qualifier_column is {column!r} for {len(self.endpoints)} endpoints"
            raise ConfigError(given, expected="a name with {} for the endpoint's, e.g. '{}_relation'")

    @property
    def parsed_endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints to read."""
        return tuple(one if isinstance(one, Endpoint) else Endpoint.parse(one) for one in self.endpoints)

    @property
    def class_words(self) -> tuple[ClassWords | None, ...]:
        """For each endpoint the words of its classes, if its text form declares any."""
        return tuple(None if isinstance(one, Endpoint) else split_words(one)[1] for one in self.endpoints)

    @property
    def missing_words(self) -> tuple[str, ...]:
        """Further words that mean that nothing was measured, as texts."""
        return tuple(map(str, self.missing))

    def unlabelled(self) -> "IntakeSpec":
        """Return how the same file is read without its labels."""
        return replace(
            self, endpoints=(), missing=(), bad_labels="refuse", censored="drop", layout=replace(self.layout, qualifier_column="")
        )

    def policy(self, measured: Endpoint) -> str:
        """Return the conflict policy for a column of classes, or of values."""
        return self.conflicts_classification if measured.binary else self.conflicts_regression
