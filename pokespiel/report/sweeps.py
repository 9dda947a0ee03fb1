"""A picture of how mixtures change with an option of their solver."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from pokespiel.core.tablefiles import NamedTable
from pokespiel.metasolvers.sweep import Sweep
from pokespiel.payoffs.solutions import heaviest_policies
from pokespiel.report.palette import MUTED, SERIES
from pokespiel.report.plots import MARKERS, NAMED, STYLE, short, svg

LINES = len(SERIES)
"""Number of policies, those with the largest weights, that are coloured and named; the others are grey."""
KINDS = (".svg", ".png", ".pdf")


def check_place(path: Path) -> None:
    """Raise a `ValueError` if no plot can be saved at `path`, or not with its suffix."""
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ValueError(f"no plot can be saved at {path}: {above} is a file, not a folder")
    if path.is_dir():
        raise ValueError(f"no plot can be saved at {path}: {path} is a folder, not a file")
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"a plot is saved as {', '.join(KINDS)}, not as {path.name!r}")


def draw_sweep(path: str | Path, table: NamedTable, sweep: Sweep, symmetric: bool) -> None:
    """Save `figure` in the format of the suffix of `path`."""
    path = Path(path)
    check_place(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = figure(table, sweep, symmetric)
    if path.suffix.lower() == ".svg":
        path.write_text(svg(drawn), encoding="utf-8")
    else:
        with mpl.rc_context(STYLE):
            drawn.savefig(path, dpi=150, facecolor="white")


def figure(table: NamedTable, sweep: Sweep, symmetric: bool) -> Figure:
    """Weight by value of the option, one panel per player; the x axis is logarithmic if all values are positive."""
    players = sweep.marginals[: 1 if symmetric else None]
    with mpl.rc_context(STYLE):
        result = Figure(figsize=(6.6, 0.7 + 2.3 * len(players)))
        panels = result.subplots(len(players), sharex=True, squeeze=False)[:, 0]
        for player, (panel, weights) in enumerate(zip(panels, players, strict=True)):
            named, rest = heaviest_policies(weights, LINES)
            for index in range(weights.shape[1] if rest else 0):
                panel.plot(sweep.values, weights[:, index], color=MUTED, linewidth=0.6, alpha=0.4)
            for index, marker in zip(named, cycle(MARKERS)):
                symbol = marker if len(sweep.values) <= NAMED else None
                label = short(table.policy(player, index))
                panel.plot(sweep.values, weights[:, index], marker=symbol, markersize=3.5, label=label)
            panel.set(ylim=(-0.02, 1.02), ylabel="weight")
            panel.set_title("every player" if symmetric else table.player(player), loc="left", fontsize=9.5)
            panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        if sweep.values.min() > 0:
            panels[-1].set_xscale("log")
            panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panels[-1].set_xlabel(sweep.option)
        return result
