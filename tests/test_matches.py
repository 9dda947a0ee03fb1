"""Matches side by side: the same results as one by one, every match played to its end, memories kept apart."""

from __future__ import annotations

import numpy as np
import pytest
from toys import Always, BiasedRPS, Parity, Remembers

from pokespiel.core.policy import Mixture, Uniform
from pokespiel.game.matches import play_matches

SEEDS = np.arange(100, 160)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("width", [1, 7, 60, 500])
def test_every_width_gives_the_same_results(width):
    populations = [[Always(0), Always(1), Always(2)], [Always(0), Always(1)]]
    rows = np.stack([np.arange(60) % 3, np.arange(60) % 2], axis=1)
    played = play_matches(Parity(), populations, rows, SEEDS, rng(), width=width)
    expected = []
    for (first, second), seed in zip(rows, SEEDS, strict=True):
        turns = 1 + seed % 5
        total = seed + first * ((turns + 1) // 2) + second * (turns // 2)
        expected.append([1.0, -1.0] if total % 2 == 0 else [-1.0, 1.0])
    assert played.utilities.tolist() == expected
    assert played.finished.all()


def test_a_policy_is_asked_once_a_step_for_all_its_matches():
    first, second = Always(1), Always(2)
    play_matches(Parity(), [[first], [second]], np.zeros((60, 2), int), SEEDS, rng(), width=60)
    assert (first.asked, second.asked) == (3, 2)  # the longest match lasts five steps


def test_memory_belongs_to_the_match_and_starts_fresh_in_the_next():
    mixed = Mixture([Remembers(), Uniform(), Remembers()], [0.4, 0.2, 0.4])
    play_matches(
        Parity(), [[Remembers(), mixed], [mixed]], np.stack([np.arange(60) % 2, np.zeros(60, int)], 1), SEEDS, rng()
    )
    play_matches(Parity(), [[mixed], [mixed]], np.zeros((60, 2), int), SEEDS, rng(), width=3)


def test_matches_given_up_are_unfinished_and_not_results():
    played = play_matches(
        Parity(), [[Uniform()], [Uniform()]], np.zeros((60, 2), int), SEEDS, rng(), width=8, max_steps=3
    )
    assert played.finished.tolist() == [1 + seed % 5 <= 3 for seed in SEEDS]
    assert (played.utilities[~played.finished] == 0).all()


def test_one_population_serves_every_seat():
    played = play_matches(Parity(), [[Always(1), Always(2)]], np.array([[0, 1], [1, 0]]), [4, 4], rng())
    other = play_matches(Parity(), [[Always(1), Always(2)]] * 2, np.array([[0, 1], [1, 0]]), [4, 4], rng())
    assert np.array_equal(played.utilities, other.utilities)


def test_no_matches_are_no_results():
    played = play_matches(Parity(), [[Uniform()], [Uniform()]], np.zeros((0, 2), int), [], rng())
    assert played.utilities.shape == (0, 2)


@pytest.mark.parametrize(
    ("populations", "rows", "message"),
    [
        ([[Uniform()]] * 3, [[0, 0, 0]], "2 seats, got 3 populations"),
        ([[Uniform()]] * 2, [[0, 1]], r"policies that do not exist: populations have \[1, 1\]"),
        ([[Uniform()]] * 2, [[0, -1]], "do not exist"),
        ([[Uniform()]] * 2, [[0, 0], [0, 0]], r"expected rows of shape \(1, 2\), got \(2, 2\)"),
    ],
)
def test_nonsense_is_refused(populations, rows, message):
    with pytest.raises(ValueError, match=message):
        play_matches(Parity(), populations, np.array(rows), [1], rng())


@pytest.mark.parametrize("width", [7, 600])
def test_a_mixtures_member_is_drawn_as_each_match_starts(width):
    """Against paper, rock loses and scissors win, except for seeds that let seat 0 win."""
    mixture = Mixture([Always(0), Always(2)], [0.25, 0.75])
    rows, seeds = np.zeros((600, 2), int), 3 * np.arange(600) + 1
    played = play_matches(BiasedRPS(), [[mixture], [Always(1)]], rows, seeds, rng(), width=width)
    assert (played.utilities[:, 0] == 1).mean() == pytest.approx(0.75, abs=0.06)
