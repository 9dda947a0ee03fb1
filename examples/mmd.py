"""Magnetic mirror descent in self-play: the last iterate approaches an equilibrium.

python examples/mmd.py --game kuhn_poker --decisions 600000
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.game import load_game
from pokespiel.oracles.mmd import MMD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="kuhn_poker", help="a game with exact values")
    parser.add_argument("--decisions", type=int, default=600_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    game = load_game(options.game)
    for training in MMD(decisions=options.decisions)(game, {}, np.random.default_rng(options.seed)):
        policies = [training.responses[seat][0] for seat in range(game.num_players)]
        found = game.exploitability(game.plans(policies))
        print(f"{training.metrics['decisions']:9,.0f} decisions: exploitability {found:.4f}")


if __name__ == "__main__":
    main()
