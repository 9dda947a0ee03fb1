"""How strong an agent is: what it scores against each baseline, on the teams it trained on and on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pokespiel.core.policy import Policy
from pokespiel.core.progress import watch
from pokespiel.evaluation.match_sets import Score, generator, play_pairs
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.gen1.teams.pools import Pool, load_pool, split

OWN = "competitive"
"""The pool of the game whose figures are reported."""


class Strength(NamedTuple):
    """What the agent scores against one opponent on one set of teams."""

    teams: str
    opponent: str
    score: Score


def team_sets(held_out: Sequence[str | Path]) -> dict[str, Pool]:
    """The agent's own teams, and of each pool in `held_out` the teams whose line-ups training never sees.

    Pools are shipped ones by name, or files or folders of teams; those held out of several are put together.
    """
    sets = {f"own ({OWN})": load_pool(OWN)}
    for name in held_out:
        pool = split(load_pool(name))[1]
        if not len(pool):
            raise ValueError(f"no team of {name} is held out: all its line-ups belong to training")
        sets[f"held out ({Path(name).stem}, {len(pool)} teams)"] = pool
    return sets


def strengths(
    agent: Policy,
    sets: Mapping[str, Pool],
    pairs: int,
    seed: int = 0,
    opponents: Sequence[str] = tuple(BASELINES),
) -> Iterator[Strength]:
    """Play `agent` against each opponent on each set of teams, so many seat-swapped pairs of matches a cell."""
    for label, pool in sets.items():
        game = Gen1Game(f"gen1ou, {label}", pool.teams)
        for name in opponents:
            with watch(f"{name}, {label}", 2 * pairs) as bar:
                for tally in play_pairs(game, agent, BASELINES.build(name), pairs, generator(seed, "strength")):
                    bar.update(2 * tally.pairs, f"score {tally.score().score:.3f}")
            yield Strength(label, name, tally.score())
