"""Matches of several tournaments and arenas, pooled by the policies' names, to rate them.

A tournament is its folder; an arena is a record of `pokespiel showdown arena --out`, or a folder of such records.
Policies of one name must have one content: pools that call different policies by one name are refused. Units that
several folders hold, such as a tournament and its copy, count once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy_files import load_policy
from pokespiel.learning.datasets import policy_name
from pokespiel.payoffs.bradley_terry import Meetings
from pokespiel.payoffs.sampling import one_for_all, seatings
from pokespiel.payoffs.tables import per_seat
from pokespiel.runs.tournament.folder import Tournament
from pokespiel.showdown.record import read_record


class _Source(NamedTuple):
    """One tournament or arena."""

    meetings: Meetings
    keys: Sequence[Hashable]
    """What tells each unit from all others, of any folder; that of a copy is the same."""
    contents: dict[str, str | None]
    """The content of its policies by name, None = not known."""


def pooled(folders: Sequence[str | Path]) -> Meetings:
    """The finished units of all `folders`; a `ValueError` says what cannot be rated."""
    sources = [source for folder in folders for source in _sources(Path(folder))]
    _check_one_content(sources)
    names = tuple(dict.fromkeys(name for source in sources for name in source.meetings.names))
    parts, seen = [], set[Hashable]()
    for source, keys, _ in sources:
        places = np.array([names.index(name) for name in source.names])
        columns = places[source.first], places[source.second], source.score, source.matches
        fresh = np.array([key not in seen for key in keys], bool)
        parts.append([column[fresh] for column in columns])
        seen.update(keys)
    first, second, score, matches = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Meetings(names, first, second, score, matches)


def _sources(path: Path) -> Iterator[_Source]:
    if Tournament.at(path):
        yield _of_tournament(Tournament(path))
        return
    records = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not records:
        raise ValueError(f"{path} holds neither a tournament nor records of arenas (*.json)")
    for record in records:
        yield _of_arena(record)


def _check_one_content(sources: Sequence[_Source]) -> None:
    known: dict[str, str] = {}
    for source in sources:
        for name, content in source.contents.items():
            if content is not None and known.setdefault(name, content) != content:
                raise ValueError(f"two different policies are called {name}: rename one, or rate the folders apart")


def tournament_meetings(tournament: Tournament) -> Meetings:
    """The finished units of a tournament of one population in a zero-sum game of two."""
    return _units(tournament)[0]


def _units(tournament: Tournament) -> tuple[Meetings, list[Hashable]]:
    """The finished units, with the key of each: its policies, seed, results and lengths."""
    game, names = tournament.game(), tournament.names()
    if not (one_for_all(game, names) and game.zero_sum and game.num_players == 2):
        raise ValueError(f"{tournament.path}: ratings need a symmetric zero-sum game of two players")
    low, high = game.utility_range
    cells, scores, keys = [np.empty((0, 2), np.int64)], [np.empty(0)], list[Hashable]()
    for units in tournament.log.rounds(per_seat(game, names), seatings(game, names)):
        seat = (units.orders == 0).argmax(axis=1)  # the seat of role 0 in each match
        own = np.take_along_axis(units.utilities, seat[None, :, None], axis=2)[..., 0]
        counted = units.finished.all(axis=1) & (units.cells[:, 0] != units.cells[:, 1])
        cells.append(units.cells[counted])
        scores.append(((own - low) / (high - low)).mean(axis=1)[counted])
        columns = (column[counted] for column in (units.cells, units.seeds, own, units.turns))
        for cell, seed, won, turns in zip(*columns, strict=True):
            pair = tuple(names[0][policy] for policy in cell)
            keys.append((game.name, pair, int(seed), tuple(won.tolist()), tuple(turns.tolist())))
    first, second = np.concatenate(cells).T
    return Meetings(names[0], first, second, np.concatenate(scores), np.full(len(first), 2)), keys


def _of_tournament(tournament: Tournament) -> _Source:
    meetings, keys = _units(tournament)
    contents: dict[str, str | None] = {
        name: policy_name(load_policy(tournament.policy_file(name))) for name in meetings.names
    }
    return _Source(meetings, keys, contents)


def _of_arena(path: Path) -> _Source:
    """A record's pairs of which both matches are finished."""
    kept = read_record(path)
    if "utilities" not in kept:
        raise ValueError(f"{path} holds no results of single matches: an older version wrote it; play the arena again")
    results = np.array([np.nan if value is None else value for value in kept["utilities"]], float)
    pairs = results[: len(results) // 2 * 2].reshape(-1, 2)
    scores = (pairs[~np.isnan(pairs).any(axis=1)].mean(axis=1) + 1) / 2
    names = (str(kept["first"]["name"]), str(kept["second"]["name"]))
    if names[0] == names[1]:
        raise ValueError(f"{path} is a policy against itself, which says nothing about it")
    first = np.zeros(len(scores), np.int64)
    meetings = Meetings(names, first, first + 1, scores, np.full(len(scores), 2))
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    keys = [(content, index) for index in range(len(scores))]
    contents = {name: kept[side]["hash"] for side, name in zip(("first", "second"), names, strict=True)}
    return _Source(meetings, keys, contents)
