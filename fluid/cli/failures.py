"""Every failure that a user can cause or meet, as one line and an exit code; a defect of ours keeps its traceback."""

import errno
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fluid.cli.exit_codes import BLIND, BOUND_FELL, FAILED, INTERRUPTED, PREEMPTED, TERMINATED, WRONG_INPUT
from fluid.cli.signals import Preempted, Terminated
from fluid.cli.streams import flush_output, give_up_output, shown
from fluid.errors import BlindError, BoundError, ConfigError, FluidError

OUT_OF_MEMORY = "out of memory; lower workers, annotation.chunk, intake.workers or the batch_size of training, and run again."
SIGNS = "Signs ${ that refer to nothing are written \\${."
REFERENCES = {
    r"Interpolation key '(.*?)' not found": "the setting {0!r}, which does not exist",
    r"Environment variable '(.*?)' not found": "the environment variable {0}, which is not set",
    r"Missing mandatory value: (\S+)": "{0}, which is missing",
    r"Recursive interpolation": "itself",
    r"Unsupported interpolation type (\S+)": "something by {0!r}, which is not known",
}
"""What OmegaConf says of a reference that leads nowhere, and what is said instead."""
DEEPEST = 50
AUDITED: Mapping[type[Exception], int] = {BoundError: BOUND_FELL, BlindError: BLIND}
"""The exit codes of audits that end with an error; what else is wrong with an input has one of its own."""
STOPS = {Terminated: ("terminated", TERMINATED), Preempted: ("preempted", PREEMPTED)}


def fail(message: str, code: int) -> int:
    """Print a one-line error and return the exit code."""
    print(f"fluid: error: {shown(message)}", file=sys.stderr)
    return code


def say_stopped(end: KeyboardInterrupt) -> int:
    """Say what stopped the run and how to go on; return the exit code."""
    word, code = STOPS.get(type(end), ("interrupted", INTERRUPTED))
    return fail(f"{word}; run the same command again to go on from the first unfinished stage.", code)


def explain_hydra(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Say in one line which key or choice of the command line is wrong and which one may be meant."""
    from hydra.errors import OverrideParseException
    from omegaconf.errors import GrammarParseError, InterpolationResolutionError, UnsupportedInterpolationType

    from fluid.cli.quoting import explain_setting
    from fluid.cli.suggest import suggestion

    if isinstance(error, OverrideParseException):
        return explain_setting(error.override)
    missing = re.search(r"full_key: (\S+)", str(error)) if "Missing mandatory value" in str(error) else None
    if missing:
        return f"{missing[1]} is missing. Give it as {missing[1]}=..."
    if isinstance(error, InterpolationResolutionError | GrammarParseError | UnsupportedInterpolationType):
        return explain_reference(str(error))
    if found := re.match(r"Error merging override (.*)", str(error)):
        return f"{found[1]} cannot be used there."
    first = str(error).strip().split("\n")[0]
    return f"{first} {suggestion(str(error), verb.replace('-', '_'), settings)}"


def explain_reference(message: str) -> str:
    """Say in one line which setting refers to something that is not there, from OmegaConf's message about it."""
    key = found[1] if (found := re.search(r"full_key: (\S+)", message)) else "a setting"
    for pattern, what in REFERENCES.items():
        if found := re.search(pattern, message):
            return f"{key} refers to {what.format(*found.groups())}. {SIGNS}"
    return f"{key} has a reference to something else that cannot be read. {SIGNS}"


def explain_yaml(error: Exception) -> str:
    """Say in one line where a file is not YAML, and why."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"{mark.name}, line {mark.line + 1}: " if mark else ""
    return f"{where}this is not YAML: {problem or error}. Quote texts with special characters."


def is_disk_full(error: OSError) -> bool:
    """Return whether a disk was full; NumPy says so only in words, of items requested and written."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or " requested and " in str(error)


def unreadable(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Return the line for a setting on which Hydra's own reading breaks down; empty for any other error."""
    from fluid.cli.help import groups_of

    if "Config group override must be" in str(error):
        groups = ", ".join(text for text in settings if text.partition("=")[0] in groups_of(verb.replace("-", "_"))) or "a group"
        return f"{groups}: a choice is one of the words that fluid {verb} --help lists."
    if "integer string conversion" in str(error):
        return "a setting is a number with too many digits."
    deep = next((text for text in settings if sum(map(text.count, "[{(")) > DEEPEST), "")
    return f"{deep[:40]}... has too many brackets." if deep and isinstance(error, RecursionError) else ""


def wrong_input(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Return the line for an error in what the user gave; empty for any other error."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, FluidError):
        return str(error)
    if isinstance(error, HydraException | OmegaConfBaseException):
        return explain_hydra(error, verb, settings)
    if isinstance(error, ValueError | RecursionError) and (said := unreadable(error, verb, settings)):
        return said
    return explain_yaml(error) if isinstance(error, YAMLError) else ""  # of a file of the user's own, by --config-dir


def lack_of_means(error: Exception) -> str:
    """Return the line for an error of this machine: memory, disk, files; empty for any other error."""
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    if isinstance(error, UnicodeEncodeError):
        return f"a name has signs that the encoding {error.encoding} lacks ({ascii(error.object)[:80]}). Rename it, or set LC_ALL=C.UTF-8."
    if isinstance(error, RuntimeError):  # torch's own kind of it, on CPU and GPU
        return OUT_OF_MEMORY if "allocate memory" in str(error) or "out of memory" in str(error) else ""
    if not isinstance(error, OSError):
        return ""
    if is_disk_full(error):
        return f"the disk is full ({error.filename or 'while writing'}); free some space and run the same command again."
    return f"{error.strerror or error} ({error.filename})" if error.filename else str(error)


def check_working_folder() -> None:
    """Refuse to work in a folder that somebody has removed.

    Raises:
        ConfigError: There is no working folder.
    """
    try:
        os.getcwd()
    except OSError:
        raise ConfigError("the folder you work in is gone, or cannot be read", remedy="Change to another one (cd).") from None


def guard(run: Callable[[], Any], verb: str, settings: Sequence[str] = ()) -> int:
    """Run a verb; turn every failure that a user can cause into one line and an exit code."""
    try:
        check_working_folder()
        run()
        flush_output()
    except KeyboardInterrupt as end:
        return say_stopped(end)
    except BrokenPipeError:  # the reader of our output (`| head`) has seen enough
        give_up_output()
        return FAILED
    except Exception as error:
        if said := wrong_input(error, verb, settings):
            return fail(said, AUDITED.get(type(error), WRONG_INPUT))
        if said := lack_of_means(error):
            give_up_output()  # which may be what is full
            return fail(said, FAILED)
        raise
    return 0
