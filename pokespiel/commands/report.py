"""`pokespiel report`: a run or a tournament as one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class Report:
    """Write the report of a run or a tournament: one self-contained HTML page with its plots."""

    run: Positional[Path]
    """The folder."""
    out: Path | None = None
    """Where to write it; None = report.html in the folder."""

    def __call__(self) -> int:
        from pokespiel.run import RunFolder
        from pokespiel.run_report import write_report
        from pokespiel.tournament import Tournament
        from pokespiel.tournament.report import write_report as write_tournament_report

        path = self.out or self.run / "report.html"
        if Tournament.at(self.run):
            write_tournament_report(Tournament(self.run), path)
        else:
            write_report(RunFolder(self.run), path)
        print(path)
        return 0
