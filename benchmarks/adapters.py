"""Steps per second of the Gymnasium environments, compared with the batched game alone.

    python benchmarks/adapters.py --seconds 6 --rounds 3

The game is Gen 1 OU; the agent plays uniformly at random against `--opponent`, on one thread. A step is one decision of
the agent; the opponent's decisions are made too, but not counted. "Batched game alone" is the loop that pokespiel's own
code runs: both seats are asked in turn for all matches, and one seat's decisions are counted. The vector environment
does the same, and in addition makes each match wait at the agent's decisions for all others. Figures are medians of
alternating rounds, in processor time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv

import pokespiel.adapters  # noqa: F401, registers the environments
from pokespiel import load_game, policy_named
from pokespiel.core.policy import Observations, sample_actions
from pokespiel.game.matches import Seats
from pokespiel.game.names import RANKED

Step = Callable[[], int]
ID = "pokespiel/Gen1OU-v0"


def batched(width: int, opponent: str, rng: np.random.Generator) -> Step:
    """A step of the batched game; returns player 0's decisions."""
    game = load_game(RANKED)
    matches = game.start(rng.integers(1 << 61, size=width))
    seats = Seats([[policy_named(name, game)] for name in ("random", opponent)], width)
    seats.seat(np.arange(width), np.zeros((width, 2), np.int64), rng)
    features, legal = np.empty((width, game.num_features), np.float32), np.empty((width, game.num_actions), bool)
    room = Observations(0, features, legal, np.empty(width, np.int64))

    def step() -> int:
        actions, decisions = np.zeros((2, width), np.int64), 0
        for player in range(2):
            indices, seen = matches.observe(player, room)
            decisions += len(indices) * (player == 0)
            actions[player, indices] = seats.act(indices, seen, rng)[0]
        matches.step(actions)
        over = np.flatnonzero(matches.finished())
        matches.restart(over, rng.integers(1 << 61, size=len(over)))
        seats.seat(over, np.zeros((len(over), 2), np.int64), rng)
        return decisions

    return step


def vector(width: int, opponent: str, rng: np.random.Generator, **options: bool) -> Step:
    """A step of the vector environment."""
    envs = gymnasium.make_vec(
        ID, num_envs=width, vectorization_mode="vector_entry_point", opponent=opponent, seat=0, **options
    )
    masks = [envs.reset(seed=0)[1]["action_mask"]]

    def step() -> int:
        masks[0] = envs.step(drawn(masks[0], rng))[4]["action_mask"]
        return width

    return step


def single(opponent: str, rng: np.random.Generator) -> Step:
    """A step of the environment of one match."""
    env = gymnasium.make(ID, opponent=opponent, seat=0)
    info = [env.reset(seed=0)[1]]

    def step() -> int:
        *_, over, _, info[0] = env.step(drawn(info[0]["action_mask"][None], rng)[0])
        if over:
            info[0] = env.reset()[1]
        return 1

    return step


def of_sb3(width: int, opponent: str, rng: np.random.Generator) -> Step:
    """A step of Stable-Baselines3's own vector of single environments."""
    envs = DummyVecEnv([lambda: gymnasium.make(ID, opponent=opponent, seat=0)] * width)
    envs.reset()

    def step() -> int:
        envs.step(drawn(np.stack(envs.env_method("action_masks")), rng))
        return width

    return step


def drawn(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One allowed action for each row of masks [n, A]."""
    return sample_actions(masks / masks.sum(axis=1, keepdims=True), rng)


def rate(step: Step, seconds: float) -> float:
    """Decisions per second of processor time."""
    decisions, used = 0, time.process_time()
    while time.process_time() - used < seconds:
        decisions += step()
    return decisions / (time.process_time() - used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="for each environment in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--opponent", default="random", help="a policy by name")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    cases: dict[str, Step] = {
        "`GameEnv`, one match": single(options.opponent, rng),
        "Stable-Baselines3's `DummyVecEnv` of 16": of_sb3(16, options.opponent, rng),
    }
    for width in (16, 256, 1024):
        cases[f"`GameVectorEnv`, {width} matches"] = vector(width, options.opponent, rng)
        cases[f"`GameVectorEnv(copy=False)`, {width} matches"] = vector(width, options.opponent, rng, copy=False)
        cases[f"batched game alone, {width} matches"] = batched(width, options.opponent, rng)
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, step in cases.items():
            found[name].append(rate(step, options.seconds))
    print("| | steps/s |\n|---|---|")
    for name, rates in found.items():
        print(f"| {name} | {median(rates):,.0f} |")


if __name__ == "__main__":
    main()
