"""Convert policies to and from OpenSpiel: `policy.Policy` in both directions, and `pyspiel.Bot`.

policy_to_openspiel(policy, game)       for OpenSpiel's algorithms; memoryless, or a mixture on a game in sequence form
policy_to_bot(policy, game, player)     plays whole matches, so policies with memory and mixtures work on any game
policy_from_openspiel(theirs, game)     a table from any OpenSpiel policy, or from a bot that provides its policy
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python import policy as openspiel_policy

from pokespiel.core.policy import Observations, Policy, Tabular, sample_actions
from pokespiel.game.protocols import Game, WithOpenSpiel
from pokespiel.game.tensors import tensor_of
from pokespiel.game.tree import TreeGame


def policy_to_openspiel(
    policy: Policy | Sequence[Policy], game: Game, players: Sequence[int] | None = None
) -> openspiel_policy.Policy:
    """An OpenSpiel policy that plays the same as `policy`, or as one policy per seat on a game in sequence form.

    On a game in sequence form a mixture becomes the equivalent memoryless policy.

    Raises:
        ValueError: the policy has memory, and it is not a mixture of memoryless ones on a game in sequence form.
    """
    seats = list(range(game.num_players)) if players is None else list(players)
    if isinstance(game, TreeGame):
        own = [policy] * len(seats) if isinstance(policy, Policy) else policy
        tables = [game.memoryless(one, [seat]).tables for seat, one in zip(seats, own, strict=True)]
        return SpielPolicy(Tabular({seat: table for one in tables for seat, table in one.items()}), game, seats)
    if not isinstance(policy, Policy):
        raise ValueError(f"{game.name} is not in sequence form: convert each seat's policy alone")
    if policy.memory_size:
        raise ValueError(
            f"an OpenSpiel policy has no memory, this {type(policy).__name__} has {policy.memory_size} values a match; "
            "use policy_to_bot"
        )
    return SpielPolicy(policy, game, seats)


def policy_to_bot(policy: Policy, game: Game, player: int, rng: np.random.Generator | None = None) -> pyspiel.Bot:
    """A bot that plays `player`'s seat; `restart` starts a match, and a mixture draws its member there."""
    return PolicyBot(policy, game, player, rng or np.random.default_rng())


def policy_from_openspiel(theirs: Any, game: Game, players: Sequence[int] | None = None) -> Tabular:
    """The table that plays the same as an OpenSpiel policy, which is queried once per information state.

    Args:
        theirs: an `open_spiel.python.policy.Policy`, a `pyspiel.Policy`, or a `pyspiel.Bot` that provides its policy.

    Raises:
        ValueError: the game is not in sequence form, or comes from payoff arrays and so has no OpenSpiel states.
    """
    if not isinstance(game, TreeGame) or game.openspiel is None:
        raise ValueError(f"{game.name} has no table of OpenSpiel states; it must be an OpenSpiel game in sequence form")
    tables = {}
    for player in range(game.num_players) if players is None else players:
        states = game.states[player]
        table = np.zeros(states.legal.shape)
        for row, node in enumerate(states.node):
            for action, probability in _asked(theirs, state_at(game, int(node)), player):
                table[row, action] = probability
        tables[player] = table
    return Tabular(tables)


def observations_of(game: Game, state: Any, player: int) -> Observations:
    """What `player` observes in one `pyspiel.State`, as a batch of one."""
    key = -1
    if isinstance(game, TreeGame):
        key = _row(game, state, player)
        states = game.states[player]
        return Observations(player, states.features[[key]], states.legal[[key]], np.array([key]))
    features = np.asarray(tensor_of(state.get_game())(state, player), np.float32)
    legal = np.zeros((1, game.num_actions), bool)
    legal[0, state.legal_actions(player)] = True
    return Observations(player, features[None], legal, np.array([key]))


def state_at(game: TreeGame, node: int) -> Any:
    """The `pyspiel.State` of a node; inside a simultaneous move, the state before it."""
    state = game.openspiel.new_initial_state()
    joint: list[int] = []
    for action in game.history(node):
        if not state.is_simultaneous_node():
            state.apply_action(action)
            continue
        while not state.legal_actions(len(joint)):
            joint.append(0)
        joint.append(action)
        if not any(state.legal_actions(player) for player in range(len(joint), game.num_players)):
            state.apply_actions(joint + [0] * (game.num_players - len(joint)))
            joint = []
    return state


class SpielPolicy(openspiel_policy.Policy):
    """OpenSpiel's interface to a memoryless policy of this package."""

    def __init__(self, policy: Policy, game: Game, players: Sequence[int]):
        super().__init__(game.openspiel if isinstance(game, WithOpenSpiel) else None, list(players))
        self.policy, self._own = policy, game

    def action_probabilities(self, state: Any, player_id: int | None = None) -> dict[int, float]:
        """Probabilities of the legal actions."""
        player = state.current_player() if player_id is None else player_id
        if player not in self.player_ids:
            raise ValueError(f"this policy plays the seats {self.player_ids}, not {player}")
        observations = observations_of(self._own, state, player)
        probabilities, _ = self.policy(observations, np.zeros((1, 0), np.float32))
        return {int(action): float(probabilities[0, action]) for action in np.flatnonzero(observations.legal[0])}


class PolicyBot(pyspiel.Bot):
    """A policy of this package at one seat, with its memory of the match."""

    def __init__(self, policy: Policy, game: Game, player: int, rng: np.random.Generator):
        super().__init__()
        self.policy, self.game, self.player, self.rng = policy, game, player, rng
        self.restart()

    def restart(self) -> None:
        self.memory = self.policy.start(1, self.rng)

    def restart_at(self, state: Any) -> None:
        self.restart()

    def provides_policy(self) -> bool:
        return True

    def get_policy(self, state: Any) -> list[tuple[int, float]]:
        """The distribution that the next `step` draws from."""
        return self._asked(state)[0]

    def step(self, state: Any) -> int:
        return self.step_with_policy(state)[1]

    def step_with_policy(self, state: Any) -> tuple[list[tuple[int, float]], int]:
        distribution, probabilities, self.memory = self._asked(state)
        return distribution, int(sample_actions(probabilities, self.rng)[0])

    def _asked(self, state: Any) -> tuple[list[tuple[int, float]], np.ndarray, np.ndarray]:
        observations = observations_of(self.game, state, self.player)
        probabilities, memory = self.policy(observations, self.memory)
        legal = np.flatnonzero(observations.legal[0])
        return [(int(action), float(probabilities[0, action])) for action in legal], probabilities, memory


def _row(game: TreeGame, state: Any, player: int) -> int:
    """The row of a state's information state; states of the turn-based transform have an extra line before their
    string."""
    named = game.openspiel is not None and game.openspiel.get_type().provides_information_state_string
    name = state.information_state_string(player) if named else state.history_str()
    for known in (name, name.removeprefix(f"Current player: {player}\n")):
        if known in game.rows[player]:
            return game.rows[player][known]
    raise ValueError(f"{name!r} is not an information state of player {player} in {game.name}")


def _asked(theirs: Any, state: Any, player: int) -> Iterable[tuple[int, float]]:
    if isinstance(theirs, pyspiel.Bot):
        if not theirs.provides_policy():
            raise ValueError(f"{type(theirs).__name__} is a bot that does not tell its policy")
        return theirs.get_policy(state)
    if isinstance(theirs, pyspiel.Policy):
        return theirs.get_state_policy(state, player)
    found: Mapping[int, float] = theirs.action_probabilities(state, player)
    return found.items()
