"""Gen 1 OU teams: the set type, Showdown's formats, validation with reasons, and pools of teams.

team = read_team(open("my_team.txt").read())
for refusal in validate(team):
    print(refusal)
pool = load_pool("competitive")
"""

from pokespiel.game.gen1.teams.formats import (
    NamedTeam,
    as_json,
    export,
    export_teams,
    pack,
    read_team,
    read_teams,
    unpack,
)
from pokespiel.game.gen1.teams.sets import PokemonSet, Spread, Stats, Team, TeamError, hp_dv, ivs_of

__all__ = [
    "NamedTeam",
    "PokemonSet",
    "Spread",
    "Stats",
    "Team",
    "TeamError",
    "as_json",
    "export",
    "export_teams",
    "hp_dv",
    "ivs_of",
    "pack",
    "read_team",
    "read_teams",
    "unpack",
]
