"""`pokespiel tournament`: every pair of policies plays, in a folder that later calls extend."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pokespiel.commands.interrupted import keeping
from pokespiel.core.arguments import Positional
from pokespiel.core.executors import EXECUTORS
from pokespiel.core.options import Choice
from pokespiel.core.ranges import Checked, Count, Whole
from pokespiel.core.registry import BadOption
from pokespiel.game.names import RANKED
from pokespiel.metasolvers import METASOLVERS
from pokespiel.payoffs import ALLOCATIONS

if TYPE_CHECKING:
    from pokespiel.core.executors import Crew
    from pokespiel.core.policy import Policy
    from pokespiel.game.protocols import Game
    from pokespiel.runs.tournament.folder import Plan, Tournament


@dataclass(frozen=True)
class TournamentCommand(Checked):
    """Play every pair of policies and log each match: gives a payoff table, its mixture and a ranking.

    The folder keeps all matches. The same command resumes an interrupted tournament; with more policies or more --units
    it plays only what is missing. Example: `pokespiel tournament baselines my.safetensors --units 1000`.
    """

    policies: Positional[tuple[str, ...]] = ()
    """The policies that join: scripted players by name (`baselines` = all of them), policies' files, folders of runs
    (their mixture as one policy). None given = those already in the folder."""
    run: Path | None = None
    """A run whose policies all join, each as its own entry: responses get names like `myrun-0003-ppo`."""
    folder: Path | None = None
    """The tournament's folder; None = runs/tournament-<game>-<seed>."""
    game: str = RANKED
    """Any OpenSpiel game string, parameters included, or a game of this package. With --run or an existing folder, the
    default is their game."""
    units: Count = 500
    """Average units per cell. A unit is a seat-swapped pair of matches in a symmetric two-player game, else one
    match."""
    allocation: Annotated[Choice, ALLOCATIONS] = Choice("uniform")
    """Which cells get the units beyond --first."""
    first: Count = 100
    """Units that every cell gets before --allocation decides about the rest."""
    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")
    """Solves the table for the mixture that is reported."""
    draws: Count = 200
    """Number of sampled tables from which the spread of the mixture's weights is estimated."""
    step: Count = 2048
    """Units per round. Allocation decides once per round, and a kill loses at most one round's work."""
    width: Count = 4096
    """How many matches one process plays at the same time."""
    max_steps: Count | None = None
    """Count a match as unfinished after this many steps; None = no limit."""
    seed: Whole = 0
    """Seed of the whole tournament."""
    executor: Annotated[Choice, EXECUTORS] = Choice("local")
    """Where rounds are played, several at a time with --executor.workers; results do not depend on it."""

    @classmethod
    def base(cls, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
        """Values that replace the defaults: game and seed of the tournament in the folder, or the game of the run."""
        from pokespiel.runs.run import RunFolder
        from pokespiel.runs.tournament.folder import Tournament

        if given.get("folder") and Tournament.at(given["folder"][0]):
            config = Tournament(given["folder"][0]).config()
            return {"game": config.game, "seed": config.seed}
        return {"game": RunFolder(given["run"][0]).config().game} if given.get("run") else {}

    def __call__(self) -> int:
        from pokespiel.game.loading import load_game
        from pokespiel.runs.tournament.folder import Tournament
        from pokespiel.runs.tournament.results import text, tournament_results, write

        game = load_game(self.game)
        folder = self.folder or Path("runs") / f"tournament-{_plain(self.game)}-{self.seed}"
        plan = self._plan()
        opened, executor = Tournament.open(folder, self.game, self.seed, self._members(game, folder)), self.executor
        with keeping(lambda: _kept(folder)), opened as tournament:
            with executor.build(EXECUTORS).open() as crew:
                _play(tournament, plan, crew)
            found = tournament_results(tournament, self.meta_solver.build(METASOLVERS), self.draws)
            write(tournament, found)
        print(text(found))
        counted = tournament.counted()
        quoted = shlex.quote(str(folder))
        print(f"\n{counted.units} units, {counted.matches} matches: {folder}   report: pokespiel report {quoted}")
        return 0

    def _plan(self) -> Plan:
        from pokespiel.runs.tournament.folder import Plan

        allocation, first = self.allocation.build(ALLOCATIONS), min(self.first, self.units)
        return Plan(allocation, self.units, first, self.step, self.width, self.max_steps)

    def _members(self, game: Game, folder: Path) -> dict[str, dict[str, Policy]]:
        """The policies that join, by population."""
        from pokespiel.runs.initial import end_of, policies_named
        from pokespiel.runs.tournament.folder import Tournament, members_of_run, named

        if not (self.policies or self.run or Tournament.at(folder)):
            raise BadOption(_nobody(folder, game))
        if len(set(self.policies)) < len(self.policies):
            twice = next(name for name in self.policies if self.policies.count(name) > 1)
            raise BadOption(f"{twice!r} is named twice: a policy against itself says nothing about it")
        joining = named(policies_named(self.policies, game))
        seats = ["all"] if game.symmetric else [str(seat) for seat in range(game.num_players)]
        if self.run is None:
            return {seat: joining for seat in seats}
        end = end_of(self.run, game)
        members = members_of_run(self.run, dict(zip(seats, end.populations, strict=True)), end.origins)
        return {seat: {**members[seat], **joining} for seat in seats}


def _nobody(folder: Path, game: Game) -> str:
    """The error for a new tournament without policies, with the cost of playing all baselines."""
    from pokespiel.game.protocols import WithPlayers
    from pokespiel.game.scripted import ALL, players

    said = f"{folder} holds no tournament yet: name who plays, at least two"
    if not isinstance(game, WithPlayers):
        return said
    count = len(players(game))
    pairs, matches = count * (count - 1) // 2, 2 * TournamentCommand.units
    return (
        f"{said}, or `{ALL}` for all {count} scripted players of {game.name.partition('(')[0]} ({pairs} pairs of them, "
        f"{matches:,} matches each: {pairs * matches:,})"
    )


def _kept(folder: Path) -> str:
    from pokespiel.runs.tournament.folder import Tournament

    matches = Tournament(folder).counted().matches if Tournament.at(folder) else 0
    return f"{folder} keeps {matches:,} matches; the same command resumes it" if matches else ""


def _play(tournament: Tournament, plan: Plan, crew: Crew) -> None:
    from pokespiel.core.progress import watch

    config, before, total = tournament.config(), tournament.counted(), tournament.total(plan)
    title = f"{_plain(config.game.split('(')[0])} {'/'.join(str(len(n)) for n in config.populations.values())} policies"
    with watch(title, total, before.units) as bar:
        for table in tournament.play(plan, crew):
            counted = tournament.counted()
            open_cells = int(table.missing().sum())
            note = f"{counted.matches} matches" + (f", {open_cells} cells without matches" if open_cells else "")
            bar.update(counted.units, note)
        if tournament.counted().units < total:
            bar.say(f"{type(plan.allocation).__name__} has nothing left to decide: stopped before {total} units")


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in text).strip("_")
