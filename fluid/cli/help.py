"""`fluid <verb> --help`: what the verb does, its groups of choices with the default of each, its settings, all with their comments."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from fluid.cli.compose import compose, conf_file, conf_folder
from fluid.cli.extensions import broken_extensions
from fluid.foreign import is_foreign
from fluid.registry import conf_folders

HELP = ("-h", "--help")
FOOTER = """Change anything with key=value or group=choice. --cfg job shows the settings without running,
-m runs all combinations of values (a,b)."""
GROUP_LINE = re.compile(r"- `([\w/]+)`: (.+)")
KEY_LINE = re.compile(r"( *)([\w-]+):(?: |$)[^#]*?# (.+)")


@cache
def read_config(file: Path) -> dict[str, Any]:
    """Read a file of the configuration, as it is."""
    values: dict[str, Any] = yaml.safe_load(file.read_text()) or {}
    return values


def groups_of(verb: str) -> dict[str, str]:
    """Return the groups that a verb knows, each with its default choice; empty where there is none."""
    entries = [entry for entry in read_config(conf_folder() / f"{verb}.yaml").get("defaults", []) if isinstance(entry, dict)]
    pairs = [pair for entry in entries for pair in entry.items()]
    return {group: choice or "" for group, choice in pairs if not group.startswith("override ")}


def choices_of(group: str) -> list[str]:
    """Return the choices of a group."""
    if not re.fullmatch(r"[\w/]+", group):
        return []
    files = [file for folder in (conf_folder(), *conf_folders()) for file in (folder / group).glob("*.yaml")]
    return sorted({file.stem for file in files if not is_foreign(file.name)})


def describe(file: Path) -> str:
    """Return the first line's comment of a file of the configuration, or the next one's after a directive of Hydra."""
    comments = [line[1:].strip() for line in file.read_text().splitlines() if line.startswith("#")]
    return next((text for text in comments if not text.startswith("@")), "")


@cache
def group_lines() -> dict[str, str]:
    """Return what each group is for, in a line: the list in `conf/README.md`."""
    return dict(GROUP_LINE.findall((conf_folder() / "README.md").read_text()))


def key_comments(file: Path) -> dict[str, str]:
    """Return the comments beside keys of a file, by dotted key."""
    found: dict[str, str] = {}
    path: list[str] = []
    for line in file.read_text().splitlines():
        if match := re.match(r"( *)([\w-]+):", line):
            path = [*path[: len(match[1]) // 2], match[2]]
            if comment := KEY_LINE.match(line):
                found[".".join(path)] = comment[3].strip()
    return found


def choices_in(verb: str, settings: Sequence[str]) -> dict[str, str]:
    """Return the choice of every group, by the settings or by default."""
    given = dict(text.split("=", 1) for text in settings if "=" in text)
    return {group: given.get(group, default) for group, default in groups_of(verb).items()}


def names_in(choice: str) -> list[str]:
    """Return the names in a choice: one, or those of a list as `[a,b]`."""
    return [name.strip() for name in choice.strip("[]").split(",") if name.strip()]


def group_text(group: str, default: str) -> str:
    """Return a group with its choices, each with its description; the default is marked."""
    choices = [(name, describe(conf_file(group, name))) for name in choices_of(group)]
    lines = [f"    {'*' if name == default else ' '} {name:<17} {text}" for name, text in choices]
    return "\n".join([f"  {group}: {group_lines().get(group, '')}", *lines])


def settings_text(verb: str, settings: Sequence[str]) -> str:
    """Return the settings as YAML, with the comments of the files that they come from."""
    choices = choices_in(verb, settings).items()
    files = [(group, conf_file(group, name)) for group, choice in choices for name in names_in(choice)]
    comments = key_comments(conf_folder() / f"{verb}.yaml")
    for group, file in files:
        comments |= {f"{group}.{key}": text for key, text in key_comments(file).items()} if file.is_file() else {}
    path: list[str] = []
    lines = []
    for text in OmegaConf.to_yaml(compose(verb, settings)).splitlines():
        line = re.sub(r"^( *)'(\w+)':", r"\1\2:", text)  # YAML's old habit of quoting n
        if match := re.match(r"( *)([\w-]+):", line):
            path = [*path[: len(match[1]) // 2], match[2]]
            comment = comments.get(".".join(path), "")
            line = f"{line:<33} # {comment}" if comment else line
        lines.append(f"  {line}")
    return "\n".join(lines)


def help_text(verb: str, arguments: Sequence[str] = ()) -> str:
    """Return the help of a verb.

    Args:
        verb: The verb, as its file is called.
        arguments: The command line after the verb; settings among them are shown as they would be.
    """
    settings = [text for text in arguments if not text.startswith("-")]
    header = read_config(conf_folder() / f"{verb}.yaml").get("hydra", {}).get("help", {}).get("header", "")
    groups = [group_text(group, default) for group, default in sorted(groups_of(verb).items())]
    parts = [header.strip(), "Choices (group=choice, * is the default):", *groups]
    return "\n\n".join([*parts, *broken_text(), "Settings now (key=value):", settings_text(verb, settings), FOOTER])


def broken_text() -> list[str]:
    """Return what is wrong with what other packages add, where something is."""
    lines = [f"  {line}" for line in broken_extensions()]
    return ["\n".join(["Other packages that do not work:", *lines])] if lines else []
