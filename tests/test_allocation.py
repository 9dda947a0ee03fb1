"""Allocation of matches: evenly, to open edges, or to cells that change the mixture; and tables filled that way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from toys import Always, BiasedRPS, Parity

from pokespiel.game.matrix import matrix_game
from pokespiel.metasolvers.nash import Nash
from pokespiel.payoffs import ALLOCATIONS
from pokespiel.payoffs.allocation import MixtureAllocation, ResponseGraphAllocation, UniformAllocation, levelled
from pokespiel.payoffs.sampling import AdaptivePayoffs, record_units
from pokespiel.payoffs.tables import PayoffTable, Sampled, Units, grow

PAIR = np.array([[0, 1], [1, 0]])
CYCLE = np.array([[0, 0.6, -0.6, 0.9], [-0.6, 0, 0.6, 0.9], [0.6, -0.6, 0, 0.9], [-0.9, -0.9, -0.9, 0]])
"""Rock, paper, scissors, and a fourth policy that loses to all."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def above(size: int) -> np.ndarray:
    return np.array(list(itertools.combinations(range(size), 2)))


def sampled(truth: np.ndarray, cells: np.ndarray, counts: np.ndarray, random: np.random.Generator) -> PayoffTable:
    """A symmetric table of pairs whose matches are won with the probabilities in `truth` [n, n]."""
    table = grow(None, 2, truth.shape, sampled=True)
    for index in range(len(truth)):
        table.payoffs[:, index, index] = 0
    return play_pairs(table, truth, np.repeat(cells, counts, axis=0), random)


def play_pairs(table: PayoffTable, truth: np.ndarray, cells: np.ndarray, random: np.random.Generator) -> PayoffTable:
    won = random.random((len(cells), 2)) < (1 + truth[tuple(cells.T)][:, None]) / 2
    first = np.where(won, 1.0, -1.0)
    utilities = np.stack([np.stack([first[:, 0], -first[:, 0]], 1), np.stack([-first[:, 1], first[:, 1]], 1)], 1)
    done = np.ones((len(cells), 2), bool)
    return record_units(table, Units(cells, PAIR, np.arange(len(cells)), utilities, done, np.ones_like(done, int)))


@pytest.mark.parametrize(
    ("have", "units", "expected"),
    [
        ([0, 0, 0], 7, [3, 2, 2]),
        ([5, 0, 3], 4, [0, 4, 0]),
        ([5, 0, 3], 7, [0, 5, 2]),
        ([5, 0, 3], 8, [1, 5, 2]),
        ([2], 3, [3]),
        ([4, 4], 0, [0, 0]),
    ],
)
def test_levelling_raises_the_lowest(have, units, expected):
    counts = levelled(np.array(have), units)
    assert counts.sum() == units
    assert sorted(counts + have) == sorted(np.array(expected) + have)


@pytest.mark.parametrize("name", sorted(ALLOCATIONS))
def test_every_allocation_gives_all_units_or_none(name):
    cells = above(4)
    table = sampled(CYCLE, cells, np.full(6, 20), rng())
    for units in (1, 50, 333):
        counts = ALLOCATIONS.build(name)(Sampled(table, cells, (-1, 1), symmetric=True), units, rng(1))
        assert counts.dtype == np.int64
        assert (counts >= 0).all()
        assert counts.sum() in (0, units)


def test_uniform_plays_the_least_played():
    cells = above(3)
    table = sampled(CYCLE[:3, :3], cells, np.array([10, 30, 20]), rng())
    assert UniformAllocation()(Sampled(table, cells, (-1, 1), symmetric=True), 30, rng()).tolist() == [20, 0, 10]


def test_the_response_graph_plays_open_edges_only():
    truth = np.array([[0, 0.8, 0.02], [-0.8, 0, 0.9], [-0.02, -0.9, 0]])
    cells = above(3)
    table = sampled(truth, cells, np.full(3, 100), rng())
    assert ResponseGraphAllocation()(Sampled(table, cells, (-1, 1), symmetric=True), 60, rng()).tolist() == [0, 60, 0]
    settled = ResponseGraphAllocation(indifference=0.8)(Sampled(table, cells, (-1, 1), symmetric=True), 60, rng())
    assert settled.tolist() == [0, 0, 0], "an edge that is known to matter little is settled too"


def test_open_edges_of_an_asymmetric_game_are_found_for_either_player():
    table = grow(None, 2, (2, 2), sampled=True)
    cells = np.argwhere(np.ones((2, 2), bool))
    truth = np.array([[0.9, 0.9], [-0.9, 0.85]])  # player 0 has an open edge in column 1, player 1 in row 0
    each = np.repeat(cells, 100, axis=0)
    won = np.where(rng().random(len(each)) < (1 + truth[tuple(each.T)]) / 2, 1.0, -1.0)
    utilities = np.stack([won, -won], axis=1)[:, None]
    done = np.ones((len(each), 1), bool)
    table = record_units(
        table, Units(each, np.array([[0, 1]]), np.arange(len(each)), utilities, done, done.astype(int))
    )
    wanted = ResponseGraphAllocation().open_cells(Sampled(table, cells, (-1, 1)))
    assert wanted.tolist() == [True, True, False, True]


def test_the_mixture_leaves_what_cannot_move_it():
    cells = above(4)
    table = sampled(CYCLE, cells, np.full(6, 100), rng())
    mixture = MixtureAllocation(explore=0.0)
    influence = mixture.influence(Sampled(table, cells, (-1, 1), symmetric=True), rng(1))
    cycle = np.isin(cells, [0, 1, 2]).all(axis=1)
    assert influence[cycle].min() > 20 * influence[~cycle].max()
    counts = mixture(Sampled(table, cells, (-1, 1), symmetric=True), 600, rng(1))
    assert counts[~cycle].sum() < 30
    assert counts[cycle].min() > 100
    explored = MixtureAllocation(explore=0.5)(Sampled(table, cells, (-1, 1), symmetric=True), 600, rng(1))
    assert explored.min() >= 50


def test_a_mixture_that_nothing_moves_is_explored_evenly():
    truth = np.array([[0, 1, 1], [-1, 0, 0.1], [-1, -0.1, 0]])
    cells = above(3)
    table = sampled(truth, cells, np.full(3, 400), rng())
    assert MixtureAllocation()(Sampled(table, cells, (-1, 1), symmetric=True), 90, rng()).tolist() == [30, 30, 30]


def test_the_mixture_is_known_better_after_as_many_matches():
    """A round robin plays less than half of its matches in the cycle's cells; concentrating on them must help."""
    truth = np.zeros((8, 8))
    truth[:3, :3] = CYCLE[:3, :3]
    truth[:3, 3:], truth[3:, :3] = 0.8, -0.8
    cells, best = above(8), Nash()(np.stack([truth, -truth]), symmetric=True).marginals[0]
    allocations = {"uniform": UniformAllocation(), "mixture": MixtureAllocation(draws=60)}
    errors: dict[str, list[float]] = {name: [] for name in allocations}
    for (name, allocation), seed in itertools.product(allocations.items(), range(10)):
        random = rng(seed)
        table = sampled(truth, cells, np.full(28, 20), random)
        for _ in range(4):
            counts = allocation(Sampled(table, cells, (-1, 1), symmetric=True), 280, random)
            table = play_pairs(table, truth, np.repeat(cells, counts, axis=0), random)
        assert table.samples.units.sum() == 2 * (560 + 4 * 280)
        errors[name].append(np.abs(Nash()(table.payoffs, symmetric=True).marginals[0] - best).sum())
    assert np.mean(errors["mixture"]) < 0.8 * np.mean(errors["uniform"])


def test_adaptive_payoffs_fill_what_is_missing_and_spend_the_rest_where_it_matters():
    population = [Always(action) for action in (0, 1, 2, 0)]
    payoffs = AdaptivePayoffs(first=10, units=40, rounds=3)
    before = payoffs(BiasedRPS(), [population[:3]], None, rng())
    assert before.samples.units[np.triu_indices(3, 1)].sum() == 3 * 40
    after = payoffs(BiasedRPS(), [population], before, rng(1))
    assert not after.missing().any()
    assert after.samples.units[:3, 3].min() >= 10
    assert after.samples.units[np.triu_indices(4, 1)].sum() == 6 * 40
    assert (after.samples.units[:3, :3] >= before.samples.units).all()
    again = payoffs(BiasedRPS(), [population], after, rng(2))
    assert np.array_equal(again.samples.units, after.samples.units), "nothing is missing, so nothing is played"


def test_adaptive_payoffs_serve_games_with_a_population_a_seat():
    populations = [[Always(0), Always(1)], [Always(0), Always(1), Always(2)]]
    table = AdaptivePayoffs(allocation="response_graph", first=20, units=50)(Parity(), populations, None, rng())
    assert (table.samples.units >= 20).all()
    assert table.samples.units.sum() <= 6 * 50
    coordination = matrix_game(np.stack([np.diag([1.0, 2.0])] * 2))
    table = AdaptivePayoffs(first=5, units=20, solver="alpharank")(coordination, [[Always(0), Always(1)]], None, rng())
    assert table.samples.units.sum() >= 3 * 20


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AdaptivePayoffs(first=1), "first must be at least 2, got 1"),
        (lambda: AdaptivePayoffs(first=50, units=40), "first must be at most units, got first 50 and units 40"),
        (lambda: AdaptivePayoffs(rounds=0), "rounds must be at least 1"),
        (lambda: AdaptivePayoffs(solver="nahs"), "did you mean 'nash'"),
        (lambda: ResponseGraphAllocation(confidence=1.0), "confidence must be above 0 and below 1"),
        (lambda: ResponseGraphAllocation(indifference=-1.0), "indifference must be at least 0"),
        (lambda: MixtureAllocation(solver="nahs"), "did you mean 'nash'"),
        (lambda: MixtureAllocation(draws=3), "at least 10"),
        (lambda: MixtureAllocation(explore=2.0), "explore must be at least 0 and at most 1"),
        (lambda: ALLOCATIONS.build("mixed"), "did you mean 'mixture'"),
    ],
)
def test_nonsense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
