"""`fluid <verb> [key=value ...]`: find the verb, compose its configuration with Hydra, and run it."""

import sys
import warnings
from collections.abc import Sequence

from fluid.cli.compose import run_with_hydra
from fluid.cli.exit_codes import WRONG_INPUT
from fluid.cli.failures import fail, guard
from fluid.cli.flags import in_order, is_sweep
from fluid.cli.old_words import check_settings
from fluid.cli.places import as_typed
from fluid.cli.positional import with_input
from fluid.cli.signals import heed_signals
from fluid.cli.streams import accept_any_text
from fluid.errors import ConfigError
from fluid.registry import nearest_word
from fluid.version import __version__

VERBS = {
    "simulate": "a whole federation in one process, from labelled molecules to a report",
    "train-teacher": "one company trains its own model on its own file",
    "annotate": "a teacher answers the public transfer set; only this leaves the company",
    "aggregate": "the coordinator combines the annotation sets of all companies",
    "distill": "the coordinator trains the student on the consensus",
    "hybrid": "one company adds its own data back to the student",
    "predict": "prediction, uncertainty and domain flag for every row of a molecule file",
    "evaluate": "evaluate a model on labelled molecules",
    "audit": "attack what you are about to send, before you send it",
    "inspect": "look at a molecule file first: columns, molecules, labels, overlaps, and the command that uses it",
    "report": "draw the report page of a finished run again",
    "collect": "one table and one comparison page from all runs of a sweep",
    "benchmark": "a whole suite of experiments, to one table and one page, against golden numbers",
    "status": "runs, stages, ages, sizes and failures",
    "gc": "remove what no run needs any more from the store",
}
SHOWING = {"-h", "--help", "--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc"}


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


def is_search(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for a search for hyper-parameters."""
    return is_sweep(arguments) and any(text.startswith("hparams_search=") for text in arguments)


def hydra_run(verb: str, arguments: Sequence[str]) -> None:
    """Compose the verb's configuration with Hydra and carry it out, once or as a sweep (`-m`)."""
    from fluid.cli.sweeps.sweep import run_sweep
    from fluid.cli.verbs import run_each

    name = verb.replace("-", "_")
    if name == "benchmark":
        from fluid.cli.suites.benchmark import run_benchmark

        run_benchmark(arguments)
        return
    if is_search(arguments):
        from fluid.cli.search.search import run_search

        run_search(name, arguments)
        return
    if is_sweep(arguments):
        run_sweep(name, arguments)
        return
    if any(text.startswith("launcher") for text in arguments):
        raise ConfigError("a launcher is for many runs", remedy="Add -m.")
    run_each(name, arguments)


def begin(verb: str, arguments: Sequence[str]) -> None:
    """Show what a verb does, or do it.

    Raises:
        ConfigError: A setting has another name now.
    """
    given = with_input(verb, in_order(arguments))
    check_settings(verb.replace("-", "_"), given)
    typed = as_typed(given, swept=is_sweep(given))
    (show if SHOWING & set(typed) else hydra_run)(verb, typed)


def show(verb: str, arguments: Sequence[str]) -> None:
    """Print help or settings of a verb; nothing is run, so nothing that runs is imported."""
    from fluid.cli.help import HELP, help_text

    name = verb.replace("-", "_")
    if any(flag in arguments for flag in HELP):
        print(help_text(name, arguments))
    else:
        run_with_hydra(name, arguments, lambda *_: None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return guard(lambda: print(overview()), "")
    if arguments[0] in ("-V", "--version", "version"):
        return guard(lambda: print(f"fluid {__version__}"), "")
    verb = arguments[0]
    if verb not in VERBS:
        return fail(f"unknown verb {verb!r}. {nearest_word(verb, list(VERBS))}", WRONG_INPUT)
    return guard(lambda: begin(verb, arguments[1:]), verb, arguments[1:])


def warning_line(message: Warning | str, *_: object, **__: object) -> str:
    """Return a warning as one line."""
    return f"warning: {message}\n"


def entry() -> None:
    """Run the command line of the installed `fluid` command."""
    warnings.formatwarning = warning_line
    accept_any_text()
    heed_signals()
    code = main()
    sys.exit(code)  # looked up now: W&B has put its own in place, by which it learns the code
