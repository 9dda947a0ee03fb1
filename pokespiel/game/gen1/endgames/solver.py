"""A position, solved: `solution.py` says what that means, and which limits there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pokespiel.game.gen1.endgames.positions import EndgamePosition, read_position
from pokespiel.game.gen1.endgames.solution import EndgameLimits, SolvedEndgame, TooLarge, solve_battle


@dataclass(frozen=True)
class SolvedPosition(SolvedEndgame):
    """All states that a position can come to."""

    position: EndgamePosition


def solve_endgame(position: str | EndgamePosition, **limits: Any) -> SolvedPosition:
    """Solve a position, text being read by `read_position`, within `EndgameLimits(**limits)`.

    Raises `TooLarge` beyond them, before memory is asked for; `TeamError` for bad text.
    """
    position = read_position(position) if isinstance(position, str) else position
    try:
        found = solve_battle(position.battle(), EndgameLimits(**limits))
    except TooLarge as error:
        raise TooLarge(f"{position.text}: {error}") from None
    return SolvedPosition(found.start, found.native, found.seconds, position)
