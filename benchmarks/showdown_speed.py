"""Random play: poke-env's random players over a local server compared with uniformly random policies in batches.

    python benchmarks/showdown_speed.py --matches 200 --width 512 --threads 2

Figures are decisions per second of wall time, which needs an idle machine, and of processor time (the server's
processes and this one together), which is more meaningful on a busy one. Over the server every answer to a request is
counted; in batches forced actions are played automatically and not counted. poke-env's random player looks only at its
legal choices; the batches also write everything that a player knows (as float32 features or compact rows) or, for
"none", only the legal choices.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from poke_env.battle import AbstractBattle
from poke_env.player import BattleOrder, RandomPlayer

from pokespiel.core.policy import Observations, Uniform, sample_actions
from pokespiel.game.gen1.batch import BattleBatch, Status
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.gen1.teams import load_pool
from pokespiel.game.gen1.view import COMPACT_SIZE, NUM_ACTIONS
from pokespiel.game.matches import Seats
from pokespiel.showdown.arena import Conditions, local_server, play_arena, seat_swapped
from pokespiel.showdown.contestants import PokeEnvContestant
from pokespiel.showdown.install import required
from pokespiel.showdown.serve import serve


class CountingPlayer(RandomPlayer):
    """poke-env's random player, counting its decisions over all accounts."""

    decisions = 0

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        CountingPlayer.decisions += 1
        return super().choose_move(battle)


def processor_seconds(group: int) -> float:
    """Processor seconds used by the processes of a process group."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        ticks += (int(fields[11]) + int(fields[12])) * (int(fields[2]) == group)
    return ticks / os.sysconf("SC_CLK_TCK")


def over_server(matches: int, concurrency: int, rng: np.random.Generator) -> tuple[float, float]:
    """Decisions per second of wall time and of processor time."""
    pool = load_pool("competitive")
    fixtures = seat_swapped([(pool[int(a)], pool[int(b)]) for a, b in rng.integers(len(pool), size=(matches // 2, 2))])
    player = PokeEnvContestant(CountingPlayer)
    with serve() as server:
        wall, used = time.perf_counter(), time.process_time() + processor_seconds(server.process.pid)
        played = dict(play_arena((player, player), fixtures, [local_server(server.port)], Conditions(concurrency)))
        wall = time.perf_counter() - wall
        used = time.process_time() + processor_seconds(server.process.pid) - used
    if any(result.utility is None for result in played.values()):
        raise RuntimeError("a match did not finish")
    return CountingPlayer.decisions / wall, CountingPlayer.decisions / used


def in_game(width: int, threads: int, rng: np.random.Generator) -> Callable[[], int]:
    """A step of the batched game, features as every policy sees them; returns its decisions."""
    game = Gen1Game("benchmark", load_pool("competitive").teams, threads=threads)
    matches = game.start(rng.integers(1 << 61, size=width))
    seats = Seats([[Uniform()]] * 2, width)
    seats.seat(np.arange(width), np.zeros((width, 2), np.int64), rng)
    features, legal = np.empty((width, game.num_features), np.float32), np.empty((width, game.num_actions), bool)
    room = Observations(0, features, legal, np.empty(width, np.int64))

    def step() -> int:
        decisions, actions = 0, np.zeros((2, width), np.int64)
        for player in range(2):
            indices, observations = matches.observe(player, room)
            actions[player, indices] = seats.act(indices, observations, rng)[0]
            decisions += len(indices)
        matches.step(actions)
        over = np.flatnonzero(matches.finished())
        matches.restart(over, rng.integers(1 << 61, size=len(over)))
        return decisions

    return step


def in_batch(features: str, width: int, threads: int, rng: np.random.Generator) -> Callable[[], int]:
    """A step of the engine's batch with compact rows or none; returns its decisions."""
    teams = load_pool("competitive").teams
    batch = BattleBatch(width, teams, views=features != "none", threads=threads)
    rows, masks = np.empty((width, COMPACT_SIZE), np.int16), np.empty((width, NUM_ACTIONS), bool)
    battles, status = np.empty(width, np.int32), Status.empty(width)

    def step() -> int:
        decisions, actions = 0, np.zeros((2, width), np.int64)
        batch.status(status)
        over = np.flatnonzero(status.endings)
        if len(over):
            batch.restart(over, rng.integers(len(teams), size=(len(over), 2)), rng.integers(1 << 63, size=len(over)))
            batch.status(status)
        for player in range(2):
            if features == "none":
                indices = np.flatnonzero(status.awaits[player])
                legal = status.legal[player, indices]
            else:
                count = batch.observe(player, battles, rows, masks)
                indices, legal = battles[:count].astype(np.int64), masks[:count]
            actions[player, indices] = sample_actions(legal / legal.sum(axis=1, keepdims=True), rng)
            decisions += len(indices)
        batch.step(actions)
        return decisions

    batch.restart(np.arange(width), rng.integers(len(teams), size=(width, 2)), rng.integers(1 << 63, size=width))
    return step


BATCHES: dict[str, Callable[[int, int, np.random.Generator], Callable[[], int]]] = {
    "float32": in_game,
    "compact": partial(in_batch, "compact"),
    "none": partial(in_batch, "none"),
}
"""What is written for each decision in addition to the legal choices."""


def rates(step: Callable[[], int], seconds: float) -> tuple[float, float]:
    """Decisions per second of wall time and of processor time."""
    decisions, wall, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < seconds:
        decisions += step()
    return decisions / (time.perf_counter() - wall), decisions / (time.process_time() - used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--matches", type=int, default=200, help="between poke-env's random players")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--width", type=int, default=512, help="matches side by side in a batch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each batch")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    required()
    rng = np.random.default_rng(options.seed)
    wall, used = over_server(options.matches, options.concurrency, rng)
    print("| | decisions/s | times | per second of processor time | times |\n|---|---|---|---|---|")
    print(f"| poke-env over the server | {wall:,.0f} | 1 | {used:,.0f} | 1 |", flush=True)
    for features, batch in BATCHES.items():
        for threads in sorted({1, options.threads}):
            fast, spent = rates(batch(options.width, threads, rng), options.seconds)
            name = f"batch, features {features}, {threads} thread{'s' if threads > 1 else ''}"
            print(f"| {name} | {fast:,.0f} | {fast / wall:,.0f} | {spent:,.0f} | {spent / used:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
