"""Put a policy on a local Showdown server and play it against a poke-env player; needs Node.

python examples/showdown_policy.py --policy expert --opponent SimpleHeuristicsPlayer --pairs 2
"""

from __future__ import annotations

import argparse

import numpy as np

from pokespiel.game.gen1.teams import load_pool
from pokespiel.runs.initial import policy_named
from pokespiel.showdown.arena import local_server, play_arena, seat_swapped
from pokespiel.showdown.contestants import PokeEnvContestant, PolicyContestant
from pokespiel.showdown.install import install
from pokespiel.showdown.record import Record
from pokespiel.showdown.serve import serve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", default="expert", help="a baseline's name or a policy's file")
    parser.add_argument("--opponent", default="SimpleHeuristicsPlayer", help="poke-env's own, or module:Class")
    parser.add_argument("--pairs", type=int, default=2, help="pairs of matches: the same teams with the seats swapped")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    contestants = PolicyContestant.of(policy_named(options.policy), rng), PokeEnvContestant.named(options.opponent)
    pool = load_pool("competitive")
    teams = [(pool[int(own)], pool[int(foe)]) for own, foe in rng.integers(len(pool), size=(options.pairs, 2))]
    install()
    with serve() as server:
        played = dict(play_arena(contestants, seat_swapped(teams), [local_server(server.port)]))
    print(Record.of([played[index].utility for index in range(len(played))]))


if __name__ == "__main__":
    main()
