"""A policy's judgement of past decisions: its own probabilities, and the win chance at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.advice import opinions
from pokespiel.play.sight import sight

HIDDEN = "hidden"
"""Replaces a choice that a log does not show."""


class Chosen(NamedTuple):
    """One past choice, and its player's view."""

    turn: int
    player: int
    """1 or 2."""
    features: np.ndarray
    """[NUM_FEATURES] float32."""
    legal: np.ndarray
    """[9] bool, True = allowed."""
    choice: str
    """In Showdown's words."""


class Judged(NamedTuple):
    """A policy's judgement of one decision."""

    turn: int
    choice: str
    """In Showdown's words."""
    label: str
    """The move or the Pokémon sent in."""
    shares: tuple[tuple[str, str, float], ...]
    """(choice, label, probability) of every legal action, the likeliest first."""
    win_chance: float | None
    """Of the player who decides, before the choice."""


def judged(policy: Policy, player: int, decisions: Sequence[Chosen]) -> list[Judged]:
    """The judgements of all decisions of `player` (1 or 2) in one battle, in order."""
    own = [decision for decision in decisions if decision.player == player]
    if not own:
        return []
    features, legal = np.stack([one.features for one in own]), np.stack([one.legal for one in own])
    found = opinions(policy, player - 1, features, legal, [one.choice for one in own])
    return [_judged(decision, *opinion) for decision, opinion in zip(own, found, strict=True)]


def _judged(decision: Chosen, probabilities: np.ndarray, win_chance: float | None) -> Judged:
    labels = labels_of(decision.features, decision.legal)
    shares = [(name, labels[name], float(probabilities[ACTION_NAMES.index(name)])) for name in labels]
    shares.sort(key=lambda one: -one[2])
    label = labels.get(decision.choice, decision.choice or HIDDEN)
    return Judged(decision.turn, decision.choice, label, tuple(shares), win_chance)


def labels_of(features: np.ndarray, legal: np.ndarray) -> dict[str, str]:
    """The name of each legal choice: the move, or the Pokémon that it sends in."""
    return {one["choice"]: one["label"] for one in sight(features, legal)["actions"] if one["legal"]}


def as_data(found: Sequence[Judged]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [one._asdict() for one in found]
