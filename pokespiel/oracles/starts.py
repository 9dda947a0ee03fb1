"""The network that a training starts from; see `Learning.warm_start`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pokespiel.core.policy import Policy
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.oracles import Opponents


def pick_start(
    how: str, member: int, start: Sequence[Policy], opponents: Mapping[int, Opponents]
) -> NetworkPolicy | None:
    """The network policy of the warm start, from `start` or by its weight in `opponents`; None for fresh weights."""
    if how == "scratch":
        return None
    if how == "member":
        if not 0 <= member < len(start):
            raise ValueError(f"member {member} is not among the {len(start)} policies to start from")
        chosen = start[member]
        if not isinstance(chosen, NetworkPolicy):
            raise ValueError(f"member {member} is a {type(chosen).__name__}, not a network to start from")
        return chosen
    newest = next((policy for policy in reversed(start) if isinstance(policy, NetworkPolicy)), None)
    return (heaviest(opponents) or newest) if how == "heaviest" else newest


def heaviest(opponents: Mapping[int, Opponents]) -> NetworkPolicy | None:
    """The network with the most weight in the mixtures, over all seats it plays; of equals, the earliest."""
    weights: dict[int, float] = {}
    networks: dict[int, NetworkPolicy] = {}
    for mixture in opponents.values():
        for row, weight in zip(mixture.rows, mixture.weights, strict=True):
            for policies, index in zip(mixture.policies, row, strict=True):
                if index >= 0 and isinstance(policy := policies[index], NetworkPolicy):
                    networks[id(policy)] = policy
                    weights[id(policy)] = weights.get(id(policy), 0.0) + float(weight)
    return networks[max(weights, key=lambda one: weights[one])] if weights else None
