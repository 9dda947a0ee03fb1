"""Anytime and Self-Play PSRO with learned responses: every few updates of the response, the mixture that it meets moves
by regret matching+.

The response plays matches against the whole population; a share EXPLORE of them is drawn uniformly, so that every
member has some. After UPDATES updates the mixture moves by what its members earned in the matches of the last one:
earlier matches were played by another response, and a mixture that moved at every update would circle around the
solution.

For Self-Play PSRO a second student learns on the way, by the same updates, to respond to the responses. It is one more
member of the population that the response meets. In a share of further matches it meets a response that does not learn
from them, so that it has matches to learn from even without weight in the mixture. Its time average joins the
population as the weighted mixture of its snapshots, as `restricted.py` says: one at each move, at most SNAPSHOTS of
them. On a game in sequence form that is one table.

Reference: McAleer et al. (2022), Anytime PSRO for Two-Player Zero-Sum Games; McAleer et al. (2022), Self-Play PSRO:
Toward Optimal Populations in Two-Player Zero-Sum Games; the further matches are those of the authors' program
(indylab/sp-psro, `force_sp_br_play_rate`). Snapshots in place of a network that imitates the average are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pokespiel.core.policy import POLICIES, Mixture, Policy, describe
from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame
from pokespiel.learning.network_policy import tabulated
from pokespiel.learning.rollout import Rollout, only
from pokespiel.learning.seating import Seating, seat
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.common import Acting, Learned, Run, Student, kept_opponents, trained
from pokespiel.oracles.regret_matcher import RegretMatcher

EXPLORE = 0.1
"""Share of the matches against members drawn uniformly."""
UPDATES = 5
"""Updates of the response between two moves of the mixture; more if a member had no match yet."""
SNAPSHOTS = 64
"""Maximum number of snapshots in an average; then the two neighbours with least weight become one."""


@dataclass(frozen=True)
class RestrictedLearned:
    """A learned response, and the restricted game's solution against it."""

    oracle: Learned
    share: float | None
    """Share of the matches in which the policy that learns on the way meets a response that does not learn; None =
    there is no such policy."""

    @property
    def name(self) -> str:
        return type(self.oracle).__name__.lower()

    def check(self, game: Game) -> None:
        """Raise a `ValueError` for games other than those of two players with zero sum."""
        if game.num_players != 2 or not game.zero_sum:
            raise ValueError(
                f"Anytime and Self-Play PSRO with learned responses need a two-player zero-sum game, not {game.name}"
            )

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """The responses to the mixtures, and the mixtures themselves.

        For Self-Play PSRO each seat's responses begin with the average of the policy that learned on the way.
        """
        self.check(game)
        student, newest = self.oracle.student(game, rng, start, opponents), None
        if self.share is not None:
            newest = Newest(game, student, self.oracle.student(game, rng, start, opponents), self.share)
        pool = RegretPool(game, opponents, newest, kept_opponents(state))
        whole = student if newest is None else newest.beside(student)
        run = Run(self.oracle, game, pool.seating(), whole.learners, rng)
        for training in trained(run, whole, tuple(opponents), pool, state):
            yield pool.solved(training)


def restricted_learned(oracle: Learned, extra: float | None) -> RestrictedLearned:
    """A learning oracle with the restricted game; a `ValueError` if it does not train against the mixture alone."""
    if getattr(oracle, "opponent", "mixture") != "mixture":
        raise ValueError("the restricted game needs responses to its mixture: leave the oracle's opponent at mixture")
    if share := getattr(oracle, "self_play", 0):
        choice = "false" if isinstance(share, bool) else "0"
        raise ValueError(f"the restricted game needs responses to its mixture: set the oracle's self_play to {choice}")
    if oracle.learners not in ("auto", 1):
        raise ValueError("the restricted game is solved beside one learner: leave learners at 1")
    return RestrictedLearned(replace(oracle, learners=1), extra)


class Newest:
    """The policy that learns to respond to the responses, and its snapshots."""

    number = 1
    """Among the participants; the response is 0."""

    def __init__(self, game: Game, response: Student, student: Student, share: float):
        self.game, self.student, self.share = game, student, share
        self.teacher = Acting(response.learners[0])
        """The response, where it does not learn."""
        self.snapshots: list[Policy] = []
        self.weights: dict[int, list[float]] = {}
        """By the seat that it takes: the weight of each snapshot."""

    def beside(self, response: Student) -> Student:
        """Both as one student, whose policies are the response's."""
        pair = (response, self.student)
        firsts, others = zip(*((one.learners[0], one.learners[1:]) for one in pair), strict=True)
        parts = {**response.parts, **{f"newest_{name}": part for name, part in self.student.parts.items()}}

        def improve(run: Run, rollout: Rollout) -> Mapping[str, float]:
            own, other = (only(rollout, number) for number in (0, self.number))
            metrics = dict(response.improve(run, own))
            if not other.pending.all():
                learned = self.student.improve(run, other)
                metrics |= {f"newest/{name}": value for name, value in learned.items()}
            return metrics

        return Student((*firsts, *others[0], *others[1]), parts, improve, response.policies)

    def remember(self, weights: Mapping[int, float]) -> None:
        """Take a snapshot that weighs `weights` at the seats that it takes, 0 at the others."""
        self.snapshots.append(tabulated(self.student.learners[0].policy(), self.game))
        for seat_taken, own in self.weights.items():
            own.append(weights.get(seat_taken, 0.0))
        if len(self.snapshots) > SNAPSHOTS:
            self._thin()

    def _thin(self) -> None:
        """Give the weight of the snapshot that, with the next one, weighs least to that one."""
        totals = np.sum(list(self.weights.values()), axis=0)
        at = int(np.argmin(totals[:-1] + totals[1:]))
        del self.snapshots[at]
        for own in self.weights.values():
            own[at : at + 2] = [own[at] + own[at + 1]]

    def average(self, taken: int) -> Policy:
        """The average over all steps at a seat; before the first, the policy as it is now."""
        weights = np.array(self.weights[taken])
        if not weights.any():
            return self.student.learners[0].policy()
        mixture = Mixture(self.snapshots, weights / weights.sum())
        if not isinstance(self.game, TreeGame):
            return mixture
        return self.game.memoryless(mixture, None if self.game.symmetric else [taken])

    def state(self) -> dict[str, Any]:
        saved = [dict(zip(("kind", "config", "arrays"), describe(one), strict=True)) for one in self.snapshots]
        return {"snapshots": saved, "weights": {str(taken): list(own) for taken, own in self.weights.items()}}

    def load(self, state: Mapping[str, Any]) -> None:
        self.snapshots = [POLICIES[one["kind"]].from_arrays(one["config"], one["arrays"]) for one in state["snapshots"]]
        self.weights = {int(taken): [float(weight) for weight in own] for taken, own in state["weights"].items()}


class RegretPool:
    """For each seat that responds, the other seat's population and its regrets."""

    def __init__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        newest: Newest | None,
        kept: Mapping[str, Any] | None,
    ):
        self.game, self.newest = game, newest
        self.populations = {
            player: [tabulated(policy, game) for policy in mixture.policies[1 - player]]
            for player, mixture in opponents.items()
        }
        self.choices = self._choices()
        self.matchers = {player: RegretMatcher(len(own)) for player, own in self.choices.items()}
        self.counted = {player: np.zeros((2, len(own))) for player, own in self.choices.items()}
        """Matches of each choice since the last move that count, and what it earned in them, [2, n] by player."""
        self.updates = dict.fromkeys(self.populations, 0)
        """Updates since the last move."""
        if newest is not None:
            newest.weights = {1 - player: [] for player in self.populations}
        if kept is not None:
            self._restore(kept)

    def _choices(self) -> dict[int, np.ndarray]:
        """By responding seat, the participants' numbers of the policies that it meets, the newest last."""
        newest = [] if self.newest is None else [self.newest.number]
        choices, first = {}, 1 + len(newest)
        for player, own in self.populations.items():
            choices[player] = np.array([*range(first, first + len(own)), *newest])
            first += len(own)
        return choices

    def seating(self) -> Seating:
        """The response at each responding seat equally often, against that seat's mixture."""
        rows: list[tuple[int, int]] = []
        weights: list[float] = []
        extra = 0.0 if self.newest is None else self.newest.share
        policies: list[Policy] = [policy for own in self.populations.values() for policy in own]
        for player, choices in self.choices.items():
            current = self.matchers[player].current
            rows += [self._row(player, 0, number) for number in choices]
            weights += list((1 - extra) * ((1 - EXPLORE) * current + EXPLORE / len(current)))
            if self.newest is not None:
                rows.append(self._row(player, 2 + len(policies), self.newest.number))
                weights.append(extra)
        if self.newest is None:
            return seat(rows, weights, 1, policies)
        return seat(rows, weights, 2, [*policies, self.newest.teacher])

    @staticmethod
    def _row(player: int, responder: int, other: int) -> tuple[int, int]:
        """The participants of a match in which `responder` takes the seat `player`."""
        return (responder, other) if player == 0 else (other, responder)

    def observe(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """After an update, with the matches [E, P] that ended: move each mixture that is due."""
        stepped = {}
        for player, choices in self.choices.items():
            self.updates[player] += 1
            if self.updates[player] < UPDATES:
                continue
            met = seated[:, 1 - player, None] == choices
            self.counted[player] += met.sum(axis=0), utilities[:, 1 - player] @ met
            matches, earned = self.counted[player]
            if matches.all():
                matcher = self.matchers[player]
                stepped[1 - player] = matcher.due[-1]
                matcher.observe(earned / matches)
                self.counted[player], self.updates[player] = np.zeros_like(self.counted[player]), 0
        if self.newest is not None and stepped:
            self.newest.remember(stepped)

    def update_done(self, snapshot: Callable[[], Policy], in_play: np.ndarray) -> None:
        """Does nothing: the populations stay as they are."""

    def solved(self, training: Training) -> Training:
        """The training with the mixtures, and with the newest policy's average before the responses."""
        responses, mixtures = dict(training.responses), {}
        for player, matcher in self.matchers.items():
            taken = player if self.game.symmetric else 1 - player
            added = np.zeros(len(responses[taken]))
            mixtures[taken] = np.append(matcher.average, added)
            if self.newest is not None:
                responses[taken] = (self.newest.average(1 - player), *training.responses[taken])
        return training._replace(responses=responses, mixtures=mixtures)

    def state(self) -> dict[str, Any]:
        """By responding seat, and the newest policy's."""
        players = {
            str(player): {**one.state(), "counted": self.counted[player].copy(), "updates": self.updates[player]}
            for player, one in self.matchers.items()
        }
        return {"players": players, "newest": None if self.newest is None else self.newest.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Does nothing: the pool was made with its state, since the seating depends on it from the start."""

    def _restore(self, kept: Mapping[str, Any]) -> None:
        for key, saved in kept["players"].items():
            self.matchers[int(key)].load(saved)
            self.counted[int(key)], self.updates[int(key)] = np.array(saved["counted"]), int(saved["updates"])
        if self.newest is not None:
            self.newest.load(kept["newest"])
