import numpy as np
import pytest

from fluid.companies.domains import NOBODY, domains, kmeans_domains, scaffold_domains
from fluid.companies.spec import CompanySpec
from fluid.companies.split import split_companies
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import ConfigError
from fluid.molecules.fingerprints import morgan_bits
from tests.conftest import Library

CHAINS, RINGS = ("CCCCO", "CCCCCO", "CCCCCCO"), ("c1ccccc1N", "c1ccccc1NC", "c1ccccc1CN")


def test_a_molecule_belongs_to_the_nearest_mean_fingerprint() -> None:
    assert kmeans_domains([CHAINS, RINGS], ["CCCO", "c1ccccc1CCN", "CCCCCCCO"]).tolist() == [0, 1, 0]
    queries = ["CCO", "c1ccccc1O", "CCCCN"]
    dense = [np.unpackbits(morgan_bits(part, features=True), axis=1).astype(float) for part in (CHAINS, RINGS, queries)]
    distance = np.stack([np.linalg.norm(dense[2] - part.mean(axis=0), axis=1) for part in dense[:2]])
    assert kmeans_domains([CHAINS, RINGS], queries).tolist() == distance.argmin(axis=0).tolist()


def test_without_smoothing_the_pools_own_molecules_stay_where_they_are(library: Library) -> None:
    smiles = library.smiles[:300]
    labels = np.array(library.active[:300], dtype=np.float32)[:, None]
    table = MoleculeTable(smiles, smiles, labels, (Endpoint.parse("active"),))
    company = split_companies(table, CompanySpec(n=3, smoothing=0.0, min_size=10, min_per_class=0), 0)
    companies = [[text for text, own in zip(smiles, company, strict=True) if own == number] for number in range(3)]
    assert (kmeans_domains(companies, smiles) == company).mean() > 0.99


def test_a_scaffold_belongs_to_whoever_holds_most_of_it() -> None:
    found = scaffold_domains([["c1ccccc1N", "C1CCCCC1N"], ["c1ccccc1O", "c1ccccc1F"]], ["c1ccccc1Cl", "C1CCCCC1", "c1ccncc1"])
    assert found.tolist() == [1, 0, NOBODY]


def test_no_molecules_have_no_domain_and_a_random_split_none_at_all() -> None:
    assert domains("kmeans", [CHAINS, RINGS], []).shape == domains("scaffold", [CHAINS], []).shape == (0,)
    with pytest.raises(
        ConfigError, match="'size' gives companies no one chemistry of their own.*expected companies=kmeans or companies=scaffold"
    ):
        domains("size", [CHAINS], [])
