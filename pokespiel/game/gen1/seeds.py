"""The numbers derived from a match's seed: its teams and the battle's generator."""

from __future__ import annotations

import numpy as np

_STREAM = np.uint64(0x9E3779B97F4A7C15)


def mixed(seeds: np.ndarray, *streams: int) -> np.ndarray:
    """[streams, k] uint64 numbers that look random, one per stream and seed: the finalizer of SplitMix64.

    Reference: Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators.
    """
    with np.errstate(over="ignore"):
        steps = np.array(streams, np.uint64)[:, None] + np.uint64(1)
        return _finalized(_finalized(seeds.astype(np.uint64)) + steps * _STREAM)


def _finalized(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
