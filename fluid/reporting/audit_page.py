"""The page of an audit: what a release tells, for somebody who is no expert; no molecule is on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fluid.artifacts import atomic_file
from fluid.privacy.audit import Audit
from fluid.privacy.finding import Finding
from fluid.privacy.policy import OPEN
from fluid.privacy.statistics import Measured
from fluid.privacy.themes import SAYS
from fluid.reporting.figures.attacks import attack_chart

TEMPLATES = Path(__file__).parent / "templates"


def number_text(one: Measured) -> str:
    """Return a figure with its interval, in three digits."""
    return f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})"


def rate_text(one: Measured) -> str:
    """Return a rate with its interval, in per cent."""
    return f"{one.value:.2%} ({one.low:.2%}–{one.high:.2%})".replace("%", " %")


def verdict_text(found: Audit) -> str:
    """Return the result in a sentence."""
    if found.fell:
        return "Do not send this as it is: it tells more than the policy allows."
    if found.blind:
        return "This audit cannot vouch for the release."
    return "No bound of the policy fell."


def knows_text(one: Finding) -> str:
    """Return what the attacker knows of a molecule before he attacks."""
    known = ["the structure", *(["the label"] if one.needs_label else []), *(["labelled molecules like it"] if one.informed else [])]
    return ", ".join(known)


def theme_text(name: str, value: float | None) -> str:
    """Return a figure of what is told of a company as a whole; `–` where there is none."""
    if value is None:
        return "–"
    if name == "measured":
        return f"{value:,.0f}"
    return f"{value:.1%}".replace("%", " %") if name == "active" else f"{value:.3f}"


def open_bounds(found: Audit) -> int:
    """Return how many bounds could not be decided."""
    return sum(verdict.state == OPEN for one in found.findings for verdict in one.verdicts)


def render_page(found: Audit, about: Mapping[str, Any]) -> str:
    """Return the page as text; equal findings give equal text.

    Args:
        found: What was found.
        about: What it was of, as in `audit.json`.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"figure": number_text, "rate": rate_text, "knows": knows_text, "theme": theme_text, "number": "{:,}".format}
    return environment.get_template("audit.html").render(
        found=found,
        about=about,
        verdict=verdict_text(found),
        open_bounds=open_bounds(found),
        theme_says=SAYS,
        chart=Markup(attack_chart(found.findings)) if found.findings else "",
    )


def write_page(found: Audit, about: Mapping[str, Any], path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = render_page(found, about)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
