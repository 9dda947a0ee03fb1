"""Response graphs: the policy that each player would change to, drawn if small enough, or listed.

ring    one population: its policies on a circle, an arrow from each to the one that replaces it
grid    two populations: a cell for each pair, the arrows of a row or column bundled into one path to its best reply
deviations   any number of populations, as rows of a table
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pokespiel.metasolvers.judging import is_rounding
from pokespiel.metasolvers.response_graph import ResponseGraph
from pokespiel.report.palette import INK, MUTED, RULE, SERIES
from pokespiel.report.plots import drawing, figure_of, room, short

FIRST, SECOND, SINK = SERIES[0], SERIES[2], SERIES[1]


def ring(graph: ResponseGraph, names: Sequence[str], mass: np.ndarray) -> Figure:
    """The graph of one population of n policies with weights `mass` [n]."""
    with drawing(5.8, 4.4 if len(names) > 5 else 3.2) as plot:
        angles = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
        places = np.column_stack([np.cos(angles), np.sin(angles)])
        areas = _nodes(plot, places, mass, _sinks(graph))
        radii = np.sqrt(areas) / 2
        for (origin, _), reached in best_deviations(graph).items():
            ends = {"shrinkA": radii[origin] + 2, "shrinkB": radii[reached] + 2, "connectionstyle": "arc3,rad=0.12"}
            arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.0, **ends}
            plot.annotate("", places[reached], places[origin], arrowprops=arrow)
        for name, place, radius in zip(names, places, radii, strict=True):
            sideways = "center" if abs(place[0]) < 0.1 else "left" if place[0] > 0 else "right"
            plot.annotate(
                short(name), place, (radius + 9) * place, textcoords="offset points", ha=sideways, va="center"
            )
        plot.set(xlim=(-2.2, 2.2), ylim=(-1.3, 1.3), aspect="equal")
        plot.axis("off")
        _key(plot)
        return figure_of(plot)


def grid(graph: ResponseGraph, payoffs: np.ndarray, names: Sequence[Sequence[str]], mass: np.ndarray) -> Figure:
    """The graph of two populations with payoffs [2, n, m] and weights `mass` [n, m] of pairs."""
    rows, columns = mass.shape
    beside, below = (room(seat) for seat in names)
    width = max(1.5 + beside + 0.5 * columns, 4.8)
    upright = below > (width - 1.0 - beside) / columns
    with drawing(width, max(1.4 + (below if upright else 0.2) + 0.42 * rows, 2.8)) as plot:
        places = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
        _paths(plot, payoffs[0], 0)
        _paths(plot, payoffs[1], 1)
        _nodes(plot, places, mass.ravel(), _sinks(graph), largest=240)
        plot.set_xticks(range(columns), [short(name) for name in names[1]], rotation=90 if upright else 0)
        plot.set_yticks(range(rows), [short(name) for name in names[0]])
        plot.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), xlabel="player 1", ylabel="player 0")
        _key(plot, (FIRST, "^", "player 0's best reply"), (SECOND, ">", "player 1's best reply"))
        return figure_of(plot)


def _paths(plot: Axes, own: np.ndarray, player: int) -> None:
    """Arrows between neighbouring cells towards the best reply of `player`, whose payoffs are `own` [n, m]."""
    found = np.array([*paths(own if player == 0 else own.T)], float).reshape(-1, 3)
    across, along, step = found.T
    middle, still = along + 0.5 - 0.22 * step, np.zeros(len(found))
    where = (across, middle, still, 0.44 * step) if player == 0 else (middle, across, 0.44 * step, still)
    colour = FIRST if player == 0 else SECOND
    plot.quiver(*where, color=colour, angles="xy", scale_units="xy", scale=1, width=0.004, headwidth=4.5)


def paths(own: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Column, row and step of each move along a path to the column's nearest best row; payoffs [n, m].

    (c, r, 1) leads from row r to row r + 1, and (c, r, -1) back.
    """
    for column, values in enumerate(own.T):
        best = np.flatnonzero(is_rounding(values.max() - values, [values, values.max()], own))
        for row in range(len(values) - 1):
            here, there = (best[np.abs(best - place).argmin()] for place in (row, row + 1))
            if here > row:
                yield column, row, 1
            elif there <= row:
                yield column, row, -1


def _nodes(plot: Axes, places: np.ndarray, mass: np.ndarray, sink: np.ndarray, largest: float = 700) -> np.ndarray:
    """Draw nodes at `places` [N, 2] by weight, those of sink components as squares; returns their areas [N]."""
    areas = 24 + largest * mass / max(float(mass.max()), 1e-12)
    for shown, marker, colour in ((~sink, "o", MUTED), (sink, "s", SINK)):
        x, y = places[shown].T
        plot.scatter(x, y, areas[shown], marker=marker, color=colour, edgecolor=RULE, linewidth=0.8, zorder=3)
    return areas


def _key(plot: Axes, *arrows: tuple[str, str, str]) -> None:
    entries = [(SINK, "s", "in a sink component"), (MUTED, "o", "elsewhere"), *arrows]
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=6, label=label)
        for colour, marker, label in entries
    ]
    figure_of(plot).legend(handles=handles, loc="outside upper left", ncols=2, labelcolor=INK, columnspacing=1.2)


def _sinks(graph: ResponseGraph) -> np.ndarray:
    """[N] bool, the nodes of sink components."""
    inside = np.zeros(graph.num_nodes, bool)
    for component in graph.sinks:
        inside[component] = True
    return inside


def best_deviations(graph: ResponseGraph) -> dict[tuple[int, int], int]:
    """By node and player, the node after the player's most profitable deviation, if it has one."""
    order = np.argsort(-graph.gain, kind="stable")
    best: dict[tuple[int, int], int] = {}
    for edge in order[graph.gain[order] > 0]:
        best.setdefault((int(graph.source[edge]), int(graph.player[edge])), int(graph.target[edge]))
    return best


def deviation_edges(
    graph: ResponseGraph, payoffs: np.ndarray, names: Sequence[Sequence[str]], mass: np.ndarray, most: int
) -> Iterable[list[Any]]:
    """A header, then a row for each of the `most` heaviest joint choices: policies, weight, returns.

    An arrow after a policy names the player's best deviation.
    """
    seats = range(len(payoffs))
    best, sink = best_deviations(graph), _sinks(graph)
    yield [*(f"player {seat}" for seat in seats), "weight", *(f"return to {seat}" for seat in seats), "in a sink"]
    for node in np.argsort(-mass.ravel(), kind="stable")[:most]:
        cell = np.unravel_index(node, graph.shape)
        rather = [np.unravel_index(best.get((int(node), seat), node), graph.shape)[seat] for seat in seats]
        yield [
            *(
                names[seat][cell[seat]] + (f" → {names[seat][other]}" if other != cell[seat] else "")
                for seat, other in enumerate(rather)
            ),
            float(mass[cell]),
            *(float(payoffs[(seat, *cell)]) for seat in seats),
            "yes" if sink[node] else "no",
        ]
