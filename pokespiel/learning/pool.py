"""An opponent pool for self-play: which opponents the learner meets, and how often.

The opponent of each match is of one kind, drawn by the kinds' shares. Within a kind, members that the learner beats
less often are drawn more often (prioritised fictitious self-play), with a minimum weight for each:

    weight of member i  ~  max(floor, (1 - s_i)^power),  s_i = running score of the learner against i, in 0..1

Past selves are snapshots, taken at a fixed interval of updates and kept in a limited number of slots.

Reference: Vinyals et al. (2019), Grandmaster Level in StarCraft II Using Multi-Agent Reinforcement Learning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pokespiel.core.policy import POLICIES, Policy, describe
from pokespiel.core.ranges import Checked, Count, NotNegative, Positive
from pokespiel.game.protocols import Game
from pokespiel.learning.network_policy import tabulated
from pokespiel.learning.seating import Seating, seat

KINDS = ("past", "best", "given")


@dataclass(frozen=True)
class Curriculum(Checked):
    """Shares of the matches by kind of opponent, scaled to sum to 1. The share of a kind without members goes to
    `self_play`."""

    self_play: NotNegative = 1.0
    """Share against its current self."""
    past: NotNegative = 0.0
    """Share against snapshots of itself, more often those that it rarely beats."""
    best: NotNegative = 0.0
    """Share against the pool member that it scores worst against."""
    given: NotNegative = 0.0
    """Share against the given opponents (baselines, exploiters, a population), more often those that it rarely
    beats."""
    power: NotNegative = 2.0
    """How strongly harder members are preferred; 0 = all equally."""
    floor: Positive = 0.05
    """Minimum weight of a member before scaling, so that none is forgotten."""
    every: Count = 20
    """Updates between two snapshots."""
    slots: Count = 8
    """Maximum number of snapshots kept."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.self_play + self.past + self.best + self.given:
            raise ValueError("one of a curriculum's shares must be positive")


@dataclass
class Member:
    """An opponent in the pool and the learner's score against it."""

    policy: Policy
    kind: str
    seats: tuple[int, ...]
    """The seats that it can take."""
    score: float = 0.5
    """Running mean of the learner's score, 0 (lost all) .. 1 (won all)."""
    games: int = 0
    retired: bool = field(default=False)


class OpponentPool:
    """The members and the seating that they define; learner 0 is the one in training.

    Pass a saved `state` when a pool is made, because the seating depends on its members from the start.
    """

    def __init__(
        self,
        game: Game,
        curriculum: Curriculum,
        given: Mapping[int, Sequence[Policy]],
        state: Mapping[str, Any] | None = None,
    ):
        self.game, self.curriculum = game, curriculum
        self.seats = tuple(range(game.num_players))
        self.members = [Member(tabulated(p, game), "given", (at,)) for at, policies in given.items() for p in policies]
        if game.symmetric:
            self.members = [Member(tabulated(policy, game), "given", self.seats) for policy in _distinct(given)]
        self.updates = 0
        if state is not None:
            policies = [member.policy for member in self.members]
            self.updates = int(state["updates"])
            self.members = [self._restored(saved, policies) for saved in state["members"]]

    def seating(self) -> Seating:
        """The distribution over seatings that follows from the shares and scores."""
        players = self.game.num_players
        weights = self._weights()
        rows, scale = [[0] * players], [1 - weights.sum()]
        for number, weight in enumerate(weights, start=1):
            seats = self.members[number - 1].seats
            own_seats = [own for own in self.seats if set(seats) - {own}]
            for own in own_seats:
                rows.append([number if at != own and at in seats else 0 for at in self.seats])
                scale.append(weight / len(own_seats))
        return seat(rows, [max(share, 0.0) for share in scale], 1, [member.policy for member in self.members])

    def observe(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """Record matches that ended: participants and utilities [E, P]."""
        low, high = self.game.utility_range
        for number, member in enumerate(self.members, start=1):
            match = (seated == number).any(axis=1)
            games = int(match.sum())
            if not games:
                continue
            earned = (utilities[match] * (seated[match] == 0)).sum() / (seated[match] == 0).sum()
            rate = min(0.5, games / (games + min(member.games, 500)))
            member.score += rate * ((earned - low) / (high - low) - member.score)
            member.games += games

    def update_done(self, snapshot: Callable[[], Policy], in_play: np.ndarray) -> None:
        """After an update: take a `snapshot` of the learner if one is due; `in_play` are the participants of open
        matches."""
        self.updates += 1
        if self.curriculum.past + self.curriculum.best == 0 or self.updates % self.curriculum.every:
            return
        past = [number for number, member in enumerate(self.members) if member.kind == "past"]
        if len(past) < self.curriculum.slots:
            self.members.append(Member(tabulated(snapshot(), self.game), "past", self.seats))
            return
        free = [n for n in past if self.members[n].retired and n + 1 not in in_play]
        if free:
            self.members[free[0]] = Member(tabulated(snapshot(), self.game), "past", self.seats)
        elif not any(self.members[n].retired for n in past):
            easiest = max(past, key=lambda n: self.members[n].score)
            self.members[easiest].retired = True

    def _weights(self) -> np.ndarray:
        """[members] share of the matches against each."""
        weights = np.zeros(len(self.members))
        total = sum(getattr(self.curriculum, kind) for kind in ("self_play", *KINDS))
        for kind in KINDS:
            share = getattr(self.curriculum, kind) / total
            eligible = [n for n, m in enumerate(self.members) if not m.retired and kind in (m.kind, "best")]
            if not eligible or not share:
                continue
            if kind == "best":
                eligible = [min(eligible, key=lambda n: self.members[n].score)]
            hard = np.array([(1 - self.members[n].score) ** self.curriculum.power for n in eligible])
            hard = np.maximum(hard, self.curriculum.floor)
            weights[eligible] += share * hard / hard.sum()
        return weights

    def state(self) -> dict[str, Any]:
        return {"updates": self.updates, "members": [self._saved(member) for member in self.members]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Does nothing: the pool was made with the state's members, and matches in play already refer to them."""

    def _saved(self, member: Member) -> dict[str, Any]:
        about = {
            "kind": member.kind,
            "seats": list(member.seats),
            "score": member.score,
            "games": member.games,
            "retired": member.retired,
        }
        if member.kind == "past":
            about["policy"] = dict(zip(("kind", "config", "arrays"), describe(member.policy), strict=True))
        return about

    @staticmethod
    def _restored(saved: Mapping[str, Any], given: list[Policy]) -> Member:
        if saved["kind"] == "past":
            plain = saved["policy"]
            policy = POLICIES[plain["kind"]].from_arrays(plain["config"], plain["arrays"])
        else:
            policy = given.pop(0)
        seats = tuple(saved["seats"])
        return Member(policy, saved["kind"], seats, float(saved["score"]), int(saved["games"]), bool(saved["retired"]))


def _distinct(given: Mapping[int, Sequence[Policy]]) -> list[Policy]:
    return list({id(policy): policy for policies in given.values() for policy in policies}.values())
