"""Returns of recorded decisions: GAE, lambda-returns, V-trace, and V-trace of a regularised game.

Each is one backward pass over a rollout's steps, for all streams at a time. Rewards between two decisions of a stream
are summed: d_i is their sum after decision i, V_i the critic's value, and i+1 the stream's next decision (V = 0 at the
end of a match):

    delta_i = d_i + gamma V_{i+1} - V_i
    GAE      A_i = k_i (delta_i + gamma lambda r_{i+1} A_{i+1})
    V-trace  v_i - V_i = rho_i delta_i + gamma c_i (v_{i+1} - V_{i+1}),  rho_i = min(rho, w_i), c_i = lambda min(1, w_i)

with w_i = pi(a_i) / mu(a_i). A lambda-return is A_i + V_i. GAE's k and r are 1 or, where exploration is corrected,
importance ratios of the policies against what they play while they explore: k_i that of the others' actions after
decision i and before i+1, r_i that of the stream's own. All are at most 1 / (1 - explore), so nothing is clipped, and
advantages are those of play without exploration.

Reference: Schulman et al. (2016), High-Dimensional Continuous Control Using Generalized Advantage Estimation; Espeholt
et al. (2018), IMPALA; Perolat et al. (2022), Mastering the Game of Stratego (DeepNash).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pokespiel.learning.rollout import Rollout


class VTrace(NamedTuple):
    """V-trace per record [N]; zero for pending records."""

    target: np.ndarray
    """v_i, the critic's target."""
    advantage: np.ndarray
    """rho_i (d_i + gamma v_{i+1} - V_i), for the policy gradient."""
    after: np.ndarray
    """d_i + gamma v_{i+1}: the return after decision i, without an importance weight for i."""


def gae(
    rollout: Rollout, discount: float, trace: float, values: np.ndarray | None = None, *, corrected: bool = False
) -> np.ndarray:
    """Advantages [N] float32 (zero for pending records); `values` [N] replace the recorded ones.

    corrected: of play without exploration.
    """
    values = rollout.records.value if values is None else values
    advantages = np.zeros(len(values), np.float32)
    scan = _Backward(rollout)
    next_advantage = np.zeros(scan.streams, np.float32)
    for rows, streams, gathered, next_value in scan.steps(values):
        next_advantage[scan.ended] = 0
        delta = gathered + discount * next_value - values[rows]
        advantage = delta + discount * trace * next_advantage[streams]
        if corrected:
            advantage *= scan.others[streams]
        advantages[rows] = next_advantage[streams] = np.where(rollout.pending[rows], 0, advantage)
        if corrected:
            next_advantage[streams] *= rollout.records.ratio[rows]
    return advantages


def vtrace(
    rollout: Rollout,
    values: np.ndarray,
    ratios: np.ndarray,
    *,
    discount: float = 1.0,
    trace: float = 1.0,
    clip: float = 1.0,
) -> VTrace:
    """V-trace for `values` [N] and importance ratios pi(a)/mu(a) [N]; both weights are clipped at `clip` (c also at
    1)."""
    target, advantage, after = (np.zeros(len(values), np.float32) for _ in range(3))
    rho, c = np.minimum(ratios, clip), trace * np.minimum(ratios, min(clip, 1.0))
    scan = _Backward(rollout)
    correction = np.zeros(scan.streams, np.float32)
    for rows, streams, gathered, next_value in scan.steps(values):
        correction[scan.ended] = 0
        after[rows] = gathered + discount * (next_value + correction[streams])
        advantage[rows] = rho[rows] * (after[rows] - values[rows])
        delta = gathered + discount * next_value - values[rows]
        correction[streams] = rho[rows] * delta + c[rows] * discount * correction[streams]
        correction[streams] *= ~rollout.pending[rows]
        target[rows] = values[rows] + correction[streams]
    for array in (target, advantage, after):
        array[rollout.pending] = 0
    return VTrace(target, advantage, after)


def transformed(rollout: Rollout, divergence: np.ndarray, eta: float) -> np.ndarray:
    """Rewards [T, S] of R-NaD's regularised game.

    Each decision costs its player eta * divergence, the expectation of log(pi / pi_reg), and the other players gain
    that in equal parts, so a zero-sum game stays zero-sum. `divergence` is [N]. Step 0 holds carried decisions of
    different times: a player who made its carried decision later gains nothing from the earlier decisions of others.
    """
    steps, streams = rollout.grid.shape
    players = rollout.utilities.shape[1]
    cost = np.where(rollout.grid >= 0, eta * divergence[rollout.grid], 0).reshape(steps, streams // players, players)
    gain = (cost.sum(axis=2, keepdims=True) - cost) / max(players - 1, 1)
    since = rollout.since.reshape(-1, players)
    waited = (since[:, None] >= since[:, :, None]) & ~np.eye(players, dtype=bool)  # [B, waiting, deciding]
    gain[0] = np.einsum("bwd,bd->bw", waited, cost[0]) / max(players - 1, 1)
    return rollout.reward + (gain - cost).reshape(steps, streams).astype(np.float32)


class _Backward:
    """Walks a rollout's steps backwards and keeps each stream's rewards and value since its next decision."""

    def __init__(self, rollout: Rollout):
        self.rollout = rollout
        self.streams = rollout.grid.shape[1]
        self.ended = np.zeros(self.streams, bool)
        self.others = np.ones(self.streams, np.float32)
        """[S] the product of the others' importance ratios since each stream's next decision."""

    def steps(self, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Per step with decisions: their rows [k], streams [k], rewards until the next decision and its value (0 =
        end).

        `ended` marks the streams whose match ended since the step yielded before.
        """
        grid, reward, done = self.rollout.grid, self.rollout.reward, self.rollout.done
        gathered, value = np.zeros(self.streams, np.float32), np.zeros(self.streams, np.float32)
        for step in range(len(grid) - 1, -1, -1):
            over = done[step]
            self.ended |= over
            gathered[over] = 0
            value[over] = 0
            gathered += reward[step]
            self.others[over] = 1
            self.others *= self.rollout.others[step]
            streams = np.flatnonzero(grid[step] >= 0)
            if not len(streams):
                continue
            rows = grid[step, streams]
            yield rows, streams, gathered[streams], value[streams]
            self.ended[:] = False
            gathered[streams] = 0
            self.others[streams] = 1
            value[streams] = values[rows]
