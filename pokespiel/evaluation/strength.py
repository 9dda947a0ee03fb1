"""An agent's strength: its score against each scripted player, in the game it trained on and its variants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pokespiel.core.policy import Policy
from pokespiel.core.progress import watch
from pokespiel.evaluation.match_sets import Score, generator, play_pairs
from pokespiel.game.protocols import Game, WithVariants
from pokespiel.game.scripted import players


class Strength(NamedTuple):
    """The agent's score against one opponent in one variant of the game."""

    teams: str
    opponent: str
    score: Score


def variants(game: Game, held_out: Sequence[str]) -> Mapping[str, Game]:
    """The games to grade an agent on, by label: the game itself if it has no variants."""
    if isinstance(game, WithVariants):
        return game.variants(held_out)
    return {game.name: game}


def strengths(
    agent: Policy,
    games: Mapping[str, Game],
    pairs: int,
    seed: int = 0,
    opponents: Sequence[str] | None = None,
) -> Iterator[Strength]:
    """Play `agent` against each opponent in each of `games`, with `pairs` seat-swapped pairs of matches per cell.

    opponents: names of scripted players; None = all of the game's.
    """
    for label, game in games.items():
        known = players(game)
        for name in known if opponents is None else opponents:
            with watch(f"{name}, {label}", 2 * pairs) as bar:
                for tally in play_pairs(game, agent, known[name].build(name), pairs, generator(seed, "strength")):
                    bar.update(2 * tally.pairs, f"score {tally.score().score:.3f}")
            yield Strength(label, name, tally.score())
