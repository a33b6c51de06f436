"""Where the molecules of an experiment are."""

from dataclasses import dataclass, replace
from typing import Any

from fluid.data.layout import Layout
from fluid.errors import ConfigError

RANDOM, SPANNING = "random", "spanning"
TRANSFER_CHOICES = (RANDOM, SPANNING)


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the molecules are; `embedded:<part>` names a part of the embedded hERG set.

    Attributes:
        pool: Labelled molecules of the whole consortium, to be divided among companies.
        transfer: Public unlabelled molecules.
        validation: Labelled in-domain molecules for thresholds; empty: a share of the pool is set aside.
        test_in_domain: Labelled test molecules of the consortium's own chemical space; empty: a share of the pool is set aside.
        test_external: Labelled molecules from an independent source; may be empty.
        transfer_smiles_column: SMILES column of the transfer file.
        transfer_labels: Labelled molecules of which some are in the transfer set, for a consensus that learns from public labels; may be
            empty. Labels of molecules that are not in the transfer set are not used.
        validation_share: Share of the pool set aside when `validation` is empty.
        test_share: Share of the pool set aside when `test_in_domain` is empty.
        endpoints: What is learnt from the labelled files, in the form of `IntakeSpec.endpoints`, which it replaces; empty: those.
        test_external_endpoints: The same endpoints as the external file has them, in the same order; empty: alike. A class that was
            measured as such stands for one that the pool has from a threshold.
        endpoint_columns: Of labelled files with one measurement per row: the columns that name the endpoint, in the place of those of
            `intake.layout`; empty: those.
        value_column: And the one that holds the measurement.
        pool_where: Rows of the pool's file that are read, in the place of `intake.layout.where`; empty: as that says.
        test_in_domain_where: The same for the in-domain test.
        transfer_where: Rows of the transfer set that are read, which `intake.layout` says nothing of; empty: all.
        transfer_n: Transfer molecules that are used, chosen after overlaps are removed; 0: all.
        transfer_choice: How they are chosen: `random`, drawn by the seed; or `spanning`, such that they hold the substructures of all of
            them, the rare ones too, whatever the seed.
        transfer_keeps_tests: Test molecules stay in the transfer set, as in the paper, where nobody looked.

    Raises:
        ConfigError: The choice of transfer molecules is unknown.
    """

    pool: str
    transfer: str
    validation: str = ""
    test_in_domain: str = ""
    test_external: str = ""
    transfer_smiles_column: str = "smiles"
    transfer_labels: str = ""
    validation_share: float = 0.1
    test_share: float = 0.2
    endpoints: tuple[str, ...] = ()
    test_external_endpoints: tuple[str, ...] = ()
    endpoint_columns: tuple[str, ...] = ()
    value_column: str = ""
    pool_where: str = ""
    test_in_domain_where: str = ""
    transfer_where: str = ""
    transfer_n: int = 0
    transfer_choice: str = RANDOM
    transfer_keeps_tests: bool = False

    def __post_init__(self) -> None:
        """Check how transfer molecules are chosen."""
        if self.transfer_choice not in TRANSFER_CHOICES:
            raise ConfigError(f"data.transfer_choice is {self.transfer_choice!r}", expected=" or ".join(TRANSFER_CHOICES))

    @property
    def spans(self) -> bool:
        """Whether transfer molecules are chosen by their substructures."""
        return self.transfer_n > 0 and self.transfer_choice == SPANNING

    def layout(self, given: Layout, where: str = "") -> Layout:
        """Return how rows of a labelled file stand: as given, where the data say nothing else; `where` selects among them."""
        own: dict[str, Any] = {"where": where, "endpoint_columns": self.endpoint_columns, "value_column": self.value_column}
        return replace(given, **{name: value for name, value in own.items() if value})
