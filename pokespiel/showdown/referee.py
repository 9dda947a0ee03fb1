"""Watches an arena against a bot in its own process: whether it plays at all, and with the team that it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.fixtures import Fixture, Result
from pokespiel.showdown.protocol import user_id, words_of

TOLERATED = 5
"""Matches in a row that the bot may leave before the arena gives it up."""
BOT = 1
"""The contestant that is watched."""


class BotFailed(ConnectionError):
    """The bot does not play; the message says how, with the end of its log."""


@dataclass
class Referee:
    """See the module."""

    gives_teams: bool
    """The bot plays with the teams of the fixtures."""
    _played: int = 0
    _left: int = 0
    """Matches left in a row."""

    def see(self, fixture: Fixture, result: Result) -> None:
        """Look at a match that has ended; raises `BotFailed`."""
        if self.gives_teams and (objection := foreign(result.log, 2 - (fixture.first == BOT), fixture.teams[BOT])):
            raise BotFailed(f"the bot does not play with the team that it was given: {objection}")
        if result.utility is not None:
            self._played, self._left = self._played + 1, 0
            return
        self._left += 1
        problem = result.problems[-1] if result.problems else "no match was played"
        if not self._played and not result.turns:
            raise BotFailed(f"no match began: {problem}")
        if self._left >= TOLERATED:
            raise BotFailed(f"{self._left} matches in a row were not played out, the last because {problem}")


def foreign(log: Sequence[str], seat: int, team: Team) -> str:
    """What a player (1 or 2) of a battle shows that is not in its team, "" = nothing."""
    own = [user_id(one.species) for one in team]
    for turn, species in enumerate(_sent_out(log, f"p{seat}")):
        if user_id(species) not in own:
            return f"it sent out {species}"
        if not turn and user_id(species) != own[0]:
            return f"it sent out {species} first instead of {team[0].species}"
    return ""


def _sent_out(log: Sequence[str], player: str) -> Iterator[str]:
    for line in log:
        kind, *words = words_of(line)
        if kind in ("switch", "drag") and words[0].startswith(player):
            yield words[1].split(",")[0]
