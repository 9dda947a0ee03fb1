"""Decisions per second: views of both players, legal masks and steps of the batch, under random choices.

    python benchmarks/view.py --threads 2

The time to choose random actions in NumPy is left out (it stands for the policy); restarting ended battles is included.
A decision is one player's choice among several legal actions. The same run also steps a batch without views. Wall time
is meaningful on an idle machine; on a busy one, processor time per core is better.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from pokespiel.game.gen1.batch import BattleBatch, Status
from pokespiel.game.gen1.teams import load_pool
from pokespiel.game.gen1.view import COMPACT_SIZE, NUM_ACTIONS, NUM_FEATURES

T = TypeVar("T")


class Run:
    """Random play of one batch, with the engine's time."""

    def __init__(self, size: int, threads: int, features: str, seed: int):
        self.rng = np.random.default_rng(seed)
        self.pool = load_pool("competitive").teams
        self.batch = BattleBatch(size, self.pool, views=features != "none", threads=threads)
        self.features = features
        width, kind = (COMPACT_SIZE, np.int16) if features == "compact" else (NUM_FEATURES, np.float32)
        self.rows = np.zeros((size, width if features != "none" else 1), kind)
        self.battles, self.masks = np.zeros(size, np.int32), np.zeros((size, NUM_ACTIONS), bool)
        self.status = Status.empty(size)
        self.draws = self.rng.random((32, size, NUM_ACTIONS), np.float32)
        self.seconds, self.processor, self.decisions, self.turn = 0.0, 0.0, 0, 0
        self.restart(np.arange(size))

    def restart(self, ended: np.ndarray) -> None:
        teams = self.rng.integers(0, len(self.pool), (len(ended), 2))
        self.batch.restart(ended, teams, self.rng.integers(0, 1 << 63, len(ended)))

    def observe(self, player: int) -> tuple[np.ndarray, np.ndarray]:
        if self.features == "none":
            battles = np.flatnonzero(self.status.awaits[player])
            return battles, self.status.legal[player, battles]
        count = self.batch.observe(player, self.battles, self.rows, self.masks)
        return self.battles[:count], self.masks[:count]

    def timed(self, work: Callable[[], T]) -> T:
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        self.seconds += time.perf_counter() - wall
        self.processor += time.process_time() - processor
        return result

    def refill(self) -> None:
        self.batch.status(self.status)
        ended = np.flatnonzero(self.status.endings)
        if len(ended):
            self.restart(ended)
            self.batch.status(self.status)

    def step(self) -> None:
        actions = np.zeros((2, self.batch.size), np.int64)
        self.timed(self.refill)
        for player in (0, 1):
            battles, legal = self.timed(lambda player=player: self.observe(player))
            self.turn += 1
            actions[player, battles] = (self.draws[self.turn % 32, : len(battles)] * legal).argmax(axis=1)
            self.decisions += len(battles)
        self.timed(lambda: self.batch.step(actions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=256, help="battles side by side")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| threads | features | million decisions/s | million per second of processor time |\n|---|---|---|---|")
    for threads in sorted({1, options.threads}):
        for features in ("float32", "compact", "none"):
            run = Run(options.size, threads, features, options.seed)
            for _ in range(options.steps):
                run.step()
            rates = f"{run.decisions / run.seconds / 1e6:.2f} | {run.decisions / run.processor / 1e6:.2f}"
            print(f"| {threads} | {features} | {rates} |", flush=True)


if __name__ == "__main__":
    main()
