"""Plots for reports: arrays in, SVG out. Nothing here knows about runs, games or files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import matplotlib as mpl
import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pokespiel.metasolvers.response_graph import response_graph

STYLE = {
    "svg.hashsalt": "pokespiel",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.constrained_layout.use": True,
}
SMALLEST = 1e-12
"""Log plots end here: exact zeros are drawn at it."""
NAMED = 50
"""So many policies at most are named on an axis."""


def svg(figure: Figure) -> str:
    """The figure as SVG text, the same for the same figure."""
    text = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def axes(width: float = 7.0, height: float = 3.2) -> tuple[Figure, Axes]:
    """An empty plot of so many inches."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots()


Boundaries = Mapping[str, float]
"""Where parts of the x axis begin, by name."""
WHOLE: Boundaries = MappingProxyType({})


def _mark(plot: Axes, boundaries: Boundaries) -> None:
    """A dotted line where each part begins, with its name at the top."""
    for name, x in boundaries.items():
        plot.axvline(x, color="#7a7a7a", linestyle=":", linewidth=0.8)
        top = plot.get_xaxis_transform()
        plot.text(x, 1.01, f" {name}", transform=top, fontsize=7, color="#555555", va="bottom")


def curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ylabel: str,
    log: bool = True,
    boundaries: Boundaries = WHOLE,
) -> Figure:
    """Lines of y over x by name; on a log scale, values at or below 1e-12 are drawn at it."""
    figure, plot = axes()
    for name, (x, y) in series.items():
        heights = np.maximum(np.asarray(y, float), SMALLEST) if log else np.asarray(y, float)
        plot.plot(x, heights, marker="o" if len(x) < 50 else None, markersize=3, label=name)
    if log:
        plot.set_yscale("log")
    plot.set(xlabel="iteration", ylabel=ylabel)
    _mark(plot, boundaries)
    if len(series) > 1:
        plot.legend(frameon=False)
    return figure


def intervals(
    series: Mapping[str, Sequence[tuple[float, float, float, float]]],
    ylabel: str,
    level: float,
    boundaries: Boundaries = WHOLE,
) -> Figure:
    """Points (x, y, low, high) with their intervals by name, and a dotted line at `level`."""
    figure, plot = axes()
    for name, points in series.items():
        x, y, low, high = np.array(points, float).T
        spread = np.maximum([y - low, high - y], 0)
        plot.errorbar(x, y, spread, marker="o", markersize=4, linestyle="none", capsize=2, label=name)
    plot.axhline(level, color="#7a7a7a", linestyle=":", linewidth=1)
    plot.xaxis.set_major_locator(MaxNLocator(integer=True))
    plot.set(xlabel="iteration", ylabel=ylabel)
    _mark(plot, boundaries)
    if len(series) > 1:
        plot.legend(frameon=False)
    return figure


def mixtures(history: np.ndarray, title: str, names: Sequence[str] = (), boundaries: Boundaries = WHOLE) -> Figure:
    """A mixture [T, n] over time: each column an iteration, each row a policy, darker = more weight.

    names: of the policies, shown where they fit; empty = their numbers.
    """
    figure, plot = axes(height=max(3.6, 0.16 * len(names)) if len(names) <= NAMED else 3.6)
    image = plot.imshow(
        np.sqrt(history.T), aspect="auto", origin="lower", cmap="magma_r", vmin=0, vmax=1, interpolation="nearest"
    )
    plot.grid(False)
    plot.set(xlabel="iteration", ylabel="policy, by age")
    plot.set_title(title, pad=16 if boundaries else None)
    if names and len(names) <= NAMED:
        plot.set_yticks(range(len(names)), names, fontsize=7)
    _mark(plot, boundaries)
    bar = figure.colorbar(image, label="weight", ticks=np.sqrt([0, 0.01, 0.1, 0.25, 0.5, 1]))
    bar.ax.set_yticklabels(["0", "0.01", "0.1", "0.25", "0.5", "1"])
    return figure


def payoffs(table: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str) -> Figure:
    """A payoff matrix [n, m] to the row player: red = it loses, blue = it wins; numbers where they fit."""
    size = 1.5 + 0.28 * max(table.shape)
    figure, plot = axes(min(max(size + 1.2, 4.0), 9.0), min(max(size, 3.0), 8.0))
    largest = max(float(np.abs(table).max()), 1e-12)
    image = plot.imshow(table, cmap="RdBu", vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    plot.grid(False)
    if max(table.shape) <= 40:
        plot.set_xticks(range(len(columns)), columns, rotation=90)
        plot.set_yticks(range(len(rows)), rows)
    if max(table.shape) <= 14:
        for (row, column), value in np.ndenumerate(table):
            colour = "white" if abs(value) > 0.6 * largest else "black"
            plot.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=7, color=colour)
    plot.set(title=title)
    figure.colorbar(image, label="mean return to the row player")
    return figure


def responses(
    table: np.ndarray, names: Sequence[Sequence[str]], weights: Sequence[np.ndarray], symmetric: bool
) -> tuple[Figure, int]:
    """The response graph of payoffs [P, n_1, ..., n_P] and how many sink components it has.

    An arrow leads to the player's best deviation; a red node lies in a sink component of all paying deviations; a
    node's size is its weight in the mixture.
    """
    graph = response_graph(table, symmetric=symmetric)
    cells = np.array(np.unravel_index(np.arange(graph.num_nodes), graph.shape)).T
    sinks = set(np.concatenate(graph.sinks).tolist()) if graph.sinks else set()
    labels = {node: " ".join(names[seat][index] for seat, index in enumerate(cell)) for node, cell in enumerate(cells)}
    mass = np.array([np.prod([weights[seat][index] for seat, index in enumerate(cell)]) for cell in cells])
    drawn = nx.DiGraph()
    drawn.add_nodes_from(range(graph.num_nodes))
    drawn.add_edges_from(_best_deviations(graph.source, graph.target, graph.player, graph.gain))
    figure, plot = axes(7.0, 5.0)
    plot.axis("off")
    nx.draw_networkx(
        drawn,
        pos=nx.circular_layout(drawn) if graph.num_nodes <= 12 else nx.kamada_kawai_layout(drawn.to_undirected()),
        ax=plot,
        labels=labels,
        font_size=7,
        node_size=200 + 1400 * mass / max(mass.max(), 1e-12),
        node_color=["#d1495b" if node in sinks else "#9fb8cf" for node in drawn],
        edge_color="#7a7a7a",
        width=0.7,
        arrowsize=8,
    )
    return figure, len(graph.sinks)


def _best_deviations(
    source: np.ndarray, target: np.ndarray, player: np.ndarray, gain: np.ndarray
) -> list[tuple[int, int]]:
    """For each node and player the deviation that gains most, if any gains."""
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for origin, reached, who, amount in zip(source, target, player, gain, strict=True):
        if amount > best.get((int(origin), int(who)), (0.0, -1))[0]:
            best[int(origin), int(who)] = (float(amount), int(reached))
    return [(origin, reached) for (origin, _), (_, reached) in best.items()]
