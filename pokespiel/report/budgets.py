"""The plot of scores against budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from pokespiel.report.palette import MUTED
from pokespiel.report.plots import drawing, figure_of


def budget_curves(series: Mapping[str, Sequence[tuple[int, float, float, float, float]]]) -> Figure:
    """Scores against decisions by name; points are (decisions, seconds, score, low, high); the dashed line is 1/2."""
    with drawing() as plot:
        for name, points in series.items():
            decisions, _, scores, lows, highs = np.array(points, float).T
            (line,) = plot.plot(decisions, scores, marker="o", markersize=3, label=name)
            plot.fill_between(decisions, lows, highs, color=line.get_color(), alpha=0.15, linewidth=0)
        plot.axhline(0.5, color=MUTED, linestyle="--", linewidth=1)
        plot.set(xlabel="decisions", ylabel="score against the victim")
        plot.legend()
        return figure_of(plot)
