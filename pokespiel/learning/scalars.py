"""Training curves: TensorBoard files by default, Weights & Biases if requested."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Scalars:
    """Writes named numbers by step into a folder for `tensorboard --logdir`, and to Weights & Biases if requested."""

    def __init__(self, folder: str | Path, *, wandb: str = "", config: Mapping[str, Any] | None = None):
        """`wandb`: the project's name there, empty = do not use it; `config`: the settings that the run's page shows.

        Raises:
            ModuleNotFoundError: Weights & Biases is requested but not installed.
        """
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))
        self._run: Any = None
        if wandb:
            try:
                import wandb as library
            except ModuleNotFoundError:
                raise ModuleNotFoundError("logging to Weights & Biases needs its package: pip install wandb") from None
            self._run = library.init(project=wandb, dir=str(folder), config=dict(config or {}))

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write all metrics at `step`, usually the number of decisions so far."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)
        if self._run is not None:
            self._run.log(dict(metrics), step=step)

    def close(self) -> None:
        """Flush and close."""
        self._writer.close()
        if self._run is not None:
            self._run.finish()

    def __enter__(self) -> Scalars:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
