"""The page of a look at a file: the same facts as on the screen, with pictures of what is dropped and of what disagrees."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from fluid.artifacts import atomic_file
from fluid.inspection.facts import Conflict, Counted, EndpointFacts, Inspection, NearPair, Spread
from fluid.inspection.text import COMMAND_TITLES, share_text, size_text, spread_text
from fluid.inspection.wording import number_text, plural, shown
from fluid.molecules.cell import MAX_SMILES
from fluid.molecules.drawing import Fault, draw, find_fault
from fluid.reporting.figures.histogram import histogram

TEMPLATES = Path(__file__).parent / "templates"
MOST_PICTURES = 24
MOST_PAIRS = 12
LONGEST = 160


def render_page(found: Inspection, command: str) -> str:
    """Return the page as text; equal facts give equal text.

    Args:
        found: What was found.
        command: The command that would use the file; empty without one.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": shown, "number": "{:,}".format, "share": share_text, "plural": plural, "spread": spread_text}
    rejected = found.molecules.rejected if found.molecules else ()
    return environment.get_template("inspection.html").render(
        found=found,
        size=size_text(found.file.size),
        command=command,
        command_title=COMMAND_TITLES[found.verb] if command else "",
        histograms=list(histograms(found)),
        rejected=[{"what": one.what, "count": one.count, "cards": rejected_cards(one)} for one in rejected],
        conflicts=[conflict_group(one) for one in found.endpoints if one.conflicts],
        near=[near_cards(pair) for pair in (found.molecules.near.first if found.molecules else ())],
    )


def histograms(found: Inspection) -> Iterable[dict[str, Any]]:
    """Yield a histogram of each endpoint of values; where the molecules were not looked at, of each column of values."""
    if found.molecules:
        spreads: list[tuple[str, Spread | None]] = [(one.text, one.spread) for one in found.endpoints]
    else:
        spreads = [(column.name, column.spread) for column in found.columns]
    for name, spread in spreads:
        if spread and spread.counts:
            yield {"name": shown(name), "svg": Markup(histogram(spread.edges, spread.counts, shown(name))), "said": spread_text(spread)}


def rejected_cards(reason: Counted) -> list[dict[str, Any]]:
    """Return what is shown of the first rows of one reason: a picture, or the text with the place of the error."""
    return [rejected_card(row, text) for row, text in reason.examples[:MOST_PICTURES]]


def rejected_card(row: int, text: str) -> dict[str, Any]:
    """Return a picture of a molecule that cannot be used, and why; or its text, with the place of the error marked."""
    fault = find_fault(text) if len(text) <= MAX_SMILES else Fault("")
    return {"row": row, "svg": Markup(draw(text)), "text": marked_text(text, fault), "why": shown(fault.why)}


def marked_text(text: str, fault: Fault) -> Markup:
    """Return a text with the wrong character marked; of a long one, what is around it."""
    text = text.strip()
    if not 0 <= fault.position < len(text):
        return Markup("{}").format(shown(text[:LONGEST]) + (f"… ({len(text):,} signs or more)" if len(text) > LONGEST else ""))
    first = max(0, fault.position - LONGEST // 2)
    before, wrong, after = text[first : fault.position], text[fault.position], text[fault.position + 1 : first + LONGEST]
    start, end = "…" if first else "", "…" if len(text) > first + LONGEST else ""
    return Markup("{}{}<mark>{}</mark>{}{}").format(start, visible(before), visible(wrong), visible(after), end)


def visible(text: str) -> str:
    """Return a part of a text as it can be shown, blanks at its ends kept."""
    return "".join(sign if sign == " " else shown(sign) for sign in text)


def conflict_group(one: EndpointFacts) -> dict[str, Any]:
    """Return the first conflicts of an endpoint with pictures of their rows."""
    differ = "measured in both classes" if one.kind == "classification" else "with different values"
    pairs = [conflict_cards(pair) for pair in one.first_conflicts[:MOST_PAIRS]]
    return {"name": one.name, "differ": differ, "count": one.conflicts, "pairs": pairs}


def conflict_cards(conflict: Conflict) -> list[dict[str, Any]]:
    """Return a picture of each row of a conflict, with what was measured."""
    rows = zip(conflict.rows, conflict.smiles, conflict.values, strict=True)
    return [card(row, smiles, value) for row, smiles, value in rows]


def near_cards(pair: NearPair) -> dict[str, Any]:
    """Return two near duplicates with their similarity."""
    cards = [card(row, smiles, "") for row, smiles in zip(pair.rows, pair.smiles, strict=True)]
    return {"similarity": number_text(pair.similarity), "cards": cards}


def card(row: int, smiles: str, value: str) -> dict[str, Any]:
    """Return a picture of a molecule."""
    return {"row": row, "svg": Markup(draw(smiles)), "text": escape(shown(smiles[:LONGEST])), "value": value}


def write_page(found: Inspection, command: str, path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = render_page(found, command)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
