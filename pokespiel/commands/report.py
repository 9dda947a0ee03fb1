"""`pokespiel report`: a run as one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class Report:
    """Write a run's report: one self-contained HTML page with its plots."""

    run: Positional[Path]
    """The run's folder."""
    out: Path | None = None
    """Where to write it; None = report.html in the folder."""

    def __call__(self) -> int:
        from pokespiel.run import RunFolder
        from pokespiel.run_report import write_report

        path = self.out or self.run / "report.html"
        write_report(RunFolder(self.run), path)
        print(path)
        return 0
