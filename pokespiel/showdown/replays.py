"""Datasets from replays: files of gen1ou battles, read, checked and accounted for one by one.

A file is a replay's JSON, its page, bare protocol lines, or a server's own log (`.log.json`). Such a log holds an input
log, from which the engine plays the battle again: every decision becomes a row as the player saw it. Of the others the
public reader (`game/gen1/public_logs.py`) rebuilds what each player knew; the own team's hidden moves and members are
filled in with the usual ones, and the account says how many. Filled-in teams are put in a random order. Only decisions
between several actions whose choice the log shows become rows: no choice is guessed. A file that cannot be read, is not
of the format, has no result or contradicts itself is left out as a whole, with a reason.

    account, match = read_replay(text, "replay.json")
    columns, names = columns_of_replays([match])
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.narration import percent
from pokespiel.game.gen1.public_lines import OtherRules, lines_in
from pokespiel.game.gen1.public_logs import GivenTeamMismatch, PublicLog
from pokespiel.game.gen1.public_views import PublicDecision
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.learning.datasets import Columns
from pokespiel.showdown.protocol import user_id
from pokespiel.showdown.recording import NotARecording, Recording, inputs_of, teams_of_inputs
from pokespiel.showdown.replay_checks import (
    LeftOut,
    check_format,
    check_hidden,
    check_lines,
    checked_winner,
    ending,
    turns_of,
)

SUFFIXES = (".json", ".html", ".htm", ".log", ".txt")
_ACTIONS = {name: action for action, name in enumerate(ACTION_NAMES)}


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
    """How it ended: played out, forfeit, timer or called off."""
    rows: int = 0
    """Decisions that became rows."""
    hidden: int = 0
    """Decisions left out, since the log hides the choice."""
    revealed: float = 0.0
    """Share of both teams' moves that the log reveals or that are known; the others are filled in."""
    replayed: bool = False
    """Whether the engine played the battle again from an input log: nothing is hidden."""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.file}: left out, {self.reason}: {self.detail}"
        result = "tie" if self.winner == 0 else f"{self.players[(self.winner or 1) - 1]} won"
        hidden = f"{self.hidden} choice{'s' * (self.hidden != 1)} hidden, {self.revealed:.0%} of the moves known"
        rest = "all of them, by the input log" if self.replayed else hidden
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
    """The files of replays below a folder, servers' own logs first, since copies of a battle are left out later.

    Raises a `FileNotFoundError` if there are none.
    """
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = sorted(paths, key=lambda path: (not path.name.endswith(".log.json"), path))
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
    except (ValueError, LookupError, StopIteration, RuntimeError) as error:
        return ReplayAccount(name, "contradiction", str(error) or type(error).__name__), None


def _read(text: str, name: str, known: Sequence[Team]) -> tuple[ReplayAccount, ReplayMatch]:
    try:
        lines = lines_in(text)
        log = PublicLog.of(lines)
    except OtherRules as error:
        raise LeftOut("another format", str(error)) from error
    except ValueError as error:
        raise LeftOut("unreadable", str(error)) from error
    check_format(log, lines)
    winner = checked_winner(log)
    check_lines(log)
    inputs = _inputs(text)
    found = _replayed(text, log) if inputs else None
    if found is None:
        found = _followed(log, _teams_told(inputs), known)
    shown = [tuple(one for one in side if one.choice is not None) for side in found.asked]
    rows = sum(map(len, shown))
    account = ReplayAccount(
        name,
        players=log.names,
        winner=winner,
        turns=max(turns_of(log), default=0),
        ended=ending(log),
        rows=rows,
        hidden=sum(map(len, found.asked)) - rows,
        revealed=found.revealed,
        replayed=found.replayed,
    )
    players = user_id(log.names[0]), user_id(log.names[1])
    return account, ReplayMatch(players, _seed(log), winner, (shown[0], shown[1]))


# Decisions ------------------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """What a log tells about the decisions."""

    asked: tuple[list[PublicDecision], list[PublicDecision]]
    """By seat, the decisions between several actions."""
    revealed: float = 1.0
    replayed: bool = False


def _inputs(text: str) -> list[str]:
    """The input log in a server's log; empty if there is none."""
    with suppress(ValueError, LookupError, AttributeError, TypeError):
        return list(inputs_of(json.loads(text)))
    return []


def _teams_told(inputs: list[str]) -> tuple[Team, Team] | None:
    """The teams of an input log; None without one."""
    return teams_of_inputs(inputs) if inputs else None


def _replayed(text: str, log: PublicLog) -> _Found | None:
    """All decisions, as the engine plays the input log again; None if its seed is of a generator that it lacks."""
    try:
        recording = Recording.parse(text)
    except NotARecording:
        return None
    asked: tuple[list[PublicDecision], list[PublicDecision]] = ([], [])
    for battle, chosen in recording.steps():
        for player, choice in enumerate(chosen or (), 1):
            legal = battle.legal(player)
            if choice and legal.sum() > 1:
                features = np.array(battle.features(player))
                asked[player - 1].append(PublicDecision(battle.turn, player, features, legal, choice, 0))
    for played, told in zip(_events(battle.log(0)), _events(log.lines), strict=False):
        if played != told:
            raise LeftOut("contradiction", f"the input log leads to {played!r} where the log has {told!r}")
    return _Found(asked, replayed=True)


def _followed(log: PublicLog, told: tuple[Team, Team] | None, known: Sequence[Team]) -> _Found:
    """The decisions that the log shows, with the teams that are `told`, or those of `known` that alone fit it."""
    if told:
        log = log.with_team(1, told[0]).with_team(2, told[1])
    log = _with_known_teams(log, known)
    teams, mixed = log.teams, _shuffled(log)
    first, second = ([one for one in mixed.decisions(player) if one.legal.sum() > 1] for player in (1, 2))
    for one in (*first, *second):
        if one.choice is None:
            check_hidden(log, one)
    origins = [origin for team in teams for own in team for origin in own.moves]
    known_moves = sum(origin.source != "assumed" for origin in origins)
    return _Found((first, second), known_moves / max(1, len(origins)))


def _with_known_teams(log: PublicLog, known: Sequence[Team]) -> PublicLog:
    """The log with each player's team that alone fits it."""
    for player in (1, 2):
        if log.given[player - 1] is not None:
            continue
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


def _events(lines: Sequence[str]) -> list[str]:
    """The lines that tell what happened, HP in percent: alike for spectators, players and the server."""
    found = []
    for line in lines:
        kind, *words = line[1:].split("|")
        if kind in _HP_AT:
            place = _HP_AT[kind]
            words[place] = f"{percent(words[place])}{words[place].partition(' ')[2]}"
        if kind in _HP_AT or kind in _TOLD:
            found.append("|".join((kind, *words)))
    return found


_HP_AT = {"switch": 2, "drag": 2, "-damage": 1, "-heal": 1}
"""The place of the HP in a line's words."""
_TOLD = ("move", "cant", "faint", "turn", "win", "tie")


def _seed(log: PublicLog) -> int:
    """A number of what happened and of the players' names, the same for all copies of a battle."""
    return (
        int.from_bytes(hashlib.sha256("\n".join([*log.names, *_events(log.lines)]).encode()).digest()[:8], "big") >> 1
    )


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
