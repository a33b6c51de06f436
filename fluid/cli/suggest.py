"""The nearest known key or choice to a mistyped one."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from fluid.cli.compose import composed, conf_file, conf_folder
from fluid.cli.help import choices_of, groups_of, names_in, read_config
from fluid.cli.old_words import check_values, renamed
from fluid.cli.quoting import readable
from fluid.errors import ConfigError
from fluid.registry import nearest

UNTYPED = {"paths", "logger"}


def dotted_keys(values: Any, prefix: str = "") -> Iterator[str]:
    """Yield every key of nested mappings as a dotted path."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield f"{prefix}{key}"
            yield from dotted_keys(value, f"{prefix}{key}.")


def known_keys(verb: str, settings: Sequence[str] = ()) -> list[str]:
    """Return all keys and groups that a verb's configuration knows, with the choices among the settings that are possible."""
    from omegaconf import OmegaConf

    groups = groups_of(verb)
    pairs = [(text, *text.split("=", 1)) for text in settings if "=" in text]
    chosen = [text for text, group, choice in pairs if choice and set(names_in(choice)) <= set(choices_of(group))]
    config = OmegaConf.to_container(composed(verb, [text for text in chosen if text.split("=")[0] in groups]), resolve=False)
    return sorted(set(dotted_keys(config)) | set(groups))


def children(key: str, known: Collection[str]) -> list[str]:
    """Return the names of the keys right below a key; of the empty key, those at the top."""
    prefix = f"{key}." if key else ""
    return sorted(name.removeprefix(prefix) for name in known if name.startswith(prefix) and "." not in name.removeprefix(prefix))


def nearest_key(key: str, known: Collection[str]) -> str:
    """Return a remedy that names the known key that is most likely meant: of the same group, of the same name elsewhere, or alike."""
    parent, _, leaf = key.rpartition(".")
    siblings = children(parent, known)
    if close := difflib.get_close_matches(leaf, siblings, n=1):
        return f"Did you mean {(f'{parent}.' if parent else '') + close[0]!r}?"
    if parent and siblings:
        return f"Keys of {parent}: " + ", ".join(siblings) + "."
    namesakes = sorted(name for name in known if name.rpartition(".")[2] == leaf)
    longer = [name for name in siblings if name.startswith(leaf) or leaf.startswith(name)]
    if found := [*difflib.get_close_matches(key, list(known), n=1), *namesakes, *longer]:
        return f"Did you mean {found[0]!r}?"
    return "Known: " + ", ".join(children("", known)) + "."


def check_known(verb: str, config: Mapping[str, Any]) -> None:
    """Refuse keys that were added to the configuration (`+key=value`) and that no typed settings would refuse.

    Raises:
        ConfigError: A key at the top, of `paths` or of `logger` is in no file of the configuration, or has another name now.
    """
    check_values(verb, config)
    groups, own = groups_of(verb), read_config(conf_folder() / f"{verb}.yaml")
    _check(config, {*groups, *own} - {"defaults", "hydra"}, "")
    for group in UNTYPED & set(groups):
        files = [read_config(conf_file(group, name)) for name in choices_of(group)]
        _check(config[group], {"group"}.union(*files) if group == "logger" else set().union(*files), f"{group}.")


def _check(values: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {where + key!r}", remedy=nearest(key, sorted(known)))


def suggestion(message: str, verb: str, settings: Sequence[str] = ()) -> str:
    """Return a remedy for a message of Hydra about an unknown key or choice; empty if it is about something else."""
    if override := re.search(r"Could not override '([^']+)'", message):
        return _for_key(override.group(1), verb, known_keys(verb, settings))
    if override := re.search(r"Could not append to config. An item is already at '([^']+)'", message):
        return f"Leave out the +: {override.group(1)}=..."
    if choice := re.search(r"Could not (?:find|load) '([^'/]+)/([^']+)'", message):
        return renamed(verb, choice.group(1), choice.group(2)) or nearest(choice.group(2), choices_of(choice.group(1)))
    if override := re.search(r"Ambiguous value for argument '([^'=]+)=([^\n]*)'", message):
        key, value = override.groups()
        return f"Several runs: add -m. A list: {key}=[...]. One text: {readable(key, value)}."
    return ""


def _for_key(key: str, verb: str, known: Collection[str]) -> str:
    if new := renamed(verb, key):
        return new
    group = key.split(".")[0]
    if group in groups_of(verb) and not children(group, known):
        return f"Choose one first: {group}=" + "|".join(choices_of(group)) + "."
    if key in known and (conf_folder() / key).is_dir():
        return "Its keys: " + ", ".join(name.removeprefix(f"{key}.") for name in sorted(known) if name.startswith(f"{key}.")) + "."
    return nearest_key(key, known)
