"""Policies to OpenSpiel and back: solve a game with either library and evaluate with the other.

python examples/openspiel_policies.py --game leduc_poker
"""

from __future__ import annotations

import argparse

import numpy as np
import pyspiel
from open_spiel.python.algorithms import exploitability

from pokespiel.core.policy import Mixture, Uniform
from pokespiel.game import load_game
from pokespiel.game.openspiel import policy_from_openspiel, policy_to_bot, policy_to_openspiel
from pokespiel.game.tree import in_sequence_form
from pokespiel.oracles.cfr import CFR, solve_by_cfr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker", help="a two-player OpenSpiel game of turns, small enough")
    parser.add_argument("--matches", type=int, default=500)
    options = parser.parse_args()
    game = in_sequence_form(load_game(options.game), "this example")

    ours = Mixture([solve_by_cfr(game, CFR(iterations=100)), Uniform()], [0.9, 0.1])
    theirs = exploitability.exploitability(game.openspiel, policy_to_openspiel(ours, game))
    print(f"our mixture:  exploitability {game.exploitability(game.plans(ours)):.6f}, by OpenSpiel {theirs:.6f}")

    solver = pyspiel.CFRPlusSolver(game.openspiel)
    for _ in range(20):
        solver.evaluate_and_update_policy()
    back = policy_from_openspiel(solver.average_policy(), game)
    theirs = pyspiel.exploitability(game.openspiel, solver.average_policy())
    print(f"their CFR+:   exploitability {game.exploitability(game.plans(back)):.6f}, by OpenSpiel {theirs:.6f}")

    rng = np.random.default_rng(0)
    bots = [policy_to_bot(ours, game, 0, rng), policy_to_bot(back, game, 1, rng)]
    start = game.openspiel.new_initial_state
    earned = [pyspiel.evaluate_bots(start(), bots, seed)[0] for seed in range(options.matches)]
    error = np.std(earned) / np.sqrt(len(earned))
    exact = game.returns(game.plans([ours, back]))[0]
    print(f"as bots:      {np.mean(earned):+.4f} +- {error:.4f} a match, exactly {exact:+.4f}")


if __name__ == "__main__":
    main()
