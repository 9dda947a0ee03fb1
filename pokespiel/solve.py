"""Payoff tables from files, and their solutions as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pokespiel.metasolvers import MetaSolver, MetaStrategy
from pokespiel.metasolvers.regret import ce_gap, joint_of, population_regret


def read_payoffs(table: Path, second: Path | None = None) -> np.ndarray:
    """Payoffs [P, n_1, ..., n_P] from an .npy file of them, or from CSV files of the two players' payoffs.

    One CSV file alone is the row player's side of a zero-sum game.
    """
    if table.suffix == ".npy":
        if second is not None:
            raise ValueError("an .npy file holds every player's payoffs: leave out --second")
        return _read_npy(table)
    rows = _read_csv(table)
    columns = -rows if second is None else _read_csv(second)
    if rows.shape != columns.shape:
        raise ValueError(f"the players' tables differ in shape: {table} {rows.shape}, {second} {columns.shape}")
    return np.stack([rows, columns])


def _read_npy(path: Path) -> np.ndarray:
    try:
        payoffs = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is truncated or no .npy array: {error}") from error
    if payoffs.ndim < 2 or payoffs.ndim != len(payoffs) + 1:
        raise ValueError(f"{path}: expected payoffs [P, n_1, ..., n_P], found shape {payoffs.shape}")
    return payoffs


def _read_csv(path: Path) -> np.ndarray:
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text file: {error}") from error
    rows = [_numbers(line, path, number) for number, line in enumerate(lines, 1)]
    if not rows or len({len(row) for row in rows}) > 1:
        widths = sorted({len(row) for row in rows})
        raise ValueError(f"{path}: expected rows of one length, found {'none' if not rows else widths}")
    return np.array(rows)


def _numbers(line: str, path: Path, number: int) -> list[float]:
    try:
        return [float(cell) for cell in line.split(",")]
    except ValueError:
        raise ValueError(f"{path}, line {number}: expected numbers separated by commas, found {line[:60]!r}") from None


def solution(payoffs: np.ndarray, solver: MetaSolver, symmetric: bool, smallest: float) -> str:
    """The mixtures, expected payoffs and regret of `solver`'s answer, a line a policy."""
    strategy = solver(payoffs, symmetric=symmetric)
    lines = []
    for player, marginal in enumerate(strategy.marginals[: 1 if symmetric else None]):
        lines.append("every player" if symmetric else f"player {player}")
        kept = [index for index in np.argsort(-marginal, kind="stable") if marginal[index] >= smallest]
        lines += [f"  policy {index:<4} {marginal[index]:.6f}" for index in kept]
    joint = strategy.joint
    if joint is not None:
        lines.append("joint")
        cells = np.argwhere(joint >= smallest)
        for cell in sorted(map(tuple, cells.tolist()), key=lambda cell: -joint[cell]):
            lines.append(f"  {cell} {joint[cell]:.6f}")
    return "\n".join([*lines, *_figures(payoffs, strategy)])


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
