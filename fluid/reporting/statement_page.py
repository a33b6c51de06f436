"""The page of a certificate or of a ledger: the same as on the screen, for somebody who is no expert; no molecule is on it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fluid.artifacts import atomic_file
from fluid.inspection.wording import shown
from fluid.privacy.statement import Statement
from fluid.privacy.statement_text import COVERS, COVERS_NOT

TEMPLATES = Path(__file__).parent / "templates"


def render_page(found: Statement) -> str:
    """Return the page as text; equal statements give equal text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown}
    lists = [(COVERS, found.covers), (COVERS_NOT, found.does_not_cover)]
    return environment.get_template("statement.html").render(found=found, lists=[(title, items) for title, items in lists if items])


def write_page(found: Statement, path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = render_page(found)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
