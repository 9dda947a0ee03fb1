"""Extensive-form double oracle: exploitability by the share of the game's actions that its restricted games use.

python examples/xdo.py --game leduc_poker --games 7
"""

from __future__ import annotations

import argparse
import itertools

from pokespiel.game import load_game
from pokespiel.game.tree import in_sequence_form
from pokespiel.oracles.xdo import XDO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker", help="any two-player game that is small enough")
    parser.add_argument("--games", type=int, default=7, help="restricted games to solve")
    options = parser.parse_args()

    game = in_sequence_form(load_game(options.game), "XDO")
    print(f"{game}\n\n{'restricted game':>15}  {'exploitability':>14}  {'actions':>8}  {'CFR+ sweeps':>11}")
    for done in itertools.islice(XDO().restricted_games(game), options.games):
        metrics = done.metrics(game)
        exploitability = metrics["nash_conv"] / game.num_players
        print(f"{done.iteration:>15}  {exploitability:14.5f}  {metrics['allowed']:8.1%}  {done.sweeps:>11}")
        if done.complete:
            break


if __name__ == "__main__":
    main()
