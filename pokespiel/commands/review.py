"""`pokespiel review`: an analysis board for a battle that was played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Port


@dataclass(frozen=True)
class ReviewCommand(Checked):
    """Review a battle on an analysis board: a page in your browser that steps through it and shows a policy's view.

    It shows the win chance over the turns, how the policy would choose at each decision of either side, and the choices
    that cost the most by its own estimate. From any decision you can choose otherwise, or change the position, and play
    on against the policy.

    The log is a battle that "pokespiel play" kept or a server recorded (.log.json), Showdown's lines, or a replay's
    JSON or page. A public log hides what the players knew of their own teams; the board fills it in and says how.
    """

    waits_for_others: ClassVar[bool] = True
    """For the person."""

    log: Positional[Path]
    """The log."""
    policy: str = "shipped"
    """The policy whose view the board shows and that you play on against: shipped, a scripted player's name, a policy's
    file, or the folder of a run or tournament (its mixture)."""
    side: Literal[1, 2] = 1
    """The side that the board shows first, 1 or 2."""
    team: Path | None = None
    """A file with the team that this side had, where the log does not show it."""
    text: bool = False
    """Print the review in this terminal instead."""
    port: Port = 0
    """The port of the page; 0 = any free one."""
    browser: bool = True
    """Open the page in your browser; with --no-browser only its address is printed."""

    def __call__(self) -> int:
        from pokespiel.play.opening import review_at, review_lines, serve_review

        review = review_at(self.log, self.side, self.team)
        if self.text:
            print("\n".join(review_lines(review, self.policy)))
        else:
            serve_review(review, self.policy, self.side, self.port, self.browser)
        return 0
