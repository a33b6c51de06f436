"""Words of the configuration that have a new name: who still uses an old one is told in one line, before anything is done."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fluid.errors import ConfigError

KEYS: Mapping[str, Mapping[str, str]] = {
    "simulate": {
        "recipe": "protocol",
        "only": "target",
        "student": "distillation",
        "training.student.loss": "loss",
        "training.student.temperature": "loss.temperature",
    },
    "predict": {"model": "model_folder"},
    "evaluate": {"model": "model_folder"},
    "distill": {"consensus": "consensus_folder", "training.student.loss": "loss", "training.student.temperature": "loss.temperature"},
    "hybrid": {"consensus": "consensus_folder"},
}
"""Old keys and groups by verb, each with its new name. What lies below an old key lies below the new one."""

EXPERIMENTS = {"recipes": "protocols"}
"""Old names of experiments, and of the figures that they ask for."""
CHOICES: Mapping[str, Mapping[str, str]] = {"experiment": EXPERIMENTS, "figure": EXPERIMENTS}
"""Old choices by key, each with its new name. An own file may well have an old name, so they are looked up only when nothing is found."""


def key_and_value(setting: str) -> tuple[str, str]:
    """Return the key of a setting of the command line, without signs and package, and its value."""
    key, _, value = setting.partition("=")
    return key.lstrip("+~").split("@")[0].replace("/", "."), value


def new_key(verb: str, key: str) -> str:
    """Return the new name of an old key; empty if the key is not an old one."""
    for old, new in KEYS.get(verb, {}).items():
        if key == old or key.startswith(f"{old}."):
            return new + key.removeprefix(old)
    return ""


def new_choices(key: str, value: str) -> str:
    """Return a value in which every old choice has its new name; empty if it holds no old one."""
    new = value
    for old, name in CHOICES.get(key, {}).items():
        new = re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", name, new)
    return "" if new == value else new


def renamed(verb: str, key: str, value: str = "") -> str:
    """Return a remedy that gives the new name of an old key or choice; empty if neither is old."""
    if new := new_key(verb, key):
        return f"{key} is called {new} now."
    if new := new_choices(key, value):
        return f"{key}={value} is called {key}={new} now."
    return ""


def check_settings(verb: str, settings: Iterable[str], where: str = "") -> None:
    """Refuse settings of the command line whose key has another name now.

    Args:
        verb: The verb, as its file is called.
        settings: Texts such as `key=value`, `+key=value` or `~key`; flags are passed over.
        where: What the settings are part of, if not the command line.

    Raises:
        ConfigError: A key is an old one; the message has the new one.
    """
    for setting in settings:
        if "=" not in setting and not setting.startswith("~"):
            continue
        key, value = key_and_value(setting)
        if not setting.startswith("-") and (new := new_key(verb, key)):
            raise ConfigError(f"{key} is called {new} now", where=where, expected=f"{new}={value}" if value else "")


def check_values(verb: str, values: Mapping[str, Any]) -> None:
    """Refuse an old key or choice at the top of a composed configuration, where a file of the user's own has put it.

    Raises:
        ConfigError: The configuration has an old key or choice; the message has the new one.
    """
    check_settings(verb, (f"{key}=" for key in values))
    for key, known in CHOICES.items():
        if values.get(key) in known:
            raise ConfigError(renamed(verb, key, str(values[key])).rstrip("."))
