"""A run's folder, read back in Python."""

from __future__ import annotations

from pathlib import Path

from pokespiel.runs.run import RunFolder, RunState


def load_run(path: str | Path) -> RunState:
    """The current state of the run in a folder, finished or not: policies, payoffs, mixtures and metrics so far.

    Raises:
        FileNotFoundError: the folder holds no run.
        ValueError: nothing of it is finished yet, or a file is damaged.
    """
    run = RunFolder(path)
    run.config()
    standing = run.standing()
    if standing is None:
        raise ValueError(f"{path} holds a run that has not finished its initial payoffs yet")
    return standing
