"""A tournament in a folder: every pair plays; a log of matches determines the payoff table, its mixture and a ranking.

    config.yaml             the game, the seed, the policies
    policies/expert.safetensors
    matches.csv             one line per match, only appended to; matches.json says how much of it counts (see log.py)
    environment.json        versions, commit, machine and command of each session
    table.csv, ranking.csv, ...   derived (see results.py)

Everything else is derived from the log: the table is counted anew whenever the folder is opened. Later calls can add
policies or units in the same folder; the cells with the fewest are played first. Round k uses the random numbers of
(seed, k), so a tournament that is killed and resumed produces the same log. Rounds that do not depend on each other's
results can be played in parallel; they are logged in order, so the log is again the same.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pokespiel.core.executors import Alone, Crew, unit_results
from pokespiel.core.files import locked, write_text
from pokespiel.core.options import read_yaml
from pokespiel.core.policy import Policy, describe
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.provenance import environment
from pokespiel.core.registry import BadOption, checked_value
from pokespiel.game.loading import load_game
from pokespiel.game.portable import Portable
from pokespiel.game.protocols import Game, Telling
from pokespiel.payoffs import Allocation, Blind
from pokespiel.payoffs.allocation import levelled
from pokespiel.payoffs.sampling import (
    CellBlock,
    Field,
    expecting,
    grown,
    one_for_all,
    play_block,
    record_units,
    seatings,
    to_play,
)
from pokespiel.payoffs.tables import PayoffTable, Sampled, per_seat
from pokespiel.runs import agents
from pokespiel.runs.tournament.log import Counted, MatchLog

Members = Mapping[str, Mapping[str, Policy]]
"""Policies by name, by population: `all` if one serves every seat, else the seat's number."""

AHEAD = 4
"""Number of finished rounds per worker that may wait for an earlier one to be logged."""


@dataclass(frozen=True)
class TournamentConfig:
    """The definition of a tournament."""

    game: str
    """A name for `load_game`."""
    seed: int
    """Seed of all rounds."""
    populations: Mapping[str, tuple[str, ...]]
    """The names of each population's policies, in the order in which they were added."""


@dataclass(frozen=True)
class Plan:
    """How much to play, and in which cells."""

    allocation: Allocation
    """Distributes the units after the first ones over the cells."""
    units: int = 500
    """Average units per cell: seat-swapped pairs in a symmetric game of two, else matches."""
    first: int = 500
    """Units that every cell gets in any case."""
    step: int = 2048
    """Units per round: played between two allocation decisions, and the most work that a kill can lose. Small rounds
    are slow, because each waits for its longest match."""
    width: int = 4096
    """Number of matches played side by side."""
    max_steps: int | None = None
    """Stop a match as unfinished after this many steps; None = only the game ends it."""

    def __post_init__(self) -> None:
        if not 2 <= self.first <= self.units:
            raise BadOption(f"expected 2 <= first <= units, got first {self.first} and units {self.units}")
        if self.step < 1:
            raise BadOption(f"step must be at least 1, got {self.step}")
        if self.max_steps is not None and self.max_steps < 1:
            raise BadOption(f"max_steps must be at least 1, got {self.max_steps}")

    @property
    def is_blind(self) -> bool:
        """Whether no round depends on another's result: units that `max_steps` leaves unfinished would be replaced."""
        return isinstance(self.allocation, Blind) and self.max_steps is None


class Tournament:
    """A tournament's folder; `open` holds its lock to play, `Tournament(path)` only reads."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.log = MatchLog(self.path)
        self._game: Game | None = None

    @staticmethod
    def at(path: str | Path) -> bool:
        """Whether the folder holds a tournament."""
        return (Path(path) / "matches.json").is_file()

    @classmethod
    @contextmanager
    def open(cls, path: str | Path, game: str, seed: int, members: Members) -> Iterator[Tournament]:
        """Open the tournament in a folder, creating it if new; `members` are added to its policies.

        Raises `ValueError` if it has another game or seed, or another policy under a name in `members`.
        """
        tournament = cls(path)
        tournament._game = load_game(game)
        with locked(path):
            tournament._join(game, seed, members)
            yield tournament

    def config(self) -> TournamentConfig:
        path = self.path / "config.yaml"
        if not path.is_file():
            raise FileNotFoundError(f"{self.path} holds no tournament: there is no {path.name} in it")
        kept = read_yaml(path)
        if set(kept) != {"game", "seed", "populations"} or not isinstance(kept["populations"], dict):
            raise ValueError(
                f"{path} is not a tournament: expected game, seed and populations, found {', '.join(kept)}"
            )
        populations = {
            str(name): checked_value(members, tuple[str, ...], f"population {name!r} in {path}")
            for name, members in kept["populations"].items()
        }
        return TournamentConfig(str(kept["game"]), checked_value(kept["seed"], int, f"seed in {path}"), populations)

    def game(self) -> Game:
        """The game as given on opening, so that parameters that do not change it, such as threads, apply too."""
        return self._game or load_game(self.config().game)

    def names(self) -> tuple[tuple[str, ...], ...]:
        """Per population, the names of its policies."""
        return tuple(self.config().populations.values())

    def populations(self) -> tuple[tuple[Policy, ...], ...]:
        """Per population, its policies; a policy in several populations is one object."""
        names = self.names()
        loaded = {name: load_policy(self.policy_file(name)) for population in names for name in population}
        return tuple(tuple(loaded[name] for name in population) for population in names)

    def policy_file(self, name: str) -> Path:
        return self.path / "policies" / f"{name}.safetensors"

    def table(self) -> PayoffTable:
        """The payoff table counted from the log; cells without matches are missing."""
        return self._counted(self.game())[0]

    def _counted(self, game: Game) -> tuple[PayoffTable, np.ndarray]:
        """The table, and the number of units [cells] played, finished or not."""
        names = self.names()
        table = grown(game, names, None)
        played = np.zeros(table.sizes, np.int64)
        for units in self.log.rounds(per_seat(game, names), seatings(game, names)):
            table = record_units(table, units)
            np.add.at(played, tuple(units.cells.T), 1)
        return table, played

    def play(self, plan: Plan, crew: Crew = Alone()) -> Iterator[PayoffTable]:
        """Play what `plan` still lacks; yields the table before the first round and after each.

        crew: plays independent rounds in parallel.
        """
        game, populations = self.game(), self.populations()
        names = per_seat(game, self.names())
        table, played = self._counted(game)
        field = Field(Portable(game, load_game), populations, plan.width, plan.max_steps)
        yield table
        rounds = -1
        while rounds < self.log.counted().rounds:
            rounds = self.log.counted().rounds
            for units in unit_results(crew, play_block, self._foreseen(plan, table, played.copy()), field, AHEAD):
                table = record_units(table, units)
                self.log.add(units, names, game.drawn(units.seeds) if isinstance(game, Telling) else {})
                np.add.at(played, tuple(units.cells.T), 1)
                yield table

    def _foreseen(self, plan: Plan, table: PayoffTable, played: np.ndarray) -> Iterator[CellBlock]:
        """The next rounds, up to one that depends on earlier results; none = the plan is done."""
        game, seed = self.game(), self.config().seed
        cells = to_play(game, self.names())
        place, symmetric = tuple(cells.T), one_for_all(game, self.names())
        for number in itertools.count(self.log.counted().rounds):
            rng = np.random.default_rng([seed, number])
            counts = _next(plan, table, played[place], cells, game, rng, symmetric)
            if not counts.any():
                return
            yield CellBlock(np.repeat(cells, counts, axis=0), rng)
            played[place] += counts
            if plan.is_blind:
                table = expecting(table, cells, counts)
            elif (played[place] >= plan.first).all():
                return

    def total(self, plan: Plan) -> int:
        """The number of units when `plan` is done, unless its allocation ends it earlier."""
        return max(plan.units * len(to_play(self.game(), self.names())), self.log.counted().units)

    def counted(self) -> Counted:
        return self.log.counted()

    def _join(self, game: str, seed: int, members: Members) -> None:
        kept = self._kept(game, seed, members)
        joined = {
            population: tuple(dict.fromkeys((*kept.populations.get(population, ()), *members.get(population, ()))))
            for population in members or kept.populations
        }
        if not any(joined.values()):
            raise BadOption("a tournament needs policies: name at least one")
        if not len(to_play(self.game(), tuple(joined.values()))):
            alone = ", ".join(name for names in joined.values() for name in names)
            raise BadOption(f"a tournament needs two policies: {alone} has nobody to play against")
        for group in members.values():
            for name, policy in group.items():
                self._save(name, policy)
        text = {"game": kept.game, "seed": kept.seed, "populations": {name: list(joined[name]) for name in joined}}
        write_text(self.path / "config.yaml", yaml.safe_dump(text, sort_keys=False))
        if not self.counted().matches:
            write_text(self.path / "matches.json", json.dumps(Counted()._asdict()) + "\n")
        self._write_environment()

    def _kept(self, game: str, seed: int, members: Members) -> TournamentConfig:
        name = load_game(game).name
        if not (self.path / "config.yaml").is_file():
            return TournamentConfig(name, seed, {})
        kept = self.config()
        if (kept.game, kept.seed) != (name, seed):
            raise ValueError(
                f"{self.path} is a tournament of {kept.game} with seed {kept.seed}, not of {name} with seed {seed}; "
                "choose another folder"
            )
        if members and set(members) != set(kept.populations):
            raise ValueError(f"{self.path} has populations {', '.join(kept.populations)}, not {', '.join(members)}")
        return kept

    def _save(self, name: str, policy: Policy) -> None:
        path = self.policy_file(name)
        if not path.is_file():
            save_policy(path, policy, {"name": name})
        elif not _same(load_policy(path), policy):
            raise ValueError(f"{self.path} has another policy by the name of {name}; rename the file that you add")

    def sessions(self) -> list[dict[str, Any]]:
        """The environment of each session, oldest first."""
        path = self.path / "environment.json"
        return json.loads(path.read_text(encoding="utf-8"))["sessions"] if path.is_file() else []

    def _write_environment(self) -> None:
        text = json.dumps({"sessions": [*self.sessions(), environment()]}, indent=1)
        write_text(self.path / "environment.json", text + "\n")


def _next(
    plan: Plan,
    table: PayoffTable,
    played: np.ndarray,
    cells: np.ndarray,
    game: Game,
    rng: np.random.Generator,
    symmetric: bool,
) -> np.ndarray:
    """[k], the units of the next round for each of `cells` [k, P]; all 0 = the plan is done."""
    short = int(np.maximum(plan.first - played, 0).sum())
    if short:
        return levelled(played, min(short, plan.step))
    left = plan.units * len(cells) - int(played.sum())
    if left <= 0:
        return np.zeros(len(cells), np.int64)
    return plan.allocation(Sampled(table, cells, game.utility_range, symmetric), min(left, plan.step), rng)


def _same(first: Policy, second: Policy) -> bool:
    """Whether two policies have the same saved form."""
    (kind, config, arrays), (other_kind, other_config, others) = describe(first), describe(second)
    alike = (kind, json.dumps(config)) == (other_kind, json.dumps(other_config)) and arrays.keys() == others.keys()
    return alike and all(np.array_equal(arrays[name], others[name]) for name in arrays)


def plain_name(text: str) -> str:
    """A policy's short name, safe in a file name: the last part of a file's or folder's path, without its suffix, or of
    a location such as `mybot.py:strongest`; `three_hours-0018` for a member of an agent."""
    last = text.replace("/", "-") if text in agents.names() else Path(text).name
    stem = last.rpartition(":")[2].removesuffix(".safetensors")
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", stem)


def named(policies: Mapping[str, Policy]) -> dict[str, Policy]:
    """`policies` under their short names; a `BadOption` if two are equal."""
    plain: dict[str, Policy] = {}
    for given, policy in policies.items():
        name = plain_name(given)
        if name in plain:
            raise BadOption(f"two policies are called {name}; rename the file {given}")
        plain[name] = policy
    return plain


def members_of_run(
    path: Path, populations: Mapping[str, Sequence[Policy]], origins: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[str, dict[str, Policy]]:
    """All policies of a run by population: initial ones under their own names, responses as `myrun-0003-ppo`.

    In a game with several populations, a response is called `myrun-1-0003-exact`, with its seat. `origins` describe
    each policy's origin.
    """
    base = plain_name(str(path.resolve()))
    members: dict[str, dict[str, Policy]] = {}
    for (population, policies), sources in zip(populations.items(), origins, strict=True):
        prefix = base if population == "all" else f"{base}-{population}"
        own = members.setdefault(population, {})
        for index, (policy, origin) in enumerate(zip(policies, sources, strict=True)):
            name = plain_name(str(origin["name"]))
            own[f"{prefix}-{index:04d}-{name}" if "oracle" in origin or name in own else name] = policy
    return members
