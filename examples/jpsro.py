"""JPSRO: PSRO on a game of three players, with a correlated equilibrium of the table instead of a Nash equilibrium.

Each player responds to the others' joint mixture. With coarse correlated equilibria this is JPSRO(CCE). With correlated
ones no player gains by replacing one recommended policy by another of the table; the responses are computed the same
way.

python examples/jpsro.py --concept cce --iterations 6
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from pokespiel.game import load_game
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles.exact import Exact
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="kuhn_poker(players=3)")
    parser.add_argument("--concept", default="cce", choices=["ce", "cce"])
    parser.add_argument("--iterations", type=int, default=6)
    options = parser.parse_args()

    game = load_game(options.game)
    solver = METASOLVERS.build("correlated", {"concept": options.concept})
    for state in itertools.islice(
        psro(game, solver, [Exact()], ExactPayoffs(), np.random.default_rng(0)), options.iterations + 1
    ):
        figures = exact_metrics(game, state.populations, state.strategy)
        shown = ", ".join(f"{name} {value:.6f}" for name, value in figures.items())
        print(f"iteration {state.iteration}: {[len(p) for p in state.populations]} policies, {shown}")


if __name__ == "__main__":
    main()
