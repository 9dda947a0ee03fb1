"""Gen 1 OU Pokémon as Pokémon Showdown 0.11.11 plays it: teams, battles, many battles at once, and what players know.

from pokespiel.game.gen1 import Battle

battle = Battle("Tauros\\n- Body Slam", "Snorlax\\n- Rest\\n- Body Slam", seed=(1, 2, 3, 4))
battle.choose(battle.choices(1)[0], battle.choices(2)[0])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pokespiel.core.lazy import lazily

if TYPE_CHECKING:
    from pokespiel.game.gen1.batch import BattleBatch
    from pokespiel.game.gen1.battle import Battle, Entrant, Roll
    from pokespiel.game.gen1.teams.formats import read_team
    from pokespiel.game.gen1.teams.sets import PokemonSet
    from pokespiel.game.gen1.tracker import Tracker

__all__ = ["Battle", "BattleBatch", "Entrant", "PokemonSet", "Roll", "Tracker", "read_team"]
__getattr__ = lazily(  # teams need no compiled engine
    __name__,
    {
        "pokespiel.game.gen1.batch": ("BattleBatch",),
        "pokespiel.game.gen1.battle": ("Battle", "Entrant", "Roll"),
        "pokespiel.game.gen1.teams": ("PokemonSet", "read_team"),
        "pokespiel.game.gen1.tracker": ("Tracker",),
    },
)
