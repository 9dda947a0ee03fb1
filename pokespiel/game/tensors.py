"""The feature vectors of an OpenSpiel game."""

from __future__ import annotations

from typing import Any


def num_features(game: Any) -> int:
    """The width of the feature vectors from `tensor_of`."""
    kind = game.get_type()
    if kind.provides_information_state_tensor:
        return game.information_state_tensor_size()
    return game.observation_tensor_size() if kind.provides_observation_tensor else 0


def tensor_of(game: Any) -> Any:
    """The function (state, player) -> features, D floats: the information state tensor, else the observation tensor.

    A game with neither has no features (D = 0).
    """
    kind = game.get_type()
    if kind.provides_information_state_tensor:
        return lambda state, player: state.information_state_tensor(player)
    if kind.provides_observation_tensor:
        return lambda state, player: state.observation_tensor(player)
    return lambda state, player: ()
