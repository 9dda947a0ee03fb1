"""All Nash equilibria of small tables, and the selection among them."""

from fractions import Fraction

import numpy as np
import pygambit
import pytest
from exact_tables import fractions, random_table

from pokespiel.core.tablefiles import NamedTable
from pokespiel.metasolvers.equilibria import every_equilibrium
from pokespiel.metasolvers.general_nash import GeneralNash
from pokespiel.metasolvers.regret import table_nash_conv
from pokespiel.metasolvers.vertices import extreme_equilibria
from pokespiel.payoffs.solutions import every_solution

BATTLE = np.array([[[3, 0], [0, 2]], [[2, 0], [0, 3]]], float)
STAG_HUNT = np.array([[[4, 0], [3, 3]], [[4, 3], [0, 3]]], float)


def gambit_two_players(payoffs):
    whole = [np.array([[pygambit.Rational(int(entry)) for entry in row] for row in table]) for table in payoffs]
    game = pygambit.StrategicGame.from_arrays(*whole)
    found = pygambit.nash.enummixed_solve(game, rational=True).equilibria
    return {
        tuple(
            tuple(Fraction(int(each[player][s].numerator), int(each[player][s].denominator)) for s in strategies)
            for player, strategies in ((player, game.get_strategies(player)) for player in game.players)
        )
        for each in found
    }


def gambit_more_players(payoffs):
    game = pygambit.StrategicGame.from_arrays(*payoffs)
    found = pygambit.nash.enumpoly_solve(game, use_strategic=True).equilibria
    return [
        np.concatenate([[float(each[player][s]) for s in game.get_strategies(player)] for player in game.players])
        for each in found
    ]


class TestTwoPlayers:
    def test_the_extreme_equilibria_are_those_that_gambit_finds(self):
        for seed in range(60):
            rng = np.random.default_rng(seed)
            low, high = [(-1, 2), (-9, 10), (0, 2), (-3, 4)][seed % 4]
            payoffs = rng.integers(low, high, size=(2, *rng.integers(1, 6, size=2))).astype(float)
            found = extreme_equilibria(payoffs, 10**6)
            assert set(found) == gambit_two_players(payoffs)
            assert len(set(found)) == len(found)

    def test_nobody_gains_in_tables_of_every_kind(self):
        """In exact arithmetic: what is played earns as much as the best policy."""
        for seed in range(90):
            kind, payoffs = random_table(seed)
            found = extreme_equilibria(payoffs, 10**6)
            assert found
            for x, y in found:
                for rows, own, other in ((payoffs[0], x, y), (payoffs[1].T, y, x)):
                    earned = [sum(a * q for a, q in zip(row, other, strict=True)) for row in fractions(rows)]
                    assert all(value == max(earned) for value, p in zip(earned, own, strict=True) if p), (seed, kind)
                    assert sum(own) == 1
                    assert min(own) >= 0

    @pytest.mark.parametrize("scale", [1e-10, 1.0, 0.7, 1e9])
    @pytest.mark.parametrize("offset", [0.0, 5e9])
    def test_battle_of_the_sexes(self, scale, offset):
        payoffs = BATTLE * scale + (offset if scale == 1 else 0)
        listed = every_equilibrium(payoffs)
        expected = [([1, 0], [1, 0]), ([0, 1], [0, 1]), ([0.6, 0.4], [0.4, 0.6])]
        for profile, weights in zip(listed.profiles, expected, strict=True):
            np.testing.assert_allclose(profile, weights, rtol=1e-12)
        assert listed.sets == (0, 1, 2)

    def test_equilibria_that_hang_together_are_one_set(self):
        """The column player never cares; the row player plays up as long as the column is at most half right."""
        payoffs = np.array([[[1, 1], [0, 2]], [[1, 1], [0, 0]]], float)
        listed = every_equilibrium(payoffs)
        assert listed.sets == (0, 0, 0, 0)
        assert {tuple(map(tuple, profile)) for profile in listed.profiles} == {
            ((1, 0), (1, 0)), ((0, 1), (0, 1)), ((1, 0), (0.5, 0.5)), ((0, 1), (0.5, 0.5))
        }  # fmt: skip

    def test_what_is_too_large_is_refused(self):
        with pytest.raises(ValueError, match=r"general_nash.*16 x 16 policies.*logit and correlated"):
            GeneralNash()(np.random.default_rng(0).normal(size=(2, 16, 16)))


class TestMorePlayers:
    @pytest.mark.parametrize("sizes", [(2, 2, 2), (2, 3, 2), (3, 3, 2), (2, 2, 2, 2)])
    def test_all_that_gambit_finds_and_an_odd_number(self, sizes):
        """Almost every table has an odd number of equilibria (Wilson 1971)."""
        for seed in range(6):
            payoffs = np.random.default_rng(seed).normal(size=(len(sizes), *sizes))
            listed = every_equilibrium(payoffs).profiles
            assert len(listed) % 2 == 1
            assert max(table_nash_conv(payoffs, profile) for profile in listed) < 1e-9
            flat = [np.concatenate(profile) for profile in listed]
            for known in gambit_more_players(payoffs):
                assert min(np.abs(known - found).max() for found in flat) < 1e-4

    def test_three_players_who_match_pennies_in_a_ring(self):
        """Each but the last wants to match the next, who wants to differ from the first: all mix evenly."""
        payoffs = np.zeros((3, 2, 2, 2))
        for profile in np.ndindex(2, 2, 2):
            same = [profile[0] == profile[1], profile[1] == profile[2], profile[2] != profile[0]]
            payoffs[(slice(None), *profile)] = np.where(same, 1, -1)
        (profile,) = every_equilibrium(payoffs).profiles
        np.testing.assert_allclose(profile, 0.5, rtol=1e-12)

    def test_one_player_has_its_best_policies(self):
        listed = every_equilibrium(np.array([[1.0, 3.0, 3.0]]))
        np.testing.assert_array_equal([profile[0] for profile in listed.profiles], [[0, 1, 0], [0, 0, 1]])
        assert listed.sets == (0, 0)


class TestGeneralNash:
    def test_welfare_takes_the_stag_and_entropy_the_mixture(self):
        for symmetric in (False, True):
            for weights in GeneralNash()(STAG_HUNT, symmetric=symmetric).marginals:
                np.testing.assert_array_equal(weights, [1, 0])
            for weights in GeneralNash("entropy")(STAG_HUNT, symmetric=symmetric).marginals:
                np.testing.assert_allclose(weights, [0.75, 0.25], rtol=1e-12)

    def test_the_lowest_indices_win_among_equals(self):
        for weights in GeneralNash()(0.7 * np.stack([np.eye(3), np.eye(3)])).marginals:
            np.testing.assert_array_equal(weights, [1, 0, 0])


def test_the_list_names_policies_and_sets():
    text = every_solution(NamedTable(BATTLE, (None, None)), 1e-6)
    assert text.count("equilibrium ") == 3
    assert "0.600000" in text
    assert text.endswith("3 Nash equilibria listed")
    assert every_solution(NamedTable(np.ones((2, 1, 1)), (None, None)), 0).endswith("1 Nash equilibrium listed")
    degenerate = np.array([[[1, 1], [0, 2]], [[1, 1], [0, 0]]], float)
    assert "an end of set 1" in every_solution(NamedTable(degenerate, (None, None)), 1e-6)


@pytest.mark.parametrize("outlier", [-1e3, -1e12, -1e17])
@pytest.mark.parametrize("offset", [0.0, 5e9])
def test_the_better_equilibrium_is_found_beside_what_neither_plays(outlier, offset):
    """Two ways to match, worth 1 and 2 to each player, beside a policy that ruins whoever chooses it."""
    own = np.array([[1, 0, 0], [0, 2, 0], [outlier, outlier, outlier]]) + (offset if outlier == -1e3 else 0)
    for weights in GeneralNash()(np.stack([own, own.T])).marginals:
        np.testing.assert_array_equal(weights, [0, 1, 0])
