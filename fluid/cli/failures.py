"""Every failure that a user can cause or meet, as one line and an exit code; a defect of ours keeps its traceback."""

import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from fluid.cli.exit_codes import FAILED, INTERRUPTED, PREEMPTED, TERMINATED, WRONG_INPUT
from fluid.cli.signals import Preempted, Terminated
from fluid.errors import FluidError

OUT_OF_MEMORY = "out of memory; lower workers, annotation.chunk, intake.workers or the batch_size of training, and run again."
STOPS = {Terminated: ("terminated", TERMINATED), Preempted: ("preempted", PREEMPTED)}


def fail(message: str, code: int) -> int:
    """Print a one-line error and return the exit code."""
    print(f"fluid: error: {' '.join(message.split())}", file=sys.stderr)
    return code


def say_stopped(end: KeyboardInterrupt) -> int:
    """Say what stopped the run and how to go on; return the exit code."""
    word, code = STOPS.get(type(end), ("interrupted", INTERRUPTED))
    return fail(f"{word}; run the same command again to go on from the first unfinished stage.", code)


def explain_hydra(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Say in one line which key or choice of the command line is wrong and which one may be meant."""
    from hydra.errors import OverrideParseException

    from fluid.cli.quoting import explain_setting
    from fluid.cli.suggest import suggestion

    if isinstance(error, OverrideParseException):
        return explain_setting(error.override)
    missing = re.search(r"full_key: (\S+)", str(error)) if "Missing mandatory value" in str(error) else None
    if missing:
        return f"{missing[1]} is missing. Give it as {missing[1]}=..."
    first = str(error).strip().split("\n")[0]
    return f"{first} {suggestion(str(error), verb.replace('-', '_'), settings)}"


def explain_yaml(error: Exception) -> str:
    """Say in one line where a file is not YAML, and why."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"{mark.name}, line {mark.line + 1}: " if mark else ""
    return f"{where}this is not YAML: {problem or error}. Quote texts with special characters."


def disk_full(error: OSError) -> bool:
    """Return whether a disk was full; NumPy says so only in words, of items requested and written."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or " requested and " in str(error)


def wrong_input(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Return the line for an error in what the user gave; empty for any other error."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, FluidError):
        return str(error)
    if isinstance(error, HydraException | OmegaConfBaseException):
        return explain_hydra(error, verb, settings)
    return explain_yaml(error) if isinstance(error, YAMLError) else ""  # of a file of the user's own, by --config-dir


def lack_of_means(error: Exception) -> str:
    """Return the line for an error of this machine: memory, disk, files; empty for any other error."""
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    if isinstance(error, RuntimeError):  # torch's own kind of it, on CPU and GPU
        return OUT_OF_MEMORY if "allocate memory" in str(error) or "out of memory" in str(error) else ""
    if not isinstance(error, OSError):
        return ""
    if disk_full(error):
        return f"the disk is full ({error.filename or 'while writing'}); free some space and run the same command again."
    return f"{error.strerror or error} ({error.filename})" if error.filename else str(error)


def guard(run: Callable[[], Any], verb: str, settings: Sequence[str] = ()) -> int:
    """Run a verb; turn every failure that a user can cause into one line and an exit code."""
    try:
        run()
    except KeyboardInterrupt as end:
        return say_stopped(end)
    except BrokenPipeError:  # the reader of our output (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if said := wrong_input(error, verb, settings):
            return fail(said, WRONG_INPUT)
        if said := lack_of_means(error):
            return fail(said, FAILED)
        raise
    return 0
