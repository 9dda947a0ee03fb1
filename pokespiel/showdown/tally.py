"""The results of a series of matches on a server, battle by battle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from pokespiel.core.intervals import mean_interval, share
from pokespiel.payoffs.performance import Performance, performance
from pokespiel.showdown.battle import LiveBattle
from pokespiel.showdown.protocol import battle_number

Outcome: TypeAlias = Literal["won", "lost", "tied", "given up", "unfinished"]
_OUTCOMES: dict[float, Outcome] = {1.0: "won", -1.0: "lost", 0.0: "tied"}


class PlayedBattle(NamedTuple):
    """A battle of a series."""

    room: str
    """The room's latest name."""
    began: str = ""
    """The server's time at its start, in seconds since 1970; with the room's number it identifies the battle."""
    opponent: str = ""
    outcome: Outcome | None = None
    """Our result, as the server reports it; None = still in progress, as far as is known.

    "given up": we forfeited because we could not continue, which the server counts as lost. "unfinished": the server
    has no result for it.
    """
    turns: int = 0
    reason: str = ""
    """Why it was given up or has no result."""
    opponent_rating: int | None = None
    """The opponent's rating, where the server shows one."""

    @classmethod
    def of(cls, battle: LiveBattle) -> PlayedBattle:
        """A battle's current result."""
        outcome: Outcome | None = None
        if battle.utility is not None:
            outcome = "given up" if battle.trouble and battle.utility < 0 else _OUTCOMES[battle.utility]
        elif battle.gone:
            outcome = "unfinished"
        reason = (battle.trouble or battle.gone) if outcome not in ("won", "lost", "tied") else ""
        return cls(battle.room, battle.began, battle.opponent, outcome, battle.turn, reason, battle.opponent_rating)

    def may_be(self, other: PlayedBattle) -> bool:
        """Whether this battle, whose result is unknown, may be the other one, whose room may have another name."""
        same_room = (battle_number(self.room) or self.room) == (battle_number(other.room) or other.room)
        same_time = self.began in ("", other.began) or other.began == ""
        return self.outcome is None and same_room and same_time

    def __str__(self) -> str:
        against = f" against {self.opponent}" if self.opponent else ""
        told = f"{self.outcome or 'left running'}{against} in turn {self.turns}"
        return f"{told}: {self.reason}" if self.reason else told


@dataclass(frozen=True)
class SeriesTally:
    """The results of a series."""

    battles: tuple[PlayedBattle, ...] = ()
    """In the order in which they began."""
    problems: tuple[str, ...] = ()
    """Why attempts at a match failed, in order, including battles given up or left without a result."""

    def _count(self, outcome: Outcome) -> int:
        return sum(battle.outcome == outcome for battle in self.battles)

    @property
    def won(self) -> int:
        return self._count("won")

    @property
    def lost(self) -> int:
        """Number of lost battles that were played out; those given up are counted separately."""
        return self._count("lost")

    @property
    def tied(self) -> int:
        return self._count("tied")

    @property
    def given_up(self) -> int:
        return self._count("given up")

    @property
    def finished(self) -> int:
        """Number of matches played to the end."""
        return self.won + self.lost + self.tied

    @property
    def unfinished(self) -> int:
        """Number of failed attempts."""
        return len(self.problems)

    def score(self) -> tuple[float, float, float]:
        """The share of matches won, ties half, and its 95 % interval."""
        total, squares = float(self.won - self.lost), float(self.won + self.lost)
        low, high = mean_interval(self.finished, total, squares, (-1.0, 1.0))
        return share(total / max(1, self.finished)), share(float(low)), share(float(high))

    def rating(self) -> Performance | None:
        """Our rating from the matches played to the end against rated opponents; None = there are none."""
        points = {"won": 1.0, "tied": 0.5, "lost": 0.0}
        played = [
            (float(battle.opponent_rating), points[battle.outcome])
            for battle in self.battles
            if battle.opponent_rating is not None and battle.outcome in points
        ]
        return performance([foe for foe, _ in played], [score for _, score in played]) if played else None

    def noting(self, battle: PlayedBattle) -> SeriesTally:
        """Add or update a battle; the result of one that has ended is kept."""
        found = next((i for i, known in enumerate(self.battles) if known.may_be(battle)), len(self.battles))
        return replace(self, battles=(*self.battles[:found], battle, *self.battles[found + 1 :]))

    def failed(self, problem: str) -> SeriesTally:
        """Add one failed attempt."""
        return replace(self, problems=(*self.problems, problem))

    def line(self) -> str:
        """The counts on one line."""
        given_up = f", of them given up {self.given_up} (lost, says the server)" if self.given_up else ""
        return f"won {self.won}, lost {self.lost}, tied {self.tied}, unfinished {self.unfinished}{given_up}"

    def __str__(self) -> str:
        return self.line() + "".join(f"\n  {problem}" for problem in self.problems)


NOTHING = SeriesTally()
"""The tally of a series that has not begun."""
