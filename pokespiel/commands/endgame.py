"""`pokespiel endgame`: the last Pokémon of both sides, solved exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count, Positive
from pokespiel.core.registry import BadOption


@dataclass(frozen=True)
class EndgameCommand(Checked):
    """Solve the end of a battle exactly: value, both equilibria, the turn's payoffs, and what each wrong choice costs.

    A position is two sides with "vs" between them: "Tauros @ 353 vs Tauros @ 258 par". A side is a species, then HP
    after @ (points, or percent with %), a status (par, brn, psn, frz, "slp 3": at most three more turns, "tox 2"),
    stages (+2 special), confused, reflect, sub 40, L50; after a colon its moves, with PP after a slash: "Starmie @ 60%:
    Recover, Psychic/3". Without moves it has its most common set in the shipped teams. "&" adds a Pokémon in reserve.

    A YAML file has a list of positions: texts, or mappings with `position` and optionally `name` and `pp`.
    """

    positions: Positional[tuple[str, ...]]
    """Positions, each in quotation marks, or YAML files with positions."""
    pp: Literal["unlimited", "exact"] = "unlimited"
    """exact counts PP down and lets moves run out, which takes far more states; unlimited keeps them as they are: the
    value is the same unless a battle can last until a move has run out."""
    memory: Positive = 4.0
    """GB that the values may take; a larger ending is refused with its size."""
    situations: Count = 200_000
    """Refuse an ending with more situations than this, not counting HP (with Pokémon in reserve: counting HP)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.positions:
            raise BadOption('name a position, such as "Tauros @ 353 vs Tauros @ 258 par"')

    def __call__(self) -> int:
        from pokespiel.game.endgames import endgame_tools

        endgames = endgame_tools()
        for number, (name, text, pp) in enumerate(
            one for given in self.positions for one in endgames.read_positions(_text(given), self.pp)
        ):
            solved = endgames.solve_endgame(
                text, pp=pp, most_bytes=int(self.memory * 1e9), most_situations=self.situations
            )
            print("\n" * (number > 0) + (f"{name}: " if name else "") + endgames.described(solved), flush=True)
        return 0


def _text(given: str) -> str | Path:
    return Path(given) if given.endswith((".yaml", ".yml")) else given
