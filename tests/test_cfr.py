"""CFR and its variants: OpenSpiel's iterates, known game values, published speeds of convergence, resumption."""

from __future__ import annotations

import itertools

import numpy as np
import pyspiel
import pytest
from trees import tree

from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame
from pokespiel.oracles.cfr import CFR, Solver, solve_by_cfr

VARIANTS = ("cfr", "cfr+", "discounted", "linear", "predictive")


def after(game: TreeGame, options: CFR, iterations: int) -> Solver:
    return next(itertools.islice(options.iterates(game), iterations - 1, None))


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "kuhn_poker(players=3)", "sheriff"])
@pytest.mark.parametrize(("variant", "reference"), [("cfr", pyspiel.CFRSolver), ("cfr+", pyspiel.CFRPlusSolver)])
def test_iterates_are_openspiels(name: str, variant: str, reference: type) -> None:
    if name == "sheriff":
        name = "sheriff(max_items=2,max_bribe=2,num_rounds=1)"
    game = tree(name)
    theirs = reference(game.openspiel)
    for solver in itertools.islice(CFR(variant).iterates(game), 4):  # type: ignore[arg-type]
        theirs.evaluate_and_update_policy()
        average = theirs.average_policy()
        tables = solver.policy().tables
        for player, states in enumerate(game.states):
            for row, name_of_row in enumerate(states.names):
                expected = np.zeros(game.num_actions)
                for action, probability in average.action_probabilities(name_of_row).items():
                    expected[action] = probability
                np.testing.assert_allclose(tables[player][row], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "variant", "iterations", "bound"),
    [
        ("kuhn_poker", "cfr", 1000, 2e-3),
        ("kuhn_poker", "cfr+", 1000, 2e-4),
        ("kuhn_poker", "linear", 1000, 3e-4),
        ("kuhn_poker", "discounted", 1000, 3e-4),
        ("kuhn_poker", "predictive", 1000, 1e-7),
        ("leduc_poker", "cfr", 500, 0.03),
        ("leduc_poker", "cfr+", 1000, 3e-4),
        ("leduc_poker", "linear", 500, 0.02),
        ("leduc_poker", "discounted", 1000, 3e-4),
        ("leduc_poker", "predictive", 1000, 1e-3),
    ],
)
def test_averages_converge(name: str, variant: str, iterations: int, bound: float) -> None:
    game = tree(name)
    solver = after(game, CFR(variant), iterations)  # type: ignore[arg-type]
    assert game.exploitability(solver.averages()) < bound


def test_game_values() -> None:
    kuhn, leduc = tree("kuhn_poker"), tree("leduc_poker")
    plans = after(kuhn, CFR("predictive"), 2000).averages()
    np.testing.assert_allclose(kuhn.returns(plans), [-1 / 18, 1 / 18], atol=1e-8)
    plans = after(leduc, CFR("cfr+"), 2000).averages()
    assert leduc.returns(plans)[0] == pytest.approx(-0.0856, abs=1e-4)


def test_last_iterate_of_predictive_cfr_solves_kuhn() -> None:
    game = tree("kuhn_poker")
    assert game.exploitability(after(game, CFR("predictive", average="last"), 200).averages()) < 1e-10


def test_three_player_kuhn() -> None:
    """CFR finds an equilibrium of three-player Kuhn in practice, though no theorem says so."""
    game = tree("kuhn_poker(players=3)")
    assert game.nash_conv(after(game, CFR("cfr"), 1000).averages()) < 0.02


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("alternating", [True, False])
def test_random_asymmetric_matrix_games(variant: str, alternating: bool) -> None:
    payoffs = np.random.default_rng(0).normal(size=(5, 8))
    game = matrix_game(payoffs)
    solver = after(game, CFR(variant, alternating=alternating), 3000)  # type: ignore[arg-type]
    assert game.nash_conv(solver.averages()) < 0.05


@pytest.mark.parametrize("variant", VARIANTS)
def test_averages_weigh_iterations_as_asked(variant: str) -> None:
    game = tree("kuhn_poker")
    for average, power in (("uniform", 0), ("linear", 1), ("quadratic", 2)):
        options = CFR(variant, average=average)  # type: ignore[arg-type]
        solver = Solver(options, game)
        total, weights = np.zeros(game.players[0].num_sequences), 0
        for iteration in range(1, 6):
            total += iteration**power * solver.players[0].plan
            weights += iteration**power
            solver.step()
        np.testing.assert_allclose(solver.averages()[0], total / weights, atol=1e-14)
        np.testing.assert_allclose(Solver(options, game).averages()[0], game.players[0].plan(game.players[0].uniform()))


@pytest.mark.parametrize("variant", VARIANTS)
def test_resumed_run_gives_the_same_numbers(variant: str) -> None:
    game, rng = tree("kuhn_poker"), np.random.default_rng(0)
    oracle = CFR(variant, iterations=30, log_every=10)  # type: ignore[arg-type]
    whole = list(oracle(game, {}, rng))
    assert [training.metrics["iterations"] for training in whole] == [10, 20, 30]
    for kept, training in enumerate(whole):
        rest = list(oracle(game, {}, rng, state=training.state))
        assert [again.metrics["nash_conv"] for again in rest] == [done.metrics["nash_conv"] for done in whole[kept:]]
    with pytest.raises(ValueError, match="another game"):
        next(oracle(tree("leduc_poker"), {}, rng, state=whole[0].state))


def test_restricted_solver_keeps_to_its_sequences() -> None:
    game, rng = tree("leduc_poker"), np.random.default_rng(0)
    allowed = []
    for treeplex in game.players:
        always = treeplex.best_response(rng.normal(size=treeplex.num_sequences), np.zeros(treeplex.num_sequences)) > 0
        allowed.append(always | (rng.random(treeplex.num_sequences) < 0.5))
    solver = Solver(CFR("cfr+"), game, allowed)
    for _ in range(50):
        solver.step()
    for plan, mask in zip(solver.averages(), allowed, strict=True):
        assert (plan[~mask] == 0).all()


def test_solve_returns_a_policy_for_every_seat() -> None:
    game = tree("kuhn_poker")
    assert game.nash_conv(game.plans(solve_by_cfr(game, CFR(iterations=200)))) < 0.01


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"unknown variant 'cfr-'; Available: cfr, cfr\+"):
        CFR("cfr-")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown average"):
        CFR(average="cubic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="iterations must be at least 1"):
        CFR(iterations=0)
    with pytest.raises(ValueError, match="sequence form"):
        next(CFR()(load_game("kuhn_poker", "step"), {}, np.random.default_rng(0)))
