"""`pokespiel profile`: the speed of learning on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Profile:
    """Measure where learning spends its time on this machine, and propose batch sizes."""

    game: str = "leduc_poker"
    """The game to play."""
    hidden: tuple[int, ...] = (128, 128)
    """Widths of the network's hidden layers."""
    body: str = "auto"
    """What the network is made of: mlp, residual or structured; auto = by the game's layout where it has one."""
    device: str = "cpu"
    """Where the network runs."""
    threads: int | Literal["auto"] = "auto"
    """Torch's threads; auto = as training would have them: one, for large networks all cores."""
    epochs: int = 4
    """How often each decision is learnt from."""
    seconds: float = 1.0
    """Least time of each measurement."""
    seed: int = 0

    def __call__(self) -> int:
        import numpy as np

        from pokespiel.game.loading import load_game
        from pokespiel.learning.compute import Compute
        from pokespiel.learning.networks import NetworkOptions
        from pokespiel.learning.profile import Profiler, speed_table

        network, compute = NetworkOptions(self.body, self.hidden), Compute(self.device, threads=self.threads)
        speeds = Profiler(network, compute, self.seconds)(load_game(self.game), np.random.default_rng(self.seed))
        print("\n".join(speed_table(speeds, self.epochs)))
        return 0
