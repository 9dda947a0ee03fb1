"""Regret matching+ over a few choices whose values come one round at a time.

Reference: Tammelin (2014), Solving Large Imperfect Information Games Using CFR+.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class RegretMatcher:
    """Regret matching+ over n choices; the average weighs step t by t."""

    def __init__(self, choices: int):
        self.current = np.full(choices, 1 / choices)
        self._regret, self._total = np.zeros((2, choices))
        self._steps = 0

    def state(self) -> dict[str, Any]:
        arrays = {"current": self.current, "regret": self._regret, "total": self._total}
        return {**{name: array.copy() for name, array in arrays.items()}, "steps": self._steps}

    def load(self, state: Mapping[str, Any]) -> None:
        self.current, self._regret, self._total = (np.array(state[name]) for name in ("current", "regret", "total"))
        self._steps = int(state["steps"])

    def observe(self, values: np.ndarray) -> None:
        """Count the current weights, and move them by what each choice would have earned, [n]."""
        self._total += self.due
        self._steps += 1
        self._regret = np.maximum(self._regret + values - self.current @ values, 0)
        if (positive := self._regret.sum()) > 0:
            self.current = self._regret / positive

    @property
    def due(self) -> np.ndarray:
        """[n] what the current weights will count in the average."""
        return (self._steps + 1) * self.current

    @property
    def average(self) -> np.ndarray:
        return self._total / self._total.sum() if self._steps else self.current
