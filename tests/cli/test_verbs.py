import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.cli.conftest import Call
from tests.conftest import Files

COMMON = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0"]
NETWORK = ["model.hidden=16", "model.layers=2", "training=tiny"]


def last_line(out: str) -> str:
    return out.strip().splitlines()[-1]


def test_simulate_ends_with_a_report_and_a_second_run_redoes_nothing(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, out, error = fluid("simulate", *small, "workers=2", "name=first")
    assert (code, error) == (0, "")
    run = tmp_path / "runs" / "first"
    assert last_line(out) == f"report: {run / 'report.html'}"
    assert "chemical separation" in out  # the split's summary
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics
    for name in ("metrics.csv", "report.html", "config.yaml", "config.json"):
        assert (run / name).stat().st_size > 0
    before = (run / "metrics.csv").read_bytes()
    code, out, _ = fluid("simulate", *small, "name=first")
    assert code == 0
    assert out.count("(already done)") == len([line for line in out.splitlines() if line.startswith("  ") and line.endswith(")")])
    assert (run / "metrics.csv").read_bytes() == before


@pytest.mark.usefixtures("drawn")
def test_report_is_drawn_again(fluid: Call, small: list[str], tmp_path: Path) -> None:
    assert fluid("simulate", *small, "name=first")[0] == 0
    page = tmp_path / "runs" / "first" / "report.html"
    before = page.read_text()
    page.unlink()
    code, out, _ = fluid("report", "run=runs/first")
    assert code == 0
    assert page.read_text() == before
    assert "report.html" in last_line(out)


def test_a_multirun_makes_one_run_each(fluid: Call, small: list[str], tmp_path: Path) -> None:
    assert fluid("simulate", "-m", *small, "consensus=mean,uncertainty")[0] == 0
    methods = [json.loads(file.read_text())["consensus"]["method"] for file in (tmp_path / "runs").glob("sweep-*/run-*/config.json")]
    assert sorted(methods) == ["mean", "uncertainty"]


def test_a_failing_multirun_tries_the_rest_and_fails(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, _, error = fluid("simulate", "-m", *small, "intake.quorum=100000,5", "consensus=mean")
    assert code == 2
    assert "expected at least 100000" in error
    assert len(list((tmp_path / "runs").glob("sweep-*/run-*/report.html"))) == 1


def test_every_step_of_a_consortium_from_the_command_line(fluid: Call, files: Files, tmp_path: Path) -> None:
    lines = files.pool.read_text().splitlines()
    for number in (1, 2):
        (tmp_path / f"assay{number}.csv").write_text("\n".join([lines[0], *lines[number::2]]) + "\n")
        private = [f"company=T{number}", f"input=assay{number}.csv", *COMMON]
        code, out, _ = fluid("train-teacher", *private, *NETWORK, f"out=teacher{number}")
        assert (code, last_line(out)) == (0, f"teacher (keep it inside your company): teacher{number}")
        code, out, _ = fluid(
            "annotate", f"teacher=teacher{number}", f"transfer={files.transfer}", "intake.workers=0", f"out=answers{number}"
        )
        assert code == 0
        assert last_line(out).endswith(f"answers{number}/annotation_set")
    assert fluid("aggregate", "annotations=[answers1,answers2]", "few_companies=true", "out=consensus")[0] == 0
    transfer = [f"transfer={files.transfer}", "consensus_folder=consensus"]
    learning = ["training=tiny", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0"]
    assert fluid("distill", *transfer, *learning, "model.hidden=16", "model.layers=2", "out=student")[0] == 0
    code, _, error = fluid("hybrid", "company=T1", "input=assay1.csv", "student=student", *transfer, *COMMON, "training=tiny", "out=hybrid")
    assert (code, error) == (0, "")
    code, out, _ = fluid("predict", "model_folder=hybrid", f"input={files.test}", "out=predictions.csv", "intake.workers=0")
    assert code == 0
    assert "60 of 60 rows answered" in last_line(out)
    assert pd.read_csv("predictions.csv")["active"].between(0, 1).all()
    code, out, _ = fluid("evaluate", "model_folder=hybrid", f"input={files.test}", "out=scores", *COMMON[:3], "evaluation.n_bootstrap=5")
    assert code == 0
    assert "auroc" in out


def test_a_company_may_answer_with_a_file_of_predictions(fluid: Call, files: Files, tmp_path: Path) -> None:
    public = files.transfer.read_text().split()[1:]
    own = [line.split(",")[0] for line in files.pool.read_text().splitlines()[1:]]
    (tmp_path / "mine.csv").write_text("\n".join(["smiles,active", *(f"{s},0.25" for s in [*own, *public])]) + "\n")
    arguments = ["company=T1", f"input={files.pool}", *COMMON[:4], "model=predictions", "model.path=mine.csv", "out=teacher"]
    assert fluid("train-teacher", *arguments)[0] == 0
    code, _, error = fluid("annotate", "teacher=teacher", f"transfer={files.transfer}", "intake.workers=0", "out=answers")
    assert (code, error) == (0, "")
    assert (pd.read_parquet("answers/annotation_set/annotations.parquet")["active/prediction"] == 0.25).all()


def test_csv_logs_have_the_losses(fluid: Call, files: Files, tmp_path: Path) -> None:
    assert fluid("train-teacher", "company=T1", f"input={files.pool}", *COMMON, *NETWORK, "out=teacher")[0] == 0
    table = pd.read_csv(next((tmp_path / "teacher-logs").rglob("metrics.csv")))
    assert {"train/loss", "validation/loss"} <= set(table.columns)
    kept = yaml.safe_load((tmp_path / "teacher-logs" / "T1" / "hparams.yaml").read_text())
    assert kept["training"]["teacher"]["epochs"] == 2
    assert {"git_commit", "versions", "hardware"} <= set(kept)
    assert kept["run"] == {
        "name": "teacher", "verb": "train-teacher", "group": "teacher", "training": "T1", "role": "teacher", "company": "T1",
    }  # fmt: skip


def test_tensorboard_has_losses_settings_and_scores(fluid: Call, small: list[str], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert fluid("simulate", *small, "name=first", "logger=tensorboard")[0] == 0
    logs = tmp_path / "runs" / "first" / "logs"
    assert {folder.name for folder in logs.iterdir()} == {"federation", "pooled", "student", "T1", "T2", "T3", "H1", "H2", "H3"}
    read = EventAccumulator(str(logs / "T1")).Reload()
    assert {"train/loss", "validation/loss"} <= set(read.Tags()["scalars"])
    assert b"git_commit" in read.Tensors("config/text_summary")[0].tensor_proto.string_val[0]
    assert yaml.safe_load((logs / "H2" / "hparams.yaml").read_text())["run"]["company"] == "T2"
    scores = pd.read_csv(tmp_path / "runs" / "first" / "metrics.csv").set_index(["model", "test", "metric"])["value"]
    hparams = EventAccumulator(str(logs / "federation")).Reload()
    found = hparams.Scalars("external/active/student/auroc")[0].value
    assert found == pytest.approx(scores["student", "external", "auroc"])


ENDS = [
    (signal.SIGINT, 130, "interrupted"),
    pytest.param(signal.SIGTERM, 143, "terminated", marks=pytest.mark.slow),
    pytest.param(signal.SIGUSR1, 75, "preempted", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("sent", "code", "said"), ENDS)
def test_ended_in_the_middle_and_a_second_run(
    fluid: Call, small: list[str], tmp_path: Path, sent: signal.Signals, code: int, said: str
) -> None:
    long = ["training.teacher.epochs=2000", "training.teacher.patience=2000"]
    command = [sys.executable, "-m", "fluid", "simulate", *small, *long, "workers=2", "name=x"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if "T3" in line:  # end of the split's summary: the first teacher is being trained
                break
        time.sleep(2)
        process.send_signal(sent)
        _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"{said}; run the same command again" in error.strip().splitlines()[-1]
    assert "Traceback" not in error
    assert not list((tmp_path / "runs" / "store" / "teacher").glob("[!.]*"))
    code, out, error = fluid("simulate", *small, "name=x")
    assert (code, error) == (0, "")
    assert "divide among companies: companies (already done)" in out
    assert (tmp_path / "runs" / "x" / "report.html").exists()
