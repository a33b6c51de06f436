"""How well each attack tells members from non-members: a point and an interval each, beside chance and the bound."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fluid.privacy.finding import Finding
from fluid.privacy.policy import FELL
from fluid.reporting.style import as_svg, grid

COLOURS = {"fell": "#D55E00", "stands": "#0072B2", "baseline": "#999999"}


def colour_of(one: Finding) -> str:
    """Return the colour of an attack: by whether a bound fell, or whether it is a baseline."""
    if one.baseline:
        return COLOURS["baseline"]
    return COLOURS["fell" if any(verdict.state == FELL for verdict in one.verdicts) else "stands"]


def attack_chart(findings: Sequence[Finding]) -> str:
    """Draw the AUC of attacks with their intervals, the first on top; a tick is the bound of each."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        y = -np.arange(len(findings))
        for place, one in zip(y, findings, strict=True):
            ends = [[one.auc.value - one.auc.low], [one.auc.high - one.auc.value]]
            axes.errorbar([one.auc.value], [place], xerr=np.maximum(ends, 0), fmt="o", color=colour_of(one), capsize=2, markersize=5)
            for verdict in one.verdicts:
                if verdict.what == "auc":
                    axes.plot([verdict.bound] * 2, [place - 0.35, place + 0.35], color="#222222", linewidth=1)
        axes.axvline(0.5, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_yticks(y, [one.attack.replace("_", " ") for one in findings])
        axes.set_xlabel("AUC (0.5 is chance, 1 is certainty)")
        axes.set_xlim(min(0.4, *(one.auc.low for one in findings)), 1.02)
        grid(axes, "x")

    return as_svg(draw, 8, 1 + 0.28 * len(findings))
