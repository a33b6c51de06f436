"""Build plain typed objects from plain nested values; unknown keys and wrong types are errors with a suggestion."""

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union

from fluid.errors import ConfigError

Built = TypeVar("Built")


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a remedy that names the closest known word, or all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else "Known: " + ", ".join(sorted(known)) + "."


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
            raise ConfigError(f"unknown key {_join(where, key)!r}", remedy=nearest(key, list(known)))
    missing = [name for name, f in known.items() if name not in values and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise ConfigError(f"key {_join(where, missing[0])!r} is missing", expected=f"a value ({hints[missing[0]]})")
    return cls(**{key: convert(hints[key], value, _join(where, key)) for key, value in values.items()})


def convert(hint: Any, value: Any, where: str) -> Any:
    """Convert one value to what its type hint asks for."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(args, value, where)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is {value!r}", expected="a group of settings")
        return build(hint, {key: item for key, item in value.items() if key != "kind"}, where)
    if origin is tuple:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ConfigError(f"{where} is {value!r}", expected="a list, e.g. [a,b]")
        return tuple(convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if hint is Path:
        return Path(_convert_scalar(str, value, where)).expanduser()
    if hint in (int, float, str, bool):
        return _convert_scalar(hint, value, where)
    return value


def _convert_union(args: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in args:
        return None
    if isinstance(value, str) and str in args:
        return value
    options = [arg for arg in args if arg is not type(None)]
    options = [arg for arg in options if arg is not str] or options
    if all(is_dataclass(option) for option in options) and len(options) > 1:
        return _build_by_kind(options, value, where)
    return convert(options[0], value, where) if len(options) == 1 else value


def _build_by_kind(options: Sequence[type], value: Any, where: str) -> Any:
    kinds = {option.__name__.removesuffix("Spec").lower(): option for option in options}
    kind = str(value.get("kind")) if isinstance(value, Mapping) else str(value)
    if kind not in kinds:
        raise ConfigError(f"{where}.kind is {kind!r}", remedy=nearest(kind, list(kinds)))
    return build(kinds[kind], {key: item for key, item in value.items() if key != "kind"}, where)


def _convert_scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise ConfigError(f"{where} is {value!r}", expected=names[hint])
    return value


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
