"""Doors for other ecosystems: Gymnasium and PettingZoo environments of every game, poke-env's players on our engine.

    import gymnasium, pokespiel.adapters
    env = gymnasium.make("pokespiel/Gen1OU-v0", opponent="max_damage")

Importing this package registers the environments with Gymnasium; see `ids.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pokespiel.adapters.ids import register_environments
from pokespiel.core.lazy import lazily

if TYPE_CHECKING:
    from pokespiel.adapters.gym import GameEnv
    from pokespiel.adapters.gym_vector import GameVectorEnv
    from pokespiel.adapters.pettingzoo import GameParallelEnv
    from pokespiel.showdown.inprocess import play_in_process

__all__ = ["GameEnv", "GameParallelEnv", "GameVectorEnv", "play_in_process"]

register_environments()

__getattr__ = lazily(
    __name__,
    {
        "pokespiel.adapters.gym": ("GameEnv",),
        "pokespiel.adapters.gym_vector": ("GameVectorEnv",),
        "pokespiel.adapters.pettingzoo": ("GameParallelEnv",),
        "pokespiel.showdown.inprocess": ("play_in_process",),
    },
)
