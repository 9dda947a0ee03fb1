"""Anytime and Self-Play PSRO beside double oracle: exploitability by iteration, with exact responses.

python examples/anytime_psro.py --game leduc_poker --iterations 8
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from pokespiel.game import load_game
from pokespiel.game.tree import in_sequence_form
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.restricted import AnytimePSRO, SelfPlayPSRO
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker", help="any two-player game that is small enough")
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--steps", type=int, default=200, help="regret minimisation steps per iteration and seat")
    options = parser.parse_args()

    game = in_sequence_form(load_game(options.game), "this example")
    ways = {"double oracle": None, "anytime": AnytimePSRO(options.steps), "self-play": SelfPlayPSRO(options.steps)}
    loops = [
        psro(game, Nash(), [Exact()], ExactPayoffs(), np.random.default_rng(0), restricted=way) for way in ways.values()
    ]
    print("iteration  " + "  ".join(f"{name:>13}" for name in ways))
    for states in itertools.islice(zip(*loops, strict=True), options.iterations + 1):
        distances = [exact_metrics(game, state.populations, state.strategy)["exploitability"] for state in states]
        print(f"{states[0].iteration:>9}  " + "  ".join(f"{distance:13.5f}" for distance in distances))


if __name__ == "__main__":
    main()
