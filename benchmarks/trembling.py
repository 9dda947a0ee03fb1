"""What uniform play in training costs: the exploitability of regularised equilibria of the trembling game.

    python benchmarks/trembling.py --game leduc_poker --explore 0.04 0.02 0.01 0 --temperatures 0.1 0.05 0.02

Magnetic mirror descent on tables with exact values: at each information state

    logits' = (logits + eta q) / (1 + eta alpha),    eta = 0.1 alpha,

where q are the actions' expected returns and the others play uniformly at a share of their decisions; so does the
player itself afterwards, or not (`own corrected`). alpha falls from 1 to the temperature in the first 60 % of the
steps. Printed is the exploitability of the policies without exploration, in the mean over the last 30 % of the steps,
which is what a learner could reach at best with this share of uniform play and this weight of its magnet.

Reference: Sokota et al. (2023), A Unified Approach to Reinforcement Learning, Quantal Response Equilibria, and
Two-Player Zero-Sum Games.
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame
from pokespiel.game.treeplex import Treeplex


def softmax(treeplex: Treeplex, logits: np.ndarray) -> np.ndarray:
    """The behaviour [S] of logits [S]."""
    behaviour = np.ones_like(logits)
    for block in treeplex.blocks:
        own = block.of(logits)
        weights = np.exp(own - own.max(axis=0))
        block.of(behaviour)[:] = weights / weights.sum(axis=0)
    return behaviour


def action_values(game: TreeGame, player: int, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[S] the expected return after each action, given its information state, for behaviours [S] of both players."""
    treeplex, plan = game.players[player], game.players[1 - player].plan(other)
    reach = plan[game.terminals.sequences[1 - player]]
    gradient = game.gather(game.weights[player] * reach, player)
    mass = game.gather(game.terminals.chance * reach, player)
    return treeplex.values(gradient, own) / np.maximum(treeplex.values(mass, own), 1e-300)


def solved(game: TreeGame, explore: float, temperature: float, steps: int, corrected: bool) -> float:
    """The exploitability of the average policies."""
    logits = [np.zeros(treeplex.num_sequences) for treeplex in game.players]
    uniform = [treeplex.uniform() for treeplex in game.players]
    sums, last = [np.zeros_like(own) for own in logits], int(0.7 * steps)
    for step in range(steps):
        alpha = temperature + (1 - temperature) * max(0.0, 1 - step / (0.6 * steps)) ** 2
        eta = 0.1 * alpha
        pure = [softmax(treeplex, own) for treeplex, own in zip(game.players, logits, strict=True)]
        played = [(1 - explore) * own + explore * even for own, even in zip(pure, uniform, strict=True)]
        if step > last:
            for total, treeplex, own in zip(sums, game.players, pure, strict=True):
                total += treeplex.plan(own)
        values = [action_values(game, p, pure[p] if corrected else played[p], played[1 - p]) for p in range(2)]
        logits = [(own + eta * value) / (1 + eta * alpha) for own, value in zip(logits, values, strict=True)]
    return game.exploitability(tuple(total / (steps - 1 - last) for total in sums))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker")
    parser.add_argument("--explore", type=float, nargs="+", default=[0.04, 0.02, 0.01, 0.0])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.1, 0.05, 0.02])
    parser.add_argument("--steps", type=int, default=6_000)
    options = parser.parse_args()
    game = load_game(options.game, "tree")
    assert isinstance(game, TreeGame)
    print("| uniform play | temperature | exploitability | own corrected |\n|---|---|---|---|")
    for explore in options.explore:
        for temperature in options.temperatures:
            both = [solved(game, explore, temperature, options.steps, corrected) for corrected in (False, True)]
            print(f"| {explore:g} | {temperature:g} | {both[0]:.4f} | {both[1]:.4f} |", flush=True)


if __name__ == "__main__":
    main()
