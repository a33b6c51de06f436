"""Defaults have one meaning: what Python trains without settings is what the command line trains without settings."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fluid.cli.build import build
from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import SURROUNDINGS, federation_spec, leave_out
from fluid.federation import requests
from fluid.federation.spec import FederationSpec
from fluid.inspection.request import InspectRequest
from fluid.training.config import Training, TrainingConfig

NEEDED: dict[type, dict[str, Any]] = {
    requests.TeacherRequest: {"input": "a.csv", "company": "Acme", "out": Path("out")},
    requests.AnnotateRequest: {"teacher": Path("teacher"), "transfer": "t.csv", "out": Path("out")},
    requests.AggregateRequest: {"annotations": (Path("a"), Path("b")), "out": Path("out")},
    requests.DistillRequest: {"consensus_folder": Path("c"), "transfer": "t.csv", "out": Path("out")},
    requests.HybridRequest: {
        "input": "a.csv",
        "company": "Acme",
        "student": Path("s"),
        "consensus_folder": Path("c"),
        "transfer": "t.csv",
        "out": Path("out"),
    },
    requests.PredictRequest: {"model_folder": Path("m"), "input": "a.csv", "out": Path("out")},
    requests.EvaluateRequest: {"model_folder": Path("m"), "input": "a.csv", "out": Path("out")},
    requests.AuditRequest: {"release": Path("r"), "input": "a.csv", "out": Path("out")},
    InspectRequest: {"input": "a.csv"},
}
VERBS = {request: verb for verb, request in {**requests.REQUESTS, "inspect": InspectRequest}.items()}


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Yield where two settings differ, and how."""
    if is_dataclass(one) and type(one) is type(other):
        for field in fields(one):
            yield from differences(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}".lstrip("."))
    elif one != other:
        yield f"{where}: {one!r} on the command line, {other!r} in Python"


def written(value: Any) -> str:
    return "[" + ",".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("kind", VERBS)
def test_a_verb_and_its_request_have_the_same_defaults(kind: type) -> None:
    given = [f"{name}={written(value)}" for name, value in NEEDED[kind].items()]
    typed = build(kind, leave_out(plain_values(compose(VERBS[kind], given)), *SURROUNDINGS))
    assert list(differences(typed, kind(**NEEDED[kind]))) == []


def test_a_federation_has_the_same_defaults() -> None:
    spec = federation_spec(plain_values(compose("simulate")))
    assert list(differences(spec, FederationSpec(spec.data))) == []


def test_a_difference_would_be_seen() -> None:
    assert list(differences(Training(), Training(teacher=replace(TrainingConfig(), epochs=16)), "training")) == [
        "training.teacher.epochs: 15 on the command line, 16 in Python"
    ]
