"""Offline learning: record matches in a dataset, clone the policies, then learn a best response from the records alone.

python examples/offline.py --game kuhn_poker --matches 10000
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game
from pokespiel.learning.datasets import Dataset
from pokespiel.oracles import Opponents, last_training
from pokespiel.oracles.offline import Offline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="kuhn_poker", help="a two-player game with exact values")
    parser.add_argument("--matches", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    game, victim = load_game(options.game), Uniform()
    opponents = {
        0: Opponents(((), (victim,)), np.array([[-1, 0]]), np.ones(1)),
        1: Opponents(((victim,), ()), np.array([[0, -1]]), np.ones(1)),
    }
    weak = game.plans(victim)
    best = game.best_response_values(weak).mean()
    with tempfile.TemporaryDirectory() as folder:
        forms = {
            "crr": Offline(form="crr", collect=options.matches, folder=folder),
            "filtered_bc": Offline(form="filtered_bc", collect=0, replay=(folder,), epochs=5.0),
            "bc": Offline(form="bc", collect=0, replay=(folder,), epochs=5.0),
        }
        for form, oracle in forms.items():
            training = last_training(oracle(game, opponents, np.random.default_rng(options.seed)))
            plans = [game.plan(training.responses[seat][0], seat) for seat in (0, 1)]
            gained = (game.returns((plans[0], weak[1]))[0] + game.returns((weak[0], plans[1]))[1]) / 2
            print(f"{form:12s} gains {gained:7.4f} of {best:.4f} ({gained / best:.1%})")
        print(f"dataset: {Dataset(Path(folder)).count():,} decisions in {len(Dataset(Path(folder)).parts())} parts")


if __name__ == "__main__":
    main()
