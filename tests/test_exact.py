"""The exact oracle: optimal against any distribution of opponents, also correlated; ties and trembles as documented."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from open_spiel.python.algorithms import best_response
from trees import random_policy, tree

from pokespiel.core.policy import Mixture, Policy, Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.openspiel import policy_to_openspiel
from pokespiel.game.tree import TreeGame
from pokespiel.oracles import Opponents
from pokespiel.oracles.exact import Exact, slopes


def correlated(game: TreeGame, player: int, rng: np.random.Generator, size: int = 3) -> Opponents:
    """Every joint choice of `size` policies per seat, with random weights that are not a product."""
    others = [range(1) if seat == player else range(size) for seat in range(game.num_players)]
    rows = np.array(list(itertools.product(*others)))
    rows[:, player] = -1
    policies = tuple(
        () if seat == player else tuple(random_policy(game, rng) for _ in range(size))
        for seat in range(game.num_players)
    )
    return Opponents(policies, rows, rng.dirichlet(np.full(len(rows), 0.5)))


def response(game: TreeGame, player: int, mixture: Opponents, oracle: Exact, seed: int = 0) -> Policy:
    (training,) = oracle(game, {player: mixture}, np.random.default_rng(seed))
    assert training.state == {}
    (policy,) = training.responses[player]
    return policy


def value(game: TreeGame, player: int, policy: Policy, mixture: Opponents) -> float:
    """The return of `policy` against the mixture, row by row."""
    total = 0.0
    for row, weight in zip(mixture.rows, mixture.weights, strict=True):
        profile = [policy if seat == player else mixture.policies[seat][row[seat]] for seat in range(game.num_players)]
        total += weight * game.returns(game.plans(profile))[player]
    return total


def best_value(game: TreeGame, player: int, mixture: Opponents) -> float:
    """The most that `player` can get against a distribution of opponents."""
    return float(game.players[player].best_values(slopes(game, player, mixture).gradient)[0])


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "kuhn_poker(players=3)", "matching_pennies_3p"])
def test_nothing_does_better_against_correlated_opponents(name: str) -> None:
    game, rng = tree(name), np.random.default_rng(0)
    for player in range(game.num_players):
        mixture = correlated(game, player, rng)
        found = value(game, player, response(game, player, mixture, Exact(tremble=0)), mixture)
        assert found == pytest.approx(best_value(game, player, mixture), abs=1e-12)
        for _ in range(20):
            assert value(game, player, random_policy(game, rng), mixture) <= found + 1e-12


def test_correlation_matters() -> None:
    """In matching pennies for three, knowing that two always agree is worth more than knowing how often each plays."""
    game = tree("matching_pennies_3p")
    heads, tails = (Tabular({p: np.array([[1.0 - side, side]]) for p in range(3)}) for side in (0, 1))
    policies = ((heads, tails), (), (heads, tails))
    together = Opponents(policies, np.array([[0, -1, 0], [1, -1, 1]]), np.array([0.5, 0.5]))
    apart = Opponents(policies, np.array(list(itertools.product((0, 1), (-1,), (0, 1)))), np.full(4, 0.25))
    payoffs = np.zeros((2, 2, 2))
    for cell in np.ndindex(2, 2, 2):
        chosen = [(heads, tails)[side] for side in cell]
        payoffs[cell] = game.returns(game.plans(chosen))[1]
    by_hand = {"together": (payoffs[0, :, 0] + payoffs[1, :, 1]).max() / 2, "apart": payoffs.mean(axis=(0, 2)).max()}
    assert best_value(game, 1, together) == pytest.approx(by_hand["together"])
    assert best_value(game, 1, apart) == pytest.approx(by_hand["apart"])


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker"])
def test_value_agrees_with_openspiels_best_response(name: str) -> None:
    game, rng = tree(name), np.random.default_rng(1)
    members = [random_policy(game, rng) for _ in range(3)]
    weights = rng.dirichlet(np.ones(3))
    theirs = policy_to_openspiel(Mixture(members, weights), game)
    for player in range(2):
        rows = np.full((3, 2), -1)
        rows[:, 1 - player] = range(3)
        mixture = Opponents((members, members), rows, weights)
        reference = best_response.BestResponsePolicy(game.openspiel, player, theirs)
        expected = reference.value(game.openspiel.new_initial_state())
        assert best_value(game, player, mixture) == pytest.approx(expected, abs=1e-12)


def test_tremble_answers_where_the_mixture_never_goes() -> None:
    """Against one who never bets in Kuhn poker, replies to a bet are arbitrary; with a tremble, the best card calls."""
    game = tree("kuhn_poker")
    passive = Tabular({p: np.tile([1.0, 0.0], (6, 1)) for p in range(2)})
    mixture = Opponents(((passive,), ()), np.array([[0, -1]]), np.ones(1))
    row = game.rows[1]["2b"]
    answers = {}
    for tremble in (0.0, 1e-6):
        policy = response(game, 1, mixture, Exact(tremble=tremble))
        assert isinstance(policy, Tabular)
        answers[tremble] = policy.tables[1][row].tolist()
    assert answers == {0.0: [1, 0], 1e-6: [0, 1]}


def test_random_ties_differ_by_seed_and_cost_nothing() -> None:
    game = tree("leduc_poker")
    always_first = {p: np.eye(3)[states.legal.argmax(axis=1)] for p, states in enumerate(game.states)}
    mixture = Opponents(((Tabular(always_first),), ()), np.array([[0, -1]]), np.ones(1))
    oracle = Exact(tremble=0, ties="random")
    found = [response(game, 1, mixture, oracle, seed) for seed in (0, 0, 1)]
    tables = [policy.tables[1] for policy in found if isinstance(policy, Tabular)]
    np.testing.assert_array_equal(tables[0], tables[1])
    assert (tables[0] != tables[2]).any()
    values = [value(game, 1, policy, mixture) for policy in found]
    assert values == pytest.approx([best_value(game, 1, mixture)] * 3)


def test_a_symmetric_games_response_plays_every_seat() -> None:
    game = tree("matrix_rps")
    rock = Tabular({p: np.array([[1.0, 0, 0]]) for p in range(2)})
    mixture = Opponents(((rock,), (rock,)), np.array([[-1, 0]]), np.ones(1))
    policy = response(game, 0, mixture, Exact())
    for player in range(2):
        assert game.plan(policy, player).tolist() == [1, 0, 1, 0]  # paper


def test_slopes_times_a_plan_is_its_return() -> None:
    game, rng = tree("kuhn_poker(players=3)"), np.random.default_rng(2)
    for player in range(3):
        mixture = correlated(game, player, rng)
        policy = random_policy(game, rng)
        gradient, magnitude = slopes(game, player, mixture)
        assert game.plan(policy, player) @ gradient == pytest.approx(value(game, player, policy, mixture), abs=1e-12)
        assert (magnitude >= np.abs(gradient) - 1e-15).all()


def test_bad_input() -> None:
    game = tree("kuhn_poker")
    rng = np.random.default_rng(0)
    good = Opponents(((), (Uniform(),)), np.array([[-1, 0]]), np.ones(1))
    with pytest.raises(ValueError, match="sequence form, which kuhn_poker is not"):
        next(Exact()(load_game("kuhn_poker", "step"), {0: good}, rng))
    for bad, message in (
        (good._replace(weights=np.array([0.5])), "sum to 1"),
        (good._replace(weights=np.array([np.nan])), "finite"),
        (good._replace(rows=np.array([[-1, 1]])), "does not have"),
        (good._replace(rows=np.array([[-1, 0, 0]])), "expected rows"),
    ):
        with pytest.raises(ValueError, match=message):
            next(Exact()(game, {0: bad}, rng))
    with pytest.raises(ValueError, match="seats 0 to 1, not 2"):
        next(Exact()(game, {2: good}, rng))
    with pytest.raises(ValueError, match="tremble must be at least 0 and at most 1"):
        Exact(tremble=-0.1)
