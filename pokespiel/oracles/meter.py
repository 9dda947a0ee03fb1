"""The measurements of a training between two reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class Meter:
    """Means of the measurements since the last report, and the learner's mean utility against each participant.

    After a report the values are kept until new ones come, so that a repeated last yield has the same metrics.
    """

    def __init__(self) -> None:
        self._sums: dict[str, list[float]] = {}
        self._was_read = False

    def values(self, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            self._add(name, float(value), 1)

    def outcomes(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """Matches that ended: participants and utilities [E, P]."""
        for number in np.unique(seated):
            match = (seated == number).any(axis=1) & (seated == 0).any(axis=1)
            own = (seated == 0) & match[:, None]
            if number and own.any():
                self._add(f"utility/opponent_{number - 1}", float(utilities[own].sum()), int(own.sum()))
                self._add(f"score/opponent_{number - 1}", float(scores(utilities[own]).sum()), int(own.sum()))

    def _add(self, name: str, total: float, count: int) -> None:
        if self._was_read:
            self._sums, self._was_read = {}, False
        sums = self._sums.setdefault(name, [0.0, 0.0])
        sums[0] += total
        sums[1] += count

    def read(self, *, keep: bool = False) -> dict[str, float]:
        """The means; with `keep` they are not reset."""
        self._was_read = self._was_read or not keep
        return {name: total / count for name, (total, count) in self._sums.items()}

    def state(self) -> dict[str, Any]:
        return {"sums": {name: list(sums) for name, sums in self._sums.items()}, "was_read": self._was_read}

    def load(self, state: Mapping[str, Any]) -> None:
        self._sums = {name: list(sums) for name, sums in state["sums"].items()}
        self._was_read = bool(state["was_read"])


def scores(utilities: np.ndarray) -> np.ndarray:
    """1 for a gain, a half for none, 0 for a loss."""
    return (np.sign(utilities) + 1) / 2
