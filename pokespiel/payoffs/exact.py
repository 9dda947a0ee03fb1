"""On games in sequence form: exact payoff tables, and how far populations under a meta-strategy are from equilibrium.

A product of mixtures is measured by NashConv: the sum of what each player gains by a best response. A joint strategy
has the NashConv of its marginals, played independently, and is itself measured by the gain of the best deviation that
is fixed beforehand (CCE gap) and of the best answer to each recommended policy (CE gap). Deviations range over the
whole game, not the payoff table. A player's mixture is drawn once per match, so its realisation plan is the weighted
sum of its members' plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pokespiel.core.policy import forgets
from pokespiel.game.protocols import Game
from pokespiel.game.tree import Plans, TreeGame, in_sequence_form
from pokespiel.metasolvers import MetaStrategy
from pokespiel.payoffs.tables import PayoffTable, Populations, at, grow, mirrored, per_seat

CHUNK = 1 << 22
"""Maximum size of the arrays for a block of a joint strategy's cells, in numbers."""


def exact_metrics(game: Game, populations: Populations, strategy: MetaStrategy) -> dict[str, float]:
    """`nash_conv` and `exploitability` of the marginals, and for a joint strategy its `cce_gap` and `ce_gap`.

    Empty if they cannot be exact: without a sequence form, or with policies that have memory.
    """
    if not isinstance(game, TreeGame) or not all(map(forgets, (policy for seat in populations for policy in seat))):
        return {}
    total = nash_conv(game, populations, strategy.marginals)
    figures = {"nash_conv": total, "exploitability": total / game.num_players}
    if strategy.joint is not None:
        figures["cce_gap"], figures["ce_gap"] = correlated_gaps(game, populations, strategy.joint)
    return figures


def nash_conv(game: TreeGame, populations: Populations, marginals: Sequence[np.ndarray]) -> float:
    """The sum over players of the most that one gains by leaving its mixture, against the others' mixtures."""
    return game.nash_conv(mixed_plans(game, populations, marginals))


def mixed_plans(game: TreeGame, populations: Populations, marginals: Sequence[np.ndarray]) -> Plans:
    """The realisation plan [S_p] of each seat's mixture; `marginals` [n_p] per seat."""
    seats = per_seat(game, populations)
    return tuple(
        sum(weight * game.plan(policy, seat) for policy, weight in zip(members, marginal, strict=True) if weight > 0)
        for seat, (members, marginal) in enumerate(zip(seats, marginals, strict=True))
    )


def correlated_gaps(game: TreeGame, populations: Populations, joint: np.ndarray) -> tuple[float, float]:
    """CCE gap and CE gap in the game of a joint distribution [n_1, ..., n_P] over the populations."""
    plans = [
        np.stack([game.plan(policy, seat) for policy in members])
        for seat, members in enumerate(per_seat(game, populations))
    ]
    cce = ce = 0.0
    for player, treeplex in enumerate(game.players):
        recommended = np.moveaxis(joint, player, 0)
        gradients = np.stack([_gradient(game, plans, player, others) for others in recommended])
        followed = np.einsum("is,is->", gradients, plans[player])
        cce += max(treeplex.best_values(gradients.sum(axis=0))[0] - followed, 0.0)
        ce += max(sum(treeplex.best_values(gradient)[0] for gradient in gradients) - followed, 0.0)
    return float(cce), float(ce)


def _gradient(game: TreeGame, plans: Sequence[np.ndarray], player: int, weights: np.ndarray) -> np.ndarray:
    """[S] the player's gradient against the others' plans [n_p, S_p], drawn together with `weights` [their sizes]."""
    terminals = game.terminals
    others = [seat for seat in range(game.num_players) if seat != player]
    rows = np.argwhere(weights > 0)
    reach = np.zeros(len(terminals.chance))
    step = max(1, CHUNK // len(reach))
    for chunk in (rows[start : start + step] for start in range(0, len(rows), step)):
        product = np.atleast_1d(weights[tuple(chunk.T)])[:, None]  # in a one-player game there is one weight
        for seat, members in zip(others, chunk.T, strict=True):
            product = product * plans[seat][np.ix_(members, terminals.sequences[seat])]
        reach += product.sum(axis=0)
    return game.gather(terminals.chance * terminals.returns[player] * reach, player)


@dataclass(frozen=True)
class ExactPayoffs:
    """Exact expected returns, for games in sequence form: one sparse matrix product per block of missing cells."""

    def __call__(
        self, game: Game, populations: Populations, table: PayoffTable | None, rng: np.random.Generator
    ) -> PayoffTable:
        game = in_sequence_form(game, "an exact payoff table")
        seats = per_seat(game, populations)
        known = table.sizes if table is not None else (0,) * game.num_players
        grown = grow(table, game.num_players, [len(seat) for seat in seats], sampled=False)
        for player in range(game.num_players):  # earlier players' old policies against later players' whole populations
            block = [
                slice(known[seat]) if seat < player else slice(known[seat], None) if seat == player else slice(None)
                for seat in range(game.num_players)
            ]
            if grown.payoffs[at(block)].size:
                plans = [
                    np.stack([game.plan(policy, seat) for policy in seats[seat][block[seat]]])
                    for seat in range(len(seats))
                ]
                payoffs = game.payoffs(plans)
                rounding = 1e-14 * max(map(abs, game.utility_range))
                grown.payoffs[at(block)] = np.where(np.abs(payoffs) > rounding, payoffs, 0.0)
        if len(populations) < game.num_players:
            grown = grown._replace(payoffs=mirrored(grown.payoffs))
            if game.total is not None:  # a policy against itself
                for index in range(len(populations[0])):
                    grown.payoffs[at((index,) * game.num_players)] = game.total / game.num_players
        return grown
