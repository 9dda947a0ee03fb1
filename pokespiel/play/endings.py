"""Exact values on the analysis board, from where each side has one Pokémon left.

    endings = Endings()
    endings.look(battle)            # a decision, the reason why there is none, or None: still at work

One thread solves, one ending at a time, so that a server goes on answering. An ending that was solved answers for the
turns after it too; only the newest is kept in memory, and every answer that was given.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.endgames.solution import (
    TOLERANCE,
    EndgameDecision,
    EndgameLimits,
    SolvedEndgame,
    TooLarge,
    solve_battle,
)
from pokespiel.play.judging import labels_of
from pokespiel.play.sight import sight

LIMITS = EndgameLimits(most_seconds=10, most_bytes=600_000_000, most_situations=10_000)
_SEED_AND_TURN = 14
"""Bytes of a battle's state in which equal positions may differ."""


def unsolvable(battle: Battle) -> str:
    """Why a battle cannot be solved from here; "" if it can be tried."""
    views = [sight(battle.features(player), battle.legal(player)) for player in (1, 2)]
    left = [sum(not one["fainted"] for one in view["own"]) for view in views]
    if left != [1, 1]:
        return "more than one Pokémon is left on a side"
    fronts = [next(one for one in view["own"] if one["active"]) for view in views]
    conditions = [name for view in views for name in view["own_active"]["conditions"]]
    hidden = any(name.startswith("Confused") or name.endswith("disabled") for name in conditions)
    if hidden or any(one["status"] == "slp" for one in fronts):
        return "neither player knows how long the sleep, the confusion or the Disable of this place lasts"
    return ""


class Endings:
    """The endings of one server or one review."""

    def __init__(self, limits: EndgameLimits = LIMITS) -> None:
        self.limits = limits
        self._thread = ThreadPoolExecutor(1, "endings")
        self._asked: dict[bytes, Future[EndgameDecision | str]] = {}
        self._newest: SolvedEndgame | None = None

    def look(self, battle: Battle, *, wait: bool = False) -> EndgameDecision | str | None:
        """The decision in this battle, or why there is none; None while it is being solved, unless told to `wait`."""
        if reason := unsolvable(battle):
            return reason
        key = battle.native.state()[_SEED_AND_TURN:]
        if key not in self._asked:
            self._asked[key] = self._thread.submit(self._solved, battle)
        found = self._asked[key]
        return found.result() if wait or found.done() else None

    def _solved(self, battle: Battle) -> EndgameDecision | str:
        if (known := self._known(battle)) is not None:
            return known
        self._newest = None  # its memory is free before more is asked for
        try:
            solved = solve_battle(battle, self.limits)
        except TooLarge as error:
            return f"too large to solve here: {error}"
        if solved.residual > TOLERANCE:
            return (
                f"too large to solve here: values change by {solved.residual:.0e} after {self.limits.most_seconds:g} s"
            )
        self._newest = solved
        return solved.decision

    def _known(self, battle: Battle) -> EndgameDecision | None:
        """From the newest ending, where the battle is part of it and offers the same choices."""
        if self._newest is None:
            return None
        try:
            found = self._newest.at(battle)
        except KeyError:
            return None
        offered = [tuple(battle.choices(player)) or ("",) for player in (1, 2)]
        return found if list(found.choices) == offered else None


def exact_worths(decision: EndgameDecision, battle: Battle, player: int) -> dict[str, Any]:
    """A decision as `player` (1 or 2) sees it, as plain data.

    value: its chance to win where both play right, a tie counting half. worths: that of each choice against the other's
    equilibrium. own, foe: (label, probability) of both equilibria.
    """
    matrix = decision.matrix if player == 1 else 1 - decision.matrix.T
    own, foe = (decision.first, decision.second) if player == 1 else (decision.second, decision.first)
    choices = decision.choices[player - 1]
    return {
        "value": decision.value if player == 1 else 1 - decision.value,
        "worths": dict(zip(choices, map(float, matrix @ foe), strict=True)),
        "own": _mixture(battle, player, choices, own),
        "foe": _mixture(battle, 3 - player, decision.choices[2 - player], foe),
    }


def _mixture(battle: Battle, player: int, choices: tuple[str, ...], shares: np.ndarray) -> list[tuple[str, float]]:
    labels = labels_of(battle.features(player), battle.legal(player))
    mixed = [(labels.get(choice, "waits"), float(share)) for choice, share in zip(choices, shares, strict=True)]
    return sorted(mixed, key=lambda one: -one[1])
