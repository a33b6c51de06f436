"""The site builds strictly (a link or name that does not exist is an error), without network, and asks for nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHERS = re.compile(r"""(?:src|href)=["']?(https?://[^"' >]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site behind a proxy that does not exist."""
    folder = tmp_path_factory.mktemp("site")
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    environment = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_verb_and_every_setting_is_in_the_reference(site) -> None:
    verbs = (site / "reference" / "verbs.html").read_text()
    settings = (site / "reference" / "settings.html").read_text()
    for file in (ROOT / "conf").glob("*.yaml"):
        if file.stem != "base":
            assert f'id="{file.stem.replace("_", "-")}"' in verbs
    for file in (ROOT / "conf").glob("*/*.yaml"):
        assert f"{file.parent.name}={file.stem}</code>" in settings, file


def test_no_page_loads_anything_from_elsewhere(site) -> None:
    """Links that a reader follows may lead elsewhere; scripts, styles, fonts and images do not."""
    for page in site.rglob("*.html"):
        text = re.sub(r"<a [^>]*>", "", page.read_text())
        assert not OTHERS.findall(text), page


def test_the_research_log_is_not_among_the_pages(site) -> None:
    assert (ROOT / "docs" / "log.md").is_file()
    assert not list(site.rglob("log*"))


def test_a_setting_is_shown_with_its_value_and_meaning(site) -> None:
    text = re.sub(r"<[^>]+>", "", (site / "reference" / "settings.html").read_text())
    assert re.search(r"annotation\.k\s+3\s+nearest private molecules", text)
    assert re.search(r"training\.pooled\.weight_decay\s+0\.01", text)
