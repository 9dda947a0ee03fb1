"""The parameters of Gen 1 OU as a game, as written between the parentheses of its name. They need no engine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pokespiel.core.ranges import Checked, Range

if TYPE_CHECKING:
    from pokespiel.game.gen1.teams.pools import Pool
    from pokespiel.game.gen1.teams.sets import Team
    from pokespiel.game.protocols import Game

SHORT_NAME = "gen1ou"
TeamChoice = Literal["chance", "player"]
PRESETS: dict[str, dict[str, Any]] = {"small": {"pool": "small", "party": 1, "turn_limit": 3}}
"""Named sets of parameters. `small`: one against one with fixed damage and hidden moves, small enough for exact
solutions."""


@dataclass(frozen=True)
class Gen1OU(Checked):
    """Gen 1 OU as Pokémon Showdown plays it, between teams of a pool."""

    preset: Literal["", "small"] = ""
    """A named set of other parameters, which replace those that have their defaults. `small` has a sequence form."""
    pool: str = "competitive"
    """Teams to draw from: `competitive`, `variety`, `one`, `small`, or a file or folder of teams in
    Showdown's text."""
    party: Annotated[int, Range(1, 6)] = 6
    """Pokémon per side, 1 to 6: each team's first ones."""
    turn_limit: Annotated[int, Range(1, 1000)] = 1000
    """A match that passes this turn is worth 0 to both; Showdown itself ends battles that way past turn 1000."""
    team_choice: TeamChoice = "chance"
    """Who picks the teams: `chance`, for each side alone, or each `player` as its first, hidden move."""
    chance: Literal["rolls", "seeds"] = "rolls"
    """OpenSpiel's chance nodes: the `rolls` of a turn, or the digits of the generator's seed at the start."""
    threads: Annotated[int, Range(1, 256)] = 1
    """Threads that share the work on the matches of one batch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in PRESETS.get(self.preset, {}).items():
            if getattr(self, name) == type(self).__dataclass_fields__[name].default:
                object.__setattr__(self, name, value)

    def load(self, form: str | None) -> Game:
        """The batched game; `form="tree"` (the small preset's own): the OpenSpiel game in sequence form."""
        if form == "tree" or (form is None and self.preset):
            return self._tree()
        from pokespiel.game.gen1.game import Gen1Game
        from pokespiel.game.gen1.reporting import Battles

        return Gen1Game(
            self.name,
            self.teams(),
            turn_limit=self.turn_limit,
            team_choice=self.team_choice,
            threads=self.threads,
            team_names=self._pool().names,
            section=Battles(),
        )

    def teams(self) -> tuple[Team, ...]:
        """The pool's teams, cut to the party."""
        return tuple(team[: self.party] for team in self._pool().teams)

    def _pool(self) -> Pool:
        from pokespiel.game.gen1.teams.pools import load_pool

        return load_pool(self.pool)

    def _tree(self) -> Game:
        import pyspiel

        from pokespiel.game.conversion import from_openspiel

        return from_openspiel(pyspiel.load_game(self.name), self.name, "tree")

    @property
    def name(self) -> str:
        """The string that `load_game` and OpenSpiel take."""
        parts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "threads"}
        return f"{SHORT_NAME}({','.join(f'{name}={value}' for name, value in parts.items() if value != '')})"
