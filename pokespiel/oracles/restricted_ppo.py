"""Anytime PSRO with PPO: after every few updates of the response, the mixture that it meets moves by regret matching+.

The response plays matches against the whole population; a share EXPLORE of them is drawn uniformly, so that every
member has some. After UPDATES updates the mixture moves by what its members earned in the matches of the last one:
earlier matches were played by another response, and a mixture that moved at every update would circle around the
solution.

Reference: McAleer et al. (2022), Anytime PSRO for Two-Player Zero-Sum Games, Section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game
from pokespiel.learning.network_policy import tabulated
from pokespiel.learning.seating import Seating, seat
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.ppo import PPO, ChangingOpponents
from pokespiel.oracles.regret_matcher import RegretMatcher

EXPLORE = 0.1
"""Share of the matches against members drawn uniformly."""
UPDATES = 5
"""Updates of the response between two moves of the mixture; more if a member had no match yet."""


@dataclass(frozen=True)
class RestrictedPPO(PPO):
    """PPO's response, and the restricted game's solution against it."""

    name = "ppo"

    def check(self, game: Game) -> None:
        """Raise a `ValueError` for games other than those of two players with zero sum."""
        if game.num_players != 2 or not game.zero_sum:
            raise ValueError(f"Anytime PSRO with learned responses needs a two-player zero-sum game, not {game.name}")

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """The response to the mixtures, and the mixtures themselves."""
        self.check(game)
        for training in super().__call__(game, opponents, rng, start=start, state=state):
            mixtures = {}
            for key, kept in training.state["parts"]["pool"].items():
                player = int(key)
                matcher = RegretMatcher(len(kept["current"]))
                matcher.load(kept)
                mixtures[player if game.symmetric else 1 - player] = np.append(matcher.average, 0.0)
            yield training._replace(mixtures=mixtures)

    def _pool(
        self, game: Game, opponents: Mapping[int, Opponents], kept: Mapping[str, Any] | None
    ) -> ChangingOpponents:
        return RegretPool(game, opponents, kept)


def restricted_ppo(oracle: PPO) -> RestrictedPPO:
    """PPO with these options and the restricted game; a `ValueError` if it does not train against the mixture alone."""
    if oracle.opponent != "mixture" or oracle.self_play:
        raise ValueError("the restricted game needs responses to its mixture: leave opponent and self_play as they are")
    if oracle.learners not in ("auto", 1):
        raise ValueError("the restricted game is solved beside one learner: leave learners at 1")
    options = {field.name: getattr(oracle, field.name) for field in fields(oracle)}
    return RestrictedPPO(**{**options, "learners": 1})


class RegretPool:
    """For each seat that responds, the other seat's population and its regrets."""

    def __init__(self, game: Game, opponents: Mapping[int, Opponents], kept: Mapping[str, Any] | None):
        self.populations = {
            player: [tabulated(policy, game) for policy in mixture.policies[1 - player]]
            for player, mixture in opponents.items()
        }
        self.matchers = {player: RegretMatcher(len(own)) for player, own in self.populations.items()}
        self.counted = {player: np.zeros((2, len(own))) for player, own in self.populations.items()}
        """Matches of each member since the last move that count, and what it earned in them, [2, n] by player."""
        self.updates = dict.fromkeys(self.populations, 0)
        """Updates since the last move."""
        for key, saved in (kept or {}).items():
            self.matchers[int(key)].load(saved)
            self.counted[int(key)], self.updates[int(key)] = np.array(saved["counted"]), int(saved["updates"])

    def seating(self) -> Seating:
        """The learner at each responding seat equally often, against that seat's mixture."""
        rows: list[list[int]] = []
        weights: list[float] = []
        for player, numbers in self._numbers():
            current = self.matchers[player].current
            rows += [[0, number] if player == 0 else [number, 0] for number in numbers]
            weights += list((1 - EXPLORE) * current + EXPLORE / len(current))
        return seat(rows, weights, 1, [policy for own in self.populations.values() for policy in own])

    def _numbers(self) -> Iterator[tuple[int, range]]:
        """The participants' numbers of the population that each seat meets."""
        first = 1
        for player, own in self.populations.items():
            yield player, range(first, first + len(own))
            first += len(own)

    def observe(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """After an update, with the matches [E, P] that ended: move each mixture that is due."""
        for player, numbers in self._numbers():
            self.updates[player] += 1
            if self.updates[player] < UPDATES:
                continue
            members = seated[:, 1 - player] - numbers.start
            own = (members >= 0) & (members < len(numbers))
            for row, weights in enumerate((None, utilities[own, 1 - player])):
                self.counted[player][row] += np.bincount(members[own], weights, len(numbers))
            matches, earned = self.counted[player]
            if matches.all():
                self.matchers[player].observe(earned / matches)
                self.counted[player], self.updates[player] = np.zeros_like(self.counted[player]), 0

    def update_done(self, snapshot: Callable[[], Policy], in_play: np.ndarray) -> None:
        """Does nothing: the populations stay as they are."""

    def state(self) -> dict[str, Any]:
        """By responding seat."""
        return {
            str(player): {
                **one.state(),
                "counted": self.counted[player].copy(),
                "updates": self.updates[player],
            }
            for player, one in self.matchers.items()
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Does nothing: the pool was made with its state, since the seating depends on it from the start."""
