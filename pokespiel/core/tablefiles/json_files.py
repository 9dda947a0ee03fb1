"""JSON files of payoffs.

    [[0, -1], [1, 0]]                                       a table, row by row
    [[[0, 3], [1, 2]], [[0, 1], [3, 2]]]                    payoffs [P, n_1, ..., n_P]
    {"payoffs": [...], "names": [["a", "b"], ["c", "d"]]}   either of these with names, of each player or of all
    {"columns": [...], "index": [...], "data": [[...]]}     a table with names (pandas: orient="split")
    [{"policy": "rock", "rock": 0, "paper": -1}, ...]       one mapping per row; its text is the row's name
    [{"row": "rock", "column": "paper", "payoff": -1}, ...] one mapping per cell
    {"population": [...], "matchups": [...]}                a tournament's interaction_matrix.json: win rates

Numbers may be text, as in "1/3". A mapping of mappings is rejected, because it does not distinguish rows from columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pokespiel.core.tablefiles.content import (
    Content,
    Names,
    checked_content,
    of_array,
    of_payoffs,
    read_number,
    repeated,
    shortened,
)


def read_json(text: str) -> Content:
    """The content of a JSON file; a `ValueError` with the position of a syntax error."""
    try:
        held = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg} (as JSON)") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if isinstance(held, list):
        return _of_records(held) if any(isinstance(item, dict) for item in held) else of_array(_array(held, ""))
    if not isinstance(held, dict):
        raise ValueError(f"holds {_kind(held)}, not a table")
    for keys, reader in READERS.items():
        if set(keys) <= set(held):
            return reader(held)
    raise ValueError(
        f"holds a mapping of {', '.join(map(shortened, list(held)[:5]))}, which does not tell rows from columns: write"
        ' {"columns": ..., "index": ..., "data": ...} (pandas: orient="split"), {"payoffs": ...} or a list of rows'
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping without repeated keys; JSON allows them, and the last would win."""
    if again := repeated([key for key, _ in pairs]):
        raise ValueError(f"holds {shortened(pairs[again[0]][0])} twice in one mapping")
    return dict(pairs)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"holds {text}: payoffs must be finite, and none may be missing")


def _kind(item: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(item), "a number")


def _array(held: Any, place: str) -> np.ndarray:
    """Nested lists of numbers as an array; `place` is their position in the file, such as [0][2]."""
    if not isinstance(held, list):
        return np.array(_value(held, place))
    parts = [_array(item, f"{place}[{index}]") for index, item in enumerate(held)]
    for index, each in enumerate(parts):
        if each.shape != parts[0].shape:
            raise ValueError(f"{place}[{index}] has shape {each.shape}, {place}[0] has {parts[0].shape}")
    return np.array(parts, np.float64)


def _value(held: Any, place: str) -> float:
    if isinstance(held, (bool, type(None), dict, list)):
        missing = "the payoff is missing (null)" if held is None else f"expected a number, found {_kind(held)}"
        raise ValueError(f"{place}: {missing}")
    try:
        return read_number(str(held))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _labels(held: Any, place: str) -> Names:
    if not isinstance(held, list) or not all(isinstance(item, (str, int, float)) for item in held):
        raise ValueError(f"{place}: expected a list of names, found {_kind(held)}")
    return tuple(map(str, held))


def _of_payoffs(held: Mapping[str, Any]) -> Content:
    payoffs = of_payoffs(_array(held["payoffs"], "payoffs"))
    players = len(payoffs.names)
    names, seats = held.get("names"), held.get("players")
    if names is None:
        found: Sequence[Names | None] = payoffs.names
    elif isinstance(names, list) and names and all(isinstance(own, list | None) for own in names):
        found = [None if own is None else _labels(own, f"names[{player}]") for player, own in enumerate(names)]
    else:
        found = [_labels(names, "names")] * players
    if len(found) != players:
        raise ValueError(f"names: {len(found)} lists for {players} players")
    called = None if seats is None else _labels(seats, "players")
    if called is not None and len(called) != players:
        raise ValueError(f"players: {len(called)} names for {players} players")
    return checked_content(payoffs.values, payoffs.whole, found, called)


def _of_split(held: Mapping[str, Any]) -> Content:
    values = _array(held["data"], "data")
    if values.ndim != 2:
        raise ValueError(f"data: expected a list of rows, found shape {values.shape}")
    rows = _labels(held["index"], "index") if "index" in held else None
    columns = _labels(held["columns"], "columns")
    return checked_content(values, False, [rows, columns])


def _of_matchups(held: Mapping[str, Any]) -> Content:
    names = _labels(held["population"], "population")
    rates = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(rates, 0.5)
    for index, pair in enumerate(held["matchups"]):
        try:
            first, second = names.index(pair["policy1"]), names.index(pair["policy2"])
            rates[first, second] = _value(pair["policy1_winrate"], f"matchups[{index}]")
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"matchups[{index}]: {error}") from None
        rates[second, first] = 1 - rates[first, second]
    return checked_content(rates, False, [names, names])


READERS = {("payoffs",): _of_payoffs, ("columns", "data"): _of_split, ("population", "matchups"): _of_matchups}


def _of_records(records: list[Any]) -> Content:
    keys = list(records[0]) if isinstance(records[0], dict) else []
    for index, record in enumerate(records):
        if not isinstance(record, dict) or list(record) != keys:
            raise ValueError(
                f"[{index}]: expected a mapping with the keys {', '.join(map(shortened, keys))} of the first"
            )
    texts = [
        key for key in keys if all(isinstance(record[key], str) for record in records) and not _numeric(records, key)
    ]
    rest = [key for key in keys if key not in texts]
    if len(texts) == 2 and len(rest) == 1:
        return _of_cells(records, texts[0], texts[1], rest[0])
    if len(texts) > 1:
        raise ValueError(f"the keys {', '.join(map(shortened, texts))} all hold text: which names the rows?")
    values = [[_value(record[key], f"[{index}][{key!r}]") for key in rest] for index, record in enumerate(records)]
    rows = tuple(record[texts[0]] for record in records) if texts else None
    return checked_content(np.array(values), False, [rows, tuple(rest)])


def _numeric(records: list[Any], key: str) -> bool:
    try:
        return all(np.isfinite(read_number(record[key])) for record in records)
    except ValueError:
        return False


def _of_cells(records: list[Any], row: str, column: str, payoff: str) -> Content:
    rows, columns = (tuple(dict.fromkeys(record[key] for record in records)) for key in (row, column))
    values = np.full((len(rows), len(columns)), np.nan)
    for index, record in enumerate(records):
        cell = rows.index(record[row]), columns.index(record[column])
        if not np.isnan(values[cell]):
            raise ValueError(f"[{index}]: {record[row]!r} against {record[column]!r} stands twice")
        values[cell] = _value(record[payoff], f"[{index}][{payoff!r}]")
    if np.isnan(values).any():
        first = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"{rows[first[0]]!r} against {columns[first[1]]!r} is missing")
    return checked_content(values, False, [rows, columns])
