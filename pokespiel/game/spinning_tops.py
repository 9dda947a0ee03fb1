"""Symmetric zero-sum tables with known structure: a transitive part, a cyclic part, and both.

Row i earns against column j

    (1 - cyclic) * transitive_ij + cyclic * cyclic_ij,      both antisymmetric, drawn from the seed:

    kind    transitive_ij             cyclic_ij
    elo     tanh((s_i - s_j) / 2)     0                             the best policy beats all
    disc    0                         x_i y_j - y_i x_j             points of the unit disc
    skill   s_i - s_j                 (w_ij - w_ji) / 2             a random game of skill, s and w normal
    top     z_i - z_j                 x_i y_j - y_i x_j             points of the unit sphere

`top` is the shape that many real games have: the higher a policy stands, the more it beats, and at each height policies
beat each other in a circle that is widest at half height and vanishes at the summit.

Reference: Balduzzi et al. (2019), Open-ended Learning in Symmetric Zero-sum Games (disc); Czarnecki et al. (2020), Real
World Games Look Like Spinning Tops (random game of skill).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pokespiel.core.ranges import Checked, Count, Share, Whole
from pokespiel.game.matrix import matrix_game
from pokespiel.game.protocols import Form
from pokespiel.game.tree import TreeGame


@dataclass(frozen=True)
class SpinningTop(Checked):
    """A random symmetric zero-sum table with a transitive and a cyclic part.

    Reference: Czarnecki et al. (2020), Real World Games Look Like Spinning Tops.
    """

    kind: Literal["elo", "disc", "skill", "top"] = "top"
    """What the parts are; see `game/spinning_tops.py`."""
    size: Count = 100
    """Number of policies."""
    cyclic: Share = 0.5
    """Weight of the cyclic part (0..1), for skill and top."""
    seed: Whole = 0
    """Seed of the table."""

    def load(self, form: Form | None) -> TreeGame:
        """The game; its only form is the tree."""
        name = f"spinning_top(kind={self.kind},size={self.size},cyclic={self.cyclic},seed={self.seed})"
        return matrix_game(self.payoffs(), name)

    def payoffs(self) -> np.ndarray:
        """[n, n] what row i earns against column j."""
        rng = np.random.default_rng(self.seed)
        if self.kind == "elo":
            return np.tanh(_differences(rng.normal(size=self.size)) / 2)
        if self.kind == "disc":
            angles, radii = 2 * np.pi * rng.random(self.size), np.sqrt(rng.random(self.size))
            return _turns(radii * np.cos(angles), radii * np.sin(angles))
        if self.kind == "skill":
            noise = rng.normal(size=(self.size, self.size))
            return self._mixed(_differences(rng.normal(size=self.size)), (noise - noise.T) / 2)
        points = rng.normal(size=(3, self.size))
        x, y, z = points / np.linalg.norm(points, axis=0)
        return self._mixed(_differences(z), _turns(x, y))

    def _mixed(self, transitive: np.ndarray, cyclic: np.ndarray) -> np.ndarray:
        return (1 - self.cyclic) * transitive + self.cyclic * cyclic


def _differences(skill: np.ndarray) -> np.ndarray:
    return np.subtract.outer(skill, skill)


def _turns(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n, n] twice the area of each triangle with the origin: positive if j stands to the left of i."""
    return np.multiply.outer(x, y) - np.multiply.outer(y, x)
