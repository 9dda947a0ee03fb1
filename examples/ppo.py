"""PPO as a best response: which share of a weak opponent's exploitability does it take?

python examples/ppo.py --game kuhn_poker --decisions 120000
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game
from pokespiel.oracles import Opponents
from pokespiel.oracles.ppo import PPO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="kuhn_poker", help="a two-player game with exact values")
    parser.add_argument("--decisions", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    game, victim = load_game(options.game), Uniform()
    opponents = {
        0: Opponents(((), (victim,)), np.array([[-1, 0]]), np.ones(1)),
        1: Opponents(((victim,), ()), np.array([[0, -1]]), np.ones(1)),
    }
    weak = game.plans(victim)
    best = game.best_response_values(weak).mean()
    for training in PPO(decisions=options.decisions)(game, opponents, np.random.default_rng(options.seed)):
        plans = [game.plan(training.responses[seat][0], seat) for seat in (0, 1)]
        gained = (game.returns((plans[0], weak[1]))[0] + game.returns((weak[0], plans[1]))[1]) / 2
        print(
            f"{training.metrics['decisions']:9,.0f} decisions: gains {gained:.4f} of {best:.4f} ({gained / best:.1%})"
        )


if __name__ == "__main__":
    main()
