"""Diverse responses: the distances, how near the search comes to their best trade-off, and that the loop still ends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pokespiel.core.policy import Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles import Opponents, last_training
from pokespiel.oracles.diversity import Diversity, _reward, hull_weights
from pokespiel.oracles.exact import Exact, slopes, surroundings
from pokespiel.oracles.restricted import AnytimePSRO
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro

KINDS = ("behavioural", "response", "hull")
KUHN = load_game("kuhn_poker")


def every_pure(game: TreeGame, player: int) -> np.ndarray:
    """[m, S] the plans of all pure policies, each once; two actions at every information state."""
    treeplex = game.players[player]
    plans = {}
    for actions in itertools.product((0, 1), repeat=treeplex.num_rows):
        table = np.eye(2)[list(actions)]
        plan = game.plan(Tabular({player: table}), player)
        plans[plan.tobytes()] = plan
    return np.stack(list(plans.values()))


def mixtures(game: TreeGame, seed: int) -> dict[int, Opponents]:
    """Three policies for each of two seats, the first uniform, and what each seat plays against."""
    rng = np.random.default_rng(seed)
    populations = tuple(
        (Uniform(), *(Tabular({seat: np.eye(2)[rng.integers(2, size=6)]}) for _ in range(2))) for seat in (0, 1)
    )
    weights = rng.dirichlet(np.ones(3), size=2)
    index, none = np.arange(3), np.full(3, -1)
    return {
        0: Opponents(populations, np.stack([none, index], axis=1), weights[1]),
        1: Opponents(populations, np.stack([index, none], axis=1), weights[0]),
    }


@pytest.mark.parametrize("seed", range(10))
def test_the_weights_of_the_nearest_mixture(seed):
    """Seen from the nearest point of a hull, no point of the hull lies in the direction of the target."""
    rng = np.random.default_rng(seed)
    points, point = rng.normal(size=(6, 4)), rng.normal(size=4) * (1 + seed)
    weights = hull_weights(points, point)
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0
    nearest = weights @ points
    assert ((points - nearest) @ (point - nearest)).max() < 1e-9


@pytest.mark.parametrize("inside", [[1.0, 0, 0], [0.2, 0.3, 0.5]])
def test_a_mixture_of_the_points_is_its_own_nearest(inside):
    points = np.random.default_rng(0).normal(size=(3, 5))
    assert np.allclose(hull_weights(points, inside @ points), inside)


@pytest.mark.parametrize("kind", ["response", "hull"])
def test_gradients_are_slopes_of_distances(kind):
    around, rng = surroundings(KUHN, 0, mixtures(KUHN, 0)), np.random.default_rng(1)
    reward, plan = _reward(kind, around), every_pure(KUHN, 0)[3]
    direction = rng.normal(size=len(plan)) * 1e-6
    ahead, behind = (reward(plan + sign * direction)[0] for sign in (1, -1))
    assert reward(plan)[0] > 0.01
    assert ahead - behind == pytest.approx(2 * reward(plan)[1] @ direction, rel=1e-4)


def test_distances_by_hand():
    """The third row against a population of the first two, mixed half and half; the opponents are both columns."""
    game = matrix_game(np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 1.0]]))
    populations = tuple(tuple(Tabular({seat: np.eye(3)[[action]]}) for action in (0, 1)) for seat in (0, 1))
    half, none, index = np.full(2, 0.5), np.full(2, -1), np.arange(2)
    opponents = {
        0: Opponents(populations, np.stack([none, index], axis=1), half),
        1: Opponents(populations, np.stack([index, none], axis=1), half),
    }
    around, third = surroundings(game, 0, opponents), np.array([1.0, 0, 0, 1])
    assert _reward("behavioural", around)(third)[0] == pytest.approx(1.5)  # 1/4 + 1/4 + 1
    assert _reward("hull", around)(third)[0] == pytest.approx(1.5)
    # over the range 6: (3, 1) is nearest to (1, 0), so (2, 1) / 6, squared, over two opponents
    assert _reward("response", around)(third)[0] == pytest.approx(5 / 36 / 2)


def test_the_mixture_is_the_players_own():
    opponents = mixtures(KUHN, 0)
    own = opponents[1].weights @ np.stack([KUHN.plan(policy, 0) for policy in opponents[0].policies[0]])
    assert np.allclose(surroundings(KUHN, 0, opponents).mixture, own)


@pytest.mark.parametrize("kind", KINDS)
def test_the_search_comes_near_the_best_trade_off(kind):
    """Among all pure policies of Kuhn poker that the population lacks, the response is mostly the best, and never worse
    than the plain one."""
    best_found = 0
    for seed, player, weight in itertools.product(range(10), (0, 1), (0.1, 1.0)):
        opponents, rng = mixtures(KUHN, seed), np.random.default_rng(0)
        around = surroundings(KUHN, player, opponents)
        held = {plan.tobytes() for plan in around.population}
        slope, reward = slopes(KUHN, player, opponents[player]).gradient / 4, _reward(kind, around)

        def worth(plan: np.ndarray, slope=slope, reward=reward, weight=weight) -> float:
            return slope @ plan + weight * reward(plan)[0]

        found, plain = (
            KUHN.plan(last_training(oracle(KUHN, opponents, rng)).responses[player][0], player)
            for oracle in (Exact(tremble=0, diversity=Diversity(kind, weight)), Exact(tremble=0))
        )
        most = max(worth(plan) for plan in every_pure(KUHN, player) if plan.tobytes() not in held)
        if found.tobytes() in held:
            assert np.array_equal(found, plain)
            continue
        assert worth(found) >= worth(plain) - 1e-9 or plain.tobytes() in held
        best_found += worth(found) > most - 1e-9
    assert best_found >= 25, best_found


def test_response_diversity_prefers_the_best_response_that_wins_against_others():
    """Two rows earn as much against the column that is played; one also earns what the population does not."""
    game = matrix_game(np.array([[0.9, 0.0], [1.0, 0.0], [1.0, -1.0]]))
    rows = (Tabular({0: np.eye(3)[[0]]}),)
    columns = tuple(Tabular({1: np.eye(3)[[column]]}) for column in (0, 1))
    opponents = {
        0: Opponents((rows, columns), np.array([[-1, 0]]), np.ones(1)),
        1: Opponents((rows, columns), np.array([[0, -1]]), np.ones(1)),
    }
    for kind, action in (("none", 1), ("response", 2)):
        oracle = Exact(tremble=0, diversity=Diversity(kind, 0.1))
        response = last_training(oracle(game, opponents, np.random.default_rng(0))).responses[0][0]
        assert game.plan(response, 0)[1:].tolist() == np.eye(3)[action].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_loop_ends_at_an_equilibrium_only(kind):
    oracle = Exact(diversity=Diversity(kind, 1.0))
    states = psro(KUHN, Nash(), [oracle], ExactPayoffs(), np.random.default_rng(0))
    last = next(state for state in itertools.islice(states, 80) if state.idle)
    assert last.iteration > 4
    assert exact_metrics(KUHN, last.populations, last.strategy)["exploitability"] < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_no_weight_changes_nothing_and_some_weight_does(kind):
    game = load_game("leduc_poker")
    found = []
    for oracle in (Exact(), Exact(diversity=Diversity(kind, 0.0)), Exact(diversity=Diversity(kind, 0.5))):
        states = psro(game, Nash(), [oracle], ExactPayoffs(), np.random.default_rng(0))
        found.append(next(itertools.islice(states, 3, None)).table.payoffs)
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_symmetric_game_measures_from_its_one_population():
    game = load_game("matrix_rps")
    rock, paper = (Tabular({seat: np.eye(3)[[action]] for seat in (0, 1)}) for action in (0, 1))
    opponents = {0: Opponents(((rock, paper),) * 2, np.array([[-1, 0], [-1, 1]]), np.array([0.3, 0.7]))}
    around = surroundings(game, 0, opponents)
    assert np.allclose(around.mixture, [1, 0.3, 0.7, 0])
    oracle = Exact(diversity=Diversity("hull"))
    response = last_training(oracle(game, opponents, np.random.default_rng(0))).responses[0][0]
    assert sorted(response.tables) == [0, 1]


def test_what_has_no_diverse_response_is_refused():
    diversity = Diversity("hull")
    with pytest.raises(ValueError, match="for two players"):
        Exact(diversity=diversity).check(load_game("kuhn_poker(players=3)"))
    with pytest.raises(ValueError, match="leave the oracle's diversity at none"):
        AnytimePSRO().over(Exact(diversity=diversity))
    with pytest.raises(ValueError, match="must be at least 0"):
        Diversity("hull", -1.0)
