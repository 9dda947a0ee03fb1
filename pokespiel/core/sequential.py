"""A confidence sequence: an interval for the mean of bounded values that is valid at every number of values at once.

A test that looks after each value and stops when it likes needs one: an interval for a fixed number of values misses
the mean sooner or later. Against each candidate mean m, two gamblers bet on the values x_1, x_2, ... in [0, 1] in their
order, one that the mean is above m and one that it is below. If the mean is m, their capitals

    K+_t = prod_{i <= t} (1 + l+_i (x_i - m)),    K-_t = prod_{i <= t} (1 - l-_i (x_i - m))

are martingales, whatever the bets l_i, as long as these depend only on earlier values. Candidates with max(K+, K-) / 2
of at least 1 / alpha at any time so far are rejected: the mean is ever among them with probability alpha at most.

Source: Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", Journal of the Royal
Statistical Society B 86(1), the hedged capital of Theorem 3 with theta = 1/2 and their predictable plug-in bets,
truncated at half of what keeps the capital positive; the candidates are a grid, as in the authors' package confseq.
"""

from __future__ import annotations

import math

import numpy as np

STEPS = 1000
"""Steps of the grid of candidate means."""


class ConfidenceSequence:
    """The interval for the mean of independent values in [0, 1] with one mean, which `add` narrows."""

    def __init__(self, confidence: float = 0.95):
        self.alpha = 1 - confidence
        self.count = 0
        self._total = 0.0
        self._squares = 0.0
        self._candidates = np.linspace(0, 1, STEPS + 1)
        self._capital = np.zeros((2, STEPS + 1))
        """Logarithms of K+ and K-."""
        self._kept = np.ones(STEPS + 1, bool)

    def add(self, value: float) -> None:
        """Take in the next value; the order is part of the data and must not depend on the values."""
        if not 0 <= value <= 1:
            raise ValueError(f"expected a value from 0 to 1, got {value}")
        up, down = self._bets()
        surprise = value - self._candidates
        self._capital += np.log1p([up * surprise, -down * surprise])
        self._kept &= self._capital.max(axis=0) - math.log(2) < -math.log(self.alpha)
        self._learn(value)

    @property
    def low(self) -> float:
        """The lower end: a step below the least candidate that is left."""
        return max(0.0, float(self._ends()[0]) - 1 / STEPS)

    @property
    def high(self) -> float:
        """The upper end: a step above the greatest candidate that is left."""
        return min(1.0, float(self._ends()[-1]) + 1 / STEPS)

    @property
    def width(self) -> float:
        return self.high - self.low

    def _ends(self) -> np.ndarray:
        """The candidates that are left; if the values contradict all of them, all."""
        return self._candidates[self._kept] if self._kept.any() else self._candidates

    def _bets(self) -> tuple[np.ndarray, np.ndarray]:
        """The next bets on a mean above and below each candidate, from the variance of the values so far."""
        next_count = self.count + 1
        variance = (0.25 + self._squares) / next_count
        bet = math.sqrt(2 * math.log(2 / self.alpha) / (variance * next_count * math.log(next_count + 1)))
        with np.errstate(divide="ignore"):
            return np.minimum(bet, 0.5 / self._candidates), np.minimum(bet, 0.5 / (1 - self._candidates))

    def _learn(self, value: float) -> None:
        self.count += 1
        self._total += value
        mean = (0.5 + self._total) / (self.count + 1)
        self._squares += (value - mean) ** 2
