"""Gen 1 OU teams: the set type, Showdown's formats, validation with reasons, and pools of teams.

team = read_team(open("my_team.txt").read())
for refusal in validate(team):
    print(refusal)
pool = load_pool("competitive")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pokespiel.core.lazy import lazily

if TYPE_CHECKING:
    from pokespiel.game.gen1.teams.formats import NamedTeam, export_team, export_teams, read_team, read_teams
    from pokespiel.game.gen1.teams.objects import as_json
    from pokespiel.game.gen1.teams.packed import pack, unpack
    from pokespiel.game.gen1.teams.pools import POOLS, Pool, line_up, load_pool, read_file, split_pool, team_hash
    from pokespiel.game.gen1.teams.sets import PokemonSet, Spread, Stats, Team, TeamError, hp_dv, ivs_of
    from pokespiel.game.gen1.teams.validator import REASONS, TeamRefusal, require_legal, validate

__all__ = [
    "POOLS",
    "REASONS",
    "NamedTeam",
    "PokemonSet",
    "Pool",
    "Spread",
    "Stats",
    "Team",
    "TeamError",
    "TeamRefusal",
    "as_json",
    "export_team",
    "export_teams",
    "hp_dv",
    "ivs_of",
    "line_up",
    "load_pool",
    "pack",
    "read_file",
    "read_team",
    "read_teams",
    "require_legal",
    "split_pool",
    "team_hash",
    "unpack",
    "validate",
]

__getattr__ = lazily(
    __name__,
    {
        "pokespiel.game.gen1.teams.formats": ("NamedTeam", "export_team", "export_teams", "read_team", "read_teams"),
        "pokespiel.game.gen1.teams.objects": ("as_json",),
        "pokespiel.game.gen1.teams.packed": ("pack", "unpack"),
        "pokespiel.game.gen1.teams.pools": (
            "POOLS",
            "Pool",
            "line_up",
            "load_pool",
            "read_file",
            "split_pool",
            "team_hash",
        ),
        "pokespiel.game.gen1.teams.sets": ("PokemonSet", "Spread", "Stats", "Team", "TeamError", "hp_dv", "ivs_of"),
        "pokespiel.game.gen1.teams.validator": ("REASONS", "TeamRefusal", "require_legal", "validate"),
    },
)
