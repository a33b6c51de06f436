"""`fluid <verb> [key=value ...]`: find the verb, compose its configuration with Hydra, run it, report failure in one line."""

import errno
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from fluid import __version__
from fluid.cli.compose import with_hydra
from fluid.cli.signals import Preempted, Terminated, heed_signals
from fluid.errors import ConfigError, FluidError
from fluid.registry import nearest

OUT_OF_MEMORY = "out of memory; lower workers, annotation.chunk, intake.workers or the batch_size of training, and run again."
VERBS = {
    "simulate": "a whole federation in one process, from labelled molecules to a report",
    "train-teacher": "one company trains its own model on its own file",
    "annotate": "a teacher answers the public transfer set; only this leaves the company",
    "aggregate": "the coordinator combines the annotation sets of all companies",
    "distill": "the coordinator trains the student on the consensus",
    "hybrid": "one company adds its own data back to the student",
    "predict": "prediction, uncertainty and domain flag for every row of a molecule file",
    "evaluate": "evaluate a model on labelled molecules",
    "report": "draw the report page of a finished run again",
    "collect": "one table and one comparison page from all runs of a sweep",
    "benchmark": "a whole suite of experiments, to one table and one page, against golden numbers",
    "status": "runs, stages, ages, sizes and failures",
    "gc": "remove what no run needs any more from the store",
}
SHOWING = {"-h", "--help", "--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc"}
INTERRUPTED, TERMINATED, PREEMPTED, FAILED, WRONG_INPUT = 130, 143, 75, 1, 2
STOPS = {Terminated: ("terminated", TERMINATED), Preempted: ("preempted", PREEMPTED)}


def overview() -> str:
    """Return the help text of `fluid --help`."""
    lines = [f"  {verb:<14} {text}" for verb, text in VERBS.items()]
    return "\n".join(
        [
            f"fluid {__version__}: federated learning using information distillation for molecules.",
            "",
            "usage: fluid <verb> [key=value ...] [--help] [--cfg job] [-m]",
            "",
            *lines,
            "",
            "Start with: fluid simulate experiment=demo",
            "Settings of a verb: fluid <verb> --help",
        ]
    )


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


def is_search(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for a search for hyper-parameters."""
    return any(flag in arguments for flag in ("-m", "--multirun")) and any(text.startswith("hparams_search=") for text in arguments)


def hydra_run(verb: str, arguments: Sequence[str]) -> None:
    """Compose the verb's configuration with Hydra and carry it out, once or as a sweep (`-m`)."""
    from omegaconf import DictConfig

    from fluid.cli.sweep import is_sweep, run_sweep
    from fluid.cli.verbs import run_verb

    name = verb.replace("-", "_")
    if name == "benchmark":
        from fluid.cli.benchmark import run_benchmark

        run_benchmark(arguments)
        return
    if is_search(arguments):
        from fluid.cli.search import run_search

        run_search(name, arguments)
        return
    if is_sweep(arguments):
        run_sweep(name, arguments)
        return
    if any(text.startswith("launcher") for text in arguments):
        raise ConfigError("a launcher is for many runs", remedy="Add -m.")
    failures: list[Exception] = []

    def task(config: DictConfig, overrides: Sequence[str]) -> None:
        try:
            run_verb(name, config, overrides)
        except Exception as error:
            failures.append(error)

    with_hydra(name, arguments, task)
    if failures:
        raise failures[0]


def show(verb: str, arguments: Sequence[str]) -> None:
    """Print help or settings of a verb; nothing is run, so nothing that runs is imported."""
    from fluid.cli.help import HELP, help_text

    name = verb.replace("-", "_")
    if any(flag in arguments for flag in HELP):
        print(help_text(name, arguments))
    else:
        with_hydra(name, arguments, lambda *_: None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if arguments[0] in ("-V", "--version", "version"):
        print(f"fluid {__version__}")
        return 0
    verb = arguments[0]
    if verb not in VERBS:
        return fail(f"unknown verb {verb!r}. {nearest(verb, list(VERBS))}", WRONG_INPUT)
    begin = show if SHOWING & set(arguments) else hydra_run
    return guarded(lambda: begin(verb, arguments[1:]), verb, arguments[1:])


def warning_line(message: Warning | str, *_: object, **__: object) -> str:
    """Return a warning as one line."""
    return f"warning: {message}\n"


def entry() -> None:
    """Run the command line of the installed `fluid` command."""
    warnings.formatwarning = warning_line
    heed_signals()
    code = main()
    sys.exit(code)  # looked up now: W&B has put its own in place, by which it learns the code
