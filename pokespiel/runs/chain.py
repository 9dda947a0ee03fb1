"""A run and the runs that it continues, read as one: phases from the oldest on, with iterations numbered throughout.

The first phase may be a tournament, which has policies and payoffs but no iterations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.loading import load_game
from pokespiel.game.scripted import ALL, expanded
from pokespiel.runs.run import RunFolder, RunState
from pokespiel.runs.tournament.folder import Tournament


class Phase(NamedTuple):
    """One run of a chain."""

    run: RunFolder
    standing: RunState
    """Its state when the next phase started; rows, mixtures and seconds of later work are left out."""
    first: int
    """The number of its iteration 0 within the chain: the last iteration of the previous phase."""
    name: str
    """Its folder's name, with as many parent folders as distinguish it from the other phases."""

    @property
    def iterations(self) -> int:
        return len(self.standing.rows) - 1

    @property
    def policies(self) -> int:
        """Number of policies in the first population at its end."""
        return self.standing.mixtures[0].shape[1]


class Chain(NamedTuple):
    """Runs from the first one to the requested one."""

    phases: tuple[Phase, ...]
    origin: Path | None
    """What the first phase started from if that is not among them: a tournament, or a missing folder."""

    @property
    def last(self) -> Phase:
        return self.phases[-1]

    def boundaries(self) -> dict[str, float]:
        """The start of each phase, halfway before its first own iteration; empty for a single run."""
        begins = [-0.5, *(phase.first + 0.5 for phase in self.phases[1:])]
        return dict(zip((phase.name for phase in self.phases), begins, strict=True)) if len(begins) > 1 else {}

    def rows(self) -> Iterator[tuple[Phase, int, Mapping[str, Any]]]:
        """Each iteration's phase, its number within the chain and its metrics; at a boundary those of the earlier
        phase."""
        for phase in self.phases:
            for row in phase.standing.rows:
                if row["iteration"] > 0 or phase is self.phases[0]:
                    yield phase, phase.first + int(row["iteration"]), row

    def mixtures(self) -> tuple[np.ndarray, ...]:
        """[iterations + 1, n_p] per population, over the chain; 0 before a policy was added."""
        return tuple(
            _stacked([phase.standing.mixtures[population] for phase in self.phases])
            for population in range(len(self.last.standing.mixtures))
        )


def chain_of(run: RunFolder) -> Chain:
    """The chain that ends with `run`; a `ValueError` if one of its phases has finished nothing."""
    phases: list[tuple[RunFolder, RunState]] = []
    place: RunFolder | None = run
    origin: Path | None = None
    while place is not None:
        standing = place.standing()
        if standing is None:
            raise ValueError(f"{place.path} has no finished iteration yet")
        if phases:
            standing = _until(standing, *phases[0])
        phases.insert(0, (place, standing))
        before = place.before()
        place = None
        if before is not None and RunFolder(before).config_file.is_file() and not Tournament.at(before):
            place = RunFolder(before)
        else:
            origin = before
    firsts = np.cumsum([0, *(len(standing.rows) - 1 for _, standing in phases[:-1])])
    return Chain(
        tuple(
            Phase(*each, first=int(first), name=name)
            for each, first, name in zip(phases, firsts, told_apart([run.path for run, _ in phases]), strict=True)
        ),
        origin,
    )


def told_apart(paths: Sequence[Path]) -> list[str]:
    """The paths shortened to their last parts, as few as distinguish each from the others."""
    whole = [path.resolve().parts for path in paths]

    def name(own: tuple[str, ...]) -> str:
        others = [parts for parts in whole if parts != own]
        sizes = range(1, len(own) + 1)
        size = next((size for size in sizes if all(parts[-size:] != own[-size:] for parts in others)), len(own))
        return str(Path(*own[-size:]))

    return [name(parts) for parts in whole]


def _until(standing: RunState, run: RunFolder, next_: RunState) -> RunState:
    """The state of a phase when `run` started with its policies, found by their number; it may have continued since."""
    config = run.config()
    named = len(expanded(config.population, load_game(config.game) if ALL in config.population else None))
    sizes = {name: size - named for name, size in next_.rows[0].items() if name.startswith("policies_")}
    rows = tuple(row for row in standing.rows if all(row[name] <= size for name, size in sizes.items()))
    widths = [int(rows[-1][name]) for name in sizes]
    mixtures = tuple(kept[: len(rows), :width] for kept, width in zip(standing.mixtures, widths, strict=True))
    return standing._replace(rows=rows, mixtures=mixtures, seconds=rows[-1]["seconds"])


def _stacked(histories: Sequence[np.ndarray]) -> np.ndarray:
    """Histories [T_k, n_k] one after the other, each except the first without its row 0."""
    rows = [row for number, history in enumerate(histories) for row in history[1 if number else 0 :]]
    stacked = np.zeros((len(rows), histories[-1].shape[1]))
    for place, row in enumerate(rows):
        stacked[place, : len(row)] = row
    return stacked
