"""Datasets from public replays: files of gen1ou battles, read, checked and accounted for one by one.

A file is a replay's JSON, its page, or bare protocol lines. The public reader (`game/gen1/public_logs.py`) rebuilds
what each player knew; the own team's hidden moves and members are filled in with the usual ones, and the account says
how many. Both teams are put in a random order. Only decisions between several actions whose choice the log shows
become rows: no choice is guessed. A file that cannot be read, is not of the format, has no result or contradicts itself
is left out as a whole, with a reason.

    account, match = read_replay(text, "replay.json")
    columns, names = columns_of_replays([match])
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.public_logs import GivenTeamMismatch, PublicLog
from pokespiel.game.gen1.public_views import MOVE_SLOTS, PublicDecision, is_called
from pokespiel.game.gen1.teams.legality import find_move
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.learning.datasets import Columns
from pokespiel.showdown.protocol import user_id

SUFFIXES = (".json", ".html", ".htm", ".log", ".txt")
TIERS = ("[Gen 1] OU", "RBY OU", "OU (Gen 1)")
"""The format's names in `|tier|`, now and formerly."""
_ACTIONS = {name: action for action, name in enumerate(ACTION_NAMES)}


class LeftOut(ValueError):
    """A replay that is not used; the message is the reason, `kind` its class for counts."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class ReplayAccount:
    """What became of a file."""

    file: str
    reason: str = ""
    """Why it was left out: unreadable, another format, no result, contradiction or copy; empty = it was used."""
    detail: str = ""
    players: tuple[str, str] = ("", "")
    winner: int | None = None
    """1, 2, or 0 after a tie."""
    turns: int = 0
    ended: str = ""
    """How it ended: played out, forfeit or timer."""
    rows: int = 0
    """Decisions that became rows."""
    hidden: int = 0
    """Decisions left out, since the log hides the choice."""
    revealed: float = 0.0
    """Share of both teams' moves that the log reveals or that are known; the others are filled in."""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.file}: left out, {self.reason}: {self.detail}"
        result = "tie" if self.winner == 0 else f"{self.players[(self.winner or 1) - 1]} won"
        rest = f"{self.hidden} choices hidden, {self.revealed:.0%} of the moves known"
        return f"{self.file}: {result} in turn {self.turns} ({self.ended}), {self.rows} decisions, {rest}"


class ReplayMatch(NamedTuple):
    """A used replay."""

    players: tuple[str, str]
    """Users' ids."""
    seed: int
    """Of the content, so that copies are recognised."""
    winner: int
    decisions: tuple[tuple[PublicDecision, ...], tuple[PublicDecision, ...]]
    """By seat, those that become rows."""


def replay_files(folder: Path) -> list[Path]:
    """The files of replays below a folder, in order; a `FileNotFoundError` if there are none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise FileNotFoundError(f"no replays in {folder}: expected files {', '.join('*' + end for end in SUFFIXES)}")
    return found


def read_replays(
    files: Sequence[Path], teams: Sequence[Team] = ()
) -> Iterator[tuple[ReplayAccount, ReplayMatch | None]]:
    """Each file's account, and its match if it is used; a copy of an earlier battle is left out.

    teams: see `read_replay`.
    """
    known: dict[int, str] = {}
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            yield ReplayAccount(path.name, "unreadable", f"not UTF-8 text: {error.reason}"), None
            continue
        account, match = read_replay(text, path.name, teams)
        if match is not None and match.seed in known:
            account, match = ReplayAccount(path.name, "copy", f"the battle of {known[match.seed]}"), None
        elif match is not None:
            known[match.seed] = path.name
        yield account, match


def read_replay(text: str, name: str, teams: Sequence[Team] = ()) -> tuple[ReplayAccount, ReplayMatch | None]:
    """A replay's account, and its match if it is used.

    teams: those that players may have had; where exactly one of them fits what the log shows of a player, it is taken
        as known. The others are filled in.
    """
    try:
        return _read(text, name, teams)
    except LeftOut as left_out:
        return ReplayAccount(name, left_out.kind, str(left_out)), None


def _read(text: str, name: str, known: Sequence[Team]) -> tuple[ReplayAccount, ReplayMatch]:
    try:
        log = PublicLog.read(text)
    except ValueError as error:
        raise LeftOut("unreadable", str(error)) from error
    _check_format(log)
    winner = log.winner
    if winner is None:
        raise LeftOut("no result", "the log stops before a player has won, or names another winner")
    _check_moves(log)
    try:
        log = _with_known_teams(log, known)
        teams, mixed = log.teams, _shuffled(log)
        every = [tuple(mixed.decisions(player)) for player in (1, 2)]
    except (ValueError, LookupError, StopIteration, RuntimeError) as error:
        raise LeftOut("contradiction", str(error) or type(error).__name__) from error
    asked = [[one for one in side if one.legal.sum() > 1] for side in every]
    for one in (one for side in asked for one in side if one.choice is None):
        _check_hidden(log, one)
    first, second = (tuple(one for one in side if one.choice is not None) for side in asked)
    rows = len(first) + len(second)
    origins = [origin for team in teams for own in team for origin in own.moves]
    account = ReplayAccount(
        name,
        players=log.names,
        winner=winner,
        turns=max((one.turn for side in every for one in side), default=0),
        ended=_ending(log),
        rows=rows,
        hidden=sum(map(len, asked)) - rows,
        revealed=sum(origin.source != "assumed" for origin in origins) / max(1, len(origins)),
    )
    players = user_id(log.names[0]), user_id(log.names[1])
    return account, ReplayMatch(players, _seed(log), winner, (first, second))


def _with_known_teams(log: PublicLog, known: Sequence[Team]) -> PublicLog:
    """The log with each player's team that alone fits it."""
    for player in (1, 2):
        fitting = []
        for team in known:
            with suppress(GivenTeamMismatch):
                fitting.append(log.with_team(player, team))
        if len({frozenset(one.sets(player)) for one in fitting}) == 1:
            log = fitting[0]
    return log


def _shuffled(log: PublicLog) -> PublicLog:
    """The log with its filled-in teams in random order: the reader's order, by first use, would give away what a player
    uses next."""
    rng = np.random.default_rng(_seed(log))
    for player, team in enumerate((log.sets(1), log.sets(2)), 1):
        if log.given[player - 1] is not None:
            continue
        moved = [replace(own, moves=tuple(rng.permutation(own.moves).tolist())) for own in team]
        log = log.with_team(player, tuple(moved[place] for place in rng.permutation(len(moved))))
    return log


def _check_format(log: PublicLog) -> None:
    tiers = [line.split("|")[2] for line in log.lines if line.startswith("|tier|")]
    if tiers and tiers[0] not in TIERS:
        raise LeftOut("another format", f"{tiers[0]!r} is not Gen 1 OU")


def _check_moves(log: PublicLog) -> None:
    """Refuse moves that do not exist, and Pokémon that act after they have fainted."""
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
        for own in log._seen[player - 1]:
            if len(own.moves) > MOVE_SLOTS:
                raise LeftOut("contradiction", f"{own.name} of player {player} uses {len(own.moves)} own moves")


def _check_hidden(log: PublicLog, decision: PublicDecision) -> None:
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


def _ending(log: PublicLog) -> str:
    said = " ".join(line for line in log.lines[-8:] if line.startswith(("|-message|", "|message|")))
    return "timer" if "inactivity" in said else "forfeit" if "forfeited" in said else "played out"


def _seed(log: PublicLog) -> int:
    """A number of the battle's lines without their times."""
    lines = [line for line in log.lines if not line.startswith(("|t:|", "|inactive|", "|inactiveoff|", "|n|"))]
    return int.from_bytes(hashlib.sha256("\n".join(lines).encode()).digest()[:8], "big") >> 1


# Columns --------------------------------------------------------------------------------------------------------------


def columns_of_replays(matches: Sequence[ReplayMatch]) -> tuple[Columns, tuple[str, ...]]:
    """The columns of a dataset's part and the players' names, to which its `policy` refers.

    `behaviour` is 1 at the action as played: a log does not show probabilities.
    """
    names = tuple(dict.fromkeys(player for match in matches for player in match.players))
    sides = [(row, seat, match) for row, match in enumerate(matches) for seat in (0, 1)]
    rows = [(row, seat, step, one) for row, seat, match in sides for step, one in enumerate(match.decisions[seat])]
    action = np.array([_ACTIONS[str(one.choice)] for *_, one in rows], np.int64)
    match, seat, step = (np.array([entry[place] for entry in rows], np.int64) for place in (0, 1, 2))
    last = np.append((np.diff(match) != 0) | (np.diff(seat) != 0), True)
    won = np.array([[_utility(one.winner, player) for player in (1, 2)] for one in matches], np.float64)
    who = np.array([[names.index(player) for player in one.players] for one in matches], np.int64)
    utility = won[match, seat].astype(np.float32)
    columns = {
        "features": np.stack([one.features for *_, one in rows]),
        "legal": np.stack([one.legal for *_, one in rows]),
        "action": action,
        "behaviour": np.eye(len(ACTION_NAMES), dtype=np.float32)[action],
        "reward": np.where(last, utility, 0).astype(np.float32),
        "utility": utility,
        "match": match,
        "seat": seat,
        "key": np.full(len(rows), -1, np.int64),
        "step": step,
        "last": last,
        "policy": who[match, seat],
        "match_seed": np.array([one.seed for one in matches], np.int64),
        "match_utilities": won,
        "match_policies": who,
        "match_valid": np.ones(len(matches), bool),
    }
    return columns, names


def _utility(winner: int, player: int) -> float:
    return 0.0 if winner == 0 else 1.0 if winner == player else -1.0
