"""Convert an OpenSpiel game to arrays: visit every history once and identify information states by their strings.

A simultaneous move becomes successive decisions, in which later players do not see the earlier ones: the information
states, and so the features, are those of the game itself. The sequence form needs perfect recall. A game with imperfect
recall is refused, and so is one that is too large; its size is estimated first.
"""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.progress import Stage, stage
from pokespiel.core.registry import place_of_error
from pokespiel.game.foreign import said
from pokespiel.game.tensors import num_features, tensor_of
from pokespiel.game.tree_size import TreeRefused, check_hopeless, check_size, check_supported, too_large
from pokespiel.game.treeplex import CHANCE, TERMINAL

HISTORIES = 2_000_000
"""Default maximum number of histories of a game in sequence form; each takes about 200 bytes."""
TABLE_BYTES = 1024
"""Maximum bytes of the tables of features and legal actions, per allowed history."""
ROOM = 1 << 12
"""Number of histories to allocate at once; with more than that, the game's size is estimated first."""


class FlatPlayer(NamedTuple):
    """A player's information states in the order in which they are found."""

    parent: np.ndarray
    """[I] parent sequence; sequences are numbered row by row from 1, 0 is the empty one."""
    counts: np.ndarray
    """[I] number of actions."""
    action: np.ndarray
    """[S] the action of each sequence, -1 for the empty one."""
    features: np.ndarray
    """[I, D] float32."""
    strings: tuple[str, ...]
    """[I]"""
    node: np.ndarray
    """[I] one node of each row."""


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


def flatten(game: Any, histories: int = HISTORIES, name: str = "") -> FlatGame:
    """Visit all histories of a `pyspiel.Game`; `TreeRefused` if there are more than `histories` or it is unsupported.

    `name` is the game's name in messages.
    """
    name = name or str(game)
    try:
        check_supported(game, name)
        check_hopeless(game, histories, name)
        explorer = _Explorer(game, histories, name)
        explorer.explore()
    except TreeRefused:
        raise
    except Exception as error:
        raise TreeRefused(
            f"{name} cannot be put into sequence form, its own code fails: {said(error)}{place_of_error(error)}"
        ) from error
    return explorer.flat()


class _Player:
    """A player's information states found so far."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.parent = array("q")
        self.first = array("q")
        self.legal: list[list[int]] = []
        self.features = array("f")
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

    def __init__(self, game: Any, histories: int, name: str):
        self.game, self.limit, self.name = game, histories, name
        self.players = [_Player() for _ in range(game.num_players())]
        self.named = game.get_type().provides_information_state_string
        self.tensor = tensor_of(game)
        self.actions = game.num_distinct_actions()
        self.row_bytes = 4 * num_features(game) + 3 * self.actions
        self.actor, self.row, self.child, self.action = array("h"), array("i"), array("i"), array("q", [-1])
        self.size = 1
        self.told: Stage
        self.legal: dict[tuple[int, ...], list[int]] = {}  # equal lists are stored once
        self.distributions: dict[tuple[float, ...], int] = {}
        self.chance, self.returns, self.sequences = array("d"), array("d"), array("i")

    def explore(self) -> None:
        """Visit all histories, and report their number as progress."""
        with stage(f"histories of {self.name}", self.limit) as self.told:
            self._make_room()
            self._explore()
        if len(self.returns) != len(self.chance) * len(self.players) or not np.isfinite(self.returns).all():
            raise TreeRefused(f"{self.name} is inconsistent: its matches do not end with a number for each player")

    def _explore(self) -> None:
        # parent state, the action to take or the joint action so far, node, the players' sequences, chance probability,
        # whether this is the last child to visit, so that the parent's state may be modified
        self.stack: list[tuple[Any, Any, int, tuple[int, ...], float, bool]] = []
        pop = self.stack.pop
        self._visit(self.game.new_initial_state(), 0, (0,) * len(self.players), 1.0)
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
            return
        player = int(state.current_player())
        if player >= 0:
            legal, first = self._decision(state, player, node, sequences)
            before, after = sequences[:player], sequences[player + 1 :]
            child = self._children(node, legal)
            for place, action in enumerate(legal):
                self.stack.append((state, action, child + place, (*before, first + place, *after), reach, place == 0))
        elif state.is_chance_node():
            outcomes = state.chance_outcomes()
            if not outcomes:
                raise TreeRefused(f"{self.name} is inconsistent: nothing can happen at {_short(state.history_str())}")
            actions, weights = zip(*outcomes, strict=True)
            self.actor[node] = CHANCE
            self.row[node] = self.distributions.setdefault(weights, len(self.distributions))
            child = self._children(node, actions)
            for place, (action, weight) in enumerate(zip(actions, weights, strict=True)):
                self.stack.append((state, action, child + place, sequences, reach * weight, place == 0))
        else:
            self._simultaneous(state, (), node, sequences, reach)

    def _simultaneous(
        self, state: Any, joint: tuple[int, ...], node: int, sequences: tuple[int, ...], reach: float
    ) -> None:
        """The decision of the next player who has one; earlier players have chosen `joint`."""
        player = len(joint)
        while player < len(self.players) and not state.legal_actions(player):
            joint, player = (*joint, 0), player + 1
        if player == len(self.players):
            raise TreeRefused(
                f"nobody can move at the simultaneous history {_short(state.history_str())} of {self.name}"
            )
        legal, first = self._decision(state, player, node, sequences)
        following = [other for other in range(player + 1, len(self.players)) if state.legal_actions(other)]
        idle = () if following else (0,) * (len(self.players) - player - 1)
        before, after = sequences[:player], sequences[player + 1 :]
        child = self._children(node, legal)
        for place, action in enumerate(legal):
            chosen = (*joint, action, *idle)
            self.stack.append((state, chosen, child + place, (*before, first + place, *after), reach, False))

    def _children(self, node: int, actions: Any) -> int:
        """Number a node's children; returns the first one's number."""
        child = self.child[node] = self.size
        self.size += len(actions)
        if self.size > len(self.child):
            self._make_room()
        self.action.extend(actions)
        return child

    def _make_room(self) -> None:
        if self.size > self.limit:
            raise TreeRefused(too_large(self.name, f"more than the limit of {self.limit:,} histories"))
        if len(self.child) == 1 + ROOM:
            check_size(self.game, self.limit, self.name)
        self.told.update(self.size)
        wanted = min(self.size + ROOM, self.limit)
        for column in (self.actor, self.row, self.child):
            column.frombytes(bytes(column.itemsize * (wanted - len(column))))

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
                f"{self.name} has no perfect recall, which the sequence form needs: player {player} reaches the "
                f"information state {_short(name)} after different own actions or states"
            )
        elif found.legal[row] != legal:
            raise TreeRefused(
                f"{self.name} is inconsistent: the information state {_short(name)} of player {player} has the actions "
                f"{found.legal[row]} in one history and {legal} in another"
            )
        self.actor[node], self.row[node] = player, row
        return legal, found.first[row]

    def _new_row(self, state: Any, player: int, name: str, legal: list[int], node: int, sequence: int) -> int:
        found = self.players[player]
        if not legal:
            raise TreeRefused(f"player {player} of {self.name} has no legal action at {_short(name)}")
        if max(legal) >= self.actions:
            raise TreeRefused(
                f"{self.name} is inconsistent: it counts {self.actions} distinct actions, but player {player} may "
                f"take action {max(legal)} at {_short(name)}"
            )
        row = found.rows[name] = len(found.rows)
        if sum(len(other.rows) for other in self.players) * self.row_bytes > TABLE_BYTES * self.limit:
            size = f"more than {TABLE_BYTES * self.limit >> 20:,} MiB of features and legal actions"
            raise TreeRefused(too_large(self.name, f"{size}, what a limit of {self.limit:,} histories allows"))
        found.parent.append(sequence)
        found.first.append(found.size)
        found.legal.append(self.legal.setdefault(tuple(legal), legal))
        found.features.extend(self.tensor(state, player))
        found.node.append(node)
        found.size += len(legal)
        return row

    def flat(self) -> FlatGame:
        players = len(self.players)
        child = np.frombuffer(self.child, np.int32)[: self.size]
        return FlatGame(
            players=tuple(player.flat(num_features(self.game)) for player in self.players),
            actor=np.frombuffer(self.actor, np.int16)[: self.size],
            row=np.frombuffer(self.row, np.int32)[: self.size],
            child=child,
            parent=_parents(child),
            action=np.frombuffer(self.action, np.int64),
            distributions=tuple(self.distributions),
            chance=np.array(self.chance),
            returns=np.array(self.returns).reshape(-1, players).T.copy(),
            sequences=np.array(self.sequences).reshape(-1, players).T.copy(),
        )


def _short(name: str, most: int = 60) -> str:
    """The name of an information state in a message: on one line, only its end if it is long."""
    return repr(name if len(name) <= most else f"...{name[-most:]}")


def _parents(child: np.ndarray) -> np.ndarray:
    """[N] int32 the parent of each node, -1 for the start; from `child` [N], the first child, 0 if a node has none.

    Nodes are numbered child by child without gaps, so a node's children end where another's begin.
    """
    inner = np.flatnonzero(child)
    inner = inner[np.argsort(child[inner])]
    counts = np.diff(child[inner], append=len(child))
    return np.concatenate([[-1], np.repeat(inner, counts)]).astype(np.int32)
