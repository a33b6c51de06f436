"""`fluid report`: the page of a run drawn again, with audits of what it released."""

from pathlib import Path

import pytest

from fluid.artifacts import seal, write_json
from fluid.reporting.report_files import write_report_data
from fluid.runs.audits import releases
from tests.cli.conftest import Call
from tests.reporting.conftest import make
from tests.runs.test_audits import audited, facts


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run's folder with a student, and nothing else that it released."""
    folder = tmp_path / "runs" / "demo"
    (folder / "models" / "student").mkdir(parents=True)
    write_json(folder / "models" / "student" / "card.json", {})
    seal(folder / "models" / "student", "student", "key")
    write_report_data(make(), folder)
    return folder


def page(run: Path) -> str:
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("undrawn")
def test_audits_are_put_on_the_page_and_stay_there(fluid: Call, run: Path, tmp_path: Path) -> None:
    assert fluid("report", f"run={run}")[0] == 0
    assert "This run was not audited" in page(run)
    (digest,) = releases(run)
    folder = audited(tmp_path / "audit", facts(digest))
    assert fluid("report", f"run={run}", f"audit=[{folder}]")[0] == 0
    assert "This run was not audited" not in page(run)
    assert "bin_asked on student, AUC 0.700 (0.650–0.750)" in page(run)
    assert fluid("report", f"run={run}")[0] == 0
    assert "bin_asked on student" in page(run)


@pytest.mark.usefixtures("undrawn")
def test_an_audit_of_something_else_is_refused_in_a_line_and_changes_nothing(fluid: Call, run: Path, tmp_path: Path) -> None:
    assert fluid("report", f"run={run}")[0] == 0
    before = page(run)
    code, _, error = fluid("report", f"run={run}", f"audit=[{audited(tmp_path / 'audit', facts('0' * 64))}]")
    assert code == 2
    assert "the audit is of nothing that this run released" in error
    assert page(run) == before
    assert not (run / "audits").exists()
