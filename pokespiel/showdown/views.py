"""Compare, at every decision, what a player sees on a server with what the engine says that the player knows.

    compare_views(recording.replay(), [views_witness(views[recording.room, side], side) for side in (0, 1)])
    compare_views(played(battle, policies, rng), [lines_witness(side) for side in (0, 1)])

A battle has two witnesses, one per side. On a server they are `WitnessPlayer`s, whose trackers read the server's own
lines; the battle is then replayed from its recording. In an engine's battle they are trackers that read the engine's
lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from poke_env import ServerConfiguration

from pokespiel.core.policy import Observations, Policy, sample_actions
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import ACTION_NAMES, compact_names
from pokespiel.showdown.battle import Due, LiveBattle
from pokespiel.showdown.contestants import Participant, PolicyParticipant
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.player import PolicyPlayer


class View(NamedTuple):
    """A player's view at one decision."""

    compact: np.ndarray
    """[COMPACT_SIZE] int16."""
    features: bytes
    """[NUM_FEATURES] float32, bit for bit."""
    legal: np.ndarray
    """[9] bool, True = allowed."""

    @classmethod
    def by(cls, tracker: Tracker) -> View:
        return cls(tracker.compact(), tracker.features().tobytes(), tracker.legal())


Witness: TypeAlias = Callable[[Battle], View | None]
"""Called at each point of a battle: its player's view there, None if no decision is due."""
Views: TypeAlias = "defaultdict[tuple[str, int], list[View]]"
"""By a battle's room and the player's side, in the order of the decisions."""


class WitnessPlayer(PolicyPlayer):
    """A policy's player that keeps its views."""

    def __init__(self, views: Views, desk: InferenceBatcher, **options: Any):
        self.views = views
        super().__init__(desk, **options)

    def _choose(self, battle: LiveBattle, due: Due) -> None:
        if battle.deciding != due.request:
            self.views[battle.room, battle.tracker.player].append(View.by(battle.tracker))
        super()._choose(battle, due)


@dataclass(frozen=True)
class WitnessContestant:
    """A policy in the arena whose accounts keep their views together."""

    desk: InferenceBatcher
    views: Views = field(default_factory=lambda: defaultdict(list))

    def join(self, name: str, server: ServerConfiguration) -> Participant:
        return PolicyParticipant(WitnessPlayer(self.views, self.desk, name=name, server=server))


@dataclass
class Comparison:
    """The result of a comparison."""

    battles: int = 0
    decisions: int = 0
    differences: list[str] = field(default_factory=list)

    def __iadd__(self, other: Comparison) -> Comparison:
        self.battles += other.battles
        self.decisions += other.decisions
        self.differences += other.differences
        return self


def compare_views(points: Iterable[Battle], witnesses: Sequence[Witness]) -> Comparison:
    """Compare the engine's own views and legal choices with the witnesses', at each point of one battle."""
    found = Comparison(battles=1)
    try:
        for battle in points:
            for side, witness in enumerate(witnesses):
                choices, view = battle.choices(side + 1), witness(battle)
                found.decisions += view is not None
                found.differences += [
                    f"turn {battle.turn}, player {side + 1}: {wrong}"
                    for wrong in _differences(battle, side, choices, view)
                ]
    except ValueError as error:  # the engine cannot play what the server played
        found.differences.append(str(error))
    return found


def _differences(battle: Battle, side: int, choices: list[str], view: View | None) -> Iterator[str]:
    if (view is None) != (not choices):
        yield f"asked by {'the engine' if choices else 'the witness'} alone"
    elif view is not None:
        own = battle.native.compact(side)
        for number in np.flatnonzero(view.compact != own):
            yield f"{compact_names()[number]}: shown {view.compact[number]}, known {own[number]}"
        if view.features != battle.features(side + 1).tobytes():
            yield "the features differ"
        legal = [name for name, allowed in zip(ACTION_NAMES, view.legal, strict=True) if allowed]
        if legal != choices:
            yield f"shown the choices {legal}, allowed {choices}"


def views_witness(views: Sequence[View], side: int) -> Witness:
    """A witness with the `views` that a `WitnessPlayer` kept of the battle as player `side`."""
    rest = iter(views)
    return lambda battle: next(rest, None) if battle.choices(side + 1) else None


def lines_witness(side: int) -> Witness:
    """A witness that reads an engine's battle as a server would send it to player `side`: its lines, then its
    request."""
    tracker, heard = Tracker(), 0

    def witness(battle: Battle) -> View | None:
        nonlocal heard
        lines = battle.log(side + 1)
        for line in lines[heard:]:
            tracker.read(line)
        heard = len(lines)
        if not battle.ended:
            tracker.request(battle.request(side + 1))
        return View.by(tracker) if tracker.awaited else None

    return witness


def played(battle: Battle, policies: Sequence[Policy], rng: np.random.Generator) -> Iterator[Battle]:
    """The battle at each of its points while the policies play it; always the same object."""
    memories = [policy.start(1, rng) for policy in policies]
    yield battle
    while not battle.ended:
        chosen = ["", ""]
        for side, policy in enumerate(policies):
            legal = battle.legal(side + 1)
            if not legal.any():
                continue
            observations = Observations(side, battle.features(side + 1)[None], legal[None], np.full(1, -1, np.int64))
            probabilities, memories[side] = policy(observations, memories[side])
            chosen[side] = ACTION_NAMES[int(sample_actions(probabilities, rng)[0])]
        battle.choose(*chosen)
        yield battle
