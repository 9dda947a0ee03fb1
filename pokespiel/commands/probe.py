"""`pokespiel probe`: a policy in positions whose exact solution is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Whole
from pokespiel.core.registry import BadOption


@dataclass(frozen=True)
class ProbeCommand(Checked):
    """Show what a policy loses in exactly solved endgames, worst first.

    The loss at a position is how much less the policy wins there than an equilibrium does, if the opponent answers its
    choice optimally and both play optimally afterwards: 0 for a policy that plays the equilibrium.
    """

    policy: Positional[str]
    """shipped, a scripted player's name, a policy's file, or the folder of a run or tournament (its mixture)."""
    worst: Whole = 5
    """Number of the worst decisions that are printed with the policy's choices and the right ones."""
    curve: bool = False
    """For a run's folder: print the mean loss of its mixture after each iteration instead."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.curve and not Path(self.policy).is_dir():
            raise BadOption(f"--curve is for the folder of a run, and {self.policy!r} is not a folder")

    def __call__(self) -> int:
        from pokespiel.evaluation.probes import curve_text, probe_curve, probed, result_text
        from pokespiel.game.loading import load_game
        from pokespiel.game.names import RANKED
        from pokespiel.runs.initial import policy_named

        if self.curve:
            print(curve_text(probe_curve(Path(self.policy))))
        else:
            print(result_text(probed(policy_named(self.policy, load_game(RANKED))), self.worst))
        return 0
