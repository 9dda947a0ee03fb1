"""An ending, solved: value, equilibrium and what each choice is worth, wherever it can lead.

The value of a state is that of a matrix game whose entries are the chances to win after both choices (Shapley 1953): 1
for a win of the first side, 0 a loss, 1/2 a tie. Both sides know the position but not what no player of Gen 1 is shown:
how long sleep, confusion and Disable still last. See `engine/endgame_graph.hpp` for how states are merged, and `pp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import Any, Literal, NamedTuple

import numpy as np

import pokespiel.game.gen1._engine as _engine
from pokespiel.core.registry import BadOption
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.view import ACTION_NAMES

PP = ("unlimited", "exact")
TOLERANCE = 1e-9


class TooLarge(ValueError):
    """An ending with more states than there is room for; the message says how many."""


class EndgameDecision(NamedTuple):
    """One state in which choices are due."""

    choices: tuple[tuple[str, ...], tuple[str, ...]]
    """Of both sides, in Showdown's words; "" for one that waits."""
    matrix: np.ndarray
    """[m, n] the first side's chance to win, a tie counting half, after each pair of choices."""
    value: float
    """The first side's chance to win where both play an equilibrium."""
    first: np.ndarray
    """[m] an equilibrium's probabilities."""
    second: np.ndarray
    """[n]"""

    def costs(self, player: int) -> np.ndarray:
        """[m] or [n]: what each choice of `player` (1 or 2) loses against the other's equilibrium."""
        worth = self.matrix @ self.second if player == 1 else -(self.first @ self.matrix)
        return np.maximum(0, (self.value if player == 1 else -self.value) - worth)

    def lost(self, player: int, probabilities: np.ndarray) -> float:
        """What a player that chooses so here loses to the best answer, both playing right afterwards."""
        if player == 1:
            return max(0.0, float(self.value - (probabilities @ self.matrix).min()))
        return max(0.0, float((self.matrix @ probabilities).max() - self.value))


@dataclass(frozen=True)
class SolvedEndgame:
    """All states that a battle can come to."""

    start: Battle
    native: Any
    """The engine's object."""
    seconds: float
    """Processor time."""

    @property
    def decision(self) -> EndgameDecision:
        """The battle itself."""
        return self.at(self.start)

    @property
    def value(self) -> float:
        """The first side's chance to win, a tie counting half."""
        return self.decision.value

    @property
    def states(self) -> int:
        """States in which choices are due."""
        return self.native.states

    @property
    def residual(self) -> float:
        """By how much the last sweep still changed a value; 0 or rounding where no state can come again."""
        return self.native.residual

    @property
    def sweeps(self) -> int:
        """Sweeps over the states that can come again."""
        return self.native.sweeps

    def at(self, battle: Battle) -> EndgameDecision:
        """The decision in a battle that this one can come to; `KeyError` for others.

        A battle's own counters of sleep, confusion and Disable are read as the most turns that can be left.
        """
        found = self.native.at(battle.native.state())
        if found is None:
            raise KeyError("this battle is not part of the ending that was solved")
        first, second, matrix = found
        value, own, foe = _engine.solve_matrix(matrix)
        return EndgameDecision((_words(first), _words(second)), matrix, value, np.array(own), np.array(foe))


@dataclass(frozen=True)
class EndgameLimits:
    """What is solved, and how much it may take."""

    pp: Literal["unlimited", "exact"] = "unlimited"
    """"exact" counts PP down and lets moves run out; "unlimited" keeps them as they are, which leaves far fewer states
    and changes the value only where a battle can last until a move has run out."""
    every_hp: bool = False
    """Also solve from every HP of both sides up to those given."""
    by_hp: bool = False
    """Tell states apart by their HP and play the engine on each, as is always done with Pokémon behind; slower."""
    merge: bool = True
    """Merge situations that no play can tell apart."""
    most_situations: int = 200_000
    """Situations beside HP (with Pokémon behind: HP included) of an ending that is not refused."""
    most_bytes: int = 4 << 30
    tolerance: float = TOLERANCE
    """Repeat sweeps until none changes a value by more."""
    most_seconds: float = 1e9
    """Of processor time; then sweeps end early, and `residual` says how far they came."""
    start_value: float = 0.5
    """Of every state before the first sweep. Sweeps from 0 never exceed the true value and sweeps from 1 never fall
    below it, so that they bound it wherever they stop."""

    def __post_init__(self) -> None:
        if self.pp not in PP:
            raise BadOption(f"pp is {' or '.join(PP)}, got {self.pp!r}")


def solve_battle(battle: Battle, limits: EndgameLimits = EndgameLimits()) -> SolvedEndgame:
    """Solve a battle from where it stands; raises `TooLarge` beyond the limits, before memory is asked for."""
    began = process_time()
    try:
        native = _engine.Endgame(
            battle.native.state(),
            limits.pp == "exact",
            limits.by_hp,
            limits.every_hp,
            limits.most_situations,
            limits.most_bytes,
            limits.tolerance,
            limits.most_seconds,
            limits.start_value,
            limits.merge,
        )
    except ValueError as error:
        raise TooLarge(str(error)) from None
    return SolvedEndgame(battle, native, process_time() - began)


def _words(choices: list[int]) -> tuple[str, ...]:
    return tuple(ACTION_NAMES[choice - 1] if choice else "" for choice in choices)
