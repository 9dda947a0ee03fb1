"""Everything that can be chosen by name, each with a line and a reference, read from the sources without importing
them."""

from __future__ import annotations

from collections.abc import Iterator

from pokespiel.core.executors import EXECUTORS
from pokespiel.core.registry import Registry, filled
from pokespiel.game.loading import openspiel_names
from pokespiel.game.names import GAMES, PLAYERS
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES, RESTRICTED
from pokespiel.payoffs import ALLOCATIONS, PAYOFFS

SECTIONS: tuple[tuple[str, Registry], ...] = (
    ("Games of this package (--game)", GAMES),
    ("Meta-solvers (--meta-solver)", METASOLVERS),
    ("Oracles (--oracle)", ORACLES),
    ("Restricted games solved while responses train (--restricted)", RESTRICTED),
    ("Payoff tables (--payoffs)", PAYOFFS),
    *((f"Scripted players of {game} (--population)", players) for game, players in PLAYERS.items()),
    ("Where work is done (--executor)", EXECUTORS),
    ("Where a tournament's matches go (--allocation)", ALLOCATIONS),
)


def catalogue(every_game: bool = False) -> str:
    """All sections as text; `every_game` lists each OpenSpiel game too."""
    blocks = ["\n".join([title, *_entries(registry)]) for title, registry in SECTIONS if registry]
    return "\n\n".join([*blocks, _openspiel(every_game)])


def _entries(registry: Registry) -> Iterator[str]:
    width = max(map(len, registry)) + 2
    margin = " " * (width + 2)
    for name in sorted(registry):
        line, reference = registry.describe(name)
        yield filled(line, f"  {name:<{width}}", margin)
        if reference:
            yield filled(reference, margin, margin)


def _openspiel(every_game: bool) -> str:
    names = sorted(set(openspiel_names()) - set(GAMES))
    yours = "your own are package.module:Name or python:path/to/file.py:Name"
    head = f"OpenSpiel games (--game): {len(names)}, parameters as in leduc_poker(players=3); {yours}"
    if every_game:
        return f"{head}\n{filled(', '.join(names), '  ', '  ')}"
    return f"{head}; name them all with --games"
