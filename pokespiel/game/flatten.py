"""From an OpenSpiel game to arrays: every history is visited once, information states are found by their strings.

A simultaneous move becomes one decision after the other, the later ones not seeing the earlier: the information
states, and so the features, are those of the game itself. The sequence form needs perfect recall; a game whose
information states forget is refused, and so is one that is too large, by its estimated size if that is clear at once.
"""

from __future__ import annotations

import random
import statistics
from array import array
from typing import Any, NamedTuple

import numpy as np

HISTORIES = 1_000_000
"""How many histories a game in sequence form may have unless told otherwise."""
TABLE_BYTES = 2 << 30
"""How much the tables of features and legal actions may take."""
CHANCE, TERMINAL = -1, -2


class TreeRefused(ValueError):
    """The game cannot be put into sequence form; the message says why."""


class FlatPlayer(NamedTuple):
    """A player's information states in the order of their discovery."""

    parent: np.ndarray
    """[I] sequence; sequences are numbered row by row from 1, 0 is the empty one."""
    counts: np.ndarray
    """[I] number of actions."""
    action: np.ndarray
    """[S] the action of each sequence, -1 for the empty one."""
    features: np.ndarray
    """[I, D] float32."""
    strings: tuple[str, ...]
    """[I]"""
    node: np.ndarray
    """[I] a node of each row."""


class FlatGame(NamedTuple):
    """A game's histories (N nodes, of which Z are terminal) in arrays; node 0 is the start."""

    players: tuple[FlatPlayer, ...]
    actor: np.ndarray
    """[N] player, CHANCE or TERMINAL."""
    row: np.ndarray
    """[N] the actor's information state, the chance node's distribution or the terminal's number."""
    child: np.ndarray
    """[N] the first child; the others follow, in the order of actions or outcomes."""
    parent: np.ndarray
    """[N] -1 for the start."""
    action: np.ndarray
    """[N] the action or outcome that leads to each node, -1 for the start."""
    distributions: tuple[tuple[float, ...], ...]
    """The distinct distributions of chance nodes."""
    chance: np.ndarray
    """[Z] probability of each terminal's chance outcomes."""
    returns: np.ndarray
    """[P, Z] the players' returns."""
    sequences: np.ndarray
    """[P, Z] the players' last sequences."""


def flatten(game: Any, histories: int = HISTORIES) -> FlatGame:
    """Visit all histories of a `pyspiel.Game`; `TreeRefused` if there are more than `histories` or it cannot be."""
    check_supported(game)
    check_size(game, histories)
    explorer = _Explorer(game, histories)
    explorer.explore()
    return explorer.flat()


def check_supported(game: Any) -> None:
    """Refuse the kinds of games that have no finite tree of histories with explicit chance."""
    import pyspiel

    kind = game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise TreeRefused(f"{game} is a mean-field game, which has no players' tree")
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise TreeRefused(f"{game} samples its chance inside; the sequence form needs explicit chance nodes")
    perfect = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
    if not kind.provides_information_state_string and not perfect:
        raise TreeRefused(f"{game} names no information states, which the sequence form needs")


def check_size(game: Any, limit: int, walks: int = 31) -> None:
    """Refuse at once a game that random walks show to be far beyond `limit` histories.

    The product of the branching factors along a uniform walk, summed over its nodes, estimates the number of nodes
    without bias (Knuth 1975), so with at most `limit` nodes fewer than a tenth of the walks would pass 10 `limit`.
    """
    rng = random.Random(0)
    sizes = sorted(_walk(game.new_initial_state(), rng) for _ in range(walks))
    typical = statistics.median(sizes)
    if typical > 10 * limit:
        raise TreeRefused(
            f"{game} is too large for the sequence form: about {typical:.0e} histories, the limit is {limit:,}"
        )


def _walk(state: Any, rng: random.Random, enough: float = 1e30) -> float:
    """Estimate of the number of histories from one random walk, at most `enough`."""
    width, total = 1.0, 1.0
    while not state.is_terminal() and total < enough:
        if state.is_simultaneous_node():
            choices = [state.legal_actions(player) for player in range(state.num_players())]
            for actions in choices:
                width *= max(len(actions), 1)
                total += width
            state.apply_actions([rng.choice(actions) if actions else 0 for actions in choices])
            continue
        actions = state.legal_actions()
        width *= len(actions)
        total += width
        state.apply_action(rng.choice(actions))
    return total


class _Player:
    """A player's information states as they are found."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.parent = array("q")
        self.first = array("q")
        self.legal: list[list[int]] = []
        self.features: list[np.ndarray] = []
        self.node = array("q")
        self.size = 1

    def flat(self, width: int) -> FlatPlayer:
        return FlatPlayer(
            parent=np.array(self.parent, np.int64),
            counts=np.array([len(legal) for legal in self.legal], np.int64),
            action=np.array([-1, *(action for legal in self.legal for action in legal)], np.int64),
            features=np.array(self.features, np.float32).reshape(len(self.legal), width),
            strings=tuple(self.rows),
            node=np.array(self.node, np.int64),
        )


class _Explorer:
    """Visits histories depth first, a node's last child first; children are numbered before any of them is visited."""

    def __init__(self, game: Any, histories: int):
        self.game, self.limit = game, histories
        self.players = [_Player() for _ in range(game.num_players())]
        self.named = game.get_type().provides_information_state_string
        self.tensor = tensor_of(game)
        self.row_bytes = 4 * num_features(game) + 3 * game.num_distinct_actions()
        self.actor, self.row, self.child = array("q", [0]), array("q", [0]), array("q", [0])
        self.parent, self.action = array("q", [-1]), array("q", [-1])
        self.distributions: dict[tuple[float, ...], int] = {}
        self.chance, self.returns, self.sequences = array("d"), array("d"), array("q")

    def explore(self) -> None:
        empty = (0,) * len(self.players)
        # parent state, the action to take or the joint action so far, node, the players' sequences, chance probability,
        # whether this is the last child to be visited, so that the parent's state may be used up
        self.stack: list[tuple[Any, Any, int, tuple[int, ...], float, bool]] = []
        pop = self.stack.pop
        self._visit(self.game.new_initial_state(), 0, empty, 1.0)
        while self.stack:
            state, action, node, sequences, reach, last = pop()
            if type(action) is tuple:
                if len(action) < len(self.players):
                    self._simultaneous(state, action, node, sequences, reach)
                    continue
                state = state.clone()
                state.apply_actions(action)
            elif last:
                state.apply_action(action)
            else:
                state = state.child(action)
            self._visit(state, node, sequences, reach)

    def _visit(self, state: Any, node: int, sequences: tuple[int, ...], reach: float) -> None:
        if state.is_terminal():
            self.actor[node], self.row[node] = TERMINAL, len(self.chance)
            self.chance.append(reach)
            self.returns.extend(state.returns())
            self.sequences.extend(sequences)
        elif state.is_chance_node():
            actions, weights = zip(*state.chance_outcomes(), strict=True)
            self.actor[node] = CHANCE
            self.row[node] = self.distributions.setdefault(weights, len(self.distributions))
            child = self._children(node, actions)
            for place, (action, weight) in enumerate(zip(actions, weights, strict=True)):
                self.stack.append((state, action, child + place, sequences, reach * weight, place == 0))
        elif state.is_simultaneous_node():
            self._simultaneous(state, (), node, sequences, reach)
        else:
            player = state.current_player()
            legal, first = self._decision(state, player, node, sequences)
            before, after = sequences[:player], sequences[player + 1 :]
            child = self._children(node, legal)
            for place, action in enumerate(legal):
                self.stack.append((state, action, child + place, (*before, first + place, *after), reach, place == 0))

    def _simultaneous(
        self, state: Any, joint: tuple[int, ...], node: int, sequences: tuple[int, ...], reach: float
    ) -> None:
        """The decision of the next player that has one; those before have chosen `joint`."""
        player = len(joint)
        while player < len(self.players) and not state.legal_actions(player):
            joint, player = (*joint, 0), player + 1
        if player == len(self.players):
            raise TreeRefused(f"nobody can move at the simultaneous history {state.history_str()!r} of {self.game}")
        legal, first = self._decision(state, player, node, sequences)
        following = [other for other in range(player + 1, len(self.players)) if state.legal_actions(other)]
        idle = () if following else (0,) * (len(self.players) - player - 1)
        before, after = sequences[:player], sequences[player + 1 :]
        child = self._children(node, legal)
        for place, action in enumerate(legal):
            chosen = (*joint, action, *idle)
            self.stack.append((state, chosen, child + place, (*before, first + place, *after), reach, False))

    def _children(self, node: int, actions: Any) -> int:
        """Number a node's children; the first one's number."""
        child, count = len(self.actor), len(actions)
        if child + count > self.limit:
            raise TreeRefused(
                f"{self.game} is too large for the sequence form: more than {child:,} histories, "
                f"the limit is {self.limit:,}"
            )
        self.child[node] = child
        blank = array("q", bytes(8 * count))
        self.actor.extend(blank)
        self.row.extend(blank)
        self.child.extend(blank)
        self.parent.extend([node] * count)
        self.action.extend(actions)
        return child

    def _decision(self, state: Any, player: int, node: int, sequences: tuple[int, ...]) -> tuple[list[int], int]:
        """The player's legal actions and the sequence of the first of them."""
        found = self.players[player]
        name = state.information_state_string(player) if self.named else state.history_str()
        legal = state.legal_actions(player)
        row = found.rows.get(name)
        if row is None:
            row = self._new_row(state, player, name, legal, node, sequences[player])
        elif found.parent[row] != sequences[player]:
            raise TreeRefused(
                f"{self.game} has no perfect recall: player {player} reaches the information state {name!r} after "
                "different own actions or states; the sequence form needs perfect recall"
            )
        elif found.legal[row] != legal:
            raise TreeRefused(
                f"{self.game} is inconsistent: the information state {name!r} of player {player} has the legal actions "
                f"{found.legal[row]} in one history and {legal} in another"
            )
        self.actor[node], self.row[node] = player, row
        return legal, found.first[row]

    def _new_row(self, state: Any, player: int, name: str, legal: list[int], node: int, sequence: int) -> int:
        found = self.players[player]
        if not legal:
            raise TreeRefused(f"player {player} of {self.game} has no legal action at {name!r}")
        row = found.rows[name] = len(found.rows)
        if sum(len(other.rows) for other in self.players) * self.row_bytes > TABLE_BYTES:
            raise TreeRefused(
                f"{self.game} is too large for the sequence form: {self.row_bytes:,} bytes for each of more than "
                f"{row:,} information states, the limit is {TABLE_BYTES >> 20:,} MiB"
            )
        found.parent.append(sequence)
        found.first.append(found.size)
        found.legal.append(legal)
        found.features.append(self.tensor(state, player))
        found.node.append(node)
        found.size += len(legal)
        return row

    def flat(self) -> FlatGame:
        players = len(self.players)
        return FlatGame(
            players=tuple(player.flat(num_features(self.game)) for player in self.players),
            actor=np.array(self.actor, np.int64),
            row=np.array(self.row, np.int64),
            child=np.array(self.child, np.int64),
            parent=np.array(self.parent, np.int64),
            action=np.array(self.action, np.int64),
            distributions=tuple(self.distributions),
            chance=np.array(self.chance),
            returns=np.array(self.returns).reshape(-1, players).T.copy(),
            sequences=np.array(self.sequences, np.int64).reshape(-1, players).T.copy(),
        )


def num_features(game: Any) -> int:
    """The width of the feature vectors that `tensor_of` gives."""
    kind = game.get_type()
    if kind.provides_information_state_tensor:
        return game.information_state_tensor_size()
    return game.observation_tensor_size() if kind.provides_observation_tensor else 0


def tensor_of(game: Any) -> Any:
    """The function (state, player) -> features [D] float32: the information state tensor, else the observation tensor.

    A game that offers neither has no features (D = 0).
    """
    kind = game.get_type()
    if kind.provides_information_state_tensor:
        return lambda state, player: np.asarray(state.information_state_tensor(player), np.float32)
    if kind.provides_observation_tensor:
        return lambda state, player: np.asarray(state.observation_tensor(player), np.float32)
    return lambda state, player: np.zeros(0, np.float32)
