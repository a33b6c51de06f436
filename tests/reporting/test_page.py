import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from fluid.reporting.page import baseline_tables, render, write_report
from fluid.reporting.report_data import COLUMNS, ReportData
from tests.reporting.conftest import BASELINES, make, scores

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
PROBE = """<script>
window.addEventListener("load", () => {
  const box = (e) => e.getBoundingClientRect();
  const shown = [...document.querySelectorAll("svg")].filter((e) => box(e).width > 0);
  document.querySelectorAll("select").forEach((s) => { s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event("change")); });
  const after = [...document.querySelectorAll("svg")].filter((e) => box(e).width > 0);
  const result = {
    shown: shown.length, after: after.length, all: document.querySelectorAll("svg").length,
    marks: after.map((e) => e.querySelectorAll("path, use, rect").length),
    tables: document.querySelectorAll("table").length, wide: document.documentElement.scrollWidth <= window.innerWidth,
  };
  document.body.setAttribute("data-probe", JSON.stringify(result));
});
</script>"""


def test_equal_data_give_an_equal_page(data: ReportData) -> None:
    assert render(data) == render(make())


def test_the_page_needs_nothing_else(data: ReportData) -> None:
    page = render(data)
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert "@import" not in page
    assert not re.search(r"url\((?!#|data:|&quot;#|'#)", page)


def test_baselines_have_a_table_only_if_there_are_some() -> None:
    assert baseline_tables(make()) == []
    (table,) = baseline_tables(make(baselines=BASELINES))
    assert (table["endpoint"], table["html"].count("<tr>")) == ("blocker", len(BASELINES))


def test_names_are_escaped() -> None:
    page = render(make(title="<script>alert(1)</script>", notes=("<b>bold</b>",)))
    assert "<script>alert(1)" not in page
    assert "<b>bold</b>" not in page


def test_empty_tables_leave_their_figure_out() -> None:
    empty = {name: pd.DataFrame(columns=list(columns)) for name, columns in COLUMNS.items()}
    page = render(make(**empty))
    assert "There are no scores." in page
    assert "fig-contribution" not in page
    assert "fig-contribution" in render(make())


def test_the_report_is_written_whole(data: ReportData, tmp_path: Path) -> None:
    write_report(data, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render(data)
    assert len(list(tmp_path.iterdir())) == 1


def opened(page: str, folder: Path) -> tuple[dict[str, object], str]:
    """Open a page in a headless browser; return what the probe saw, and the messages of the console."""
    if BROWSER is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine: the report page cannot be checked")
        pytest.skip("no Chromium on this machine")
    (folder / "page.html").write_text(page.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-gpu"]
    command = [BROWSER, "--headless=new", "--no-sandbox", *quiet, f"--user-data-dir={folder / 'profile'}", "--window-size=1200,900",
               "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom", (folder / "page.html").as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return json.loads(found[1].replace("&quot;", '"')), console


def test_every_figure_is_drawn_in_a_browser(data: ReportData, tmp_path: Path) -> None:
    seen, console = opened(render(data), tmp_path)
    assert console == ""
    assert seen["shown"] == seen["after"] == 7  # bars, companies, contribution, space, calibration, soft labels, learning
    assert min(seen["marks"]) > 5  # type: ignore[type-var]
    assert seen["tables"] >= 4  # type: ignore[operator]
    assert seen["wide"]


def test_the_probe_notices_an_error(data: ReportData, tmp_path: Path) -> None:
    _, console = opened(render(data).replace("</body>", "<script>nowhere.to.be.found()</script></body>"), tmp_path)
    assert "nowhere is not defined" in console


def test_regression_and_two_endpoints_have_their_figures(tmp_path: Path) -> None:
    both = pd.concat(
        [scores(), scores().replace({"metric": {"auroc": "rmse", "mcc": "r2"}, "endpoint": {"blocker": "pic50"}})], ignore_index=True
    )
    seen, console = opened(render(make(scores=both)), tmp_path)
    assert console == ""
    assert seen["all"] > 7  # type: ignore[operator]
    assert seen["shown"] == seen["after"] == 7  # the chosen endpoint and metric, then the last ones
