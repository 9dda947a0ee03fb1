"""Coefficients that change during training: schedules of progress, and a controller that watches the KL.

The two are separate: a schedule is a pure function of progress; a controller has a state that only measurements change.
The coefficient in use is their product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pokespiel.core.ranges import AtLeastOne, Checked, NotNegative, Positive, PositiveShare


@dataclass(frozen=True)
class Schedule(Checked):
    """A value as a function of the steps taken; calling it gives the value."""

    start: NotNegative
    """The value at step 0."""
    kind: Literal["constant", "linear", "power"] = "constant"
    """constant; linear = to `end` at the last step; power = start * (1 + t / scale)^-exponent."""
    end: NotNegative = 0.0
    """Linear: the final value. Power: the minimum."""
    exponent: NotNegative = 0.5
    """Power: how fast it falls."""
    scale: Positive = 1.0
    """Power: number of steps after which it begins to fall."""

    def __call__(self, step: float, last: float) -> float:
        """The value at `step` of `last` steps."""
        if self.kind == "linear":
            return self.start + (self.end - self.start) * min(1.0, step / max(last, 1e-9))
        if self.kind == "power":
            return max(self.end, self.start * (1 + step / self.scale) ** -self.exponent)
        return self.start


@dataclass(frozen=True)
class KLTarget(Checked):
    """An adaptive multiplier that keeps a KL divergence near a target."""

    target: Positive = 0.01
    """The target KL in nats."""
    band: AtLeastOne = 1.5
    """The multiplier changes when the KL is above target * band or below target / band."""
    raise_by: AtLeastOne = 1.5
    """Factor applied when the KL is too large."""
    lower_by: PositiveShare = 0.9
    """Factor applied when the KL is too small."""
    least: Positive = 0.01
    """Minimum multiplier."""
    most: Positive = 100.0
    """Maximum multiplier."""


class Controller:
    """The state of a `KLTarget`: its current multiplier."""

    def __init__(self, rule: KLTarget | None):
        self.rule = rule
        self.multiplier = 1.0

    def observe(self, kl: float) -> None:
        """Update the multiplier with a measured KL; without a `KLTarget` the multiplier stays 1."""
        rule = self.rule
        if rule is None:
            return
        if kl > rule.target * rule.band:
            self.multiplier = min(self.multiplier * rule.raise_by, rule.most)
        elif kl < rule.target / rule.band:
            self.multiplier = max(self.multiplier * rule.lower_by, rule.least)

    def state(self) -> dict[str, Any]:
        return {"multiplier": self.multiplier}

    def load(self, state: Mapping[str, Any]) -> None:
        self.multiplier = float(state["multiplier"])
