"""A finished battle on the analysis board: its decisions, both players' views, positions to play from.

    review = Review.read(text)           # a kept battle or a server's recording, a replay, or protocol lines
    review.decisions[1], review.decisions[2]
    review.standing(1, 12)               # both sides at player 1's thirteenth decision

The engine replays a recording, so that everything is exact. From a public log the players' views are reconstructed
(`game/gen1/public_logs.py`), and `origins` gives the origin of each fact about the teams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pokespiel.game.gen1.baselines.facts import STAGES
from pokespiel.game.gen1.battle import STATUSES, Battle, Entrant
from pokespiel.game.gen1.narration import Narrator
from pokespiel.game.gen1.positions import CONDITIONS, SeenPokemon, SideStanding, arranged
from pokespiel.game.gen1.public_logs import FilledSet, PublicLog
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.judging import Chosen
from pokespiel.play.sight import sight
from pokespiel.showdown.recording import NotARecording, Recording


@dataclass
class Review:
    """One battle, step by step."""

    names: tuple[str, str]
    winner: int | None
    """1 or 2, 0 after a tie, None if the battle stops before its end."""
    lines: tuple[str, ...]
    """The spectator's log."""
    teams: tuple[Team, Team]
    decisions: dict[int, list[Chosen]]
    """By player, 1 and 2; the choice is "" if the log hides it."""
    heard: dict[int, list[int]]
    """For each decision, the number of lines before it."""
    battles: dict[int, list[Battle]] = field(default_factory=dict)
    """For each decision, the battle at that point; empty for a public log."""
    log: PublicLog | None = None
    """The public log; None for a recording."""

    @classmethod
    def read(cls, text: str) -> Review:
        """Read a text; if it holds no battle of Gen 1, raises the `ValueError` `NotARecording` or `NotAPublicLog`."""
        try:
            recording = Recording.parse(text)
        except NotARecording:
            return cls.of_public(PublicLog.read(text))
        return cls.of_recording(recording)

    @classmethod
    def of_recording(cls, recording: Recording) -> Review:
        """A review of a recording, in which everything is exact."""
        decisions: dict[int, list[Chosen]] = {1: [], 2: []}
        heard: dict[int, list[int]] = {1: [], 2: []}
        battles: dict[int, list[Battle]] = {1: [], 2: []}
        for battle, choices in recording.steps():
            for player, choice in enumerate(choices or (), 1):
                if choice:
                    decisions[player].append(_decision(battle, player, choice))
                    heard[player].append(len(battle.log(0)))
                    battles[player].append(battle.copy())
        winner = battle.winner if battle.ended or not recording.forfeit else 3 - recording.forfeit
        lines = tuple(battle.log(0))
        return cls(recording.names, winner, lines, recording.teams, decisions, heard, battles)

    @classmethod
    def of_public(cls, log: PublicLog) -> Review:
        """A review of a public log, with reconstructed views."""
        decisions: dict[int, list[Chosen]] = {}
        heard: dict[int, list[int]] = {}
        for player in (1, 2):
            found = list(log.decisions(player))
            decisions[player] = [Chosen(d.turn, player, d.features, d.legal, d.choice or "") for d in found]
            heard[player] = [one.heard for one in found]
        teams = log.sets(1), log.sets(2)
        return cls(log.names, log.winner, log.lines, teams, decisions, heard, log=log)

    def with_team(self, player: int, team: Team) -> Review:
        """A public log with the team that a player had; a `ValueError` if the log shows another one or is exact."""
        if self.log is None:
            raise ValueError("this battle's teams are known: it is a recording")
        return Review.of_public(self.log.with_team(player, team))

    @property
    def turns(self) -> int:
        return max((one.turn for list_ in self.decisions.values() for one in list_), default=0)

    @property
    def exact(self) -> bool:
        return self.log is None

    @property
    def origins(self) -> tuple[tuple[FilledSet, ...], tuple[FilledSet, ...]] | None:
        """The origin of each fact about the teams; None if all are known."""
        return None if self.log is None else self.log.teams

    def told(self) -> list[tuple[str, str, int]]:
        """The battle in words for a spectator: kind, sentence, and the number of its line."""
        narrator = Narrator()
        return [(kind, text, number) for number, line in enumerate(self.lines) for kind, text in narrator.read(line)]

    def decision(self, player: int, index: int) -> Chosen:
        """One decision; a `ValueError` if there is none."""
        if player not in (1, 2) or not 0 <= index < len(self.decisions[player]):
            raise ValueError(f"player {player} has no decision {index}")
        return self.decisions[player][index]

    # Positions --------------------------------------------------------------------------------------------------------

    def battle(self, player: int, index: int) -> Battle:
        """The battle at a decision: exact for a recording; for a public log with both teams as filled in."""
        self.decision(player, index)
        if self.exact:
            return self.battles[player][index].copy()
        return self.arranged(player, index, {})

    def standing(self, player: int, index: int) -> dict[str, Any]:
        """Both sides at a decision as plain data, which `arranged` accepts with changes."""
        return {
            "turn": self.decision(player, index).turn,
            "sides": [_as_data(one) for one in self._sides(player, index)],
        }

    def arranged(
        self, player: int, index: int, changes: Mapping[str, Any], seed: Sequence[int] = (1, 2, 3, 4)
    ) -> Battle:
        """The battle from a decision on with changes in the form of `standing`; a `ValueError` for impossible ones."""
        standing = self._sides(player, index)
        wanted = changes.get("sides", [{}, {}])
        if not isinstance(wanted, list) or len(wanted) != 2:
            raise ValueError("sides: expected those of both players")
        first, second = (_changed(one, change) for one, change in zip(standing, wanted, strict=True))
        turn = min(999, max(1, self.decision(player, index).turn))
        return arranged((first, second), seed=seed, names=self.names, turn=turn)

    def _sides(self, player: int, index: int) -> tuple[SideStanding, SideStanding]:
        views = self._views(player, index)
        standings = [
            _standing(self.teams[side], views[side], views[1 - side], trusted=self.exact or side == player - 1)
            for side in (0, 1)
        ]
        return standings[0], standings[1]

    def _views(self, player: int, index: int) -> list[dict[str, Any]]:
        """Both players' views at a decision; for a public log, the other player's view at its last decision before."""
        nothing = np.zeros(len(ACTION_NAMES), bool)
        if self.exact:
            battle = self.battles[player][index]
            return [sight(battle.features(side), nothing) for side in (1, 2)]
        found = {player: self.decision(player, index).features}
        other = 3 - player
        before = [k for k, heard in enumerate(self.heard[other]) if heard <= self.heard[player][index]]
        found[other] = self.decisions[other][before[-1] if before else 0].features
        return [sight(found[side], nothing) for side in (1, 2)]


def _decision(battle: Battle, player: int, choice: str) -> Chosen:
    return Chosen(battle.turn, player, battle.features(player), battle.legal(player), choice)


def _standing(team: Team, own: Mapping[str, Any], other: Mapping[str, Any], *, trusted: bool) -> SideStanding:
    """A side by its own view; if that is older than the other's (not `trusted`), HP and status are from the other's."""
    sets = {one.species: one for one in team}
    members = [_entrant(sets[one["species"]], one) for one in own["own"]]
    shown = {one["species"]: one for one in other["foe"] if one["species"]}
    if not trusted:
        members = [_as_shown(one, shown.get(one.set.species)) for one in members]
        front = next((one["species"] for one in other["foe"] if one["active"]), members[0].set.species)
        members.sort(key=lambda one: one.set.species != front)
    active = own["own_active"] if trusted else other["foe_active"]
    seen = tuple(
        SeenPokemon(name, tuple(move["name"] for move in one["moves"])) for name, one in shown.items() if name in sets
    )
    conditions = tuple(name for name in active["conditions"] if name in CONDITIONS)
    return SideStanding(tuple(members), dict(active["boosts"]), conditions, seen)


def _entrant(own: Any, one: Mapping[str, Any]) -> Entrant:
    left = {move["name"]: move["pp"] for move in one["moves"]}
    pp = tuple(left[move] for move in own.moves) if all(move in left for move in own.moves) else None
    hp = 0 if one["fainted"] else one["hp"]
    return Entrant(own, hp, "" if one["fainted"] else one["status"], pp=pp)


def _as_shown(one: Entrant, shown: Mapping[str, Any] | None) -> Entrant:
    if shown is None:
        return one
    full = one.set.stats.hp
    hp = 0 if shown["fainted"] else max(1, int(shown["percent"] * full / 100))
    return replace(one, hp=hp, status="" if shown["fainted"] else shown["status"])


def _as_data(side: SideStanding) -> dict[str, Any]:
    members = [
        {
            "species": one.set.species,
            "hp": one.set.stats.hp if one.hp is None else one.hp,
            "full_hp": one.set.stats.hp,
            "status": one.status,
        }
        for one in side.party
    ]
    front = side.party[0].set.species
    return {"front": front, "party": members, "stages": side.stages, "conditions": list(side.conditions)}


def _changed(side: SideStanding, change: Any) -> SideStanding:
    """A side with a page's changes, each of which is checked."""
    if not isinstance(change, dict):
        raise ValueError("a side: expected an object")
    party = {one.set.species: one for one in side.party}
    for member in _list(change, "party"):
        name = member.get("species")
        if not isinstance(name, str) or name not in party:
            raise ValueError(f"no {str(name)[:40]!r} in this party; expected one of: {', '.join(party)}")
        party[name] = _changed_member(party[name], member)
    front = change.get("front", side.party[0].set.species)
    if not isinstance(front, str) or front not in party:
        raise ValueError(f"no {str(front)[:40]!r} in this party; expected one of: {', '.join(party)}")
    members = tuple(sorted(party.values(), key=lambda one: one.set.species != front))
    stays = front == side.party[0].set.species
    stages = change.get("stages", side.stages if stays else {})
    conditions = change.get("conditions", side.conditions if stays else ())
    if not isinstance(stages, dict) or not all(type(value) is int for value in stages.values()):
        raise ValueError(f"stages: expected whole numbers by name, of {', '.join(STAGES)}")
    if not isinstance(conditions, list | tuple) or not all(isinstance(one, str) for one in conditions):
        raise ValueError(f"conditions: expected some of {', '.join(CONDITIONS)}")
    return SideStanding(members, dict(stages), tuple(conditions), side.seen)


def _list(change: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = change.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError(f"{key}: expected a list of objects")
    return value


def _changed_member(one: Entrant, member: Mapping[str, Any]) -> Entrant:
    hp, status = member.get("hp", one.hp), member.get("status", one.status)
    if hp is not None and (type(hp) is not int or not 0 <= hp <= one.set.stats.hp):
        raise ValueError(f"HP of {one.set.species}: expected 0 to {one.set.stats.hp}")
    if status not in STATUSES:
        raise ValueError(f"status of {one.set.species}: expected one of {', '.join(filter(None, STATUSES))}, or none")
    return replace(one, hp=hp, status=status if hp != 0 else "")
