from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fluid.cli.build import build
from fluid.distillation.evidential import EvidenceSpec
from fluid.errors import ConfigError
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import ForestSpec, ModelSpec, NetworkSpec, PredictionsSpec, StudentModel
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.registry import nearest_word


@dataclass(frozen=True)
class InnerSpec:
    size: int = 1
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    out: Path = Path("x")
    inner: InnerSpec = field(default_factory=InnerSpec)
    model: ModelSpec = field(default_factory=NetworkSpec)
    student_model: StudentModel = field(default_factory=NetworkSpec)
    edges: tuple[float, ...] = ()
    maybe: int | None = None
    flag: bool = False


def test_values_become_typed_objects() -> None:
    built = build(Outer, {"name": "a", "out": "b/c", "inner": {"size": 3}, "edges": [1, 0.5], "maybe": None, "flag": True})
    assert built == Outer("a", Path("b/c"), InnerSpec(3), NetworkSpec(), NetworkSpec(), (1.0, 0.5), None, True)


def test_kind_chooses_the_class() -> None:
    built = build(Outer, {"name": "a", "model": {"kind": "predictions", "path": "p"}, "student_model": {"kind": "forest", "n_trees": 3}})
    assert (built.model, built.student_model) == (PredictionsSpec("p"), ForestSpec(3))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "key 'name' is missing"),
        ({"name": "a", "nmae": "b"}, "unknown key 'nmae'.*Did you mean 'name'"),
        ({"name": "a", "inner": {"sise": 2}}, r"unknown key 'inner\.sise'.*Did you mean 'size'"),
        ({"name": 3}, "name is 3.*a text"),
        ({"name": "a", "inner": {"size": "big"}}, r"inner\.size is 'big'.*a whole number"),
        ({"name": "a", "inner": {"size": True}}, r"inner\.size is True.*a whole number"),
        ({"name": "a", "inner": {"share": "half"}}, r"inner\.share is 'half'.*a number"),
        ({"name": "a", "inner": 3}, "inner is 3.*a group of settings"),
        ({"name": "a", "edges": 0.5}, r"edges is 0\.5.*a list"),
        ({"name": "a", "edges": ["x"]}, r"edges\[0\] is 'x'.*a number"),
        ({"name": "a", "flag": "yes"}, "flag is 'yes'.*true or false"),
        ({"name": "a", "model": {"kind": "thing"}}, r"model\.kind is 'thing'.*one of network, forest, additive, wide_deep, predictions"),
        ({"name": "a", "student_model": {"kind": "predictions"}}, r"student_model\.kind is 'predictions', which cannot learn soft labels"),
    ],
)
def test_wrong_values_say_where_and_what(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Outer, values)


def test_a_model_of_parts_has_settings_within_settings() -> None:
    asked = {"kind": "wide_deep", "network": {"hidden": 8, "evidence": {"kl": 2}}, "additive": {"strengths": [1]}, "share": 1}
    built = build(Outer, {"name": "a", "student_model": asked}).student_model
    assert built == WideDeepSpec(NetworkSpec(hidden=8, evidence=EvidenceSpec(kl=2.0)), AdditiveSpec(strengths=(1.0,)), share=1.0)
    for key, value in (("network", {"hiden": 8}), ("additive", {"n_trees": 8})):
        with pytest.raises(ConfigError, match=rf"unknown key 'model\.{key}\.{next(iter(value))}'"):
            build(Outer, {"name": "a", "model": {"kind": "wide_deep", key: value}})


def test_nearest_names_the_close_word_or_all() -> None:
    assert nearest_word("simulat", ["simulate", "report"]) == "Did you mean 'simulate'?"
    assert nearest_word("xyz", ["b", "a"]) == "Known: a, b."
