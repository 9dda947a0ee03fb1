"""What makes a replay unusable: other rules, no clear result, and lines that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pokespiel.game.gen1.public_logs import PublicLog
from pokespiel.game.gen1.public_views import MOVE_SLOTS, PublicDecision, is_called
from pokespiel.game.gen1.teams.legality import find_move

TIERS = ("[Gen 1] OU", "RBY OU", "OU (Gen 1)")
"""The format's names in `|tier|`, now and formerly."""
LONGEST = 1000
"""The turn at which Showdown ends a battle as a tie."""
_CUSTOM = re.compile(r"custom rules?:</strong></summary> *(.*?)</details>")


class LeftOut(ValueError):
    """A replay that is not used; the message is the reason, `kind` its class for counts."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


def check_format(log: PublicLog, lines: Sequence[str]) -> None:
    """Refuse another tier, and custom rules, which Showdown announces in the markup of `lines`, the whole text."""
    rules = [line for line in log.lines if line.startswith("|rule|")]
    tiers = [line.split("|")[2] for line in log.lines if line.startswith("|tier|")]
    if not tiers:
        raise LeftOut("another format", f"no line tells the tier; expected |tier|{TIERS[0]}")
    if tiers[0] not in TIERS:
        raise LeftOut("another format", f"{tiers[0]!r} is not Gen 1 OU")
    for line in lines:
        if line.startswith("|raw|") and (custom := _CUSTOM.search(line)):
            raise LeftOut("another format", f"custom rules: {custom[1]}")
    if rules and not any(line.startswith("|rule|Sleep Clause") for line in rules):
        raise LeftOut("another format", "the rules lack the Sleep Clause")


def checked_winner(log: PublicLog) -> int:
    """The player who has won, 0 after a tie; refuse a log without a result or with several."""
    results = {line for line in log.lines if line == "|tie" or line.startswith(("|win|", "|tie|"))}
    if not results:
        raise LeftOut("no result", f"the log stops in turn {max(turns_of(log), default=0)}, before a player has won")
    if len(results) > 1:
        raise LeftOut("contradiction", f"several results: {' and '.join(map(repr, sorted(results)))}")
    if log.names[0] == log.names[1] and log.winner != 0:
        raise LeftOut("no result", f"both players are called {log.names[0]!r}, so the log does not tell who has won")
    if log.winner is None:
        name = results.pop().split("|")[2]
        raise LeftOut("no result", f"{name!r} has won, but the players are {log.names[0]!r} and {log.names[1]!r}")
    if log.winner and _all_down(log, log.winner) and not _all_down(log, 3 - log.winner):
        name = log.names[log.winner - 1]
        raise LeftOut("contradiction", f"{name!r} has won, but all Pokémon of {name!r} alone have fainted")
    return log.winner


def turns_of(log: PublicLog) -> list[int]:
    """The numbers of the turns, in their order."""
    return [int(line.split("|")[2]) for line in log.lines if line.startswith("|turn|")]


def check_lines(log: PublicLog) -> None:
    """Refuse turns out of order, moves that do not exist, and Pokémon that act after they have fainted."""
    for expected, turn in enumerate(turns_of(log), 1):
        if turn != expected:
            raise LeftOut("contradiction", f"turn {turn} stands where turn {expected} is due")
    down = [False, False]
    for line in log.lines:
        kind, *words = line[1:].split("|")
        if not words or not re.match(r"p[12]a: ", words[0]):
            continue
        side = int(words[0][1]) - 1
        if kind in ("switch", "drag", "faint"):
            down[side] = kind == "faint"
        elif kind == "move":
            if len(words) < 2 or find_move(words[1]) is None:
                raise LeftOut("contradiction", f"no move of Gen 1 in {line!r}")
            if down[side]:
                raise LeftOut("contradiction", f"a fainted Pokémon acts: {line!r}")
    for player in (1, 2):
        for name, moves in log.own_moves(player):
            if len(moves) > MOVE_SLOTS:
                raise LeftOut("contradiction", f"{name} of player {player} uses {len(moves)} own moves")


def check_hidden(log: PublicLog, decision: PublicDecision) -> None:
    """Refuse a log that shows a choice which the player did not have."""
    for line in log.lines[decision.heard :]:
        kind, *words = line[1:].split("|")
        if kind in ("turn", "faint", "cant", "win", "tie", "-mustrecharge"):
            return
        if words and words[0].startswith(f"p{decision.player}a"):
            if kind == "switch" or (kind == "move" and not is_called(words)):
                where = f"player {decision.player} in turn {decision.turn}"
                raise LeftOut("contradiction", f"{line!r} is not among the choices of {where}")
            return


def ending(log: PublicLog) -> str:
    """How the battle ended: played out, forfeit, timer, or called off: a tie by agreement, or a decision of staff."""
    said = " ".join(line for line in log.lines[-8:] if line.startswith(("|-message|", "|message|")))
    if "inactivity" in said:
        return "timer"
    if "forfeited" in said:
        return "forfeit"
    losers = (1, 2) if log.winner == 0 else (3 - (log.winner or 1),)
    to_the_end = all(_all_down(log, player) for player in losers) or max(turns_of(log), default=0) >= LONGEST
    return "played out" if to_the_end else "called off"


def _all_down(log: PublicLog, player: int) -> bool:
    """Whether as many Pokémon as the player has have fainted."""
    return sum(line.startswith(f"|faint|p{player}a") for line in log.lines) >= log.size(player)
