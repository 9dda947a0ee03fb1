"""`pokespiel replays`: replays and servers' logs as a dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count

if TYPE_CHECKING:
    from pokespiel.showdown.replays import ReplayMatch


@dataclass(frozen=True)
class Replays(Checked):
    """Read Pokémon Showdown's battles of gen1ou into a dataset to learn from, and report on each file.

    Files are public replays (JSON, pages, or bare logs) and the logs that a server keeps (.log.json), which hide
    nothing. Files that are unreadable, of another format, without a result, contradictory or duplicates are left out
    and counted by reason. The dataset is for the `offline` oracle's --oracle.replay.
    """

    folder: Positional[Path]
    """The folder of replays; its subfolders are read too."""
    out: Path
    """The folder of the dataset; battles that it already holds are not added again."""
    teams: str | None = None
    """A shipped pool, or a file or folder of teams, that players may have had: where exactly one team fits a player,
    it is taken as known. None = what the log does not show of a player's team is filled in."""
    part: Count = 500
    """Matches per file of the dataset."""
    quiet: bool = False
    """Print only the totals, not a line per file."""

    def __call__(self) -> int:
        from pokespiel.core.progress import watch
        from pokespiel.showdown.fixtures import teams_named
        from pokespiel.showdown.replays import read_replays, replay_files

        files, left_out, used = replay_files(self.folder), Counter[str](), 0
        waiting: list[ReplayMatch] = []
        known, teams = _seeds(self.out), teams_named(self.teams) if self.teams else ()
        with watch("replays", len(files)) as bar:
            for done, (account, match) in enumerate(read_replays(files, teams), 1):
                if not self.quiet:
                    bar.say(str(account))
                if match is None:
                    left_out[account.reason] += 1
                elif match.seed in known:
                    left_out["already in the dataset"] += 1
                else:
                    waiting.append(match)
                    used += 1
                if len(waiting) == self.part:
                    _append(self.out, waiting)
                    waiting = []
                bar.update(done, f"{used} used")
        _append(self.out, waiting)
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())
        print(f"{used} of {len(files)} files used{f'; left out: {why}' if why else ''}: {self.out}")
        return 0


def _seeds(folder: Path) -> set[int]:
    """The battles that a dataset already holds."""
    from pokespiel.learning.datasets import Dataset

    dataset = Dataset(folder)
    if dataset.is_empty:
        return set()
    return {int(seed) for part in dataset.parts() for seed in dataset.read(part, ("match_seed",))["match_seed"]}


def _append(folder: Path, matches: list[ReplayMatch]) -> None:
    from pokespiel.game.loading import load_game
    from pokespiel.learning.datasets import Dataset
    from pokespiel.showdown.protocol import FORMAT
    from pokespiel.showdown.replays import columns_of_replays

    if any(len(side) for match in matches for side in match.decisions):
        columns, names = columns_of_replays(matches)
        Dataset(folder).append(columns, {"game": load_game(FORMAT).name, "policies": names, "by": "replays"})
