"""A file that is typed without `input=` before it: `fluid inspect assay.csv`."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from fluid.errors import ConfigError

VERBS = ("inspect",)
WITH_VALUE = {"-c", "--cfg", "-i", "--info", "-p", "--package", "-cn", "--config-name", "-cp", "--config-path", "-cd", "--config-dir"}
"""Flags of Hydra whose value is a word of its own."""


def with_input(verb: str, arguments: Sequence[str]) -> list[str]:
    """Return the arguments in which a file that stands alone is the setting `input`, quoted whatever its name.

    Args:
        verb: The verb; of those that take no file so, the arguments stay as they are.
        arguments: What was typed after it.

    Raises:
        ConfigError: There are two such files, or `input=` besides.
    """
    if verb not in VERBS:
        return list(arguments)
    from fluid.cli.compose import conf_folder
    from fluid.cli.help import groups_of, read_config

    known = {*read_config(conf_folder() / f"{verb}.yaml"), *groups_of(verb)}  # `out=x.html` is a setting even if a file is called so
    marks = list(_are_files(arguments, known))
    files = [word for word, is_file in zip(arguments, marks, strict=True) if is_file]
    if len(files) > 1 or (files and any(word.startswith("input=") for word in arguments)):
        raise ConfigError(f"two files are given, {files[-1]!r} is one of them", expected="one", remedy="Compare by against=...")
    return [_as_setting(word) if is_file else word for word, is_file in zip(arguments, marks, strict=True)]


def _are_files(arguments: Sequence[str], known: Collection[str]) -> Iterator[bool]:
    """Yield for each argument whether it is a file."""
    before = ""
    for word in arguments:
        key = word.partition("=")[0].lstrip("+").partition(".")[0]
        setting = "=" in word and (key in known or not Path(word).expanduser().exists())
        yield not (word.startswith("-") or before in WITH_VALUE or setting)
        before = word


def _as_setting(word: str) -> str:
    from fluid.cli.quoting import quote

    return f"input={quote(word)}"
