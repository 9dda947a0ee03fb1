"""NFSP: the average head fits the reservoir's average, roles are drawn as intended, both policies are returned."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.policy import Observations, Uniform
from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.replay import Reservoir
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Opponents
from pokespiel.oracles.nfsp import NFSP, fit_average

KUHN = load_game("kuhn_poker")
SMALL = {"batch": 512, "matches": 128, "network": NetworkOptions(hidden=(32,))}


class TwoStates:
    """A game of which only the shape matters: two information states, two actions, one seat."""

    num_players, num_actions, num_features, symmetric = 2, 2, 2, True


def test_the_average_head_equals_the_reservoirs_average() -> None:
    rng = np.random.default_rng(0)
    state = rng.integers(2, size=3_000)
    action = (rng.random(3_000) < np.array([0.1, 0.65])[state]).astype(int)
    memory = Reservoir(2_000)
    rows = {"features": np.eye(2, dtype=np.float32)[state], "legal": np.ones((3_000, 2), bool), "key": state}
    memory.add(rows | {"player": 0 * state, "behaviour": np.eye(2, dtype=np.float32)[action]}, rng)
    held = memory.rows()
    average = [held["behaviour"][held["key"] == s].mean(axis=0) for s in (0, 1)]
    optimiser = Optimiser(rate=Schedule(1e-2, "linear", end=1e-5), max_norm=10.0)
    learner = Learner.make(TwoStates(), NetworkOptions(hidden=(16,)), optimiser, Compute(), rng)  # type: ignore[arg-type]
    for step in range(30):
        fit_average(learner, memory, 10, 512, step / 30, rng)
    seen = Observations(0, np.eye(2, dtype=np.float32), np.ones((2, 2), bool), np.arange(2))
    found, _ = learner.policy()(seen, np.zeros((2, 0), np.float32))
    np.testing.assert_allclose(found, average, atol=0.01)


def test_roles_are_those_of_matches_with_a_best_response() -> None:
    eta = 0.25
    learner = Learner.make(KUHN, NetworkOptions(hidden=(8,)), Optimiser(), Compute(), np.random.default_rng(0))
    seating = NFSP(anticipatory=eta)._seating(KUHN, learner)
    share = {tuple(row): weight for row, weight in zip(seating.rows.tolist(), seating.weights, strict=True)}
    some = 1 - (1 - eta) ** 2
    assert share == pytest.approx(
        {(0, 0): eta**2 / some, (0, 1): eta * (1 - eta) / some, (1, 0): eta * (1 - eta) / some}
    )
    with pytest.raises(ValueError, match="anticipatory"):
        NFSP(anticipatory=0.0)._seating(KUHN, learner)


def test_the_average_comes_nearer_to_an_equilibrium_than_its_responses() -> None:
    *_, training = NFSP(decisions=150_000, batch=2_048, network=NetworkOptions(hidden=(64,)))(
        KUHN, {}, np.random.default_rng(0)
    )
    average, response = (
        KUHN.exploitability(KUHN.plans([training.responses[seat][which] for seat in (0, 1)])) for which in (0, 1)
    )
    assert average < 0.25
    assert average < response


def test_against_a_mixture_it_gives_a_response_and_its_average() -> None:
    opponents = {1: Opponents(((Uniform(),), ()), np.array([[0, -1]]), np.ones(1))}
    *_, training = NFSP(self_play=False, decisions=40_000, **SMALL)(KUHN, opponents, np.random.default_rng(0))  # type: ignore[arg-type]
    assert set(training.responses) == {1}
    assert len(training.responses[1]) == 2
    uniform = KUHN.plans(Uniform())
    best = KUHN.best_response_values(uniform)[1]
    gains = [KUHN.returns((uniform[0], KUHN.plan(policy, 1)))[1] for policy in training.responses[1]]
    assert gains[1] > 0.9 * best
    assert gains[0] > KUHN.returns(uniform)[1]
