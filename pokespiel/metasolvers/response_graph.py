"""The response graph: which single deviations are profitable.

Its nodes are joint choices of policies (single policies for one symmetric population). An edge leads from one node to
another that differs in one player's policy and gives that player more; between equal payoffs there are edges both ways.
Under strong selection, evolution ends in the sink strongly connected components (Omidshafiei et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from pokespiel.metasolvers.judging import is_rounding
from pokespiel.metasolvers.markov import closed_classes
from pokespiel.metasolvers.tables import Table, checked_table


@dataclass(frozen=True)
class ResponseGraph:
    """All single deviations of a payoff table, as parallel arrays of E directed pairs of nodes."""

    shape: tuple[int, ...]
    """Policies per population; node numbers count joint choices in C order (np.unravel_index(node, shape) inverts
    it)."""
    source: np.ndarray
    """[E] the node before the deviation."""
    target: np.ndarray
    """[E] the node after it."""
    player: np.ndarray
    """[E] the deviating player."""
    gain: np.ndarray
    """[E] the deviator's gain, exactly 0 for a tie, that is, if rounding may explain the difference."""

    @property
    def num_nodes(self) -> int:
        return int(np.prod(self.shape))

    @cached_property
    def improving(self) -> sparse.csr_array:
        """[N, N] positive where there is an edge: 1 for a gain, 0.5 for a tie."""
        return self.matrix(np.where(self.gain > 0, 1.0, 0.5), self.gain >= 0)

    @cached_property
    def sinks(self) -> list[np.ndarray]:
        """The sink strongly connected components: sorted node numbers of each."""
        return closed_classes(self.improving)

    def matrix(self, values: np.ndarray, keep: np.ndarray | slice = slice(None)) -> sparse.csr_array:
        """[N, N] with `values` [E] at the pairs for which `keep` [E] is true."""
        size = (self.num_nodes, self.num_nodes)
        return sparse.csr_array((values[keep], (self.source[keep], self.target[keep])), shape=size)


def response_graph(payoffs: np.ndarray, *, symmetric: bool = False) -> ResponseGraph:
    """The response graph of payoffs [P, n_1, ..., n_P].

    symmetric: a two-player table's single population, in which policy j replaces i if it earns more against i than i
    earns against j. With more players the nodes are joint choices as usual.
    """
    return of_table(checked_table(payoffs, symmetric=symmetric, solver="response graph"))


def of_table(table: Table) -> ResponseGraph:
    """`response_graph` of a checked table."""
    if table.symmetric and table.num_players == 2:
        own = table.payoffs[0]
        return _graph(own.shape[:1], [_pairs(np.arange(len(own)), own, own.T)], own)
    shape = table.payoffs.shape[1:]
    nodes = np.arange(int(np.prod(shape))).reshape(shape)
    parts = []
    for player, payoffs in enumerate(table.payoffs):
        lines = np.moveaxis(payoffs, player, -1)
        parts.append(_pairs(np.moveaxis(nodes, player, -1), lines[..., :, None], lines[..., None, :]))
    return _graph(shape, parts, table.payoffs)


def _pairs(nodes: np.ndarray, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, ...]:
    """All ordered pairs of different nodes along the last axis [..., k], and the deviator's payoffs [..., k, k]."""
    before, after = np.broadcast_arrays(before, after)
    different = np.broadcast_to(~np.eye(nodes.shape[-1], dtype=bool), before.shape)
    source = np.broadcast_to(nodes[..., :, None], before.shape)
    target = np.broadcast_to(nodes[..., None, :], before.shape)
    return source[different], target[different], before[different], after[different]


def _graph(shape: tuple[int, ...], parts: list[tuple[np.ndarray, ...]], payoffs: np.ndarray) -> ResponseGraph:
    source, target, before, after = (np.concatenate(column) for column in zip(*parts, strict=True))
    player = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    gain = after - before
    tied = is_rounding(gain, [before, after], payoffs)
    return ResponseGraph(shape, source, target, player, np.where(tied, 0.0, gain))
