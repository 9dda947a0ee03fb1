"""Rewards: they stay zero-sum, and shaping changes a match's total only by the potential of its start."""

from __future__ import annotations

import numpy as np
import pytest
from learning_games import RepeatedPennies

from pokespiel.game import load_game
from pokespiel.learning.rewards import Reward, Shaper


def played(reward: Reward, seeds: int = 200, progress: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards [T, B, 2], utilities [T, B, 2] and rounds [B] of random matches."""
    game, rng = RepeatedPennies(), np.random.default_rng(1)
    matches = game.start(np.arange(seeds))
    shaper = Shaper(game, reward)
    shaper.progress = progress
    shaper.begin(matches, np.arange(seeds))
    rewards, utilities = [], []
    for step in range(3):
        actions = rng.integers(2, size=(2, seeds)) * [[1], [step > 0]]
        utilities.append(matches.step(actions))
        rewards.append(shaper(matches, utilities[-1], matches.finished()))
    return np.stack(rewards), np.stack(utilities), matches.rounds


@pytest.mark.parametrize("kind", ["terminal", "binary", "aggressive", "shaped"])
def test_every_kind_is_zero_sum(kind: str) -> None:
    rewards, _, _ = played(Reward(kind=kind))  # type: ignore[arg-type]
    np.testing.assert_allclose(rewards.sum(axis=2), 0, atol=1e-6)


def test_terminal_rewards_are_utilities_over_the_largest() -> None:
    rewards, utilities, _ = played(Reward())
    np.testing.assert_allclose(rewards, utilities / 3, rtol=1e-6)


def test_shaping_adds_nothing_over_a_whole_match() -> None:
    """Both seats stand equal at the start, so the potential is 0 there as at the end."""
    shaped, utilities, _ = played(Reward(kind="shaped", hp=0.5))
    np.testing.assert_allclose(shaped.sum(axis=0), utilities.sum(axis=0) / 3, atol=1e-6)
    assert np.abs(shaped - utilities / 3).max() > 0.05


def test_annealing_ends_the_shaping() -> None:
    late, utilities, _ = played(Reward(kind="shaped", anneal=0.5), progress=0.6)
    np.testing.assert_allclose(late, utilities / 3, atol=1e-7)
    kept, _, _ = played(Reward(kind="shaped", anneal=0.0), progress=0.6)
    assert np.abs(kept - utilities / 3).max() > 0.01


def test_aggressive_pays_sooner_ends_more() -> None:
    rewards, utilities, _ = played(Reward(kind="aggressive", haste=0.5, horizon=10))
    np.testing.assert_allclose(rewards[0], utilities[0] / 3 * 0.95, rtol=1e-5)
    np.testing.assert_allclose(rewards[2], utilities[2] / 3 * 0.85, rtol=1e-5)


def test_shaping_without_signals_is_refused() -> None:
    with pytest.raises(ValueError, match="no signals"):
        Shaper(load_game("kuhn_poker"), Reward(kind="shaped"))
