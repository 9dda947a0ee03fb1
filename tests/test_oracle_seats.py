"""Seating during training: by the mixture's weights, equally often at each seat, with the intended share of
self-play."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.policy import Mixture, Uniform
from pokespiel.game import load_game
from pokespiel.oracles import Opponents
from pokespiel.oracles.seats import against, opponents_of

KUHN = load_game("kuhn_poker")
FIRST, SECOND = Uniform(), Uniform()
RARE = {
    0: Opponents(((), (FIRST, SECOND)), np.array([[-1, 0], [-1, 1]]), np.array([0.9, 0.1])),
    1: Opponents(((FIRST, SECOND), ()), np.array([[0, -1], [1, -1]]), np.array([0.3, 0.7])),
}


def test_matches_are_those_of_the_mixture_and_of_self_play() -> None:
    seating = against(KUHN, RARE, 0.2)
    assert seating.policies == (FIRST, SECOND), "a policy at two seats is one participant"
    shares = {tuple(row): weight for row, weight in zip(seating.rows.tolist(), seating.weights, strict=True)}
    assert shares == pytest.approx({(0, 0): 0.2, (0, 1): 0.36, (0, 2): 0.04, (1, 0): 0.12, (2, 0): 0.28})
    assert against(KUHN, RARE).rows.tolist() == [[0, 1], [0, 2], [1, 0], [2, 0]]


def test_a_mixture_is_met_by_its_weights() -> None:
    nested = Mixture([FIRST, Mixture([SECOND], [1.0])], [0.8, 0.2])
    (opponents,) = opponents_of(nested).values()
    assert opponents.policies[1] == (FIRST, SECOND)
    assert opponents.rows.tolist() == [[-1, 0], [-1, 1]]
    np.testing.assert_allclose(opponents.weights, [0.8, 0.2])
