"""`pokespiel dataset`: generate, filter, merge and describe datasets of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count, Share, Whole
from pokespiel.core.registry import BadOption
from pokespiel.game.names import RANKED
from pokespiel.learning.datasets import Dataset, Filter

READING = ("describe", "usage")
_SIFTING = ("out", "chosen", "both_seats", "least_decisions", "seed")
USED: dict[str, tuple[str, ...]] = {
    "generate": ("out", "game", "matches", "explore", "part", "seed"),
    "filter": _SIFTING,
    "merge": _SIFTING,
    **dict.fromkeys(READING, ()),
}
"""The options that each action reads."""


@dataclass(frozen=True)
class DatasetCommand(Checked):
    """Make datasets to learn from: play matches into one, filter or merge some, or describe some.

    generate: every named policy meets every other and itself, and all decisions are recorded. filter, merge: copy the
    decisions that --chosen and the limits allow to --out; a match found in several datasets is copied once. describe:
    print sizes, policies and actions. usage: print what the game counts in decisions; for Gen 1 OU species, leads and
    moves, with scores and intervals.
    """

    action: Positional[Literal["generate", "filter", "merge", "describe", "usage"]]
    """What to do: one of the actions above."""
    sources: Positional[tuple[str, ...]]
    """generate: policies by name or file. Others: folders of datasets."""
    out: Path | None = None
    """generate, filter, merge: the folder of the new dataset; generate completes what the same command began there."""
    game: str = RANKED
    """generate: the game."""
    matches: Count = 1000
    """generate: how many matches to play."""
    explore: Share = 0.0
    """generate: share of uniform play (0 to 1) mixed into every policy."""
    chosen: Filter = Filter()
    """filter, merge: which decisions to keep."""
    both_seats: bool = False
    """filter, merge: leave out one-sided matches, which lack the decisions of a seat."""
    least_decisions: Whole = 0
    """filter, merge: leave out matches with fewer decisions."""
    part: Count = 1000
    """generate: matches per file."""
    seed: Whole = 0
    """generate: seed of the matches. filter, merge: seed of drawing for --chosen.balance."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sources:
            raise BadOption(f"{self.action}: name {'policies' if self.action == 'generate' else 'datasets'}")
        if self.out is None and self.action not in READING:
            raise BadOption(f"{self.action}: name the folder of the new dataset with --out")
        for one in fields(self)[2:]:
            if one.name not in USED[self.action] and getattr(self, one.name) != one.default:
                by = ", ".join(action for action, names in USED.items() if one.name in names)
                raise BadOption(f"{self.action} has no use for --{one.name.replace('_', '-')}, an option of {by}")

    def __call__(self) -> int:
        from pokespiel.learning.sifting import figures

        if self.action == "generate":
            self._generate()
        elif self.action not in READING:
            self._sift()
        elif self.action == "usage":
            print("\n".join(self._usage()))
            return 0
        for folder in self.sources if self.out is None else (str(self.out),):
            print("\n".join(figures(Dataset(Path(folder))).lines()))
        return 0

    def _usage(self) -> Iterable[str]:
        from pokespiel.game.loading import load_game
        from pokespiel.game.protocols import WithUsage

        datasets = [Dataset(Path(folder)) for folder in self.sources]
        name = datasets[0].provenance(datasets[0].parts()[0])["game"]
        if not isinstance(game := load_game(name.partition("(")[0]), WithUsage):
            raise ValueError(f"no usage is counted in decisions of {name}")
        counts = game.usage()
        for dataset in datasets:
            for path in dataset.parts():
                if (other := dataset.provenance(path)["game"]).partition("(")[0] != name.partition("(")[0]:
                    raise ValueError(f"{path} is of {other}, not of {name}")
                counts.add(dataset.read(path))
        return counts.lines()

    def _generate(self) -> None:
        import numpy as np

        from pokespiel.core.progress import watch
        from pokespiel.game.loading import load_game
        from pokespiel.learning.sifting import generated_parts
        from pokespiel.runs.initial import policies_named

        assert self.out is not None
        game, dataset, done = load_game(self.game), Dataset(self.out), 0
        policies, rng = policies_named(self.sources, game), np.random.default_rng(self.seed)
        made = {"game": game.name, "policies": list(self.sources)}
        made |= {name: getattr(self, name) for name in ("matches", "explore", "part", "seed")}
        _check_begun(dataset, made)
        with watch("matches", self.matches) as bar:
            for columns, names in generated_parts(game, policies, self.matches, self.explore, rng, self.part):
                if not dataset.holds(columns):  # a command that was killed has written them
                    by = {"by": "pokespiel dataset generate", "made": made}
                    dataset.append(columns, {"game": game.name, "policies": names, **by})
                done += len(columns["match_seed"])
                bar.update(done, "")

    def _sift(self) -> None:
        import numpy as np

        from pokespiel.learning.sifting import Sieve, sift

        assert self.out is not None
        sieve = Sieve(self.chosen, self.both_seats, self.least_decisions)
        datasets = [Dataset(Path(folder)) for folder in self.sources]
        if not sift(datasets, Dataset(self.out), sieve, np.random.default_rng(self.seed)):
            raise ValueError("nothing is left of these datasets: no match passes the filter")


def _check_begun(dataset: Dataset, made: dict[str, Any]) -> None:
    """Refuse a folder with a dataset that the same command did not begin: its matches could be the same ones."""
    if not dataset.is_empty and any(dataset.provenance(part).get("made") != made for part in dataset.parts()):
        raise ValueError(f"{dataset.folder} already holds another dataset; choose another folder")
