"""Compare meta-solvers, Anytime and Self-Play PSRO on games of known shape.

python benchmarks/spinning_tops.py

Exploitability of PSRO's answer with exact responses, by iteration: means over seeds of the games.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

from pokespiel.core.policy import Tabular
from pokespiel.game.matrix import matrix_game
from pokespiel.game.spinning_tops import SpinningTop
from pokespiel.game.tree import TreeGame
from pokespiel.metasolvers import METASOLVERS
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.restricted import AnytimePSRO, SelfPlayPSRO
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import InitialPopulations, psro

KINDS = {
    "disc": {"kind": "disc"},
    "skill 0.5": {"kind": "skill", "cyclic": 0.5},
    "skill 0.9": {"kind": "skill", "cyclic": 0.9},
    "top 0.9": {"kind": "top", "cyclic": 0.9},
}
WAYS = {"anytime": AnytimePSRO(steps=200), "self_play psro": SelfPlayPSRO(steps=200)}
SLOW = {"general_nash": "lists every equilibrium, up to a dozen policies"}
SHOWN = (5, 10, 20, 40)


def pure(action: int, actions: int) -> Tabular:
    return Tabular({seat: np.eye(actions)[[action]] for seat in (0, 1)})


def curve(game: TreeGame, way: str, first: int, iterations: int) -> list[float]:
    """The exploitability after each iteration; the last one is repeated once nothing new is found."""
    solver, restricted = (Nash(), WAYS[way]) if way in WAYS else (METASOLVERS.build(way), None)
    beginning = InitialPopulations.of(game, {"first": pure(first, game.num_actions)})
    rng, found = np.random.default_rng(0), []
    states = psro(game, solver, [Exact()], ExactPayoffs(), rng, beginning=beginning, restricted=restricted)
    for state in itertools.islice(states, iterations + 1):
        found.append(exact_metrics(game, state.populations, state.strategy)["exploitability"])
        if state.idle:
            break
    return found + found[-1:] * (iterations + 1 - len(found))


def compare(options: argparse.Namespace) -> None:
    shown = [at for at in SHOWN if at <= options.iterations]
    ways = [*(name for name in METASOLVERS if name not in SLOW), *WAYS]
    print(f"| {options.size} policies | {' | '.join(f'{name} at {shown}' for name in options.kinds)} | seconds |")
    print("|---" * (len(options.kinds) + 2) + "|")
    for way in options.ways or ways:
        began, cells = time.process_time(), []
        for kind in options.kinds:
            curves = [
                curve(
                    matrix_game(SpinningTop(size=options.size, seed=seed, **KINDS[kind]).payoffs()),
                    way,
                    int(np.random.default_rng(seed).integers(options.size)),
                    options.iterations,
                )
                for seed in range(options.seeds)
            ]
            cells.append(" ".join(f"{np.mean([one[at] for one in curves]):.2g}" for at in shown))
        print(f"| {way} | {' | '.join(cells)} | {time.process_time() - began:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--ways", nargs="+", help="meta-solvers, anytime, 'self_play psro'; default: all")
    parser.add_argument("--size", type=int, default=200, help="policies of each game")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=40)
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
