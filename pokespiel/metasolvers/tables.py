"""Payoff tables: checked once on entry, then contracted efficiently.

Every meta-solver works on a `Table`, which `on_table` makes from its arguments. A table has one population per seat or,
if symmetric, one population for all seats; `profile` below means one distribution per population: P vectors, or a
single one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.judging import ROUNDING, asymmetry, is_constant_sum

LARGEST = 1e302
"""Differences and sums of larger payoffs would overflow; payoffs smaller than its inverse would lose digits."""

Profile = tuple[np.ndarray, ...]
Result = TypeVar("Result")


class Iterate(NamedTuple):
    """One step of a learning rule: a distribution per population, and the average of all so far."""

    current: Profile
    average: Profile


def nth(iterates: Iterator[Iterate], steps: int) -> Iterate:
    """The iterate after `steps` steps, at least 0."""
    if steps < 0:
        raise ValueError(f"the number of steps must not be negative, got {steps}")
    return next(islice(iterates, steps, None))


@dataclass(frozen=True)
class Table:
    """Checked payoffs [P, n_1, ..., n_P] float64; build it with `checked_table`."""

    payoffs: np.ndarray
    symmetric: bool

    @property
    def num_players(self) -> int:
        return len(self.payoffs)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Policies in each population: P numbers, or one when symmetric."""
        return self.payoffs.shape[1:2] if self.symmetric else self.payoffs.shape[1:]

    @property
    def range(self) -> float:
        """The widest spread of a player's payoffs; their absolute size if all are equal up to rounding."""
        spread = float(np.ptp(self.payoffs, axis=tuple(range(1, self.payoffs.ndim))).max())
        size = float(np.abs(self.payoffs).max())
        return spread if spread > ROUNDING * size else size or 1.0

    def uniform(self) -> Profile:
        return tuple(np.full(size, 1 / size) for size in self.sizes)

    def seats(self, profile: Sequence[np.ndarray]) -> Profile:
        """One vector per seat."""
        return tuple(profile) * self.num_players if self.symmetric else tuple(profile)

    def values(self, population: int, profile: Sequence[np.ndarray]) -> np.ndarray:
        """[n_p], the expected payoff of each of a population's policies against the others' mixtures."""
        return contract(self.payoffs[population], population, self.seats(profile))

    def doubts(self, population: int, profile: Sequence[np.ndarray]) -> np.ndarray:
        """[n_p], the possible error of `values` from the rounding of payoffs, weights and sums."""
        return ROUNDING * contract(self._sizes[population], population, self.seats(profile))

    def advantages(self, population: int, profile: Sequence[np.ndarray]) -> np.ndarray:
        """[n_p], `values` minus their mean under the population's own mixture; 0 if rounding may explain the
        difference."""
        values = self.values(population, profile)
        advantages = values - values @ profile[population]
        if np.abs(advantages).min() <= 2 * ROUNDING * self._largest:
            doubts = self.doubts(population, profile)
            advantages[np.abs(advantages) <= doubts + doubts @ profile[population]] = 0
        return advantages

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.abs(self.payoffs)

    @cached_property
    def _largest(self) -> float:
        return float(self._sizes.max())

    def slopes(self, profile: Sequence[np.ndarray]) -> np.ndarray:
        """[N, N] for N = sum of sizes: the derivative of each policy's value by each policy's weight, over all
        populations."""
        seats = self.seats(profile)
        if self.symmetric and self.num_players > 1:
            return (self.num_players - 1) * _contract_pair(self.payoffs[0], 0, 1, seats)
        players = range(self.num_players)
        return np.block([[_contract_pair(self.payoffs[p], p, q, seats) for q in players] for p in players])

    def strategy(self, profile: Sequence[np.ndarray], joint: np.ndarray | None = None) -> MetaStrategy:
        return MetaStrategy(self.seats(profile), joint)


def contract(payoffs: np.ndarray, player: int, marginals: Sequence[np.ndarray]) -> np.ndarray:
    """One player's payoffs [n_1, ..., n_P] averaged over all other players' marginals: [n_player]."""
    for _ in range(len(marginals) - 1, player, -1):
        payoffs = payoffs @ marginals[payoffs.ndim - 1]
    for other in range(player):
        payoffs = (marginals[other] @ payoffs.reshape(len(payoffs), -1)).reshape(payoffs.shape[1:])
    return payoffs


def _contract_pair(payoffs: np.ndarray, player: int, other: int, marginals: Sequence[np.ndarray]) -> np.ndarray:
    """One player's payoffs averaged over all marginals except two: [n_player, n_other], zero for the player itself."""
    if player == other:
        return np.zeros((payoffs.shape[player],) * 2)
    rest = [weights for seat, weights in enumerate(marginals) if seat not in (player, other)]
    payoffs = np.moveaxis(payoffs, (player, other), (0, 1))
    for weights in reversed(rest):
        payoffs = payoffs @ weights
    return payoffs


def on_table(method: Callable[[Any, Table], Result]) -> Callable[..., Result]:
    """Turn a solver's method on a checked table into one on `payoffs` [P, n_1, ..., n_P] and `symmetric`.

    Errors name the solver by its module, which is its name in the registry.
    """
    solver = method.__module__.rpartition(".")[2]

    @functools.wraps(method)
    def called(self: Any, payoffs: np.ndarray, *, symmetric: bool = False) -> Result:
        return method(self, checked_table(payoffs, symmetric=symmetric, solver=solver))

    del called.__wrapped__, called.__annotations__  # they describe the wrapped method
    return called


def checked_table(payoffs: np.ndarray, *, symmetric: bool, solver: str) -> Table:
    """The table of `payoffs` [P, n_1, ..., n_P]; raises a `ValueError` for `solver` that says what is wrong."""
    try:
        table = _real(payoffs)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{solver}: payoffs must be an array of real numbers [P, n_1, ..., n_P]: {error}") from None
    if table.ndim < 2 or table.ndim != len(table) + 1:
        raise ValueError(
            f"{solver}: expected payoffs [P, n_1, ..., n_P], one table per player, got shape {table.shape}"
            + ("; for a zero-sum matrix A pass np.stack([A, -A])" if table.ndim == 2 else "")
        )
    if 0 in table.shape:
        raise ValueError(f"{solver}: every player needs at least one policy, got payoffs of shape {table.shape}")
    if not np.isfinite(table).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(table))[0])
        raise ValueError(f"{solver}: payoffs must be finite, got {table[where]} at {where} (a missing cell?)")
    size = float(np.abs(table).max())
    if size > LARGEST or 0 < size < 1 / LARGEST:
        raise ValueError(f"{solver}: the largest payoff must be between {1 / LARGEST:g} and {LARGEST:g}, got {size:g}")
    if symmetric:
        _check_symmetric(table, solver)
    return Table(table, symmetric)


def _real(payoffs: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(payoffs):
        raise TypeError("they are complex")
    if np.ma.is_masked(payoffs):
        raise ValueError("cells are masked")
    if np.asarray(payoffs).dtype.kind in "US":
        raise TypeError("they are text")
    return np.array(payoffs, dtype=np.float64, order="C")


def _check_symmetric(payoffs: np.ndarray, solver: str) -> None:
    """Check that swapping two seats swaps their payoffs and leaves the others' unchanged."""
    sizes = payoffs.shape[1:]
    if len(set(sizes)) > 1:
        raise ValueError(f"{solver}: a symmetric table needs populations of one size, got {sizes}")
    for seat in range(1, len(payoffs)):
        if asymmetry(payoffs, seat) > 0:
            raise ValueError(
                f"{solver}: symmetric=True, but swapping seats 0 and {seat} changes the payoffs"
                f" by up to {asymmetry(payoffs, seat):.3g}"
            )


def zero_sum_matrix(table: Table, solver: str) -> np.ndarray:
    """The row player's payoffs [n, m] of a two-player zero-sum (or constant-sum) table, shifted to zero sum."""
    check_zero_sum(solver, table.num_players, table.payoffs, "table")
    return table.payoffs[0] - table.payoffs.sum(axis=0) / 2


def check_zero_sum(solver: str, num_players: int, payoffs: np.ndarray, what: str) -> None:
    """Raise a `ValueError` for `solver` if there are not two players, or payoffs [P, ...] do not have a constant
    sum."""
    if num_players != 2:
        raise ValueError(
            f"{solver} solves two-player zero-sum tables, got {num_players} player{'s' * (num_players != 1)}; {_OTHERS}"
        )
    if payoffs.size and not is_constant_sum(payoffs):
        total = payoffs.sum(axis=0)
        least, spread = total.min(), total.max() - total.min()
        raise ValueError(
            f"{solver} solves zero-sum tables, but this {what} is general-sum: the players' payoffs sum to"
            f" {least:.6g} in one cell and to {spread:.6g} more in another; {_OTHERS}"
        )


_OTHERS = (
    "alpharank, correlated, logit, prd, replicator, fictitious_play and regret_matching take any table,"
    " general_nash any small one"
)
