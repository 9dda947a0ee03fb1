"""Pipeline PSRO on an exact game: what responses that train at the same time cost and save.

    python benchmarks/pipeline.py --levels 1 2 4 --responses 5 10 20 --seeds 0

All responses have the same budget of PPO. For each number of levels and of finished responses: exploitability, episodes
(those of unfinished responses included), processor time, and what remains of it if every level had a core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from learning_settings import LONG

from pokespiel.game import load_game
from pokespiel.game.tree import in_sequence_form
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles import ORACLES
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro


class Standing(NamedTuple):
    """A run after an iteration."""

    responses: int
    exploitability: float
    episodes: float
    processor: float
    """Seconds of one core."""
    side_by_side: float
    """Seconds with one core per level."""


def standings(options: argparse.Namespace, levels: int, seed: int) -> Iterator[Standing]:
    """One per iteration."""
    game = in_sequence_form(load_game(options.game), "the benchmark")
    settings = LONG | {"decisions": options.decisions, "entropy": {"start": 0.05, "kind": "linear"}}
    oracle = ORACLES.build("ppo", settings)
    states = psro(game, Nash(), [oracle], ExactPayoffs(), np.random.default_rng(seed), levels=levels)
    next(states)
    finished = processor = side_by_side = 0.0
    while True:
        began = time.process_time()
        state = next(states)
        spent = time.process_time() - began
        processor += spent
        side_by_side += spent / min(levels, state.iteration)
        finished += state.metrics.get("oracle/episodes", 0.0)
        playing = sum(level.progress.training.metrics["episodes"] for level in state.pipeline)
        found = exact_metrics(game, state.populations, state.strategy)["exploitability"]
        responses = len(state.populations[0]) - 1
        yield Standing(responses, found, finished + playing, processor, side_by_side)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="leduc_poker")
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--responses", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--decisions", type=int, default=100_000, help="of each response")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    print("| levels | seed | responses | exploitability | episodes | processor time | with a core per level |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for levels in options.levels:
        for seed in options.seeds:
            for one in standings(options, levels, seed):
                if one.responses in options.responses:
                    times = f"{one.processor:.0f} s | {one.side_by_side:.0f} s"
                    row = f"{levels} | {seed} | {one.responses} | {one.exploitability:.4f} | {one.episodes:,.0f}"
                    print(f"| {row} | {times} |", flush=True)
                if one.responses >= max(options.responses):
                    break


if __name__ == "__main__":
    main()
