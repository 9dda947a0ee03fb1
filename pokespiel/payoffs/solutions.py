"""Solutions of payoff tables as text, and how they change with a solver's option."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.tablefiles import NamedTable
from pokespiel.metasolvers import MetaSolver, MetaStrategy
from pokespiel.metasolvers.equilibria import every_equilibrium
from pokespiel.metasolvers.judging import is_constant_sum
from pokespiel.metasolvers.regret import ce_gap, joint_of, population_regret
from pokespiel.metasolvers.shape import layers, parts_of
from pokespiel.metasolvers.sweep import Sweep

COLUMNS = 8
"""Maximum number of policies with their own column in a sweep."""


def solution(table: NamedTable, solver: MetaSolver, symmetric: bool, smallest: float) -> str:
    """The mixtures, expected payoffs and regret of `solver`'s answer, one line per policy."""
    strategy = solver(table.payoffs, symmetric=symmetric)
    lines = []
    for player, marginal in enumerate(strategy.marginals[: 1 if symmetric else None]):
        lines.append("every player" if symmetric else table.player(player))
        lines += _mixture(table, player, marginal, smallest)
    if strategy.joint is not None:
        lines += ["joint", *_joint(table, strategy.joint, smallest)]
    return "\n".join([*lines, *_figures(table.payoffs, strategy)])


def remark(table: NamedTable, symmetric: bool) -> str:
    """A note about a table that may be misread: equal names for both players suggest one population."""
    own, (rows, *others) = table.payoffs[0], table.names
    if symmetric or len(table.payoffs) != 2 or len(own) != len(own.T) or not np.array_equal(own, -table.payoffs[1]):
        return ""
    named_once = (rows is None) != (others[0] is None)
    if not named_once and (rows is None or rows != others[0] or np.array_equal(own, -own.T)):
        return ""
    return "read as a zero-sum game between two players; if both choose from the same policies, add --symmetric"


def shape_summary(table: NamedTable) -> str:
    """How much of a symmetric table is cyclic, and the sizes of its layers; a `ValueError` unless of constant sum."""
    own = table.payoffs[0]
    if len(table.payoffs) != 2 or not is_constant_sum(table.payoffs):
        raise ValueError("a table's shape needs two players whose payoffs sum to a constant")
    payoffs = (own - own.T) / 2
    sizes = ", ".join(str(len(layer)) for layer in layers(payoffs))
    return f"cyclic share of the payoffs' squares: {parts_of(payoffs).share:.3f}\nlayers from the strongest: {sizes}"


def every_solution(table: NamedTable, smallest: float) -> str:
    """Every Nash equilibrium of a small table, with its expected payoffs and NashConv."""
    listed = every_equilibrium(table.payoffs)
    lines = []
    for number, (profile, group) in enumerate(zip(listed.profiles, listed.sets, strict=True), 1):
        several = listed.sets.count(group) > 1
        lines.append(f"equilibrium {number}" + (f", an end of set {group + 1}" if several else ""))
        for player, weights in enumerate(profile):
            lines += [f" {table.player(player)}", *_mixture(table, player, weights, smallest)]
        lines += [f" {line}" for line in _figures(table.payoffs, MetaStrategy(profile))]
    if len(set(listed.sets)) < len(listed.sets):
        lines.append("every set contains infinitely many more equilibria between its ends")
    count = len(listed.profiles)
    return "\n".join([*lines, f"{count} Nash {'equilibrium' if count == 1 else 'equilibria'} listed"])


def _mixture(table: NamedTable, player: int, weights: np.ndarray, smallest: float) -> list[str]:
    """One line per policy, the most likely first."""
    names = [table.policy(player, index) for index in range(len(weights))]
    kept = [index for index in np.argsort(-weights, kind="stable") if weights[index] >= smallest]
    width = max([12, *(len(names[index]) for index in kept)])
    return [f"  {names[index]:<{width}} {_weight(weights[index])}" for index in kept]


def _joint(table: NamedTable, joint: np.ndarray, smallest: float) -> list[str]:
    """One line per joint choice, the most likely first."""
    cells = sorted(map(tuple, np.argwhere(joint >= smallest).tolist()), key=lambda cell: -joint[cell])
    named = any(names is not None for names in table.names)
    labels = [
        " / ".join(table.policy(player, index) for player, index in enumerate(cell)) if named else str(cell)
        for cell in cells
    ]
    width = max(map(len, labels), default=0)
    return [f"  {label:<{width}} {_weight(joint[cell])}" for label, cell in zip(labels, cells, strict=True)]


def _weight(weight: float) -> str:
    """A weight with six decimals, or with six significant digits if that would show fewer than two."""
    return f"{weight:.6f}" if weight >= 1e-5 or weight == 0 else f"{weight:.5e}"


def _figures(payoffs: np.ndarray, strategy: MetaStrategy) -> list[str]:
    joint = joint_of(strategy)
    values = [float((table * joint).sum()) for table in payoffs]
    lines = [f"expected payoffs: {', '.join(f'{value:.6g}' for value in values)}"]
    if strategy.joint is None:
        return [*lines, f"NashConv in the table: {population_regret(payoffs, strategy):.6g}"]
    return [
        *lines,
        f"CCE gap in the table: {population_regret(payoffs, strategy):.6g}",
        f"CE gap in the table: {ce_gap(payoffs, strategy.joint):.6g}",
    ]


def swept(table: NamedTable, sweep: Sweep, symmetric: bool) -> str:
    """The mixtures by value of the option, one line per value, with columns for the policies of largest weight."""
    lines = []
    for player, weights in enumerate(sweep.marginals[: 1 if symmetric else None]):
        shown, rest = heaviest_policies(weights, COLUMNS)
        names = [table.policy(player, index) for index in shown] + [f"{rest} others"] * bool(rest)
        columns = [weights[:, index] for index in shown] + [1 - weights[:, shown].sum(axis=1)] * bool(rest)
        short = [name if len(name) <= 12 else f"{name[:11]}\u2026" for name in names]
        widths = [max(8, len(name)) for name in short]
        lines.append("every player" if symmetric else table.player(player))
        lines.append(_line(sweep.option, short, widths))
        for value, row in zip(sweep.values, np.abs(np.transpose(columns)), strict=True):
            lines.append(_line(f"{value:.6g}", [f"{weight:.6f}" for weight in row], widths))
    return "\n".join(lines)


def _line(first: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"  {first:<12}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def heaviest_policies(weights: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Of weights [K, n], at most `most` policies with the largest weight in any row, in order, and how many are left
    out."""
    peaks = weights.max(axis=0)
    shown = np.sort(np.argsort(-peaks, kind="stable")[:most])
    return shown, weights.shape[1] - len(shown)
