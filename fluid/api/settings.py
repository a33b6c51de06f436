"""Settings given in Python become the configuration that the command line would have composed from them."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from fluid.api.shell import as_typed, check_known, exact, key_and_value, resolved
from fluid.errors import ConfigError

Settings = str | Sequence[str] | Mapping[str, Any]
MISSING = "???"


def written(value: Any, name: str) -> str:
    """Return a value as it is written on the command line.

    Raises:
        ConfigError: The type of the value is none that a setting can have.
    """
    if value is None:
        return "null"
    if type(value).__module__ == "numpy" and hasattr(value, "item"):  # one of its numbers
        return written(value.item(), name)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | PathLike):
        return exact(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(written(item, name) for item in value) + "]"
    raise ConfigError(f"{name} is a {type(value).__name__}", expected="a number, a text, true or false, None, a list or a mapping")


def dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield nested values as overrides with dotted names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={written(value, prefix + name)}"


def overrides_of(settings: Settings, keywords: Mapping[str, Any]) -> list[str]:
    """Return settings and keywords as the overrides that one would type.

    Raises:
        ConfigError: A setting is no text such as `model=forest`.
    """
    typed = [settings] if isinstance(settings, str) else list(dotted(settings) if isinstance(settings, Mapping) else settings)
    for text in typed:
        if not isinstance(text, str) or text.startswith("-"):
            raise ConfigError(f"setting {text!r} cannot be used", expected="texts such as 'model=forest' or 'seed=3'")
    return [*as_typed(typed), *dotted(keywords)]


def sets(overrides: Sequence[str], name: str) -> bool:
    """Return whether overrides name a setting, be it to give it, to add it (`+`, `++`) or to remove it (`~`)."""
    return any(key_and_value(text)[0] == name for text in overrides)


def refuse_arguments(overrides: Sequence[str], arguments: Mapping[str, str]) -> None:
    """Refuse settings that a function has as arguments, which would win over them unnoticed.

    Args:
        overrides: Settings as on the command line.
        arguments: The argument, by the name of the setting.

    Raises:
        ConfigError: The overrides name what is an argument.
    """
    for name, argument in arguments.items():
        if sets(overrides, name):
            raise ConfigError(f"{name} is given as a setting", expected=f"the argument {argument}")


def unset(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of settings that must be given and are not."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from unset(value, f"{prefix}{name}.")
        elif isinstance(value, str) and value == MISSING:
            yield f"{prefix}{name}"


def configuration(verb: str, overrides: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resolved configuration of a verb as plain values.

    Args:
        verb: The verb, with `_` for `-`.
        overrides: Settings as on the command line.
        given: Values at the top that are known already (`input`, `company`, `out`).

    Raises:
        ConfigError: A setting is unknown, wrong or missing; says which one may be meant.
    """
    values = {**resolved(verb, overrides), **given}
    check_known(verb, values)
    for name in unset(values):
        raise ConfigError(f"{name} is missing", remedy=f"Give it as {name}=...")
    return values
