"""`pokespiel play`: battle a policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pokespiel.core.ranges import Checked, Port, Whole

if TYPE_CHECKING:
    from pokespiel.play.lobby import Lobby


@dataclass(frozen=True)
class PlayCommand(Checked):
    """Battle the shipped agent, or any policy, in your browser, or with --text in this terminal.

    The page is served to this machine alone, under an address with a secret token. It shows what each move does as far
    as you can know it, hints on request, and after the battle both sides' choices turn by turn. Keys: 1 to 4 for moves,
    shift and 2 to 6 for switches, H for hints.

    Records of battles are kept for Showdown's viewer and for the command "review".
    """

    waits_for_others: ClassVar[bool] = True
    """For the person."""

    opponent: str = "shipped"
    """The policy to battle: shipped (the agent that comes with the package), a scripted player's name, a policy's file,
    or the folder of a run or tournament (its mixture)."""
    adviser: str | None = None
    """The policy whose view the hints show, named in the same way; None = the opponent if it has a critic, else
    shipped."""
    text: bool = False
    """Play in this terminal."""
    team: str = "random"
    """With --text: your team, a file with one, a team's name such as "starmie/Starmie and Zapdos", or random."""
    teams: str = "competitive"
    """With --text: the pool that random teams are drawn from."""
    side: Literal[1, 2] = 1
    """With --text: the player that you are, 1 or 2."""
    seed: Whole | None = None
    """Seed of the first battle, the next ones following; None = random. With it, the same choices lead to the same
    battle."""
    keep: Path = Path("runs/battles")
    """The folder for records of battles that have ended."""
    port: Port = 0
    """The port of the page; 0 = any free one."""
    browser: bool = True
    """Open the page in your browser; with --no-browser only its address is printed."""

    def __call__(self) -> int:
        from pokespiel.play.opening import lobby_for, serve_page

        lobby = lobby_for(self.opponent, self.adviser, self.keep, self.seed)
        if self.text:
            return self._in_terminal(lobby)
        serve_page(lobby, self.port, self.browser)
        return 0

    def _in_terminal(self, lobby: Lobby) -> int:
        from pokespiel.play.opening import play_in_terminal

        for path in play_in_terminal(lobby, self.team, self.teams, self.side):
            print(f"kept: {path} (to review it: pokespiel review {path})" if path else "not finished, so not kept")
        return 0
