"""alpha-Rank: how long evolution stays at each joint choice of policies (Omidshafiei et al. 2019, arXiv:1903.01373).

All m individuals of a population have the same policy until a mutant appears, which either dies out or takes over. A
mutant with payoff advantage d takes over with the fixation probability of the Moran process under selection intensity
alpha,

    rho(d) = (1 - exp(-alpha d)) / (1 - exp(-alpha m d)),     1 / m at d = 0,

computed through its logarithm, so no alpha is too large. The ranking is the stationary distribution of this chain over
joint choices. Infinite alpha means the chain of the response graph: rate 1 for improving moves, 1/2 for ties, and a
rate epsilon that goes to 0 for worsening moves, independent of population size and of the size of advantages. That
limit exists and is unique even if the graph has several sinks. If payoffs tie or several sinks compete, large finite
alpha has a different limit: there a tie has rate 1 / m, and the least costly exit from each sink decides.

Reference: Omidshafiei et al. (2019), alpha-Rank: Multi-Agent Evaluation by Evolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from scipy import sparse

from pokespiel.core.ranges import Checked, Range, TwoOrMore
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.markov import (
    DENSE_STATES,
    LOG_STATES,
    stationary,
    stationary_from_logs,
    stationary_of_frequent,
    stationary_sparse,
)
from pokespiel.metasolvers.regret import marginals_of
from pokespiel.metasolvers.response_graph import ResponseGraph, of_table
from pokespiel.metasolvers.tables import Table, on_table

LARGEST = 1e300
"""Largest allowed logarithm of a rate."""
PRECISE = 1e12
"""Largest difference of logarithms whose rounding leaves four digits of the ratio of two rates."""
HEADROOM = 600.0
"""Natural logarithm of the largest ratio of rates for which elimination works in floating point."""


@dataclass(frozen=True)
class AlphaRank(Checked):
    """The stationary distribution of evolution, for any number of players and general-sum payoffs.

    One population per player gives a joint distribution; a symmetric two-player table gives a distribution over its
    single population. Symmetric tables of more players are ranked with one population per seat.
    """

    alpha: Annotated[float, Range(least=0, infinite=True)] = math.inf
    """Selection intensity per unit of payoff; inf = only the response graph matters."""
    population: TwoOrMore = 50
    """Individuals in each population (m); irrelevant at infinite alpha."""
    selection: Literal["local", "global"] = "local"
    """What mutants of a single population are compared with: "local" = the current opponent, "global" = the whole
    current population. Irrelevant at infinite alpha and with one population per player."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        graph = of_table(table)
        weights = limit(graph) if math.isinf(self.alpha) else self._at_finite_alpha(table, graph)
        if len(graph.shape) == 1 and table.symmetric:
            return table.strategy([weights])
        joint = weights.reshape(graph.shape)
        marginals = marginals_of(joint)
        return table.strategy([np.mean(marginals, axis=0)] if table.symmetric else marginals, joint)

    def _at_finite_alpha(self, table: Table, graph: ResponseGraph) -> np.ndarray:
        if self.alpha * self.population > LARGEST / table.range:
            raise self._beyond(table)
        logs = self._log_fixation(table, graph)
        logs -= logs.max(initial=-np.inf)
        if -logs.min(initial=0.0) * table.num_players <= HEADROOM:
            return stationary_sparse(graph.matrix(np.exp(logs)))
        _check_size(graph, DENSE_STATES, f"at alpha {self.alpha:g}, where rates span more than floating point holds")
        size = (graph.num_nodes, graph.num_nodes)
        log_rates = sparse.coo_array((logs, (graph.source, graph.target)), shape=size)
        weights = stationary_of_frequent(log_rates)
        if weights is not None:
            return weights
        _check_size(graph, LOG_STATES, "that only the rarest transitions tell apart")
        if -logs.min() > PRECISE:
            raise self._beyond(table)
        dense = np.full(size, -np.inf)
        dense[graph.source, graph.target] = logs
        return stationary_from_logs(dense)

    def _beyond(self, table: Table) -> ValueError:
        return ValueError(
            f"alpharank: alpha {self.alpha:g} on payoffs that differ by up to {table.range:.3g} is too large to tell"
            " rare transitions apart; alpha inf is the limit"
        )

    def _log_fixation(self, table: Table, graph: ResponseGraph) -> np.ndarray:
        """[E] log probability that the deviation takes over."""
        if self.selection == "global" and table.symmetric and table.num_players == 2:
            return log_fixation_global(table.payoffs[0], graph.source, graph.target, self.alpha, self.population)
        return log_fixation(self.alpha * graph.gain, self.population)


def log_fixation(advantage: np.ndarray, population: int) -> np.ndarray:
    """log rho of a mutant with constant fitness advantage (alpha times payoff); arrays of any shape."""
    size = np.abs(advantage)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(-np.expm1(-size)) - np.log(-np.expm1(-population * size))
    ratio = np.where(size < 1e-300, -math.log(population), ratio)
    return ratio - (population - 1) * np.maximum(-advantage, 0)


def log_fixation_global(
    payoffs: np.ndarray, resident: np.ndarray, mutant: np.ndarray, alpha: float, population: int
) -> np.ndarray:
    """log rho [E] if fitness is the mean payoff against the rest of the population; payoffs [n, n].

    rho = 1 / sum over l < m of the product over p <= l of exp(-alpha (f_mutant(p) - f_resident(p))), for p mutants.
    """
    together, against = payoffs[mutant, mutant], payoffs[mutant, resident]
    apart, among = payoffs[resident, mutant], payoffs[resident, resident]
    exponent, total = np.zeros(len(mutant)), np.zeros(len(mutant))
    for p in range(1, population):
        of_mutants = (p - 1) * together + (population - p) * against
        of_residents = p * apart + (population - p - 1) * among
        exponent -= alpha * (of_mutants - of_residents) / (population - 1)
        total = np.logaddexp(total, exponent)
    return -total


def limit(graph: ResponseGraph) -> np.ndarray:
    """[N] the infinite-alpha ranking: the stationary distribution as the rate of worsening moves goes to 0.

    With one sink it is the stationary distribution of that sink. With several, the rare paths from one to another
    decide. Every joint choice reaches every other by at most one worsening move per player, so no ratio of weights
    exceeds epsilon^-players. An epsilon of 1e-60, or somewhat more for many players, therefore gives the limit up to
    rounding.
    """
    weights = np.zeros(graph.num_nodes)
    if len(graph.sinks) == 1:
        sink = graph.sinks[0]
        weights[sink] = stationary_sparse(graph.improving[sink][:, sink])
        return weights
    _check_size(graph, DENSE_STATES, f"with {len(graph.sinks)} sinks")
    epsilon = 10.0 ** -min(60.0, 240.0 / len(graph.shape))
    rates = np.where(graph.gain > 0, 1.0, np.where(graph.gain < 0, epsilon, 0.5))
    weights = stationary(graph.matrix(rates).toarray())
    return np.where(weights < epsilon**0.5, 0.0, weights)


def _check_size(graph: ResponseGraph, most: int, why: str) -> None:
    if graph.num_nodes > most:
        raise ValueError(f"alpharank: {graph.num_nodes} joint choices {why}: at most {most} can be ranked")
