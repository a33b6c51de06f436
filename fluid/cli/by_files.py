"""The verbs of a real consortium, which work from files to files: each builds its request and hands it to `fluid.federation`.

Each verb imports what it needs: a prediction should not wait for Lightning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluid.cli.at_work import at_work, last_line
from fluid.cli.build import build
from fluid.cli.compose import Config
from fluid.cli.progress import showing_progress
from fluid.cli.specs import SURROUNDINGS, without
from fluid.federation.requests import (
    AggregateRequest,
    AnnotateRequest,
    DistillRequest,
    EvaluateRequest,
    HybridRequest,
    PredictRequest,
    TeacherRequest,
)
from fluid.pipeline.runner import Runner


@contextmanager
def training(verb: str, config: Config) -> Iterator[Runner]:
    """Yield a runner for a verb that trains one model; its logs go beside the result, which is sealed."""
    from fluid.cli.tracking.loggers import tracking
    from fluid.cli.tracking.tracking import Tracked

    out = Path(config["out"])
    tracked = Tracked(verb, out.name, out.name, out.with_name(out.name + "-logs"), config)
    with tracking(config["logger"], tracked) as tracker, at_work(config, tracker) as runner:
        yield runner


def run_train_teacher(config: Config) -> None:
    """Run `fluid train-teacher`."""
    from fluid.federation import consortium

    request = build(TeacherRequest, without(config, *SURROUNDINGS))
    with training("train-teacher", config) as runner:
        consortium.train_teacher(request, runner)
    last_line("teacher (keep it inside your company)", request.out)


def run_annotate(config: Config) -> None:
    """Run `fluid annotate`."""
    from fluid.federation import consortium

    request = build(AnnotateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        consortium.annotate(request, runner)
    last_line("annotation set (send this folder to the coordinator)", request.out / "annotation_set")


def run_aggregate(config: Config) -> None:
    """Run `fluid aggregate`."""
    from fluid.federation import consortium

    request = build(AggregateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        consortium.aggregate(request, runner)
    last_line("consensus", request.out)


def run_distill(config: Config) -> None:
    """Run `fluid distill`."""
    from fluid.federation import consortium

    request = build(DistillRequest, without(config, *SURROUNDINGS))
    with training("distill", config) as runner:
        consortium.distill(request, runner)
    last_line("student (give it to everybody)", request.out)


def run_hybrid(config: Config) -> None:
    """Run `fluid hybrid`."""
    from fluid.federation import consortium

    request = build(HybridRequest, without(config, *SURROUNDINGS))
    with training("hybrid", config) as runner:
        consortium.hybrid(request, runner)
    last_line("hybrid (keep it inside your company)", request.out)


def run_predict(config: Config) -> None:
    """Run `fluid predict`."""
    from fluid.federation.predict import predict_file

    request = build(PredictRequest, without(config, *SURROUNDINGS))
    with showing_progress() as progress:
        counts = predict_file(request, progress)
    last_line(f"predictions ({counts.answered} of {counts.rows} rows answered, {counts.rejected} marked as broken)", request.out)


def run_evaluate(config: Config) -> None:
    """Run `fluid evaluate`."""
    from fluid.federation import consortium

    request = build(EvaluateRequest, without(config, *SURROUNDINGS))
    with at_work(config) as runner:
        scores = consortium.evaluate(request, runner)
    print(scores[["endpoint", "metric", "value", "low", "high", "n"]].to_string(index=False))
    last_line("scores", request.out)
