"""Intervals: their coverage by simulation, known values, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.intervals import mean_interval, weighted_interval


@pytest.mark.parametrize("n", [2, 20, 200])
@pytest.mark.parametrize("win", [0.5, 0.8, 0.97])
def test_mean_intervals_cover_the_mean_of_wins_and_losses(n, win):
    rng = np.random.default_rng(0)
    values = np.where(rng.random((4_000, n)) < win, 1.0, -1.0)
    low, high = mean_interval(n, values.sum(axis=1), (values**2).sum(axis=1), (-1, 1))
    covered = (low <= 2 * win - 1) & (2 * win - 1 <= high)
    assert covered.mean() > 0.93


def test_mean_intervals_of_many_values_are_students_t():
    rng = np.random.default_rng(1)
    values = rng.uniform(-1, 1, 100_000)
    low, high = mean_interval(len(values), values.sum(), (values**2).sum(), (-1, 1))
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(len(values)), rel=1e-3)


def test_weighted_intervals_cover_the_weighted_mean():
    rng = np.random.default_rng(2)
    wins, n, weights = np.array([0.5, 0.8, 0.97]), np.array([30, 200, 60]), np.array([0.2, 0.3, 0.5])
    true = weights @ (2 * wins - 1)
    covered = []
    for _ in range(2_000):
        total = 2.0 * rng.binomial(n, wins) - n
        low, high = weighted_interval(weights, n, total, n, (-1, 1))
        covered.append(low <= true <= high)
    assert np.mean(covered) > 0.93
    with pytest.raises(ValueError, match="values behind each"):
        weighted_interval(weights, n - 30, n, n, (-1, 1))


def test_a_streak_leaves_a_doubt_and_nothing_is_known_of_nothing():
    low, high = mean_interval(20, 20.0, 20.0, (-1, 1))
    assert low < 0.9
    assert high == 1
    assert [float(end) for end in mean_interval(0, 0.0, 0.0, (-13, 13))] == [-13, 13]
