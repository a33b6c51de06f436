"""Flags of the command line: those of Hydra, which are checked before Hydra sees them, because it answers wrong ones in its own way."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import NoReturn

from fluid.errors import ConfigError

SWEPT = ("-m", "--multirun")
KNOWN = "--help, --cfg job, --cfg job --resolve, --config-dir FOLDER, --multirun or --info"


def is_sweep(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for many runs."""
    return any(flag in arguments for flag in SWEPT)


def refuse(message: str) -> NoReturn:
    """Say what is wrong with a flag.

    Raises:
        ConfigError: The flag cannot be used so.
    """
    raise ConfigError(message.replace("argument ", "flag "), expected=f"settings (key=value), {KNOWN}")


def in_order(arguments: Sequence[str]) -> list[str]:
    """Return a command line that Hydra takes as it is meant: settings first, wherever flags stood between them.

    Args:
        arguments: The command line after the verb.

    Raises:
        ConfigError: A flag is unknown, lacks its value, or does not go together with another one.
    """
    if all(text in SWEPT for text in arguments if text.startswith("-")):
        return list(arguments)
    from hydra._internal.utils import get_args_parser

    parser: ArgumentParser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]
    parser.allow_abbrev = False  # others look for whole words
    given = parser.parse_intermixed_args(list(arguments))
    asked = [given.run, given.cfg is not None, given.multirun, given.shell_completion, given.info is not None]
    if sum(asked) > 1:
        refuse("only one of --run, --multirun, --cfg, --info and --shell-completion can be given")
    if (given.resolve or given.package) and given.cfg is None and not given.help:
        refuse("--resolve and --package belong to --cfg")
    if given.shell_completion and not given.overrides:
        refuse("--shell-completion needs install=SHELL, uninstall=SHELL or query=SHELL")
    for name in ("config_path", "config_name", "experimental_rerun"):
        if getattr(given, name) is not None:
            refuse(f"--{name.replace('_', '-')} is not used: a verb has its own file of settings")
    flags = list(arguments)
    for text in given.overrides:
        flags.remove(text)
    return [*given.overrides, *flags]
