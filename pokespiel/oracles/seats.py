"""Turn an oracle's opponents into the seating of its training matches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pokespiel.core.policy import Policy, members_of
from pokespiel.game.protocols import Game
from pokespiel.learning.seating import Seating, seat, self_play
from pokespiel.oracles import Opponents


def against(game: Game, opponents: Mapping[int, Opponents], own_share: float = 0.0) -> Seating:
    """Learner 0 at each seat of `opponents` equally often, against that seat's mixture.

    A share `own_share` (0..1) of the matches is played with learner 0 at every seat instead.
    """
    if not 0 <= own_share <= 1:
        raise ValueError(f"the share of self-play must be between 0 and 1, not {own_share}")
    if own_share == 1:
        return self_play(game)
    check_opponents(game, opponents)
    policies: dict[int, int] = {}
    members: list[Policy] = []
    rows, weights = [[0] * game.num_players], [own_share]
    for responder, mixture in opponents.items():
        for row, weight in zip(mixture.rows, mixture.weights, strict=True):
            rows.append([_participant(mixture, seat, row, responder, policies, members) for seat in range(len(row))])
            weights.append((1 - own_share) * float(weight) / len(opponents))
    return seat(rows, weights, 1, members)


def _participant(
    mixture: Opponents,
    seat: int,
    row: np.ndarray,
    responder: int,
    known: dict[int, int],
    members: list[Policy],
) -> int:
    """Participant number at `seat`; a policy with several places has one number, so that it is evaluated in one
    batch."""
    if seat == responder:
        return 0
    policy = mixture.policies[seat][row[seat]]
    if id(policy) not in known:
        members.append(policy)
        known[id(policy)] = len(members)
    return known[id(policy)]


def check_opponents(game: Game, opponents: Mapping[int, Opponents]) -> None:
    """Raise a `ValueError` that says what is wrong with `opponents` for `game`."""
    if not opponents:
        raise ValueError("no seat to respond at: `opponents` is empty; name a seat or learn by self-play alone")
    for responder, mixture in opponents.items():
        if not 0 <= responder < game.num_players:
            raise ValueError(f"seat {responder} is not one of the game's {game.num_players} seats")
        if mixture.rows.shape != (len(mixture.weights), game.num_players):
            raise ValueError(f"opponents' rows must be [{len(mixture.weights)}, {game.num_players}]")
        if abs(float(np.sum(mixture.weights)) - 1) > 1e-6:
            raise ValueError("opponents' weights must sum to 1")


def opponents_of(policy: Policy) -> Mapping[int, Opponents]:
    """An oracle's opponents in a symmetric two-player game: `policy` in seat 1, a member drawn for each match."""
    members, weights = zip(*members_of(policy), strict=True)
    rows = np.stack([np.full(len(members), -1), np.arange(len(members))], axis=1)
    return {0: Opponents(((), members), rows, np.array(weights) / sum(weights))}
