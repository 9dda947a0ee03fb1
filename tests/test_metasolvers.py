"""The contract of every registered meta-solver."""

import dataclasses

import numpy as np
import pytest

from pokespiel.core.registry import BadOption
from pokespiel.metasolvers import METASOLVERS, MetaStrategy

SOLVERS = sorted(METASOLVERS)


def zero_sum(n=4, m=6, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(n, m))
    return np.stack([matrix, -matrix])


def antisymmetric(n=5, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    return np.stack([matrix - matrix.T, matrix.T - matrix])


def general_sum(*sizes, seed=0):
    return np.random.default_rng(seed).normal(size=(len(sizes), *sizes))


def symmetric_three_players(n=3, seed=0):
    """Player 0's payoff does not change when the other two swap seats; the others' follow from it."""
    own = np.random.default_rng(seed).normal(size=(n, n, n))
    own = own + own.transpose(0, 2, 1)
    return np.stack([own, own.transpose(1, 0, 2), own.transpose(1, 2, 0)])


def attempt(name: str, payoffs: np.ndarray, symmetric: bool) -> tuple[MetaStrategy | None, str]:
    try:
        return METASOLVERS[name]()(payoffs, symmetric=symmetric), ""
    except ValueError as error:
        return None, str(error)


def assert_valid(strategy: MetaStrategy, payoffs: np.ndarray) -> None:
    sizes = payoffs.shape[1:]
    assert [weights.shape for weights in strategy.marginals] == [(size,) for size in sizes]
    for weights in strategy.marginals:
        assert_distribution(weights)
    if strategy.joint is not None:
        assert strategy.joint.shape == sizes
        assert_distribution(strategy.joint)
        for player, weights in enumerate(strategy.marginals):
            others = tuple(other for other in range(len(sizes)) if other != player)
            np.testing.assert_allclose(strategy.joint.sum(axis=others), weights, atol=1e-12)
    for player, targets in enumerate(strategy.targets or ()):
        assert targets.ndim == len(sizes)
        assert targets.shape[1:] == tuple(np.delete(sizes, player))
        assert len(targets) >= 1
        for target in targets:
            assert_distribution(target)


def assert_distribution(weights: np.ndarray) -> None:
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", SOLVERS)
class TestEverySolver:
    def test_is_a_documented_frozen_dataclass_in_a_file_of_its_name(self, name):
        plugin = METASOLVERS[name]
        assert dataclasses.is_dataclass(plugin)
        assert plugin.__dataclass_params__.frozen
        assert plugin.__module__ == f"pokespiel.metasolvers.{name}"
        assert plugin.__doc__
        assert not plugin.__doc__.startswith(f"{plugin.__name__}(")
        with pytest.raises(BadOption, match="no_such_option"):
            METASOLVERS.build(name, {"no_such_option": 1})

    @pytest.mark.parametrize("sizes", [(4, 6), (6, 4), (1, 3), (3, 1), (1, 1), (7, 7)])
    def test_solves_zero_sum_tables(self, name, sizes):
        payoffs = zero_sum(*sizes)
        assert_valid(METASOLVERS[name]()(payoffs), payoffs)

    def test_gives_one_vector_for_all_seats_of_a_symmetric_table(self, name):
        payoffs = antisymmetric()
        strategy = METASOLVERS[name]()(payoffs, symmetric=True)
        assert_valid(strategy, payoffs)
        np.testing.assert_array_equal(strategy.marginals[0], strategy.marginals[1])

    def test_refuses_a_table_that_is_not_symmetric_as_asked(self, name):
        with pytest.raises(ValueError, match=f"{name}.*swapping seats 0 and 1"):
            METASOLVERS[name]()(zero_sum(5, 5), symmetric=True)
        with pytest.raises(ValueError, match=rf"{name}.*one size, got \(4, 6\)"):
            METASOLVERS[name]()(zero_sum(4, 6), symmetric=True)

    @pytest.mark.parametrize(
        ("payoffs", "symmetric"),
        [
            (general_sum(5), False),
            (general_sum(5), True),
            (general_sum(4, 3), False),
            (general_sum(3, 2, 4), False),
            (general_sum(2, 3, 1, 2), False),
            (symmetric_three_players(), True),
        ],
        ids=["one player", "one player symmetric", "two players", "three players", "four players", "three symmetric"],
    )
    def test_solves_general_tables_or_says_why_not(self, name, payoffs, symmetric):
        strategy, complaint = attempt(name, payoffs, symmetric)
        if strategy is None:
            assert complaint.startswith(name)
            assert ("general-sum" if len(payoffs) == 2 else "two-player") in complaint
            return
        assert_valid(strategy, payoffs)
        if symmetric:
            assert all((weights == strategy.marginals[0]).all() for weights in strategy.marginals)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_refuses_missing_cells_and_names_one(self, name, bad):
        payoffs = zero_sum()
        payoffs[1, 2, 3] = bad
        with pytest.raises(ValueError, match=rf"{name}.*finite.*\(1, 2, 3\)"):
            METASOLVERS[name]()(payoffs)

    @pytest.mark.parametrize("shape", [(), (4,), (4, 4), (3, 4, 4), (2, 4, 4, 4), (2, 0, 4)])
    def test_refuses_misshapen_payoffs(self, name, shape):
        with pytest.raises(ValueError, match=name):
            METASOLVERS[name]()(np.zeros(shape))

    @pytest.mark.parametrize("bad", [[[["a", "b"]], [["c", "d"]]], zero_sum() + 0j])
    def test_refuses_what_is_no_real_number(self, name, bad):
        with pytest.raises(ValueError, match=f"{name}.*real numbers"):
            METASOLVERS[name]()(bad)

    @pytest.mark.parametrize(
        "payoffs",
        [
            np.ma.masked_array(zero_sum(), mask=zero_sum() > 1),
            [[["1", "2"], ["3", "4"]], [["1", "2"], ["3", "4"]]],
            [[[10**400, 0], [0, 1]], [[0, 0], [0, 0]]],
            zero_sum() * 1e305,
            zero_sum() * 1e-310,
        ],
        ids=["masked", "text", "beyond floating point", "too large", "too small"],
    )
    def test_refuses_numbers_that_it_cannot_work_with(self, name, payoffs):
        with pytest.raises(ValueError, match=f"^{name}: "):
            METASOLVERS[name]()(payoffs)

    @pytest.mark.parametrize("kind", [np.int8, np.int64, np.float16, np.float32, object])
    def test_takes_any_kind_and_layout_of_numbers(self, name, kind):
        rows = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        expected = METASOLVERS[name]()(np.stack([rows, -rows]).astype(float)).marginals
        spaced = np.repeat(np.stack([rows, -rows]).astype(kind), 2, axis=2)[:, :, ::2]
        for given in (spaced, np.asfortranarray(spaced)):
            for one, other in zip(METASOLVERS[name]()(given).marginals, expected, strict=True):
                np.testing.assert_array_equal(one, other)

    def test_is_deterministic_and_leaves_its_input_alone(self, name):
        payoffs = zero_sum()
        payoffs.setflags(write=False)
        before = payoffs.copy()
        first, second = METASOLVERS[name]()(payoffs), METASOLVERS[name]()(payoffs)
        np.testing.assert_array_equal(payoffs, before)
        for one, other in zip(first.marginals, second.marginals, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_takes_lists_of_integers(self, name):
        rows = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
        payoffs = [rows, [[-value for value in row] for row in rows]]
        assert_valid(METASOLVERS[name]()(payoffs), np.array(payoffs))

    @pytest.mark.parametrize("scale", [0.0, 1e-9, 1e9])
    def test_takes_payoffs_of_any_size(self, name, scale):
        payoffs = scale * zero_sum() + scale
        payoffs[1] -= 2 * scale
        assert_valid(METASOLVERS[name]()(payoffs), payoffs)

    def test_takes_equal_payoffs_and_copies_of_policies(self, name):
        payoffs = np.repeat(zero_sum(3, 4), 3, axis=1)
        assert_valid(METASOLVERS[name]()(payoffs), payoffs)
        payoffs = np.full((2, 3, 4), 0.7) * np.array([1, -1])[:, None, None]
        assert_valid(METASOLVERS[name]()(payoffs), payoffs)
