"""Your own meta-solver in the loop: any callable from payoffs to mixtures works.

This one plays each policy in proportion to the exponential of its payoff against the others' uniform mixture.

python examples/own_meta_solver.py
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from pokespiel.game import load_game
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Table, on_table
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro


@dataclass(frozen=True)
class Softmax:
    """Weights by the exponential of the mean payoff."""

    temperature: float = 0.1
    """How much a difference in payoff matters; small = more."""

    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        values = [table.values(population, table.uniform()) for population in range(len(table.sizes))]
        weights = [np.exp((value - value.max()) / self.temperature) for value in values]
        return table.strategy([weight / weight.sum() for weight in weights])


def main() -> None:
    game = load_game("kuhn_poker")
    states = psro(game, Softmax(), [Exact()], ExactPayoffs(), np.random.default_rng(0))
    for state in itertools.islice(states, 16):
        figures = exact_metrics(game, state.populations, state.strategy)
        print(f"iteration {state.iteration}: exploitability {figures['exploitability']:.4f}")


if __name__ == "__main__":
    main()
