"""A policy's opinion on positions: the probabilities of its choices, and its critic's estimated chance to win.

A mixture draws one member for the whole match, so its opinion is the average of its members' opinions, weighted by
their posterior probabilities given the choices so far (Bayes' rule): p(m) before the first choice, then proportional to
p(m) pi_m(a_1) pi_m(a_2) ... Scripted players have no critic, and a privileged critic cannot be used if only a player's
view is known; the win chance is then None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Observations, Policy, members_of
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.learning.network_policy import NetworkPolicy


class Opinion(NamedTuple):
    """A policy's opinion on one decision."""

    probabilities: np.ndarray
    """[A], zero where illegal."""
    win_chance: float | None
    """Win chance of the player who decides, where a tie counts half; None if no member has a usable critic."""


def opinions(
    policy: Policy, player: int, features: np.ndarray, legal: np.ndarray, played: Sequence[str | None] = ()
) -> list[Opinion]:
    """Opinions on the decisions of `player` (0 or 1) in one match, in order, starting with its first one.

    features: [k, D] float32. legal: [k, A] bool, True = allowed, at least one per row. played: the choices made at the
    first decisions, in Showdown's words; None = unknown.
    """
    members, prior = zip(*members_of(policy), strict=True)
    chosen, values = zip(*(_of_member(member, player, features, legal) for member in members), strict=True)
    beliefs = _beliefs(np.array(prior), np.stack(chosen), played)
    probabilities = np.einsum("km,mka->ka", beliefs, np.stack(chosen))
    judges = [number for number, value in enumerate(values) if value is not None]
    if not judges:
        return [Opinion(one, None) for one in probabilities]
    shares = beliefs[:, judges] + 1e-12  # never 0: critics count equally if they have no weight left
    value = np.average(np.stack([values[number] for number in judges], axis=1), axis=1, weights=shares)
    return [Opinion(*one) for one in zip(probabilities, np.clip((1 + value) / 2, 0, 1).tolist(), strict=True)]


def _beliefs(prior: np.ndarray, chosen: np.ndarray, played: Sequence[str | None]) -> np.ndarray:
    """[k, m] each member's posterior probability at each decision, from probabilities `chosen` [m, k, A].

    A choice that no member makes does not change the posterior.
    """
    beliefs = np.empty((chosen.shape[1], len(prior)))
    belief = prior / prior.sum()
    for row in range(len(beliefs)):
        beliefs[row] = belief
        if row < len(played) and played[row] in ACTION_NAMES:
            likelier = belief * chosen[:, row, ACTION_NAMES.index(played[row])]
            belief = likelier / likelier.sum() if likelier.any() else belief
    return beliefs


def _of_member(
    policy: Policy, player: int, features: np.ndarray, legal: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities [k, A] and values [k]; a policy with memory is queried decision by decision."""
    rows = [slice(row, row + 1) for row in range(len(legal))] if policy.memory_size else [slice(None)]
    memory = policy.start(1, np.random.default_rng(0))
    parts, values = [], []
    for row in rows:
        seen = Observations(player, features[row], legal[row], np.full(len(legal[row]), -1, np.int64))
        before = np.repeat(memory, len(seen.legal), axis=0) if not policy.memory_size else memory
        chosen, after = policy(seen, before)
        parts.append(chosen)
        if isinstance(policy, NetworkPolicy) and policy.judges:
            values.append(policy.values(seen, before))
        memory = after if policy.memory_size else memory
    return np.concatenate(parts), np.concatenate(values) if values else None


def has_critic(policy: Policy) -> bool:
    """Whether opinions of this policy have a win chance."""
    return any(isinstance(member, NetworkPolicy) and member.judges for member, _ in members_of(policy))


def as_shares(opinion: Opinion, choices: Sequence[str]) -> dict[str, float]:
    """The probabilities by Showdown's word for the action, for those in `choices`."""
    return {
        name: float(share) for name, share in zip(ACTION_NAMES, opinion.probabilities, strict=True) if name in choices
    }
