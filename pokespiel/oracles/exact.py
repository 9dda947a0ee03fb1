"""The exact best response to a mixture, on a game in sequence form.

The opponents of each row play together with the row's weight, so what they reach is

    reach(terminal) = sum over rows m of  weight_m * product over opponents j of x_j^m[sequence_j],

and the response is one pass of maxima over the gradient for this reach. At states that the mixture never reaches, every
action is a best response, and a poor choice makes a poor member of a population; a mixture trembled towards uniform
leaves fewer ties and plays sensibly there.

Reference: McMahan, Gordon and Blum (2003), Planning in the Presence of Cost Functions Controlled by an Adversary.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from pokespiel.core.policy import Policy, Tabular, Uniform
from pokespiel.core.ranges import Checked, Share
from pokespiel.game.protocols import Game
from pokespiel.game.tree import Plans, TreeGame, in_sequence_form
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.diversity import Diversity, PurePlay, Surroundings, diverse

UNIFORM = Uniform()


@dataclass(frozen=True)
class Exact(Checked):
    """The exact best response, on a game in sequence form."""

    tremble: Share = 1e-6
    """Respond to a mixture that instead plays uniformly at random with this probability, drawn once per match."""
    ties: Literal["lowest", "random"] = "lowest"
    """Among equally good actions, take the one with the lowest index or draw one at random."""
    diversity: Diversity = Diversity()
    """A reward for responses that differ from their population; see `oracles/diversity.py`."""

    def check(self, game: Game) -> None:
        tree = in_sequence_form(game, "the exact oracle")
        if self.diversity.kind != "none" and tree.num_players != 2:
            raise ValueError(f"diverse responses are for two players, {tree.name} has {tree.num_players}")

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """One response per seat; the metric `value/<seat>` is what it earns against the mixture as given."""
        tree = in_sequence_form(game, "the exact oracle")
        began = time.perf_counter()
        responses: dict[int, tuple[Policy, ...]] = {}
        metrics: dict[str, float] = {}
        for player, mixture in opponents.items():
            exact = slopes(tree, player, mixture)
            if self.diversity.kind == "none":
                behaviour = self.best(tree, player, exact, rng)
            else:
                behaviour = self._diverse(tree, player, opponents, exact, rng)
            metrics[f"value/{player}"] = float(tree.players[player].plan(behaviour) @ exact.gradient)
            table = tree.table(behaviour, player)
            seats = range(tree.num_players) if tree.symmetric else [player]
            responses[player] = (Tabular(dict.fromkeys(seats, table)),)
        yield Training(responses, {**metrics, "seconds": time.perf_counter() - began}, {})

    def _diverse(
        self,
        game: TreeGame,
        player: int,
        opponents: Mapping[int, Opponents],
        exact: Slopes,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """The behaviour [S] of a response that also differs from its population."""
        low, high = game.utility_range

        def best(added: np.ndarray) -> PurePlay:
            extra = (high - low) * added
            wanted = Slopes(exact.gradient + extra, exact.magnitude + np.abs(extra))
            behaviour = self.best(game, player, wanted, rng)
            return PurePlay(game.players[player].plan(behaviour), behaviour)

        around = surroundings(game, player, opponents)
        return diverse(self.diversity, around, exact.gradient / (high - low), best).behaviour

    def best(self, game: TreeGame, player: int, exact: Slopes, rng: np.random.Generator) -> np.ndarray:
        """The response's behaviour [S] to opponents with these slopes."""
        trembled = exact
        if self.tremble:
            uniform = slopes(game, player, everywhere_uniform(game, player))
            trembled = Slopes(*((1 - self.tremble) * a + self.tremble * b for a, b in zip(exact, uniform, strict=True)))
        return game.players[player].best_response(*trembled, rng=rng if self.ties == "random" else None)


class Slopes(NamedTuple):
    """What a player's sequences are worth against fixed opponents."""

    gradient: np.ndarray
    """[S] the return that ends at each sequence, weighted by the opponents' and chance's reach."""
    magnitude: np.ndarray
    """[S] the same with absolute values of all terms: the scale of rounding errors."""


def slopes(game: TreeGame, player: int, mixture: Opponents) -> Slopes:
    """The gradient of `player`'s return against a distribution of opponents, correlated or not."""
    check_mixture(game, player, mixture)
    others = [other for other in range(game.num_players) if other != player]
    if game.num_players == 2:
        return slopes_against(game, player, _mixed(game, others[0], mixture, slice(None)))
    reach = _reach(game, others, mixture)
    weights = game.weights[player]
    return Slopes(game.gather(weights * reach, player), game.gather(np.abs(weights) * reach, player))


def surroundings(game: TreeGame, player: int, opponents: Mapping[int, Opponents]) -> Surroundings:
    """The population and mixture of `player`, and what a plan earns against the other player's policies."""
    other, mixture = 1 - player, opponents[player]
    own, theirs = (np.stack([game.plan(policy, seat) for policy in mixture.policies[seat]]) for seat in (player, other))
    if game.symmetric:  # one population and one mixture for both seats
        weights = np.bincount(mixture.rows[:, other], mixture.weights, minlength=len(own))
    else:
        weights = np.bincount(opponents[other].rows[:, player], opponents[other].weights, minlength=len(own))
    low, high = game.utility_range
    earnings = (game.matrices[player] @ theirs.T).T / (high - low)
    return Surroundings(own, weights @ own, earnings, game.players[player].num_rows)


def slopes_against(game: TreeGame, player: int, plan: np.ndarray) -> Slopes:
    """The gradient of `player`'s return against the other player's realisation plan [S]."""
    return Slopes(game.matrices[player] @ plan, game.magnitudes[player] @ plan)


def everywhere_uniform(game: TreeGame, player: int) -> Opponents:
    """Opponents of `player` that all play uniformly at random."""
    row = np.zeros((1, game.num_players), np.int64)
    row[0, player] = -1
    return Opponents(((UNIFORM,),) * game.num_players, row, np.ones(1))


def seat_policies(game: TreeGame, plans: Plans, seats: Iterable[int]) -> dict[int, tuple[Policy, ...]]:
    """For each of `seats` (all if empty) the table that plays its plan; in a symmetric game it covers every seat."""
    every = game.policy([player.behaviour(plan) for player, plan in zip(game.players, plans, strict=True)])
    wanted = list(seats) or list(range(game.num_players))
    return {seat: (every if game.symmetric else Tabular({seat: every.tables[seat]}),) for seat in wanted}


def check_mixture(game: TreeGame, player: int, mixture: Opponents) -> None:
    """Raise a `ValueError` that says what is wrong with the opponents of `player`."""
    if not 0 <= player < game.num_players:
        raise ValueError(f"{game.name} has the seats 0 to {game.num_players - 1}, not {player}")
    weights = np.asarray(mixture.weights)
    if np.shape(mixture.rows) != (len(weights), game.num_players):
        raise ValueError(f"expected rows {(len(weights), game.num_players)}, got {np.shape(mixture.rows)}")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and abs(weights.sum() - 1) < 1e-6):
        raise ValueError("the opponents' weights must be finite, not negative and sum to 1")
    for other in range(game.num_players):
        column = np.asarray(mixture.rows)[:, other]
        if other != player and ((column < 0) | (column >= len(mixture.policies[other]))).any():
            raise ValueError(f"rows name policies that seat {other} does not have ({len(mixture.policies[other])})")


def _mixed(game: TreeGame, player: int, mixture: Opponents, rows: Any) -> np.ndarray:
    """The weighted sum [S] of the plans that `player` uses in some rows."""
    weights = np.bincount(mixture.rows[rows, player], mixture.weights[rows])
    chosen = [int(index) for index in np.flatnonzero(weights)]
    plans = np.stack([game.plan(mixture.policies[player][index], player) for index in chosen])
    return weights[chosen] @ plans


def _reach(game: TreeGame, others: Sequence[int], mixture: Opponents) -> np.ndarray:
    """[Z] the opponents' probability of playing to each terminal; rows that differ in only one player are combined."""
    reach = np.zeros(len(game.terminals.chance))
    if not others:
        return reach + 1.0
    *outer, last = others
    keys, group = np.unique(mixture.rows[:, outer], axis=0, return_inverse=True)
    for number, key in enumerate(keys):
        part = _mixed(game, last, mixture, group.ravel() == number)[game.terminals.sequences[last]]
        for other, index in zip(outer, key.tolist(), strict=True):
            part = part * game.plan(mixture.policies[other][index], other)[game.terminals.sequences[other]]
        reach += part
    return reach
