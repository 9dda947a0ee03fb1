"""Seeded chance for many matches at once: each match has its own stream of uniform numbers.

The generator is SplitMix64, which has one 64-bit word of state and needs only a few array operations. Equal seeds give
equal streams, independent of the other matches.

Reference: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def streams(seeds: Sequence[int] | np.ndarray) -> np.ndarray:
    """The state [n] uint64 of a fresh stream for each seed [n]; seeds are taken modulo 2^64."""
    if not isinstance(seeds, np.ndarray):
        seeds = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF for seed in seeds], np.uint64)
    return _mixed(seeds.astype(np.uint64))


def draw(states: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The next uniform number of the streams at `indices` [k], in [0, 1) by steps of 2^-32; advances them."""
    states[indices] += _STEP
    return (_mixed(states[indices]) >> np.uint64(32)) * 2.0**-32


def _mixed(words: np.ndarray) -> np.ndarray:
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))
