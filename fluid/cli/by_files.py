"""The verbs of a real consortium, which work from files to files: each builds its request and hands it to `fluid.federation`.

Each verb imports what it needs: a prediction should not wait for Lightning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fluid.cli.at_work import last_line, open_runner, track_training
from fluid.cli.build import build
from fluid.cli.compose import Config
from fluid.cli.progress import show_progress
from fluid.cli.specs import SURROUNDINGS, leave_out
from fluid.federation.requests import REQUESTS, EvaluateRequest, PredictRequest
from fluid.outputs import check_folder
from fluid.pipeline.runner import Runner


@contextmanager
def open_training(verb: str, config: Config) -> Iterator[Runner]:
    """Yield a runner for a verb that trains one model, with its logs."""
    with track_training(verb, config) as tracker, open_runner(config, tracker) as runner:
        yield runner


def make_folder(verb: str, config: Config, what: str, part: str = "") -> None:
    """Run a verb that makes a folder, and say where it is.

    Args:
        verb: The verb, with `_` for `-`.
        config: Its configuration; with a logger, if it trains.
        what: What the folder holds, in the last line.
        part: The subfolder that the last line names.
    """
    from fluid.federation import consortium

    request: Any = build(REQUESTS[verb], leave_out(config, *SURROUNDINGS))
    check_folder(request.out, request.overwrite)
    with open_training(verb, config) if "logger" in config else open_runner(config) as runner:
        getattr(consortium, verb)(request, runner)
    last_line(what, request.out / part)


def run_train_teacher(config: Config) -> None:
    """Run `fluid train-teacher`."""
    make_folder("train_teacher", config, "teacher (keep it inside your company)")


def run_annotate(config: Config) -> None:
    """Run `fluid annotate`."""
    make_folder("annotate", config, "annotation set (send this folder to the coordinator)", "annotation_set")


def run_aggregate(config: Config) -> None:
    """Run `fluid aggregate`."""
    make_folder("aggregate", config, "consensus")


def run_distill(config: Config) -> None:
    """Run `fluid distill`."""
    make_folder("distill", config, "student (give it to everybody)")


def run_hybrid(config: Config) -> None:
    """Run `fluid hybrid`."""
    make_folder("hybrid", config, "hybrid (keep it inside your company)")


def run_predict(config: Config) -> None:
    """Run `fluid predict`."""
    from fluid.federation.predict import predict_file

    request = build(PredictRequest, leave_out(config, *SURROUNDINGS))
    with show_progress() as progress:
        counts = predict_file(request, progress)
    last_line(f"predictions ({counts.answered} of {counts.rows} rows answered, {counts.rejected} marked as broken)", request.out)


def run_evaluate(config: Config) -> None:
    """Run `fluid evaluate`."""
    from fluid.federation import consortium

    request = build(EvaluateRequest, leave_out(config, *SURROUNDINGS))
    check_folder(request.out, request.overwrite)
    with open_runner(config) as runner:
        scores = consortium.evaluate(request, runner)
    print(scores[["endpoint", "metric", "value", "low", "high", "n"]].to_string(index=False))
    last_line("scores", request.out)
