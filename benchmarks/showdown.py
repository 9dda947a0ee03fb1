"""The win rate of the same policies over a real local server and through the engine.

    python benchmarks/showdown.py --matches 500 --concurrency 16 --seed 0

`--first` plays `--second` with the same seat-swapped pairs of `competitive` teams; the server rolls its own dice.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.gen1.teams import load_pool
from pokespiel.game.matches import Seats
from pokespiel.showdown.arena import Conditions, Fixture, local_server, play_arena, seat_swapped
from pokespiel.showdown.contestants import PolicyContestant
from pokespiel.showdown.install import required
from pokespiel.showdown.record import Record
from pokespiel.showdown.serve import serve


def through_server(contestants, fixtures: list[Fixture], concurrency: int) -> tuple[Record, float]:
    """The first policy's record, and the seconds of wall time."""
    with serve() as server:
        began = time.perf_counter()
        played = dict(play_arena(contestants, fixtures, [local_server(server.port)], Conditions(concurrency)))
        return Record.of([played[index].utility for index in range(len(fixtures))]), time.perf_counter() - began


def through_engine(policies, fixtures: list[Fixture], rng: np.random.Generator) -> Record:
    """The same fixtures, each in a game of its two teams."""
    utilities: list[float | None] = []
    for teams, first in fixtures:
        game = Gen1Game("benchmark", teams, team_choice="player")
        matches = game.start([int(rng.integers(1 << 61))])
        seats = Seats([policies, policies], 1)
        order = (first, 1 - first)
        matches.step(np.array(order)[:, None])
        seats.seat(np.array([0]), np.array([order]), rng)
        utility = np.zeros(2)
        while not matches.finished()[0]:
            actions = np.zeros((2, 1), np.int64)
            for player in range(2):
                indices, observations = matches.observe(player)
                if len(indices):
                    actions[player, indices] = seats.act(indices, observations, rng)[0]
            utility += matches.step(actions)[0]
        utilities.append(float(utility[order.index(0)]))
    return Record.of(utilities)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", default="expert", choices=sorted(BASELINES))
    parser.add_argument("--second", default="gym_leader", choices=sorted(BASELINES))
    parser.add_argument("--matches", type=int, default=500)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    required()
    rng = np.random.default_rng(options.seed)
    pool = load_pool("competitive")
    draws = rng.integers(len(pool), size=(options.matches // 2, 2))
    fixtures = seat_swapped([(pool[int(own)], pool[int(foe)]) for own, foe in draws])
    policies = [BASELINES.build(options.first), BASELINES.build(options.second)]
    contestants = tuple(PolicyContestant.of(policy, rng) for policy in policies)
    record, seconds = through_server(contestants, fixtures, options.concurrency)
    print(f"{options.first} against {options.second} over the server ({seconds:.0f} s): {record}")
    print(f"the same through the engine: {through_engine(policies, fixtures, rng)}")


if __name__ == "__main__":
    main()
