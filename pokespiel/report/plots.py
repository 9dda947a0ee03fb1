"""Plots for reports: arrays in, figures out. This module knows nothing about runs, games or files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from types import MappingProxyType

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.rcsetup import cycler
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from pokespiel.report.palette import GAIN, INK, LOSS, MUTED, RULE, SERIES, STRONGEST, WEIGHT

STYLE = {
    "svg.hashsalt": "pokespiel",
    "svg.fonttype": "none",  # text stays text: in the page's typeface, selectable and searchable
    "text.parse_math": False,  # a dollar sign in a policy's name stays one
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
MARKERS = "os^Dv*"
"""Series differ in shape as well as in colour."""
SMALLEST = 1e-9
"""Distances up to this are zero up to rounding: log plots draw them at the lower edge."""
NAMED = 40
"""Maximum number of policies named on an axis."""
TALL = 20
"""Maximum number of policies for which the figure grows by a row each."""
LONGEST = 22
"""Maximum number of characters of a name in a figure."""

Boundaries = Mapping[str, float]
"""The start of each part on the x axis, by name."""
WHOLE: Boundaries = MappingProxyType({})


def svg(figure: Figure, background: str = "white") -> str:
    """The figure as SVG text; equal figures give equal text."""
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the page provides the fonts
        figure.savefig(text, format="svg", facecolor=background, metadata=nothing)
    return text.getvalue()


@contextmanager
def drawing(width: float = 6.6, height: float = 3.2) -> Iterator[Axes]:
    """An empty plot of this size in inches, in this module's style; its `figure` is the result."""
    with mpl.rc_context(STYLE):
        yield Figure(figsize=(width, height)).subplots()


def figure_of(plot: Axes) -> Figure:
    """The whole figure of a plot."""
    figure = plot.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def short(name: str, longest: int = LONGEST) -> str:
    """A name shortened to fit into a figure: the middle of a long one is left out."""
    if len(name) <= longest:
        return name
    tail = (longest - 1) // 3
    return f"{name[: longest - 1 - tail]}…{name[len(name) - tail :]}"


def room(names: Sequence[str]) -> float:
    """Width in inches of the longest of these names in a figure."""
    return 0.085 * max(len(short(name)) for name in names)


def _mark(plot: Axes, boundaries: Boundaries) -> None:
    """A dotted line at the start of each part, with as much of its name at the top as fits."""
    left, right = plot.get_xlim()
    letters = figure_of(plot).get_figwidth() * 11  # characters that fit side by side
    starts = [*boundaries.values(), right]
    for (name, x), end in zip(boundaries.items(), starts[1:], strict=True):
        plot.axvline(x, color=MUTED, linestyle=":", linewidth=0.8)
        room = max(2, int(letters * (end - x) / (right - left)))
        top = plot.get_xaxis_transform()
        plot.text(x, 1.01, f" {short(name, room)}", transform=top, fontsize=8, color=MUTED, va="bottom")
    plot.set_xlim(left, right)


def _by_iteration(plot: Axes, last: float, ylabel: str, boundaries: Boundaries, series: int) -> Figure:
    """The common elements of plots over iterations: integer x axis, phases, labels, and a legend for several lines."""
    plot.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    margin = 0.5 + 0.02 * last
    plot.set_xlim(-margin, last + margin)
    plot.set(xlabel="iteration", ylabel=ylabel)
    _mark(plot, boundaries)
    if series > 1:
        figure_of(plot).legend(loc="outside upper left", ncols=4)
    return figure_of(plot)


def curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ylabel: str,
    log: bool = True,
    boundaries: Boundaries = WHOLE,
    level: float | None = None,
) -> Figure:
    """Lines of y over x by name, and a dashed line at `level`; on a log scale, values up to 1e-9 are at the edge."""
    with drawing() as plot:
        if level is not None:
            plot.axhline(level, color=MUTED, linestyle="--", linewidth=1)
        values = np.concatenate([np.asarray(y, float) for _, y in series.values()])
        floor = min(values[values > SMALLEST], default=1.0) / 3
        for (name, (x, y)), marker in zip(series.items(), cycle(MARKERS)):
            heights = np.where(np.asarray(y) > SMALLEST, y, floor) if log else y
            plot.plot(x, heights, marker=marker if len(x) <= NAMED else None, markersize=4, label=name)
        if log:
            plot.set_yscale("log")
            few = float(np.ptp(np.log10(plot.get_ylim()))) < 2.5
            plot.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=12))
            plot.yaxis.set_minor_locator(NullLocator())
            plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        last = max(max(x) for x, _ in series.values())
        return _by_iteration(plot, last, ylabel, boundaries, len(series))


def intervals(
    series: Mapping[str, Sequence[tuple[float, float, float, float]]],
    ylabel: str,
    level: float,
    boundaries: Boundaries = WHOLE,
    percent: bool = False,
) -> Figure:
    """Points (x, y, low, high) with their intervals by name, and a dashed line at `level`; percent: y is a share."""
    with drawing() as plot:
        plot.axhline(level, color=MUTED, linestyle="--", linewidth=1)
        for (name, points), marker in zip(series.items(), cycle(MARKERS)):
            x, y, low, high = np.array(points, float).T
            ends = np.maximum([y - low, high - y], 0)
            plot.errorbar(x, y, ends, marker=marker, markersize=5, linestyle="none", capsize=2.5, label=name)
        if percent:
            plot.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        last = max(point[0] for points in series.values() for point in points)
        return _by_iteration(plot, last, ylabel, boundaries, len(series))


def _shades(*ends: str, strongest: float = 1.0) -> Colormap:
    """Colours that fade to the page's background: one end for 0..1, two for -1..1."""
    steps = np.linspace(0, strongest, 128)
    colours = [np.column_stack([np.tile(to_rgb(end), (128, 1)), steps]) for end in ends]
    return ListedColormap(np.concatenate([colours[0][::-1], *colours[1:]]) if len(ends) > 1 else colours[0])


def _bar(image: AxesImage, label: str) -> Colorbar:
    """The colour bar of an image."""
    axes = image.axes
    assert axes is not None
    bar = figure_of(axes).colorbar(image, label=label, aspect=30)
    assert bar.solids is not None, "the key of an image is filled"
    bar.solids.set_rasterized(True)
    bar.outline.set_edgecolor(RULE)
    return bar


def mixtures(history: np.ndarray, names: Sequence[str] = (), boundaries: Boundaries = WHOLE) -> Figure:
    """A mixture [T, n] over time: one column per iteration, one row per policy, stronger = more weight.

    names: of the policies, shown if they fit; empty = their numbers.
    """
    count = history.shape[1]
    with drawing(height=min(max(2.0, 1.0 + 0.17 * count), 4.4)) as plot:
        image = plot.imshow(
            np.cbrt(history.T),
            cmap=_shades(WEIGHT),
            aspect="auto",
            origin="lower",
            vmin=0,
            vmax=1,
            interpolation="none",
        )
        plot.grid(False)
        plot.set(xlabel="iteration", ylabel="policy")
        plot.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        plot.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if 0 < len(names) <= TALL:
            plot.set_yticks(range(count), [short(name) for name in names], fontsize=8)
        _mark(plot, boundaries)
        weights = [0, 0.01, 0.1, 0.5, 1]
        _bar(image, "weight").set_ticks(np.cbrt(weights).tolist(), labels=[f"{weight:g}" for weight in weights])
        return figure_of(plot)


def payoff_matrix(
    table: np.ndarray, rows: Sequence[str], columns: Sequence[str], label: str, as_rates: bool = False
) -> Figure:
    """A payoff matrix [n, m]: blue = ahead, red = behind; nan = unknown. As rates, -1..1 is 0..100 %."""
    width, height = 1.6 + room(rows) + 0.17 * len(columns), 0.8 + room(columns) + 0.17 * len(rows)
    with drawing(min(max(width, 4.0), 9.5), min(max(height, 3.0), 9.0)) as plot:
        largest = float(np.nanmax(np.abs(table), initial=SMALLEST))
        shades = _shades(LOSS, GAIN, strongest=STRONGEST)
        image = plot.imshow(table, cmap=shades, vmin=-largest, vmax=largest, aspect="auto", interpolation="none")
        plot.grid(False)
        small = 8 if max(table.shape) <= 25 else 7
        if max(table.shape) <= NAMED:
            plot.set_xticks(range(len(columns)), [short(name) for name in columns], rotation=90, fontsize=small)
            plot.set_yticks(range(len(rows)), [short(name) for name in rows], fontsize=small)
        bar = _bar(image, label)
        if as_rates:
            bar.formatter = FuncFormatter(lambda value, _: f"{50 + 50 * value:.0f} %")
        return figure_of(plot)
