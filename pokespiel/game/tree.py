"""A small game in sequence form: exact values, best responses and exploitability, and batched play.

Each player has a treeplex (`treeplex.py`); the game itself is one list of terminals with the probability c of their
chance outcomes, the returns u, and each player's sequence. With realisation plans x, player p's expected return is

    sum over terminals of  c * u_p * x_1[sequence_1] * ... * x_P[sequence_P],

linear in each plan. Player p's gradient is that sum without x_p, by sequence; a best response is one pass of maxima
over it. For two players the terminals are a sparse matrix over pairs of sequences, so that a gradient is one product
and a block of payoffs is X A Y^T.

    NashConv = sum over players of (best response value - value);  exploitability = NashConv / number of players

Reference: von Stengel (1996), Efficient Computation of Behavior Strategies.
"""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from pokespiel.core.policy import Mixture, Observations, Policy, Tabular
from pokespiel.game.protocols import Refused
from pokespiel.game.tree_matches import Moves, TreeMatches, moves_of
from pokespiel.game.treeplex import Treeplex, lay_out
from pokespiel.metasolvers.judging import is_constant_sum, is_symmetric, is_zero_sum

if TYPE_CHECKING:
    from pokespiel.game.flatten import FlatGame

Plans = tuple[np.ndarray, ...]
"""A realisation plan [S_p] for each player."""


class Terminals(NamedTuple):
    """The Z terminals of the game."""

    chance: np.ndarray
    """[Z] probability of the chance outcomes on the way."""
    returns: np.ndarray
    """[P, Z] the players' returns."""
    sequences: np.ndarray
    """[P, Z] the players' last sequences."""


class Nodes(NamedTuple):
    """The N histories, for play; node 0 is the start."""

    actor: np.ndarray
    """[N] player, CHANCE or TERMINAL of `treeplex.py`."""
    row: np.ndarray
    """[N] the actor's information state, the chance node's distribution or the terminal's number."""
    child: np.ndarray
    """[N] the first child; the others follow, in the order of actions or outcomes."""
    parent: np.ndarray
    """[N] -1 for the start."""
    action: np.ndarray
    """[N] the action or outcome that leads to each node."""
    distributions: tuple[tuple[float, ...], ...]
    """The distinct distributions of chance nodes."""


class InformationStates(NamedTuple):
    """A player's information states, one row each."""

    features: np.ndarray
    """[I, D] float32."""
    legal: np.ndarray
    """[I, A] bool, True = allowed."""
    names: tuple[str, ...]
    """[I] OpenSpiel's information state strings."""
    node: np.ndarray
    """[I] one node of each row."""


class TreeGame:
    """A game in sequence form; see `pokespiel.game.Game` for the attributes that all games share."""

    def __init__(self, name: str, flat: FlatGame, num_actions: int, openspiel: Any = None):
        numbered = [lay_out(player.parent, player.counts, player.action) for player in flat.players]
        self.name = name
        self.openspiel = openspiel
        """The `pyspiel.Game` that it was made from, None = from payoff arrays."""
        self.num_players = len(flat.players)
        self.num_actions = num_actions
        self.num_features = flat.players[0].features.shape[1]
        self.players: tuple[Treeplex, ...] = tuple(numbering.treeplex for numbering in numbered)
        self.states = tuple(
            _information_states(player, numbering.rows, numbering.treeplex, num_actions)
            for player, numbering in zip(flat.players, numbered, strict=True)
        )
        sequences = np.stack(
            [numbering.sequences[own] for numbering, own in zip(numbered, flat.sequences, strict=True)]
        )
        self.terminals = Terminals(flat.chance, flat.returns, sequences)
        rows = flat.row.copy()
        for player, numbering in enumerate(numbered):
            mine = flat.actor == player
            rows[mine] = numbering.rows[flat.row[mine]]
        self.nodes = Nodes(flat.actor, rows, flat.child, flat.parent, flat.action, flat.distributions)
        self.zero_sum = is_zero_sum(flat.returns)
        constant = float(flat.returns[:, 0].sum()) if is_constant_sum(flat.returns) else None
        self.total = 0.0 if self.zero_sum else constant
        """The sum of the players' returns at every end of the game, None = it is not constant."""
        self.utility_range = (float(flat.returns.min()), float(flat.returns.max()))
        self.weights = flat.chance * flat.returns
        """[P, Z] each terminal's return to each player, times the probability of its chance outcomes."""
        self.symmetric = _is_symmetric(self)
        self._plans: dict[tuple[int, int], tuple[weakref.ref[Policy], np.ndarray]] = {}

    def __repr__(self) -> str:
        rows = " + ".join(str(player.num_rows) for player in self.players)
        return f"<{self.name} in sequence form: {rows} information states, {len(self.terminals.chance)} terminals>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": {}}  # weak references cannot be pickled

    # ------------------------------------------------------------------------------------------ play and observations

    def start(self, seeds: Sequence[int] | np.ndarray) -> TreeMatches:
        """One match per seed, see `pokespiel.game.Matches`."""
        return TreeMatches(self, seeds)

    @functools.cached_property
    def moves(self) -> Moves:
        """The tables that play needs."""
        return moves_of(self)

    def information_states(self, player: int) -> Observations:
        """All that `player` can observe, one row each: features [I, D], legal [I, A], key = 0 .. I - 1. Read-only."""
        states = self.states[player]
        return Observations(player, states.features, states.legal, np.arange(len(states.legal)))

    @functools.cached_property
    def rows(self) -> tuple[dict[str, int], ...]:
        """Per player, the row of each information state string."""
        return tuple({name: row for row, name in enumerate(states.names)} for states in self.states)

    def history(self, node: int) -> list[int]:
        """The actions and outcomes that lead to a node."""
        actions: list[int] = []
        while self.nodes.parent[node] >= 0:
            actions.append(int(self.nodes.action[node]))
            node = int(self.nodes.parent[node])
        return actions[::-1]

    # -------------------------------------------------------------------------------------------- policies and plans

    def behaviour(self, policy: Policy, player: int) -> np.ndarray:
        """The behaviour [S] of a memoryless policy at all of a player's sequences, queried in one batch.

        Raises `ValueError` if it has memory, if its outputs are not probabilities, or if its table belongs to another
        game.
        """
        if policy.memory_size:
            raise ValueError(
                f"exact evaluation takes memoryless policies and mixtures of them; this {type(policy).__name__} "
                f"remembers {policy.memory_size} values a match"
            )
        observations = self.information_states(player)
        kept = policy.tables.get(player) if isinstance(policy, Tabular) else None
        if kept is not None and kept.shape != observations.legal.shape:
            raise ValueError(
                f"this table is for a game with {kept.shape} information states and actions of player {player}, "
                f"{self.name} has {observations.legal.shape}"
            )
        probabilities, _ = policy(observations, np.zeros((len(observations.key), 0), np.float32))
        return self._checked(np.asarray(probabilities, np.float64), policy, player)

    def plan(self, policy: Policy, player: int) -> np.ndarray:
        """The realisation plan [S] of a memoryless policy, or of a per-match mixture of such. Do not write to it.

        Policies are immutable, so a plan is cached for as long as its policy exists.
        """
        kept = self._plans.get((id(policy), player))
        if kept is not None and kept[0]() is policy:
            return kept[1]
        plan = self._plan(policy, player)
        plan.flags.writeable = False
        self._keep(policy, player, plan)
        return plan

    def plans(self, policies: Policy | Sequence[Policy]) -> Plans:
        """The plans of a profile: one policy per seat, or one for every seat."""
        if not isinstance(policies, Sequence):
            policies = [policies] * self.num_players
        if len(policies) != self.num_players:
            raise ValueError(f"{self.name} has {self.num_players} seats, got {len(policies)} policies")
        return tuple(self.plan(policy, player) for player, policy in enumerate(policies))

    def policy(self, behaviours: Plans | Sequence[np.ndarray], players: Sequence[int] | None = None) -> Tabular:
        """The table of the behaviours [S_p] of `players` (None = all players in order)."""
        seats = range(self.num_players) if players is None else players
        return Tabular({p: self.table(behaviour, p) for p, behaviour in zip(seats, behaviours, strict=True)})

    def table(self, behaviour: np.ndarray, player: int) -> np.ndarray:
        """A behaviour [S] as probabilities [I, A]."""
        table = np.zeros(self.states[player].legal.shape)
        table.flat[self._places[player][0]] = behaviour[1:]
        return table

    def memoryless(self, policy: Policy, players: Sequence[int] | None = None) -> Tabular:
        """The table of a memoryless policy; for a mixture, the one equivalent to it against any opponents (Kuhn 1953).

        The table is uniform at information states that no member of the mixture reaches.
        """
        seats = range(self.num_players) if players is None else players
        if isinstance(policy, Mixture):
            return self.policy([self.players[p].behaviour(self.plan(policy, p)) for p in seats], seats)
        return self.policy([self.behaviour(policy, p) for p in seats], seats)

    def _plan(self, policy: Policy, player: int) -> np.ndarray:
        if isinstance(policy, Mixture):
            plans = [self.plan(member, player) for member in policy.policies]
            return np.einsum("k,ks->s", policy.weights, np.stack(plans))
        return self.players[player].plan(self.behaviour(policy, player))

    def _keep(self, policy: Policy, player: int, plan: np.ndarray) -> None:
        place = (id(policy), player)
        plans = self._plans
        with contextlib.suppress(TypeError):  # a class without weak references is not cached
            plans[place] = weakref.ref(policy, lambda _: plans.pop(place, None)), plan

    def _checked(self, probabilities: np.ndarray, policy: Policy, player: int) -> np.ndarray:
        """Probabilities [I, A] by sequence [S]; rounding (1e-5, float32 networks) is normalised away."""
        treeplex, states = self.players[player], self.states[player]
        if probabilities.shape != states.legal.shape:
            raise ValueError(
                f"{type(policy).__name__} gave probabilities {probabilities.shape}, "
                f"{self.name} has {states.legal.shape} for player {player}"
            )
        legal, illegal = self._places[player]
        flat = probabilities.ravel()
        behaviour = np.ones(treeplex.num_sequences)
        np.take(flat, legal, out=behaviour[1:], mode="clip")
        totals = treeplex.sums(behaviour)
        astray = np.abs(flat[illegal]).max(initial=0.0)
        if not (np.abs(totals - 1).max(initial=0.0) < 1e-5 and behaviour.min() >= 0 and astray < 1e-5):
            raise ValueError(self._no_distribution(probabilities, policy, player))
        for block in treeplex.blocks:
            block.of(behaviour)[:] /= totals[block.rows]
        return behaviour

    def _no_distribution(self, probabilities: np.ndarray, policy: Policy, player: int) -> str:
        legal = self.states[player].legal
        proper = (np.abs(np.where(legal, probabilities, 0).sum(axis=1) - 1) < 1e-5) & (probabilities >= 0).all(axis=1)
        row = int(np.argmin(proper & (np.abs(np.where(legal, 0, probabilities)) < 1e-5).all(axis=1)))
        return (
            f"{type(policy).__name__} plays no distribution over the legal actions at player {player}'s information "
            f"state {self.states[player].names[row]!r}: {probabilities[row]}, legal "
            f"{np.flatnonzero(legal[row]).tolist()}"
        )

    @functools.cached_property
    def _places(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per player, the position of each sequence in a raveled table [I * A], and the positions of illegal
        actions."""
        legal = [player.owner[1:] * self.num_actions + player.action[1:] for player in self.players]
        return [(own, np.flatnonzero(~states.legal)) for own, states in zip(legal, self.states, strict=True)]

    # ---------------------------------------------------------------------------------------------- values and gains

    def returns(self, plans: Plans) -> np.ndarray:
        """Expected returns [P] of a profile of plans."""
        if self.num_players == 2:
            first = plans[0] @ self.gradient(plans, 0)
            return np.array([first, plans[1] @ self.gradient(plans, 1) if self.total is None else self.total - first])
        return self.weights @ self._reach(plans, skip=-1)

    def gradient(self, plans: Plans, player: int) -> np.ndarray:
        """[S] the return to `player` at the ends of its sequences, given the others' plans (its own is unused).

        Its product with a plan is that plan's expected return.
        """
        if self.num_players == 2:
            return self.matrices[player] @ plans[1 - player]
        return self.gather(self.weights[player] * self._reach(plans, skip=player), player)

    def gather(self, values: np.ndarray, player: int) -> np.ndarray:
        """The sum [S] of values [Z] over the terminals at each of the player's sequences."""
        return np.bincount(self.terminals.sequences[player], values, self.players[player].num_sequences)

    def best_response_values(self, plans: Plans) -> np.ndarray:
        """[P] each player's best response value against the others' plans."""
        return np.array([treeplex.best_values(self.gradient(plans, p))[0] for p, treeplex in enumerate(self.players)])

    def gains(self, plans: Plans) -> np.ndarray:
        """[P] each player's largest gain from deviating, at least 0 each."""
        gains = np.empty(self.num_players)
        for player, treeplex in enumerate(self.players):
            gradient = self.gradient(plans, player)
            gains[player] = treeplex.best_values(gradient)[0] - plans[player] @ gradient
        return gains.clip(min=0)

    def nash_conv(self, plans: Plans) -> float:
        """The sum of the players' gains; 0 exactly at a Nash equilibrium."""
        return float(self.gains(plans).sum())

    def exploitability(self, plans: Plans) -> float:
        """NashConv / number of players."""
        return self.nash_conv(plans) / self.num_players

    def payoffs(self, plans: Sequence[np.ndarray]) -> np.ndarray:
        """Expected returns [P, k_1, ..., k_P] of all combinations of plans [k_p, S_p]."""
        sizes = tuple(len(own) for own in plans)
        if self.num_players == 2:
            first = _bilinear(plans[0], self.matrices[0], plans[1])
            if self.total is None:
                return np.stack([first, _bilinear(plans[1], self.matrices[1], plans[0]).T])
            second = self.total - first
            return np.stack([self.total - second, second])  # the sum is exact
        block = np.empty((self.num_players, *sizes))
        inner = int(np.argmax(sizes))
        outer = [player for player in range(self.num_players) if player != inner]
        for cell in np.ndindex(*(sizes[player] for player in outer)):
            chosen = [plans[inner][0]] * self.num_players
            for player, index in zip(outer, cell, strict=True):
                chosen[player] = plans[player][index]
            reach = self.weights * self._reach(tuple(chosen), skip=inner)
            gradients = np.stack([self.gather(values, inner) for values in reach])
            block[(slice(None), *cell[:inner], slice(None), *cell[inner:])] = gradients @ plans[inner].T
        return block

    def _reach(self, plans: Plans, skip: int) -> np.ndarray:
        """[Z] the product of the plans at the terminals' sequences, without player `skip`."""
        reach = np.ones(len(self.terminals.chance))
        for player, plan in enumerate(plans):
            if player != skip:
                reach *= plan[self.terminals.sequences[player]]
        return reach

    @functools.cached_property
    def matrices(self) -> tuple[sparse.csr_array, ...]:
        """For two players: each player's returns [own sequences, other's sequences], including chance."""
        if self.num_players != 2:
            raise ValueError(f"{self.name} has {self.num_players} players; only two players have payoff matrices")
        return tuple(self._matrix(player) for player in range(2))

    @functools.cached_property
    def magnitudes(self) -> tuple[sparse.csr_array, ...]:
        """The matrices with absolute entries."""
        return tuple(abs(matrix) for matrix in self.matrices)

    def _matrix(self, player: int) -> sparse.csr_array:
        own, other = self.terminals.sequences[player], self.terminals.sequences[1 - player]
        shape = (self.players[player].num_sequences, self.players[1 - player].num_sequences)
        coordinates = (own.astype(np.int32), other.astype(np.int32))
        return sparse.csr_array(sparse.coo_array((self.weights[player], coordinates), shape))


def in_sequence_form(game: Any, who: str) -> TreeGame:
    """The game; a `ValueError` that gives the reason and a remedy if it is not in sequence form. `who` needs it."""
    if isinstance(game, TreeGame):
        return game
    why = (game.refusal if isinstance(game, Refused) else "") or f"{game.name} is stepped by an engine of its own"
    raise ValueError(
        f"{who} needs a game in sequence form, which {game.name} is not: {why}. Oracles that learn from matches, such "
        "as ppo, and sampled payoffs take any game"
    )


def _bilinear(left: np.ndarray, matrix: sparse.csr_array, right: np.ndarray) -> np.ndarray:
    """left [k, S] matrix [S, T] right^T [T, l], with the smaller side multiplied first."""
    if len(left) < len(right):
        return (matrix.T @ left.T).T @ right.T
    return left @ (matrix @ right.T)


def _information_states(flat: Any, rows: np.ndarray, treeplex: Treeplex, num_actions: int) -> InformationStates:
    given = np.empty(len(rows), np.int64)
    given[rows] = np.arange(len(rows))
    legal = np.zeros((len(rows), num_actions), bool)
    legal[treeplex.owner[1:], treeplex.action[1:]] = True
    features = flat.features[given]
    features.flags.writeable = legal.flags.writeable = False
    return InformationStates(features, legal, tuple(flat.strings[row] for row in given), flat.node[given])


def _is_symmetric(game: TreeGame) -> bool:
    """Whether all players have one decision with the same actions, and payoffs depend only on actions, not on seats."""
    if game.num_players < 2 or any(player.num_rows != 1 for player in game.players):
        return False
    first = game.players[0].action
    if any(not np.array_equal(player.action, first) for player in game.players):
        return False
    actions = len(first) - 1
    table = np.zeros((game.num_players, *[actions] * game.num_players))
    np.add.at(table, (slice(None), *(game.terminals.sequences - 1)), game.weights)
    return is_symmetric(table)
