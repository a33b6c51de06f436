from types import SimpleNamespace
from typing import Any

import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.company import check_definitions


def model(*texts: str) -> Any:
    return SimpleNamespace(predictor=SimpleNamespace(endpoints=tuple(map(Endpoint.parse, texts))), folder="model")


def endpoints(*texts: str) -> tuple[Endpoint, ...]:
    return tuple(map(Endpoint.parse, texts))


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        ("freesolv [kcal/mol]", "freesolv >= -4"),
        ("freesolv [kcal/mol]", "freesolv [kJ/mol]"),
        ("freesolv >= -4", "freesolv >= -3"),
        ("freesolv >= -4", "freesolv <= -4"),
        ("freesolv >= -4", "freesolv [kcal/mol]"),
        ("freesolv [kcal/mol]", "freesolv"),
        ("freesolv", "freesolv >= -4"),
    ],
)
def test_labels_of_another_definition_are_refused(own: str, asked: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_definitions(model("other", own), endpoints("other", asked))
    assert f"the labels are of '{asked}', and the model answers '{own}'; expected intake.endpoints with '{own}'" in str(raised.value)


@pytest.mark.parametrize(("own", "asked"), [("pic50 >= 5", "pic50 >= 5"), ("pic50 >= 5", "pic50"), ("a [u]", "a [u]"), ("a", "a")])
def test_labels_of_the_same_definition_and_measured_classes_are_fine(own: str, asked: str) -> None:
    check_definitions(model(own), endpoints("unknown", asked))


def test_a_model_of_other_endpoints_is_refused() -> None:
    with pytest.raises(ArtifactError, match="the model knows none of the labels' endpoints; expected intake.endpoints with one of: a, b"):
        check_definitions(model("a", "b [u]"), endpoints("c"))
