"""Stage `domain_gain`: how many test molecules are in the domain of a company's teacher, of the student and of its hybrid."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fluid.data.dataset import Dataset
from fluid.molecules.feature_dictionary import Features, dictionary_of, features_of, find_covered
from fluid.molecules.nearest import NearestReference
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/domain_gain.py"

FILE = "domain_gain.csv"
COLUMNS = ["company", "role", "test", "rule", "in_domain", "gained", "n"]
FEATURES, NEAREST = "features", "nearest"


class NearestRule(NamedTuple):
    """In domain is what has a mean Tanimoto similarity of at least `edge` to the `k` nearest molecules that were learnt from."""

    edge: float
    k: int


class Learnt(NamedTuple):
    """What one kind of model learnt from, as both rules see it; what a hybrid learnt from is the sum of two.

    Attributes:
        features: Features of its molecules.
        similarity: Similarity of each test molecule to the nearest of them, `(M, k)`, by test.
    """

    features: Features
    similarity: Mapping[str, np.ndarray]


def learn(dataset: Dataset, tests: Mapping[str, Dataset], k: int) -> Learnt:
    """Return what a model that learnt a part knows of the tests."""
    reference = NearestReference(np.asarray(dataset.molecules.bits))
    near = {test: reference.nearest(np.asarray(asked.molecules.bits), k).similarity for test, asked in tests.items()}
    return Learnt(features_of(dataset.molecules.smiles), near)


def find_in_domain(test: str, asked: Features, learnt: tuple[Learnt, ...], rule: NearestRule) -> dict[str, np.ndarray]:
    """Return which test molecules `(M,)` are in the domain of a model that learnt from some parts, by each rule."""
    similarity = np.concatenate([part.similarity[test] for part in learnt], axis=1)
    nearest = -np.sort(-similarity, axis=1)[:, : rule.k]
    return {
        FEATURES: find_covered(asked, dictionary_of(*(part.features for part in learnt))),
        NEAREST: nearest.mean(axis=1) >= rule.edge if nearest.shape[1] else np.zeros(len(nearest), dtype=bool),
    }


def domain_gain_stage(companies: Mapping[str, Dataset], lesson: Dataset, tests: Mapping[str, Dataset], rule: NearestRule) -> Stage:
    """Describe the counting of test molecules in domain: by the paper's feature dictionary, and by the nearest molecules.

    A teacher knows its company's private split, a student the transfer molecules that it learnt from, a hybrid both. `gained` counts
    what is in domain now, but is not in the domain of the company's own teacher.

    Args:
        companies: Private split of each company that has a hybrid.
        lesson: The transfer molecules that the student learnt from.
        tests: Test molecules by name.
        rule: The rule by nearest molecules.
    """

    def rows(student: Learnt, asked: Mapping[str, Features], company: str, own: Learnt) -> Iterator[tuple[object, ...]]:
        for test, part in tests.items():
            before = find_in_domain(test, asked[test], (own,), rule)
            for role, learnt in {"teacher": (own,), "student": (student,), "hybrid": (own, student)}.items():
                for name, inside in find_in_domain(test, asked[test], learnt, rule).items():
                    yield company, role, test, name, int(inside.sum()), int((inside & ~before[name]).sum()), len(part)

    def build(folder: Path, work: Work) -> None:
        asked = {test: features_of(part.molecules.smiles) for test, part in tests.items()}
        student = learn(lesson, tests, rule.k)
        table: list[tuple[object, ...]] = []
        for number, (company, part) in enumerate(companies.items()):
            table += rows(student, asked, company, learn(part, tests, rule.k))
            work.report((number + 1) / len(companies))
        pd.DataFrame(table, columns=COLUMNS).to_csv(folder / FILE, index=False)

    inputs = {
        "companies": {name: part.digest for name, part in companies.items()},
        "lesson": lesson.transfer_digest,
        "tests": {name: part.transfer_digest for name, part in tests.items()},
        "rule": list(rule),
    }
    return Stage("domain_gain", "domain gain", inputs, build, module=MODULE)
