"""The facts about Gen 1 OU that OpenSpiel needs before the first game is made, and so before the engine is loaded."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pyspiel

from pokespiel.game.gen1.parameters import SHORT_NAME, Gen1OU

PLAYERS = 2
LONGEST_TENSOR = 20
"""Maximum turn limit of games with information state tensors; those of longer games would be megabytes."""
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Gen1OU) if field.name != "threads"}


def game_type(parameters: Gen1OU | None = None) -> pyspiel.GameType:
    """The type of one game, None = the default one; only short games have information state tensors."""
    parameters = parameters or Gen1OU()
    return pyspiel.GameType(
        short_name=SHORT_NAME,
        long_name="Pokémon, generation 1 OU singles as Pokémon Showdown plays them",
        dynamics=pyspiel.GameType.Dynamics.SIMULTANEOUS,
        chance_mode=pyspiel.GameType.ChanceMode.EXPLICIT_STOCHASTIC,
        information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
        utility=pyspiel.GameType.Utility.ZERO_SUM,
        reward_model=pyspiel.GameType.RewardModel.TERMINAL,
        max_num_players=PLAYERS,
        min_num_players=PLAYERS,
        provides_information_state_string=True,
        provides_information_state_tensor=parameters.turn_limit <= LONGEST_TENSOR,
        provides_observation_string=True,
        provides_observation_tensor=True,
        provides_factored_observation_string=False,
        parameter_specification=DEFAULTS,
    )
