from dataclasses import replace
from typing import Any

import pytest

from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bad_labels": "ignore"}, "intake.bad_labels is 'ignore'; expected one of refuse, drop"),
        ({"censored": "keep"}, "intake.censored is 'keep'; expected one of drop, bound, likelihood"),
        ({"missing": (None,)}, r"intake.missing is \[None\]; expected words or numbers, e.g. \[ND,-999\]"),
        ({"missing": (True,)}, r"intake.missing is \[True\]"),
        ({"endpoints": ("hit in a/A",)}, "the class words are 'a/a'; expected different words"),
        ({"endpoints": ("hit in Yes/No", "hit")}, "intake.endpoints names 'hit' twice"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        IntakeSpec(**settings)


def test_how_labels_are_written_does_not_matter_without_labels() -> None:
    plain = IntakeSpec()
    asked = replace(plain, missing=("ND", -999), bad_labels="drop", censored="bound", layout=Layout(qualifier_column="relation"))
    assert asked.missing_words == ("ND", "-999")
    assert asked.unlabelled() == plain.unlabelled()
