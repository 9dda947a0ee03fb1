"""Games: many matches side by side behind one protocol.

`load_game("leduc_poker")` accepts every OpenSpiel game string, including parameters. A game that is small enough is
converted to sequence form (`tree.py`); any other is stepped through its states (`spiel.py`). Names in GAMES are this
package's own games: each is a frozen dataclass of parameters whose `load(form)` returns the game. A user's own game is
named by its location (`own.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pokespiel.core.lazy import lazily

if TYPE_CHECKING:
    from pokespiel.game.conversion import from_openspiel
    from pokespiel.game.loading import load_game, openspiel_names
    from pokespiel.game.names import GAMES, checked_limit, parsed, with_limit
    from pokespiel.game.protocols import Form, Game, Matches

__all__ = [
    "GAMES",
    "Form",
    "Game",
    "Matches",
    "checked_limit",
    "from_openspiel",
    "load_game",
    "openspiel_names",
    "parsed",
    "with_limit",
]
__getattr__ = lazily(
    __name__,
    {
        "pokespiel.game.conversion": ("from_openspiel",),
        "pokespiel.game.loading": ("load_game", "openspiel_names"),
        "pokespiel.game.names": ("GAMES", "checked_limit", "parsed", "with_limit"),
        "pokespiel.game.protocols": ("Form", "Game", "Matches"),
    },
)
