"""Certificates of made-up companies, as they would be sent: quick to make, since nothing is trained."""

from pathlib import Path

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.evidence import Evidence
from fluid.annotation.storage import write_annotation_set
from fluid.artifacts import write_json
from fluid.data.endpoints import Endpoint
from fluid.molecules.substructures import Dictionary
from fluid.privacy.certificate import FILE, Contents, certificate
from fluid.privacy.ledger import Ledger, charge, open_ledger
from fluid.privacy.mechanisms import Gaussian, Mechanism
from fluid.privacy.release_plan import names_of

HERG = Endpoint("hERG")
MECHANISMS: tuple[Mechanism, ...] = tuple(Gaussian(name, 0.25) for name in names_of(HERG))
BUDGET = (9.0, 1e-5)


def count(path: Path, release: str, company: str = "Acme", witness: Path | None = None) -> Ledger:
    """Count a release in a company's ledger."""
    with open_ledger(path, company, BUDGET, witness) as ledger:
        return charge(ledger, MECHANISMS, release, witness)


def annotations(company: str = "Acme", draw: int = 0) -> AnnotationSet:
    """Return an annotation set with evidence."""
    generator = np.random.default_rng(draw)
    counts = generator.integers(0, 5, (1, 16)).astype(np.float32)
    planes = [generator.uniform(0.1, 0.9, (8, 1)).astype(np.float32) for _ in range(3)]
    familiarity = generator.uniform(1, 5, 8).astype(np.float32)
    evidence = Evidence(Dictionary(2, 16), (HERG,), counts)
    return AnnotationSet(company, (HERG,), "f" * 64, *planes, np.zeros(8, dtype=np.uint8), 4, None, evidence, familiarity)


def send(folder: Path, ledger: Path | None, company: str = "Acme", draw: int = 0) -> Path:
    """Write a certified annotation set, counted in a ledger; without a ledger, one that a simulation made."""
    one = annotations(company, draw)
    assert one.evidence is not None
    contents = Contents.of(company, np.full(16, float(draw)), np.zeros(1), one.evidence.counts)
    longer = count(ledger, contents.release, company) if ledger else None
    write_annotation_set(folder, one)
    write_json(folder / FILE, certificate(contents, MECHANISMS, BUDGET[1], ledger is not None, longer))
    return folder


def send_uncertified(folder: Path, company: str, draw: int = 0) -> Path:
    """Write an annotation set that promises nothing."""
    write_annotation_set(folder, annotations(company, draw))
    return folder
