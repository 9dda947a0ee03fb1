"""GAE, V-trace, lambda-returns and the reward transform against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.learning.returns import gae, transformed, vtrace
from pokespiel.learning.rollout import Records, Rollout, last_open


def rollout_of(
    grid: list[list[int]], reward: list[list[float]], done: list[list[bool]], values: list[float]
) -> Rollout:
    """A rollout [T][S] with the critic's values [N]; features and policies do not matter."""
    n = len(values)
    none, nothing = np.zeros(n, np.int64), np.zeros((n, 0), np.float32)
    records = Records(
        features=nothing,
        legal=np.ones((n, 2), bool),
        key=none - 1,
        player=none,
        learner=none,
        action=none,
        behaviour=np.full((n, 2), 0.5, np.float32),
        value=np.array(values, np.float32),
        memory=nothing,
        state=nothing,
        ratio=np.ones(n, np.float32),
        reach=np.ones(n, np.float32),
    )
    table, rewards, ended = np.array(grid), np.array(reward, np.float32), np.array(done)
    last, _, _ = last_open(table, rewards, ended)
    pending = np.zeros(n, bool)
    pending[last[last >= 0]] = True
    players = table.shape[1]
    nobody, since = np.zeros((0, players), np.int64), np.zeros(players, np.int64)
    return Rollout(
        records, table, rewards, ended, np.ones_like(rewards), pending, nobody, np.zeros((0, players)), since
    )


def two_matches() -> Rollout:
    """One stream: decisions 0 and 1 of a match that ends with reward 1, then 2 and 3 of one still open.

    Rewards 0.5 come between decisions 0 and 1, 0.25 in a step without a decision of this stream.
    """
    grid = [[0], [-1], [1], [2], [3]]
    reward = [[0.5], [0.25], [1.0], [0.0], [0.125]]
    done = [[False], [False], [True], [False], [False]]
    return rollout_of(grid, reward, done, [0.1, 0.2, 0.3, 0.4])


def test_gae_by_hand() -> None:
    # gamma 0.9, lambda 0.5; delta_1 = 1 - 0.2, delta_0 = 0.75 + 0.9 * 0.2 - 0.1; decision 3 is the bootstrap of 2.
    expected = [0.83 + 0.45 * 0.8, 0.8, 0.9 * 0.4 - 0.3, 0.0]
    np.testing.assert_allclose(gae(two_matches(), 0.9, 0.5), expected, rtol=1e-6)


def test_returns_reach_from_bootstrap_to_monte_carlo() -> None:
    rollout = two_matches()
    values = rollout.records.value[:3]
    np.testing.assert_allclose(gae(rollout, 1.0, 1.0)[:3] + values, [1.75, 1.0, 0.4], rtol=1e-6)
    np.testing.assert_allclose(gae(rollout, 1.0, 0.0)[:3] + values, [0.95, 1.0, 0.4], rtol=1e-6)


def test_the_pending_decision_is_marked_and_gets_nothing() -> None:
    rollout = two_matches()
    assert rollout.pending.tolist() == [False, False, False, True]
    assert gae(rollout, 1.0, 1.0)[3] == 0
    assert vtrace(rollout, rollout.records.value, np.ones(4, np.float32)).target[3] == 0


def test_vtrace_by_hand() -> None:
    """Two decisions, ratios 2 and 0.5, clip 1, lambda 1, gamma 1; V = (0.1, 0.2), rewards 0.75 and then 1.

    v_1 = 0.2 + 0.5 * (1 - 0.2) = 0.6
    v_0 = 0.1 + 1 * (0.75 + 0.2 - 0.1) + 1 * (0.6 - 0.2) = 1.35 = 0.75 + v_1
    """
    rollout = two_matches()
    trace = vtrace(rollout, rollout.records.value, np.array([2.0, 0.5, 1.0, 1.0], np.float32))
    np.testing.assert_allclose(trace.target[:2], [1.35, 0.6], rtol=1e-6)
    np.testing.assert_allclose(trace.after[:2], [1.35, 1.0], rtol=1e-6)
    np.testing.assert_allclose(trace.advantage[:2], [1.25, 0.4], rtol=1e-6)


def test_vtrace_on_policy_is_the_lambda_return() -> None:
    rollout = two_matches()
    ones = np.ones(4, np.float32)
    for trace in (0.0, 0.4, 1.0):
        target = vtrace(rollout, rollout.records.value, ones, discount=0.9, trace=trace).target[:3]
        np.testing.assert_allclose(target, gae(rollout, 0.9, trace)[:3] + rollout.records.value[:3], rtol=1e-5)


def test_vtrace_clips_ratios_above_one() -> None:
    rollout = two_matches()
    values = rollout.records.value
    clipped = vtrace(rollout, values, np.full(4, 7.0, np.float32))
    np.testing.assert_allclose(clipped.target, vtrace(rollout, values, np.ones(4, np.float32)).target)
    open_ended = vtrace(rollout, values, np.full(4, 7.0, np.float32), clip=10.0)
    assert open_ended.target[1] == pytest.approx(0.2 + 7 * 0.8)


def test_transformed_rewards_by_hand() -> None:
    """Two seats of one match: seat 0 decides at step 0 (divergence 0.3), both at step 1 (0.1 and 0.5), eta 0.2."""
    rollout = rollout_of([[0, -1], [1, 2]], [[0.0, 0.0], [1.0, -1.0]], [[False, False], [True, True]], [0.0, 0.0, 0.0])
    rewards = transformed(rollout, np.array([0.3, 0.1, 0.5]), 0.2)
    np.testing.assert_allclose(rewards, [[-0.06, 0.06], [1 - 0.02 + 0.1, -1 + 0.02 - 0.1]], rtol=1e-6)
    np.testing.assert_allclose(rewards.sum(axis=1), 0, atol=1e-7)


def test_decisions_carried_over_are_transformed_in_their_order() -> None:
    """A, B, A, B | A: before B's second decision lies A's second, whose cost B's first has gained already."""
    rollout = rollout_of([[0, 1], [2, -1]], [[0.0, 0.0], [0.0, 0.0]], [[False, False], [True, True]], [0.0] * 3)
    carried = rollout._replace(since=np.array([-2, -1]))
    rewards = transformed(carried, np.array([100.0, 1_000.0, 10_000.0]), 1.0)
    np.testing.assert_allclose(rewards, [[1_000 - 100, -1_000], [-10_000, 10_000]])


def test_a_match_that_ends_hides_the_next_one_of_its_stream() -> None:
    """Decision 0 ends a match with reward -1; the next match's reward 5 must not reach it."""
    rollout = rollout_of([[0], [1]], [[-1.0], [5.0]], [[True], [True]], [0.0, 0.0])
    np.testing.assert_allclose(gae(rollout, 1.0, 1.0), [-1.0, 5.0])


def test_what_a_stream_gains_before_its_first_decision_is_nobodys() -> None:
    """Decision 0 ends a match with reward -1; the next one pays 5 before decision 1, which ends it with reward 2."""
    rollout = rollout_of([[0], [-1], [1]], [[-1.0], [5.0], [2.0]], [[True], [False], [True]], [0.5, 0.25])
    np.testing.assert_allclose(gae(rollout, 1.0, 1.0), [-1.5, 1.75])
    trace = vtrace(rollout, rollout.records.value, np.ones(2, np.float32))
    np.testing.assert_allclose(trace.target, [-1.0, 2.0])
    np.testing.assert_allclose(trace.after, [-1.0, 2.0])
