"""A solved position as text: value, both equilibria, the turn's matrix, and what each wrong choice costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.endgames.positions import EndgamePosition
from pokespiel.game.gen1.endgames.solution import EndgameDecision
from pokespiel.game.gen1.endgames.solver import SolvedPosition

_PRICELESS = 5e-7
"""Costs below this are printed as none."""


def choice_labels(battle: Battle, decision: EndgameDecision, position: EndgamePosition) -> tuple[list[str], list[str]]:
    """What the choices of both sides are called: moves and Pokémon sent in, by their names."""
    sides = (position.first, position.second)
    return (
        [
            _label(battle, 1, name, [one.set.species for one in sides[0]], sides[0][0].set.moves)
            for name in decision.choices[0]
        ],
        [
            _label(battle, 2, name, [one.set.species for one in sides[1]], sides[1][0].set.moves)
            for name in decision.choices[1]
        ],
    )


def _label(battle: Battle, player: int, choice: str, species: Sequence[str], moves: Sequence[str]) -> str:
    kind, _, number = choice.partition(" ")
    if kind == "switch":
        return f"to {species[int(number) - 1]}"
    if not kind:
        return "(waits)"
    offered = battle.request(player)
    for locked in ("recharge", "fight", "struggle"):
        if f'"id":"{locked}"' in offered and '"pp"' not in offered:
            return locked.capitalize()
    return moves[int(number) - 1]


def described(solved: SolvedPosition) -> str:
    """Some lines about the position."""
    decision = solved.decision
    labels = choice_labels(solved.start, decision, solved.position)
    sweeps = f"{solved.sweeps} sweep{'s' if solved.sweeps != 1 else ''}"
    lines = [
        solved.position.text,
        f"The first side wins with probability {decision.value:.4f} (a tie counts half).",
        *_side("first", labels[0], decision.first, decision.costs(1)),
        *_side("second", labels[1], decision.second, decision.costs(2)),
        "The first side's chance to win after both choices:",
        *_table(labels, decision.matrix),
        f"{solved.states:,} states, {solved.seconds:.2f} s, {sweeps}, residual {solved.residual:.0e}",
    ]
    return "\n".join(lines)


def _side(name: str, labels: Sequence[str], shares: np.ndarray, costs: np.ndarray) -> list[str]:
    width = max(map(len, labels))
    lines = [f"The {name} side plays:"]
    for index in np.argsort(-shares, kind="stable"):
        price = f"costs {costs[index]:.4f}" if costs[index] > _PRICELESS else ""
        lines.append(f"  {labels[index].ljust(width)}  {shares[index]:7.2%}  {price}".rstrip())
    return lines


def _table(labels: tuple[Sequence[str], Sequence[str]], matrix: np.ndarray) -> list[str]:
    first = max(map(len, labels[0]))
    widths = [max(len(label), 6) for label in labels[1]]
    lines = [
        "  " + " " * first + "".join(f"  {label:>{width}}" for label, width in zip(labels[1], widths, strict=True))
    ]
    for label, row in zip(labels[0], matrix, strict=True):
        cells = "".join(f"  {value:{width}.4f}" for value, width in zip(row, widths, strict=True))
        lines.append(f"  {label.ljust(first)}{cells}")
    return lines
