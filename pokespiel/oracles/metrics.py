"""Combine the metrics of an iteration's oracle calls into one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

SPENT = ("decisions", "episodes", "updates", "seconds")
"""Metrics that are summed over an oracle's calls."""


def oracle_prefix(number: int, oracles: int) -> str:
    """The prefix of an oracle's metrics, given the number of oracles."""
    return f"oracle_{number}/" if oracles > 1 else "oracle/"


def merged_metrics(called: Sequence[int], calls: Sequence[Mapping[str, float]], num_oracles: int) -> dict[str, float]:
    """Each metric over an oracle's calls, led by `oracle/`, or by `oracle_0/`, ... if there are several.

    Costs (decisions, episodes, updates, seconds) are summed; everything else is averaged.

    called: the oracle's index for each call.
    """
    merged: dict[str, float] = {}
    for oracle in dict.fromkeys(called):
        own = [metrics for which, metrics in zip(called, calls, strict=True) if which == oracle]
        prefix = oracle_prefix(oracle, num_oracles)
        for name in dict.fromkeys(name for metrics in own for name in metrics):
            values = [metrics[name] for metrics in own if name in metrics]
            merged[prefix + name] = float(np.sum(values) if name.split("/")[0] in SPENT else np.mean(values))
    return merged
