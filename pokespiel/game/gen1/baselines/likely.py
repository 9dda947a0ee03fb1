"""The foe's likely moves: the sets of `data/teams/usage.json`, narrowed by the moves revealed so far.

P(set | species, seen) is proportional to the set's weight times `_SURPRISE` for each revealed move that it lacks. The
probability of a move is that of the sets that contain it. A species without listed sets has one: its four strongest
moves.
"""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.facts import moves, species
from pokespiel.game.gen1.teams.legality import DATA, find_move, find_species, legality_facts

_SURPRISE = 0.02
_LEAST_USAGE = 0.3
_SAME_TYPE = 1.5
_STRAIGHT = ("None", "LevelDamage", "DoubleHit", "Drain")
"""Effects of the moves that a species without listed sets is assumed to have."""


class Sets(NamedTuple):
    """Listed sets by species number: K moves in S sets, padded with zeros."""

    moves: np.ndarray
    """[152, K] move numbers, 0 = none."""
    holds: np.ndarray
    """[152, S, K] bool, which sets contain which moves."""
    weights: np.ndarray
    """[152, S]."""
    usage: np.ndarray
    """[152], percentage of teams with the species."""


@cache
def sets() -> Sets:
    """The sets of all species."""
    stated = {
        str(find_species(name)): entry
        for name, entry in json.loads((DATA / "usage.json").read_text(encoding="utf-8"))["species"].items()
    }
    by_number = {
        number: _variants(stated[name]["sets"]) if name in stated else {_strongest(name): 1.0}
        for name, number in species().number.items()
    }
    known = {number: sorted(set(itertools.chain(*variants))) for number, variants in by_number.items()}
    size = len(species().number) + 1
    most_moves, most_sets = max(map(len, known.values())), max(map(len, by_number.values()))
    result = Sets(
        np.zeros((size, most_moves), int),
        np.zeros((size, most_sets, most_moves), bool),
        np.zeros((size, most_sets)),
        np.full(size, _LEAST_USAGE),
    )
    for number, variants in by_number.items():
        result.moves[number, : len(known[number])] = known[number]
        for row, (variant, weight) in enumerate(variants.items()):
            result.weights[number, row] = weight
            result.holds[number, row, [known[number].index(move) for move in variant]] = True
    for name, entry in stated.items():
        result.usage[species().number[name]] = entry["usage"]
    return result


def likely_moves(who: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moves that a species may have in addition to those revealed, and the probability of each.

    Args:
        who: [b] species numbers. seen: [b, 4] move numbers, 0 = not known.

    Returns:
        Move numbers [b, K] (0 = none) and probabilities [b, K], 0 for revealed moves and if all four are known.
    """
    table = sets()
    candidates, holds = table.moves[who], table.holds[who]
    is_seen = (candidates[:, :, None] == seen[:, None, :]) & (candidates > 0)[:, :, None]  # [b, K, 4]
    hits = np.einsum("bsk,bkm->bs", holds.astype(float), is_seen.astype(float))
    weights = table.weights[who] * _SURPRISE ** ((seen > 0).sum(axis=1, keepdims=True) - hits)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    probability = np.einsum("bs,bsk->bk", weights, holds.astype(float)) * ~is_seen.any(axis=2)
    hidden = (seen == 0).sum(axis=1, keepdims=True)
    total = probability.sum(axis=1, keepdims=True)
    return candidates, probability * np.minimum(1, hidden / np.where(total > hidden, total, 1))


def _variants(stated: list[dict[str, Any]]) -> dict[tuple[int, ...], float]:
    """Every set that alternatives such as "Ice Beam/Blizzard" allow, as move numbers, with its weight."""
    variants: dict[tuple[int, ...], float] = {}
    for entry in stated:
        options = list(itertools.product(*(slot.split("/") for slot in entry["moves"])))
        for names in options:
            numbers = tuple(sorted({moves().number[str(find_move(name))] for name in names}))
            variants[numbers] = variants.get(numbers, 0.0) + entry["weight"] / len(options)
    return variants


def _strongest(name: str) -> tuple[int, ...]:
    """The four strongest straightforward moves that a species learns."""
    known, types = moves(), species().types[species().number[name]]
    numbers = np.array([known.number[move] for move in legality_facts().species[name].learns])
    straight = np.isin(known.effect[numbers], _STRAIGHT)
    value = known.power[numbers] * known.accuracy[numbers] * straight
    value *= np.where(np.isin(known.type[numbers], types), _SAME_TYPE, 1.0)
    order = np.argsort(-value, kind="stable")
    return tuple(sorted({int(numbers[i]) for i in order[:4] if value[i] > 0} or {int(numbers[0])}))
