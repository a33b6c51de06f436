"""How the numbers of a column are spread."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fluid.reporting.style import ROLE_COLOURS, as_svg, grid


def histogram(edges: Sequence[float], counts: Sequence[int], name: str, width: float = 3.4, height: float = 2.0) -> str:
    """Draw a histogram.

    Args:
        edges: Edges of the bins.
        counts: Numbers in each.
        name: What is counted; stands below the axis.
        width: Inches.
        height: Inches.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left = np.asarray(edges[:-1], dtype=float)
        axes.bar(left, counts, width=np.diff(np.asarray(edges, dtype=float)), align="edge", color=ROLE_COLOURS["student"], linewidth=0)
        axes.set_xlabel(name, parse_math=False)
        grid(axes)

    return as_svg(draw, width, height)
