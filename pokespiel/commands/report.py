"""`pokespiel report`: a run, a tournament or a comparison of runs as one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Whole


@dataclass(frozen=True)
class Report(Checked):
    """Write the report of a run or a tournament: one HTML page with tables and plots that needs no network.

    Several runs of a game that is solved exactly get one page that compares their distances from equilibrium. A run's
    page includes the runs that it started from and the measurements of `pokespiel exploit`. For Gen 1 OU some matches
    are played to count what the policies use and the blunders that they make; one match of a run is written as
    battle.html next to the page, for Pokémon Showdown's replay viewer.
    """

    runs: Positional[tuple[Path, ...]]
    """The folder of the run or the tournament; or those of several runs, to compare them."""
    out: Path | None = None
    """The HTML file to write; None = report.html in that folder, or comparison.html in this one."""
    matches: Whole = 400
    """Gen 1 OU only: how many matches to play for the page. A run's mixture plays itself, a tournament's strongest
    policies play its mixture. 0 = none."""
    seed: Whole = 0
    """Seed of these matches."""

    def __call__(self) -> int:
        from pokespiel.report.comparison import write_comparison
        from pokespiel.report.run import write_run_report
        from pokespiel.report.tournament import write_tournament_report as write_tournament_report
        from pokespiel.runs.run import RunFolder
        from pokespiel.runs.tournament.folder import Tournament

        first, *others = self.runs
        path = self.out or (Path("comparison.html") if others else first / "report.html")
        if others:
            write_comparison([RunFolder(folder) for folder in self.runs], path)
        elif Tournament.at(first):
            write_tournament_report(Tournament(first), path, self.matches, self.seed)
        else:
            write_run_report(RunFolder(first), path, self.matches, self.seed)
        print(path)
        return 0
