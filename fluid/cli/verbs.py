"""One function per verb: typed settings in, one call of `fluid.federation`, the last line says where results are.

Each verb imports what it needs: a prediction should not wait for Lightning.
"""

import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from fluid.artifacts import ArtifactStore, hash_json, write_json
from fluid.cli.build import build
from fluid.cli.specs import SURROUNDINGS, federation_spec, without
from fluid.cli.watch import watching
from fluid.federation.orders import AggregateOrder, AnnotateOrder, DistillOrder, EvaluateOrder, HybridOrder, PredictOrder, TeacherOrder
from fluid.federation.workshop import Workshop
from fluid.molecules.pool import bounded_workers

Config = dict[str, Any]


def store(config: Config) -> ArtifactStore:
    """Return the artifact store that the configuration names."""
    return ArtifactStore(Path(config["paths"]["artifacts"]))


def run_name(config: Config) -> str:
    """Return the run's name: as given, or made from the settings, so that equal settings share a folder."""
    return config["name"] or "run-" + hash_json(without(config, *SURROUNDINGS))[:10]


def last_line(what: str, where: Path) -> None:
    """Say where results are."""
    print(f"{what}: {where}")


def run_simulate(config: Config) -> None:
    """Run `fluid simulate`."""
    from fluid.federation.run_folder import write_run
    from fluid.federation.simulation import simulate
    from fluid.reporting.tables import headline_table

    began = time.perf_counter()
    spec, run = federation_spec(config), Path(config["paths"]["runs"]) / run_name(config)
    with at_work(config, run / "logs") as workshop:
        federation = simulate(spec, workshop)
    run.mkdir(parents=True, exist_ok=True)
    write_json(run / "config.json", config)
    (run / "config.yaml").write_text(OmegaConf.to_yaml(config))
    data = write_run(federation, workshop.records, config, run.name, spec.seed, run)
    print(headline_table(data.scores).to_string(index=False))
    peak = max(record.peak_mb for record in workshop.records)
    print(f"total: {time.perf_counter() - began:.0f} s, peak memory {peak:.0f} MB in one process")
    if config["open"] and sys.stdout.isatty():
        webbrowser.open((run / "report.html").resolve().as_uri())
    last_line("report", (run / "report.html").resolve())


@contextmanager
def at_work(config: Config, log: Path | None = None) -> Iterator[Workshop]:
    """Yield a workshop with progress, and with loggers that write into `log`."""
    with watching(config.get("trainer", {}).get("progress", True)) as watch:
        if log is None:
            yield Workshop(store(config), watch)
            return
        from fluid.cli.loggers import loggers

        with loggers(config["logger"], log, config) as logger:
            yield Workshop(store(config), watch, logger, workers=bounded_workers(config.get("workers", 1)))


def log_folder(out: str) -> Path:
    """Return the folder for the logs of a training verb: beside its result, which is sealed."""
    return Path(out).with_name(Path(out).name + "-logs")


def run_train_teacher(config: Config) -> None:
    """Run `fluid train-teacher`."""
    from fluid.federation import consortium

    order = build(TeacherOrder, without(config, *SURROUNDINGS))
    with at_work(config, log_folder(config["out"])) as workshop:
        consortium.train_teacher(order, workshop)
    last_line("teacher (keep it inside your company)", order.out)


def run_annotate(config: Config) -> None:
    """Run `fluid annotate`."""
    from fluid.federation import consortium

    order = build(AnnotateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        consortium.annotate(order, workshop)
    last_line("annotation set (send this folder to the coordinator)", order.out / "annotation_set")


def run_aggregate(config: Config) -> None:
    """Run `fluid aggregate`."""
    from fluid.federation import consortium

    order = build(AggregateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        consortium.aggregate(order, workshop)
    last_line("consensus", order.out)


def run_distill(config: Config) -> None:
    """Run `fluid distill`."""
    from fluid.federation import consortium

    order = build(DistillOrder, without(config, *SURROUNDINGS))
    with at_work(config, log_folder(config["out"])) as workshop:
        consortium.distill(order, workshop)
    last_line("student (give it to everybody)", order.out)


def run_hybrid(config: Config) -> None:
    """Run `fluid hybrid`."""
    from fluid.federation import consortium

    order = build(HybridOrder, without(config, *SURROUNDINGS))
    with at_work(config, log_folder(config["out"])) as workshop:
        consortium.hybrid(order, workshop)
    last_line("hybrid (keep it inside your company)", order.out)


def run_predict(config: Config) -> None:
    """Run `fluid predict`."""
    from fluid.federation.predict import predict_file

    order = build(PredictOrder, without(config, *SURROUNDINGS))
    with watching() as watch:
        counts = predict_file(order, watch)
    last_line(f"predictions ({counts.answered} of {counts.rows} rows answered, {counts.rejected} marked as broken)", order.out)


def run_evaluate(config: Config) -> None:
    """Run `fluid evaluate`."""
    from fluid.federation import consortium

    order = build(EvaluateOrder, without(config, *SURROUNDINGS))
    with at_work(config) as workshop:
        scores = consortium.evaluate(order, workshop)
    print(scores[["endpoint", "metric", "value", "low", "high", "n"]].to_string(index=False))
    last_line("scores", order.out)


def run_report(config: Config) -> None:
    """Run `fluid report`."""
    from fluid.reporting.page import write_report
    from fluid.reporting.report_files import read_report_data

    run = Path(config["run"])
    write_report(read_report_data(run), run / "report.html")
    last_line("report", run / "report.html")


RUNNERS: Mapping[str, Callable[[Config], None]] = {
    "simulate": run_simulate,
    "train_teacher": run_train_teacher,
    "annotate": run_annotate,
    "aggregate": run_aggregate,
    "distill": run_distill,
    "hybrid": run_hybrid,
    "predict": run_predict,
    "evaluate": run_evaluate,
    "report": run_report,
}


def run_verb(name: str, config: DictConfig) -> None:
    """Resolve the configuration to plain values and run the verb."""
    values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    RUNNERS[name](values)  # type: ignore[arg-type]
