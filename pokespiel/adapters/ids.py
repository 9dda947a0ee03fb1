"""The environments' names in Gymnasium: `gymnasium.make(ID)` and `gymnasium.make_vec(ID, num_envs=N)`."""

from __future__ import annotations

import gymnasium

from pokespiel.game.names import ENVIRONMENTS


def register_environments() -> None:
    """Tell Gymnasium of those that it does not know."""
    for name in ENVIRONMENTS.keys() - gymnasium.registry.keys():
        gymnasium.register(
            name,
            entry_point="pokespiel.adapters.gym:GameEnv",
            vector_entry_point="pokespiel.adapters.gym_vector:GameVectorEnv",
            kwargs={"game": ENVIRONMENTS[name]},
        )
