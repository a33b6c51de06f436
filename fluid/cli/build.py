"""Build plain typed objects from plain nested values; unknown keys and wrong types are errors with a suggestion."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union

from fluid.errors import ConfigError
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.file_names import at_home
from fluid.models.predictor import ModelSpec, StudentModel
from fluid.registry import nearest_word
from fluid.training.kinds.kind import MODELS

Built = TypeVar("Built")


def build(cls: type[Built], values: Mapping[str, Any], where: str = "") -> Built:
    """Build a dataclass from a mapping, recursively.

    Args:
        cls: The dataclass.
        values: Plain values (dict, list, str, numbers, None).
        where: Dotted path for messages.

    Raises:
        ConfigError: A key is unknown or missing, or a value has the wrong type.
    """
    hints, known = typing.get_type_hints(cls), {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {_join(where, key)!r}", remedy=nearest_word(key, list(known)))
    missing = [name for name, f in known.items() if name not in values and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise ConfigError(f"key {_join(where, missing[0])!r} is missing", expected=f"a value ({hints[missing[0]]})")
    return cls(**{key: convert(hints[key], value, _join(where, key)) for key, value in values.items()})


def convert(hint: Any, value: Any, where: str) -> Any:
    """Convert one value to what its type hint asks for."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(args, value, where)
    if hint in (ModelSpec, StudentModel):
        return _build_model(value, hint is StudentModel, where)
    if hint is BaselinesSpec:
        return _build_baselines(value, where)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is {value!r}", expected="a group of settings")
        return build(hint, {key: item for key, item in value.items() if key != "kind"}, where)
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ConfigError(f"{where} is {value!r}", expected="a list, e.g. [a,b]")
        return tuple(convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if hint is Path:
        return _convert_path(value, where)
    if hint in (int, float, str, bool):
        return _convert_scalar(hint, value, where)
    return value


def _convert_path(value: Any, where: str) -> Path:
    """Return a text as a path; a leading `~` is the home folder."""
    if value == "":
        raise ConfigError(f"{where} is empty", expected="the name of a file or folder")
    return at_home(_convert_scalar(str, value, where))


def _convert_union(args: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in args:
        return None
    if isinstance(value, str) and str in args:
        return value
    options = [arg for arg in args if arg is not type(None)]
    options = [arg for arg in options if arg is not str] or options
    return convert(options[0], value, where) if len(options) == 1 else value


def _build_model(value: Any, student: bool, where: str) -> Any:
    """Build the settings of a model, of the class that its kind has."""
    kind = str(value.get("kind") if isinstance(value, Mapping) else value)
    if kind not in MODELS:
        raise MODELS.unknown(kind, f"{where}.kind")
    if student and MODELS[kind].distil is None:
        raise ConfigError(f"{where}.kind is {kind!r}, which cannot learn soft labels", expected="another kind of model, such as network")
    return build(MODELS[kind].spec, {key: item for key, item in value.items() if key != "kind"}, where)


def _build_baselines(value: Any, where: str) -> BaselinesSpec:
    """Build the settings of all baselines that are asked for, each of the class that it has."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is {value!r}", expected="a group of settings")
    for name in value:
        if name not in BASELINES:
            raise ConfigError(f"unknown key {_join(where, name)!r}", remedy=nearest_word(name, list(BASELINES)))
    asked = {name: own for name, own in value.items() if own is not None}
    return BaselinesSpec(**{name: convert(BASELINES[name].settings, own, _join(where, name)) for name, own in asked.items()})


def _convert_scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise ConfigError(f"{where} is {value!r}", expected=names[hint])
    return value


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
