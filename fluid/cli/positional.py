"""A file that is typed without `input=` before it: `fluid inspect assay.csv`."""

from collections.abc import Collection, Sequence
from itertools import takewhile

from fluid.cli.flags import SWEPT
from fluid.cli.places import exists
from fluid.errors import ConfigError

VERBS = ("inspect",)


def with_input(verb: str, arguments: Sequence[str]) -> list[str]:
    """Return the arguments in which a file that stands alone is the setting `input`.

    Args:
        verb: The verb; of those that take no file so, the arguments stay as they are.
        arguments: What was typed after it, in order (`in_order`): settings and files before flags that have values.

    Raises:
        ConfigError: There are two such files, or `input=` besides.
    """
    if verb not in VERBS:
        return list(arguments)
    from fluid.cli.compose import conf_folder
    from fluid.cli.help import groups_of, read_config

    known = {*read_config(conf_folder() / f"{verb}.yaml"), *groups_of(verb)}  # `out=x.html` is a setting even if a file is called so
    words = list(takewhile(lambda word: word in SWEPT or not word.startswith("-"), arguments))
    files = [word for word in words if word not in SWEPT and not is_setting(word, known)]
    if len(files) > 1 or (files and any(word.startswith("input=") for word in words)):
        raise ConfigError(f"two files are given, {files[-1]!r} is one of them", expected="one", remedy="Compare by against=...")
    return [f"input={word}" if word in files else word for word in words] + list(arguments[len(words) :])


def is_setting(word: str, known: Collection[str]) -> bool:
    """Return whether a word is a setting: of a known key, or with an equals sign that is in no name of a file that is there."""
    key, equals, _ = word.partition("=")
    return bool(equals) and (key.lstrip("+").partition(".")[0] in known or not exists(word))
