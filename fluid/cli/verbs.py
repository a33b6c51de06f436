"""One function per verb: typed settings in, one call of a room below, the last line says where results are."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from omegaconf import DictConfig

from fluid.cli.audit import run_audit
from fluid.cli.by_files import (
    run_aggregate,
    run_annotate,
    run_distill,
    run_evaluate,
    run_hybrid,
    run_predict,
    run_train_teacher,
)
from fluid.cli.compose import Config, plain_values, run_with_hydra
from fluid.cli.inspect import run_inspect
from fluid.cli.looking import run_collect, run_gc, run_report, run_status
from fluid.cli.simulate import command_of, run_simulate, run_target
from fluid.cli.suggest import check_known

RUNNERS: Mapping[str, Callable[[Config], None]] = {
    "status": run_status,
    "gc": run_gc,
    "collect": run_collect,
    "train_teacher": run_train_teacher,
    "annotate": run_annotate,
    "aggregate": run_aggregate,
    "distill": run_distill,
    "hybrid": run_hybrid,
    "predict": run_predict,
    "evaluate": run_evaluate,
    "audit": run_audit,
    "report": run_report,
    "inspect": run_inspect,
}


def run_verb(name: str, config: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Resolve the configuration to plain values and run the verb.

    Args:
        name: The verb, with `_` for `-`.
        config: Its composed configuration.
        overrides: The settings by which it was composed; kept with the results.
    """
    values = plain_values(config)
    check_known(name, values)
    if name == "simulate":
        (run_target if values["target"] else run_simulate)(values, command_of(overrides))
    else:
        RUNNERS[name](values)


def run_each(name: str, arguments: Sequence[str]) -> None:
    """Compose a verb's configuration, or each one of several (`-m`), and run the verb; all are tried, then the first failure is raised.

    Args:
        name: The verb, with `_` for `-`.
        arguments: The settings, as they were typed.
    """
    run_with_hydra(name, arguments, partial(run_verb, name))
