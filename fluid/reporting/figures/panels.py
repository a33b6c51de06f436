"""The smaller figures: companies, contribution, calibration, learning curves, soft labels, chemical space."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fluid.reporting.style import COMPANY_COLOURS, ROLE_COLOURS, as_svg, company_colours, grid


def companies_chart(companies: pd.DataFrame) -> str:
    """Draw the size of each company, divided by class where classes are known."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        n, share = companies["n"].to_numpy(float), companies["positives"].to_numpy(float)
        active = n * np.nan_to_num(share)
        axes.bar(companies["company"], active, color="#D55E00", label="active")
        axes.bar(
            companies["company"], n - active, bottom=active, color="#cccccc", label="inactive" if np.isfinite(share).any() else "molecules"
        )
        for x, (total, part) in enumerate(zip(n, share, strict=True)):
            text = f"{part:.0%}" if np.isfinite(part) else f"{total:.0f}"
            axes.annotate(text, (x, total), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8)
        axes.set_ylabel("molecules")
        axes.legend(frameon=False)
        grid(axes)

    return as_svg(draw, 4.7, 3.0)


def heterogeneity_chart(companies: pd.DataFrame) -> str:
    """Draw how much each company's labels and chemistry differ from the others'."""
    texts = {"divergence": "label divergence (bits)", "separation": "chemical separation (Tanimoto)"}

    def draw(figure: Figure) -> None:
        for axes, (column, text) in zip(figure.subplots(1, 2), texts.items(), strict=True):
            axes.bar(companies["company"], companies[column].fillna(0), color=list(company_colours(list(companies["company"])).values()))
            axes.set_ylabel(text)
            axes.axhline(0, color="#888888", linewidth=0.6)
            grid(axes)

    return as_svg(draw, 8.0, 2.8)


def contribution_chart(contribution: pd.DataFrame) -> str:
    """Draw each teacher's share of the consensus weight beside its share of the private labels."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        x = np.arange(len(contribution))
        axes.bar(x - 0.2, contribution["weight_share"], width=0.38, color=ROLE_COLOURS["student"], label="of the consensus weight")
        axes.bar(x + 0.2, contribution["labels_share"], width=0.38, color=ROLE_COLOURS["teacher"], label="of the private molecules")
        axes.set_xticks(x, contribution["company"])
        axes.set_ylabel("share")
        axes.set_ylim(top=1.3 * float(np.nanmax(contribution[["weight_share", "labels_share"]].to_numpy(float), initial=0.01)))
        axes.legend(frameon=False, loc="upper right")
        grid(axes)

    return as_svg(draw, 4.7, 3.0)


def calibration_chart(calibration: pd.DataFrame, models: list[tuple[str, str]], tests: list[str]) -> str:
    """Draw observed share against predicted probability, one panel per test.

    Args:
        calibration: Reliability points.
        models: Name and role of the models to draw.
        tests: The tests.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(tests), squeeze=False, sharey=True)[0]
        for axes, test in zip(panels, tests, strict=True):
            axes.plot([0, 1], [0, 1], color="#888888", linewidth=0.8, linestyle="--")
            for name, role in models:
                points = calibration[(calibration["test"] == test) & (calibration["model"] == name)].sort_values("predicted")
                axes.plot(
                    points["predicted"], points["observed"], marker="o", markersize=3, linewidth=1.3, color=ROLE_COLOURS[role], label=name
                )
            axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="predicted probability", title=test)
            grid(axes, "both")
        panels[0].set_ylabel("observed share of actives")
        panels[0].legend(frameon=False, loc="upper left")

    return as_svg(draw, 3.6 * max(len(tests), 1), 3.4)


def learning_chart(curves: pd.DataFrame) -> str:
    """Draw the validation loss per epoch (training loss where there was no validation), one line per model."""
    groups = {"pooled teacher and student": [], "teachers": [], "hybrids": []}  # type: dict[str, list[str]]
    for name in dict.fromkeys(curves["model"]):
        kind = (
            "teachers" if name[:1] == "T" else "hybrids" if name[:1] == "H" or name.startswith("hybrid") else "pooled teacher and student"
        )
        groups[kind].append(name)
    groups = {kind: names for kind, names in groups.items() if names} or {"no model": []}

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(groups), squeeze=False)[0]
        for axes, (kind, names) in zip(panels, groups.items(), strict=True):
            for i, name in enumerate(names):
                own = curves[curves["model"] == name]
                split = "validation" if (own["split"] == "validation").any() else "train"
                own = own[own["split"] == split].sort_values("epoch")
                axes.plot(own["epoch"] + 1, own["loss"], label=name, color=COMPANY_COLOURS[i % len(COMPANY_COLOURS)], linewidth=1.3)
            axes.set(title=kind, xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if names:
                axes.legend(frameon=False, fontsize=7, ncols=2)
            grid(axes, "both")
        panels[0].set_ylabel("validation loss")

    return as_svg(draw, 9.6, 2.9)


def soft_label_chart(selection: pd.DataFrame) -> str:
    """Draw how many molecules the student learnt from, by consensus soft label."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        centres = selection["in_bin"].to_numpy(float)
        width = float(np.min(np.diff(centres))) if len(centres) > 1 else 0.05
        axes.bar(centres, selection["count"], width=0.92 * width, color=ROLE_COLOURS["consensus"])
        axes.set(xlabel="consensus soft label", ylabel="transfer molecules")
        grid(axes)

    return as_svg(draw, 4.7, 3.0)


def space_chart(space: pd.DataFrame) -> str:
    """Draw the chemical-space map: transfer set behind, companies in colour, external test as crosses."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        transfer = space[space["set"] == "transfer"]
        axes.scatter(transfer["x"], transfer["y"], s=6, color="#dcdcdc", label="transfer", linewidths=0)
        names = [name for name in dict.fromkeys(space["set"]) if name not in ("transfer", "external")]
        for name, colour in company_colours(names).items():
            own = space[space["set"] == name]
            axes.scatter(own["x"], own["y"], s=8, color=colour, label=name, linewidths=0, alpha=0.8)
        external = space[space["set"] == "external"]
        if len(external):
            axes.scatter(external["x"], external["y"], s=12, color="#000000", marker="x", linewidths=0.6, label="external", alpha=0.6)
        axes.set(xlabel="first principal component", ylabel="second principal component")
        axes.legend(frameon=False, fontsize=7.5, loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=1.8)
        axes.tick_params(length=0)

    return as_svg(draw, 6.4, 4.2)
