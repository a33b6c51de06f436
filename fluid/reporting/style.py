"""One look for all figures: colours by role (Okabe & Ito's colour-blind safe palette), fonts, SVG output."""

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

ROLE_COLOURS = {
    "pooled": "#555555",
    "forest": "#999999",
    "teacher": "#E69F00",
    "teacher_mean": "#B87A00",
    "consensus": "#CC79A7",
    "student": "#0072B2",
    "hybrid": "#56B4E9",
    "hybrid_mean": "#009E73",
    **dict.fromkeys(("fedavg", "fedprox", "feddf", "dsfl", "fedmd", "fedmd_mean", "sge_mean", "baseline"), "#D55E00"),
}
COMPANY_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A6FAC", "#8C7A00", "#5B5B5B", "#00A0A0")
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "fluid",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "figure.constrained_layout.use": True,
}


def as_svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """Draw a figure and return it as an SVG element; equal data give equal text.

    Args:
        draw: Fills an empty figure.
        width: Inches.
        height: Inches.
    """
    with mpl.rc_context({**mpl.rcParamsDefault, "backend": mpl.rcParams["backend"], **SETTINGS}):
        figure = Figure(figsize=(width, height))
        draw(figure)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = stream.getvalue()
    return text[text.index("<svg") :]


def company_colours(names: list[str]) -> dict[str, str]:
    """Return a colour for each company, in order."""
    return {name: COMPANY_COLOURS[i % len(COMPANY_COLOURS)] for i, name in enumerate(names)}


def grid(axes: Any, axis: str = "y") -> None:
    """Draw faint lines behind the marks."""
    axes.grid(axis=axis, color="#dddddd", linewidth=0.6)
    axes.tick_params(length=0)
