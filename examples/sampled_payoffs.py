"""Payoffs from sampled matches: intervals for the cells, and the resulting uncertainty of the mixture.

python examples/sampled_payoffs.py --units 2000
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from pokespiel.game import load_game
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs.exact import ExactPayoffs
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import interval, spread
from pokespiel.psro import psro


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="kuhn_poker")
    parser.add_argument("--units", type=int, default=2000)
    options = parser.parse_args()

    game, rng = load_game(options.game), np.random.default_rng(0)
    states = psro(game, Nash(), [Exact()], SampledPayoffs(units=options.units), rng)
    state = next(itertools.islice(states, 4, None))
    exact = ExactPayoffs()(game, state.populations, None, rng)
    low, high = interval(state.table, game.utility_range)
    for cell in np.ndindex(state.table.sizes):
        sampled, true = state.table.payoffs[0][cell], exact.payoffs[0][cell]
        print(f"cell {cell}: {sampled:+.3f} in [{low[0][cell]:+.3f}, {high[0][cell]:+.3f}], exactly {true:+.3f}")
    drawn = spread(state.table, Nash(), game.utility_range, rng)
    for player in range(game.num_players):
        weights = np.array([strategy.marginals[player] for strategy in drawn])
        ends = np.quantile(weights, [0.05, 0.95], axis=0)
        shown = ", ".join(f"{a:.2f} to {b:.2f}" for a, b in ends.T)
        print(f"player {player}: 90 % of the tables that are as likely have weights {shown}")


if __name__ == "__main__":
    main()
