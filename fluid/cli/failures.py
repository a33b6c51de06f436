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


def stopped(end: KeyboardInterrupt) -> int:
    """Say what stopped the run and how to go on; return the exit code."""
    word, code = STOPS.get(type(end), ("interrupted", INTERRUPTED))
    return fail(f"{word}; run the same command again to go on from the first unfinished stage.", code)


def explain_hydra(error: Exception, verb: str, settings: Sequence[str]) -> str:
    """Say in one line which key or choice of the command line is wrong and which one may be meant."""
    from fluid.cli.suggest import suggestion

    missing = re.search(r"full_key: (\S+)", str(error)) if "Missing mandatory value" in str(error) else None
    if missing:
        return f"{missing[1]} is missing. Give it as {missing[1]}=..."
    first = str(error).strip().split("\n")[0]
    return f"{first} {suggestion(str(error), verb.replace('-', '_'), settings)}"


def disk_full(error: OSError) -> bool:
    """Return whether a disk was full; NumPy says so only in words, of items requested and written."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or " requested and " in str(error)


def guarded(run: Callable[[], Any], verb: str, settings: Sequence[str] = ()) -> int:
    """Run a verb; turn every failure that a user can cause into one line and an exit code."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        run()
    except KeyboardInterrupt as end:
        return stopped(end)
    except FluidError as error:
        return fail(str(error), WRONG_INPUT)
    except (HydraException, OmegaConfBaseException) as error:
        return fail(explain_hydra(error, verb, settings), WRONG_INPUT)
    except BrokenPipeError:  # the reader of our output (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except MemoryError:
        return fail(OUT_OF_MEMORY, FAILED)
    except RuntimeError as error:  # torch's own kind of it, on CPU and GPU
        if "allocate memory" not in str(error) and "out of memory" not in str(error):
            raise
        return fail(OUT_OF_MEMORY, FAILED)
    except OSError as error:
        if disk_full(error):
            return fail(f"the disk is full ({error.filename or 'while writing'}); free some space and run the same command again.", FAILED)
        return fail(f"{error.strerror or error} ({error.filename})", FAILED) if error.filename else fail(str(error), FAILED)
    return 0
