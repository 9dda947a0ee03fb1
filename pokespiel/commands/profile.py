"""`pokespiel profile`: the speed of learning on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pokespiel.core.ranges import Checked, Count, Positive, Whole


@dataclass(frozen=True)
class Profile(Checked):
    """Measure where learning spends its time on this machine.

    Prints the speeds by batch size, the fastest sizes, and what `auto` chooses, which prefers small minibatches because
    they learn more from the same decisions.
    """

    game: str = "leduc_poker"
    """The game to measure, as an OpenSpiel or pokespiel game string."""
    hidden: tuple[Count, ...] = (128, 128)
    """Widths of the network's hidden layers."""
    body: str = "auto"
    """The network's body: mlp, residual or structured; auto = structured if the game has a layout, else mlp."""
    device: str = "cpu"
    """The device that the network runs on: cpu, cuda, cuda:1, ..."""
    threads: Whole | Literal["auto"] = "auto"
    """Torch's threads; auto = as in training: one, or all cores for large networks."""
    epochs: Count = 4
    """How many times training learns from each decision."""
    seconds: Positive = 1.0
    """Minimum length of each measurement, in seconds."""
    seed: Whole = 0
    """Seed of the network's weights and of the matches."""

    def __call__(self) -> int:
        import numpy as np

        from pokespiel.game.loading import load_game
        from pokespiel.learning.compute import Compute
        from pokespiel.learning.networks import NetworkOptions
        from pokespiel.learning.profile import Profiler, automatic, speed_table

        network, compute = NetworkOptions(self.body, self.hidden), Compute(self.device, threads=self.threads)
        game, rng = load_game(self.game), np.random.default_rng(self.seed)
        speeds = Profiler(network, compute, self.seconds)(game, rng)
        print("\n".join([*speed_table(speeds, self.epochs), automatic(game, network, compute, rng)]))
        return 0
