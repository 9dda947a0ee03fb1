"""PSRO on a small game with exact responses: choose the meta-solver by flag and watch exploitability fall.

python examples/psro.py --game kuhn_poker --meta-solver nash --iterations 10
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
    parser.add_argument("--game", default="kuhn_poker")
    parser.add_argument("--meta-solver", default="nash", choices=sorted(METASOLVERS))
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    game = load_game(options.game)
    solver = METASOLVERS.build(options.meta_solver)
    states = psro(game, solver, [Exact()], ExactPayoffs(), np.random.default_rng(options.seed))
    for state in itertools.islice(states, options.iterations + 1):
        figures = exact_metrics(game, state.populations, state.strategy)
        shown = ", ".join(f"{name} {value:.6f}" for name, value in figures.items())
        print(f"iteration {state.iteration}: {[len(p) for p in state.populations]} policies, {shown}")


if __name__ == "__main__":
    main()
