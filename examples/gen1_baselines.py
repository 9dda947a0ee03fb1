"""Play one scripted Gen 1 player against another, in pairs of matches with swapped seats, and show the win rate.

python examples/gen1_baselines.py --first expert --second max_damage --pairs 100
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", default="expert", choices=sorted(BASELINES))
    parser.add_argument("--second", default="max_damage", choices=sorted(BASELINES))
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--pairs", type=int, default=100, help="of matches: the same teams and seed, seats swapped")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    game = load_game(options.game)
    policies = [BASELINES.build(options.first), BASELINES.build(options.second)]
    table = SampledPayoffs(units=options.pairs)(game, [policies], None, np.random.default_rng(options.seed))
    low, high = ((1 + limit[0, 0, 1]) / 2 for limit in interval(table, game.utility_range))
    counted = table.samples
    assert counted is not None
    wins, losses, ties = ((counts[0, 0, 1], counts[1, 1, 0]) for counts in (counted.wins, counted.losses, counted.ties))
    for seat in (0, 1):
        print(f"{options.first} in seat {seat}: {wins[seat]} wins, {losses[seat]} losses, {ties[seat]} ties")
    rate = (1 + table.payoffs[0, 0, 1]) / 2
    print(f"win rate of {options.first} against {options.second}, ties half: {rate:.3f}, 95 % [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
