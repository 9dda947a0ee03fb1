"""Normal-form games: the tree built from payoffs equals the game that OpenSpiel builds from them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyspiel
import pytest

from pokespiel.core.policy import Tabular, Uniform
from pokespiel.core.registry import BadOption
from pokespiel.game import from_openspiel, load_game
from pokespiel.game.matches import play_matches
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame


def mixed(*strategies: list[float]) -> Tabular:
    return Tabular({player: np.array([weights]) for player, weights in enumerate(strategies)})


def test_returns_are_the_expected_cells() -> None:
    payoffs = np.random.default_rng(0).normal(size=(3, 2, 4, 3))
    game = matrix_game(payoffs)
    marginals = [[0.3, 0.7, 0, 0], [0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 0.25, 0]]
    expected = np.einsum("pabc,a,b,c->p", payoffs, marginals[0][:2], marginals[1], marginals[2][:3])
    np.testing.assert_allclose(game.returns(game.plans(mixed(*marginals))), expected, atol=1e-14)


def test_agrees_with_openspiels_tensor_game() -> None:
    payoffs = np.random.default_rng(1).normal(size=(3, 2, 3, 2))
    ours = matrix_game(payoffs)
    names = [[str(action) for action in range(size)] for size in payoffs.shape[1:]]
    theirs = from_openspiel(pyspiel.create_tensor_game("t", "t", names, payoffs.reshape(3, -1)), form="tree")
    assert isinstance(theirs, TreeGame)
    for game in (ours, theirs):
        assert [player.num_sequences for player in game.players] == [3, 4, 3]
    np.testing.assert_allclose(ours.gains(ours.plans(Uniform())), theirs.gains(theirs.plans(Uniform())), atol=1e-14)


def test_played_matches_are_paid_their_cell() -> None:
    payoffs = np.arange(24.0).reshape(2, 3, 4)
    game = matrix_game(payoffs)
    matches = game.start(np.arange(12))
    chosen = np.stack(np.unravel_index(np.arange(12), (3, 4)))
    total = sum(matches.step(chosen) for _ in range(2))
    np.testing.assert_array_equal(total, payoffs.reshape(2, 12).T)
    assert matches.finished().all()


def test_no_gain_is_negative_where_every_action_is_worth_the_same() -> None:
    """A best response's value and a mixture's are summed in different orders, which may differ by rounding."""
    for seed in range(20):
        worth = np.random.default_rng(seed).normal()
        game = matrix_game([np.full((7, 7), worth), np.full((7, 7), -worth)])
        drawn = np.random.default_rng(seed).dirichlet(np.ones(7), size=2)
        gains = game.gains(game.plans(mixed(*drawn.tolist())))
        assert (gains >= 0).all()
        assert gains.max() < 1e-14


def test_biased_rock_paper_scissors() -> None:
    """Winning with paper pays 2, with rock or scissors 1: the equilibrium plays (1/4, 1/4, 1/2) by indifference."""
    game = matrix_game([[0, -2, 1], [2, 0, -1], [-1, 1, 0]])
    assert game.symmetric
    assert game.zero_sum
    assert game.nash_conv(game.plans(mixed([0.25, 0.25, 0.5], [0.25, 0.25, 0.5]))) == pytest.approx(0, abs=1e-15)
    assert game.nash_conv(game.plans(Uniform())) == pytest.approx(2 / 3)


def test_from_files(tmp_path: Path) -> None:
    (tmp_path / "rps.csv").write_text("0,-1,1\n1,0,-1\n-1,1,0\n")
    game = load_game(f"matrix(path={tmp_path / 'rps.csv'})")
    assert (game.num_players, game.num_actions, game.zero_sum, game.symmetric) == (2, 3, True, True)
    np.save(tmp_path / "general.npy", np.random.default_rng(0).normal(size=(3, 2, 2, 2)))
    assert load_game(f"matrix(path={tmp_path / 'general.npy'})").num_players == 3
    played = play_matches(game, [[Uniform()]] * 2, np.zeros((100, 2), int), np.arange(100), np.random.default_rng(0))
    assert set(np.unique(played.utilities)) == {-1.0, 0.0, 1.0}


def test_reads_what_solve_reads(tmp_path: Path) -> None:
    (tmp_path / "rates, of all (2024).csv").write_text(",rock,paper\nrock,0.5,0.4\npaper,0.6,0.5\n")
    path = tmp_path / "rates, of all (2024).csv"
    game = load_game(f"matrix(path={path})")
    assert (game.zero_sum, game.symmetric) == (True, False), "of what the first player wins alone"
    rates = load_game(f"matrix(path={path}, symmetric=true)")
    assert (rates.zero_sum, rates.symmetric, rates.utility_range) == (False, True, (0.4, 0.6))
    assert rates.name == f"matrix(path={path},symmetric=true)"
    assert load_game(rates.name) is rates
    (tmp_path / "column.tsv").write_text("0\t2\n7\t6\n")
    (tmp_path / "row.json").write_text("[[0, 7], [2, 6]]")
    chicken = load_game(f"matrix(second={tmp_path / 'column.tsv'},path={tmp_path / 'row.json'})")
    assert isinstance(chicken, TreeGame)
    np.testing.assert_array_equal(chicken.terminals.returns, [[0, 7, 2, 6], [0, 2, 7, 6]])
    assert load_game(chicken.name) is chicken


def test_an_edited_file_is_another_game(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,1\n1,1\n")
    os.utime(path, ns=(0, 0))
    assert load_game(f"matrix(path={path})").utility_range == (-1, 1)
    path.write_text("5,5\n5,5\n")
    assert load_game(f"matrix(path={path})").utility_range == (-5, 5)


@pytest.mark.parametrize(
    "payoffs", [np.zeros((2, 3, 3, 3)), np.zeros(3), np.zeros((2, 0, 3)), [[np.nan, 1], [0, 1]], [[np.inf, 1], [0, 1]]]
)
def test_bad_payoffs(payoffs: object) -> None:
    with pytest.raises(ValueError, match="payoffs must be"):
        matrix_game(payoffs)


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no payoffs at"):
        load_game(f"matrix(path={tmp_path / 'none.csv'})")
    with pytest.raises(BadOption, match="symmetric"):
        load_game("matrix(path=rps.csv,symmetric=3)")
    with pytest.raises(BadOption, match="sizes"):
        load_game("matrix(sizes=3,path=rps.csv)")
    (tmp_path / "words.csv").write_text("0,one\n1,0\n")
    with pytest.raises(ValueError, match=r"words\.csv, line 1, column 2: expected a number, found 'one'"):
        load_game(f"matrix(path={tmp_path / 'words.csv'})")
    (tmp_path / "rps.csv").write_text("0,-1\n1,0\n")
    with pytest.raises(FileNotFoundError, match=r"no payoffs at .+none"):
        load_game(f"matrix(path={tmp_path / 'rps.csv'},second={tmp_path / 'none'})")
    with pytest.raises(ValueError, match="always in sequence form"):
        load_game(f"matrix(path={tmp_path / 'rps.csv'})", "step")


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_path_may_hold_commas_and_stand_in_quotes(tmp_path, quote):
    folder = tmp_path / "a,b(c)"
    folder.mkdir()
    (folder / "x,y=3.csv").write_text("0,1\n-1,0\n", encoding="utf-8")
    assert load_game(f"matrix(path={quote}{folder / 'x,y=3.csv'}{quote})").num_actions == 2
