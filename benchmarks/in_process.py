"""poke-env's players in process compared with the same players over a real server: the same battles, and the speed.

    python benchmarks/in_process.py --battles 200 --seed 0

Every two of three poke-env players battle over a local server that records; each battle is then played again in process
with the server's seed and teams. The log, the choices, and every line and request sent to either player are compared.
The speed is that of the random player against itself: decisions per second of wall time, and of processor time (the
server's processes and this one together).
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from poke_env import AccountConfiguration
from poke_env.player import MaxBasePowerPlayer, Player, RandomPlayer, SimpleHeuristicsPlayer
from showdown_speed import CountingPlayer, over_server

from pokespiel.game.gen1.teams import Team, load_pool
from pokespiel.showdown.inprocess import play_in_process
from pokespiel.showdown.install import required
from pokespiel.showdown.reference.in_process import Sameness, compare_served, play_served
from pokespiel.showdown.serve import serve

PLAYERS: tuple[type[Player], ...] = (RandomPlayer, MaxBasePowerPlayer, SimpleHeuristicsPlayer)


def drawn(count: int, rng: np.random.Generator, pool: str = "competitive") -> list[tuple[Team, Team]]:
    """Pairs of teams."""
    teams = load_pool(pool)
    return [(teams[int(own)], teams[int(foe)]) for own, foe in rng.integers(len(teams), size=(count, 2))]


def shares(battles: int) -> Iterator[tuple[tuple[type[Player], type[Player]], str, int]]:
    """The number of battles for each pair of players and each pool."""
    settings = list(itertools.product(itertools.combinations_with_replacement(PLAYERS, 2), ("competitive", "variety")))
    for number, (kinds, pool) in enumerate(settings):
        yield kinds, pool, battles // len(settings) + (number < battles % len(settings))


def speed_in_process(teams: list[tuple[Team, Team]], rng: np.random.Generator) -> tuple[float, float]:
    """Decisions per second of wall time and of processor time."""
    first, second = (
        CountingPlayer(AccountConfiguration(name, None), battle_format="gen1ou", start_listening=False, log_level=60)
        for name in ("first", "second")
    )
    CountingPlayer.decisions = 0
    wall, used = time.perf_counter(), time.process_time()
    for pair in teams:
        play_in_process(first, second, pair, seed=rng.integers(1 << 16, size=4).tolist())
    wall, used = time.perf_counter() - wall, time.process_time() - used
    return CountingPlayer.decisions / wall, CountingPlayer.decisions / used


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--battles", type=int, default=200, help="that are compared, and as many for the speed")
    parser.add_argument("--concurrency", type=int, default=8, help="battles side by side on the server")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    required()
    rng, found = np.random.default_rng(options.seed), Sameness()
    with tempfile.TemporaryDirectory() as scratch, serve(record=Path(scratch)) as server:
        for kinds, pool, count in shares(options.battles):
            teams = drawn(count, rng, pool)
            found += compare_served(play_served(server, Path(scratch), kinds, teams, options.concurrency))
    told = f"{found.choices:,} choices, {found.told:,} lines and requests told"
    print(f"{found.battles} battles, {told}: {len(found.differences)} differences")
    print("\n".join(found.differences[:10]))
    print("| | decisions/s | decisions per second of processor time |\n|---|---|---|")
    speeds = {"over the server": over_server(options.battles, options.concurrency, rng)}
    speeds["in process"] = speed_in_process(drawn(options.battles, rng), rng)
    for name, (wall, used) in speeds.items():
        print(f"| {name} | {wall:,.0f} | {used:,.0f} |")
    return int(bool(found.differences))


if __name__ == "__main__":
    raise SystemExit(main())
