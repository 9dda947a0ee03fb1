"""Spinning tops: they have the parts that they should, and a table's shape finds them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.registry import BadOption
from pokespiel.game import load_game
from pokespiel.game.spinning_tops import SpinningTop
from pokespiel.metasolvers.shape import layers, parts_of

ROCK_PAPER_SCISSORS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0.0]])


@pytest.mark.parametrize("kind", ["elo", "disc", "skill", "top"])
def test_every_kind_is_antisymmetric_and_repeats_by_its_seed(kind):
    payoffs = SpinningTop(kind, size=30, seed=4).payoffs()
    assert np.array_equal(payoffs, -payoffs.T)
    assert np.array_equal(payoffs, SpinningTop(kind, size=30, seed=4).payoffs())
    assert not np.array_equal(payoffs, SpinningTop(kind, size=30, seed=5).payoffs())
    game = load_game(f"spinning_top(kind={kind},size=30,seed=4)")
    assert game.symmetric
    assert game.zero_sum
    assert np.array_equal(game.terminals.returns[0].reshape(30, 30), payoffs)


def cycles(payoffs: np.ndarray) -> int:
    """Triples in which each policy beats the next."""
    beats = (payoffs > 0).astype(int)
    return int(np.trace(beats @ beats @ beats)) // 3


def test_elo_has_no_cycle_and_disc_is_nearly_all_cyclic():
    elo, disc = (SpinningTop(kind, size=40).payoffs() for kind in ("elo", "disc"))
    assert cycles(elo) == 0
    assert [len(layer) for layer in layers(elo)] == [1] * 40
    assert cycles(disc) > 0.2 * 40 * 39 * 38 / 6
    assert parts_of(disc).share > 0.8 > 0.1 > parts_of(elo).share


@pytest.mark.parametrize("kind", ["skill", "top"])
def test_the_weight_of_the_cyclic_part_decides_how_much_of_it_there_is(kind):
    shares = [parts_of(SpinningTop(kind, cyclic=cyclic).payoffs()).share for cyclic in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert all(low < high for low, high in itertools.pairwise(shares))
    assert shares[0] < 1e-20
    assert cycles(SpinningTop(kind, cyclic=0.0).payoffs()) == 0


def test_a_tops_circles_are_widest_at_half_height():
    """The best a policy of a circle can win from another of about its height shrinks towards both ends."""
    top = SpinningTop("top", size=400, cyclic=0.5).payoffs()
    order = np.argsort(parts_of(top).rating)
    ends, middle = (order[:40], order[-40:]), order[180:220]
    widest = [np.abs(parts_of(top).cyclic[np.ix_(part, part)]).max() for part in (*ends, middle)]
    assert max(widest[:2]) < widest[2] / 2


def test_parts_by_hand():
    """A rating of 1, 0, -1 and a cycle of strength 2 are separated."""
    rating = np.array([1.0, 0.0, -1.0])
    found = parts_of(np.subtract.outer(rating, rating) + 2 * ROCK_PAPER_SCISSORS)
    assert np.allclose(found.rating, rating)
    assert np.allclose(found.cyclic, 2 * ROCK_PAPER_SCISSORS)
    assert found.share == pytest.approx(24 / (24 + 12))  # six cells of 4; four of 1 and two of 4


def test_layers_peel_from_the_strongest():
    above = np.ones((3, 4))
    payoffs = np.block([[ROCK_PAPER_SCISSORS, above], [-above.T, np.zeros((4, 4))]])
    payoffs[3:6, 3:6], payoffs[3:6, 6], payoffs[6, 3:6] = ROCK_PAPER_SCISSORS, 1, -1
    assert [layer.tolist() for layer in layers(payoffs)] == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize("payoffs", [np.ones((2, 2)), np.zeros((2, 3)), [[0, np.nan], [0, 0]]])
def test_a_shape_needs_antisymmetric_payoffs(payoffs):
    with pytest.raises(ValueError, match="expected"):
        parts_of(payoffs)


def test_solve_prints_the_shape(tmp_path, capsys):
    np.savetxt(tmp_path / "rates.txt", (ROCK_PAPER_SCISSORS + 1) / 2)
    assert main(["solve", str(tmp_path / "rates.txt"), "--symmetric", "--shape"]) == 0
    assert capsys.readouterr().out.startswith(
        "cyclic share of the payoffs' squares: 1.000\nlayers from the strongest: 3\n"
    )
    assert main(["solve", str(tmp_path / "rates.txt"), "--shape"]) == 2
    assert "add --symmetric" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["spinning_top(size=0)", "spinning_top(cyclic=1.5)", "spinning_top(kind=cone)"])
def test_bad_parameters_are_refused(name):
    with pytest.raises((ValueError, BadOption), match=r"must be at least [01]|is not one of"):
        load_game(name)
