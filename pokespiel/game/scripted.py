"""Scripted players by name, of one game or of all games of this package."""

from __future__ import annotations

from collections.abc import Sequence

from pokespiel.core.registry import Registry
from pokespiel.game.names import PLAYERS
from pokespiel.game.protocols import Game, WithPlayers

ALL = "baselines"
"""The name that means all of them."""


def players(game: Game | None = None) -> dict[str, Registry]:
    """Each player's registry by the player's name: the players of `game` if it has some, else of this package's
    games."""
    rosters = [game.scripted] if isinstance(game, WithPlayers) else PLAYERS.values()
    return {name: roster for roster in rosters for name in roster}


def expanded(names: Sequence[str], game: Game | None = None) -> tuple[str, ...]:
    """Each policy's name once; `baselines` is replaced by all scripted players."""
    return tuple(dict.fromkeys(name for group in names for name in (players(game) if group == ALL else [group])))
