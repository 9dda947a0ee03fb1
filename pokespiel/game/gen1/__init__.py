"""Gen 1 OU Pokémon as Pokémon Showdown 0.11.11 plays it: teams, battles, many battles at once, and what players know.

from pokespiel.game.gen1 import Battle

battle = Battle("Tauros\\n- Body Slam", "Snorlax\\n- Rest\\n- Body Slam", seed=(1, 2, 3, 4))
battle.choose(battle.choices(1)[0], battle.choices(2)[0])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pokespiel.game.gen1.batch import BattleBatch
    from pokespiel.game.gen1.battle import Battle, Entrant, Roll
    from pokespiel.game.gen1.teams import PokemonSet, read_team
    from pokespiel.game.gen1.tracker import Tracker

_PLACES = {
    "Battle": "battle",
    "BattleBatch": "batch",
    "Entrant": "battle",
    "PokemonSet": "teams",
    "Roll": "battle",
    "Tracker": "tracker",
    "read_team": "teams",
}
__all__ = ["Battle", "BattleBatch", "Entrant", "PokemonSet", "Roll", "Tracker", "read_team"]


def __getattr__(name: str) -> Any:
    """Imported when first used, so that teams need no compiled engine."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
