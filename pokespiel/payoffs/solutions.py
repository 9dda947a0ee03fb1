"""Solutions of payoff tables as text, and how they change with a solver's option."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.tablefiles import NamedTable
from pokespiel.metasolvers import MetaSolver, MetaStrategy
from pokespiel.metasolvers.regret import ce_gap, joint_of, population_regret
from pokespiel.metasolvers.sweep import Sweep

COLUMNS = 8
"""So many policies have a column of their own in a sweep."""


def solution(table: NamedTable, solver: MetaSolver, symmetric: bool, smallest: float) -> str:
    """The mixtures, expected payoffs and regret of `solver`'s answer, one line per policy."""
    strategy = solver(table.payoffs, symmetric=symmetric)
    lines = []
    for player, marginal in enumerate(strategy.marginals[: 1 if symmetric else None]):
        names = [table.policy(player, index) for index in range(len(marginal))]
        kept = [index for index in np.argsort(-marginal, kind="stable") if marginal[index] >= smallest]
        width = max([12, *(len(names[index]) for index in kept)])
        lines.append("every player" if symmetric else table.player(player))
        lines += [f"  {names[index]:<{width}} {_weight(marginal[index])}" for index in kept]
    if strategy.joint is not None:
        lines += ["joint", *_joint(table, strategy.joint, smallest)]
    return "\n".join([*lines, *_figures(table.payoffs, strategy)])


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
    """Six decimals, or six digits of what would have fewer than two of them."""
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
    """The mixtures by value of the option, one line per value, with columns for the policies that weigh most in any."""
    lines = []
    for player, weights in enumerate(sweep.marginals[: 1 if symmetric else None]):
        shown, rest = heaviest(weights, COLUMNS)
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


def heaviest(weights: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Of weights [K, n], the policies that weigh most in any row, at most `most`, in order; and how many are left."""
    peaks = weights.max(axis=0)
    shown = np.sort(np.argsort(-peaks, kind="stable")[:most])
    return shown, weights.shape[1] - len(shown)
