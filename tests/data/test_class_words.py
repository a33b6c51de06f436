import math

import pytest

from fluid.data.class_words import ClassWords, split_words
from fluid.data.endpoints import Endpoint
from fluid.data.intake import IntakeSpec
from fluid.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("call in Active/Inactive", "call", ClassWords(("active",), ("inactive",))),
        ("call in Active|Probably active/Inactive", "call", ClassWords(("active", "probably active"), ("inactive",))),
        (" call  in  Active / Inactive / ND|- ", "call", ClassWords(("active",), ("inactive",), ("nd", "-"))),
        ('"Overall in vivo call" in Yes/No', "Overall in vivo call", ClassWords(("yes",), ("no",))),
        ("call in vivo in Yes/No", "call in vivo", ClassWords(("yes",), ("no",))),
        ("x in +/-", "x", ClassWords(("+",), ("-",))),
        ("x in 1/0", "x", ClassWords(("1",), ("0",))),
        ("a/b in 1/2", "a/b", ClassWords(("1",), ("2",))),
    ],
)
def test_classes_as_a_file_writes_them(text: str, name: str, words: ClassWords) -> None:
    assert split_words(text)[1] == words
    assert Endpoint.parse(text) == Endpoint(name)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("solubility in water", Endpoint("solubility in water")),
        ('"uptake in mg/kg"', Endpoint("uptake in mg/kg")),
        ("uptake in mg/kg >= 5", Endpoint("uptake in mg/kg", threshold=5.0)),
        ("uptake in mg/kg [mg/kg]", Endpoint("uptake in mg/kg", "regression", "mg/kg")),
        ("CL in mL/min/kg/d", Endpoint("CL in mL/min/kg/d")),
    ],
)
def test_names_that_look_a_little_like_it(text: str, endpoint: Endpoint) -> None:
    assert split_words(text)[1] is None
    assert Endpoint.parse(text) == endpoint


@pytest.mark.parametrize("text", ["x in /no", "x in yes/", "x in yes|/no", "x in yes/YES", "x in a|b/c/B", "x in a/b/"])
def test_words_that_cannot_be_told_apart_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"the class words are '.*'; expected different words for each class, e\.g\. 'call in Active"):
        Endpoint.parse(text)


def test_what_a_word_means() -> None:
    meaning = ClassWords(("Yes", " Y "), ("No",), ("?",)).meaning
    assert {word: meaning[word] for word in ("yes", "y", "no")} == {"yes": 1, "y": 1, "no": 0}
    assert math.isnan(meaning["?"])


def test_the_endpoint_is_the_same_however_its_classes_are_written() -> None:
    spec = IntakeSpec(endpoints=("blocker in Active/Inactive", "hit", Endpoint("flag")))
    assert spec.parsed_endpoints == IntakeSpec(endpoints=("blocker", "hit", "flag")).parsed_endpoints
    assert spec.class_words == (ClassWords(("active",), ("inactive",)), None, None)
