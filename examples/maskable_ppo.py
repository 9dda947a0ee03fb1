"""MaskablePPO of sb3-contrib learns Gen 1 OU against a scripted player, through the Gymnasium environment.

    python examples/maskable_ppo.py --steps 4000 --episodes 100

It trains on `pokespiel/Gen1OU-v0` for `--steps` decisions and prints the share of matches won, ties half, before and
after. One core takes a minute for 200,000 decisions. Needs `pip install 'pokespiel[sb3]'`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import gymnasium
import numpy as np

import pokespiel.adapters  # noqa: F401, registers the environment

if TYPE_CHECKING:
    from sb3_contrib import MaskablePPO


def score(model: MaskablePPO, opponent: str, episodes: int, seed: int) -> float:
    """The share of matches that the model wins against `opponent`, ties half."""
    envs = gymnasium.make_vec(
        "pokespiel/Gen1OU-v0", num_envs=32, vectorization_mode="vector_entry_point", opponent=opponent
    )
    observations, infos = envs.reset(seed=seed)
    results: list[list[float]] = [[] for _ in range(envs.num_envs)]
    while min(map(len, results)) < -(-episodes // envs.num_envs):  # equally many of each, short or long
        actions, _ = model.predict(observations, action_masks=infos["action_mask"])
        observations, rewards, ended, _, infos = envs.step(actions)
        for match in np.flatnonzero(ended):
            results[match].append((1 + rewards[match]) / 2)
    return float(np.mean([won[: -(-episodes // envs.num_envs)] for won in results]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--opponent", default="random", help="any policy by name, such as max_damage or expert")
    parser.add_argument("--steps", type=int, default=200_000, help="decisions to train for")
    parser.add_argument("--episodes", type=int, default=500, help="matches that each score is measured in")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        from sb3_contrib import MaskablePPO
        from stable_baselines3.common.vec_env import DummyVecEnv
    except ModuleNotFoundError as error:
        parser.error(f"{error}: pip install 'pokespiel[sb3]'")

    def environment() -> gymnasium.Env:
        return gymnasium.make("pokespiel/Gen1OU-v0", opponent=options.opponent)

    envs = DummyVecEnv([environment] * 16)
    model = MaskablePPO(
        "MlpPolicy", envs, n_steps=256, batch_size=1024, n_epochs=4, learning_rate=5e-4, gamma=1.0, seed=options.seed
    )
    before = score(model, options.opponent, options.episodes, seed=1)
    model.learn(options.steps)
    after = score(model, options.opponent, options.episodes, seed=2)
    print(f"against {options.opponent}: {before:.1%} before, {after:.1%} after {model.num_timesteps:,} decisions")


if __name__ == "__main__":
    main()
