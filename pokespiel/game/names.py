"""Game names: a short name, and parameters in parentheses.

    leduc_poker(players=3)   repeated_game(stage_game=matrix_pd(),num_repetitions=2)   efg_game(filename=game.efg)

A value is `True` or `False`, an integer, a number, another game, or else text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pokespiel.core.registry import BadOption, Registry, UnknownName, unknown

GAMES = Registry(
    "game",
    {
        "gen1ou": "pokespiel.game.gen1.parameters:Gen1OU",
        "matrix": "pokespiel.game.matrix:Matrix",
        "spinning_top": "pokespiel.game.spinning_tops:SpinningTop",
    },
)
"""This package's own games by their short names."""
PATHS = {"efg_game": ("filename",), "nfg_game": ("filename",)}
"""Parameters of OpenSpiel's games that are taken literally, including commas."""
TRUTHS = {"True": True, "true": True, "False": False, "false": False}
PLAYERS = Registry("game with scripted players", {"gen1ou": "pokespiel.game.gen1.baselines:BASELINES"})
"""The scripted players of the games that have some; see `scripted.py`."""
EXPLOITERS = Registry("game with an exploiter", {"gen1ou": "pokespiel.game.gen1.exploiter:EXPLOITER"})
"""Exploiter settings of the games that have some."""
ENDGAMES = Registry("game with exact endgames", {"gen1ou": "pokespiel.game.gen1.endgames.tools:TOOLS"})
"""Reading, solving and describing exact endgames, of the games that have some; see `endgames.py`."""
RANKED = "gen1ou(pool=competitive)"
"""The game of a tournament if none is named."""
MEASURED = "gen1ou(pool=competitive,party=6,team_choice=chance)"
"""The only game in which exploitability is reported: teams drawn for each side alone, the other's hidden, the full turn
limit."""
ENVIRONMENTS = {
    "pokespiel/Gen1OU-v0": RANKED,
    "pokespiel/LeducPoker-v0": "leduc_poker",
    "pokespiel/Game-v0": "kuhn_poker",
}
"""Gymnasium ids of `adapters/`, each with the game that it plays without `game=`."""
AGENTS = Path(__file__).parent / "gen1" / "data" / "agents"
"""The agents that ship with the package, a folder each."""


@runtime_checkable
class WithPaths(Protocol):
    """A game's class of parameters, of which some are paths."""

    PATHS: Sequence[str]
    """These parameters; their values may contain commas and parentheses."""


def parsed(name: str) -> dict[str, Any]:
    """The parameters in a game's name as plain values, including its `name`."""
    short, given = written(name)
    _, paths = _paths(short)
    return {"name": short} | {key: text if key in paths else value_of(text) for key, text in given.items()}


def written(name: str) -> tuple[str, dict[str, str]]:
    """A game's short name, and its parameters as written."""
    head, parenthesis, inside = name.strip().partition("(")
    short = head.strip()
    if not re.fullmatch(r"[\w.-]+", short):
        raise _malformed(name, f"{short!r} is not a name" if short else "it has no name")
    return short, texts(name, short, parenthesis + inside)


def texts(name: str, short: str, brackets: str) -> dict[str, str]:
    """The parameters, as written, in the brackets of the game's name `name`; `short` is its short name."""
    if brackets and not brackets.endswith(")"):
        raise _malformed(name, "the closing bracket is missing" if ")" not in brackets else "more follows the bracket")
    known, paths = _paths(short)
    found: dict[str, str] = {}
    for part in _with_paths(name, brackets[1:-1], known, paths) if paths else split_parameters(name, brackets[1:-1]):
        key, equals, text = (each.strip() for each in part.partition("="))
        if not key or not equals:
            raise _malformed(name, f"{part.strip()!r} is not a parameter like key=value")
        if key in found:
            raise _malformed(name, f"{key} is given twice")
        found[key] = text
    return found


def _malformed(name: str, why: str) -> BadOption:
    return BadOption(f"{name!r} is not a game string like leduc_poker(players=2): {why}")


def value_of(text: str) -> Any:
    """A parameter's value, by its text alone: a boolean, a number, a game's parameters, or the text."""
    if text in TRUTHS:
        return TRUTHS[text]
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return float(text)
    return parsed(text) if re.fullmatch(r"\w+\(.*\)", text, re.DOTALL) else text


def _paths(short: str) -> tuple[Sequence[str], Sequence[str]]:
    """A game's parameters if some of them are paths, and which of them are."""
    if short not in GAMES:
        return PATHS.get(short, ()), PATHS.get(short, ())
    plugin = GAMES[short]
    paths = plugin.PATHS if isinstance(plugin, WithPaths) else ()
    return [field.name for field in dataclasses.fields(plugin) if field.init], paths


def _with_paths(name: str, inside: str, known: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    """The parameters between a game's parentheses, where values of `paths` may contain commas and parentheses."""
    starts = [*re.finditer(rf"(?:^|,)\s*((?:{'|'.join([*known, 'limit'])})\s*=)", inside)]
    ends = [*(match.start() for match in starts), len(inside)]
    yield from split_parameters(name, inside[: ends[0]])
    for match, end in zip(starts, ends[1:], strict=True):
        part = inside[match.start(1) : end]
        yield from [part] if part.partition("=")[0].strip() in paths else split_parameters(name, part)


def split_parameters(name: str, inside: str) -> list[str]:
    """Split the parameters between a game's parentheses; nested games stay whole."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            raise _malformed(name, "a bracket closes that was not opened")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise _malformed(name, "the closing bracket is missing")
    return [part for part in parts if part.strip()]


def unknown_game(name: str, games: Iterable[str]) -> UnknownName:
    """The error for a game that is not among `games`."""
    return unknown("game", name, {*GAMES, *games}, "`pokespiel list --games` names them all")


def checked_limit(limit: Any) -> int | None:
    """A limit on a game's histories; a `BadOption` if it is not a valid number."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise BadOption(f"limit, how many histories the sequence form may have, must be a number from 1, not {limit!r}")
    return limit


def with_limit(name: str, limit: int | None) -> str:
    """The game's name with another limit on the sequence form's histories; None = unchanged."""
    if limit is None:
        return name
    head, _, inside = name.partition("(")
    kept = [part for part in split_parameters(name, inside.removesuffix(")")) if not part.strip().startswith("limit=")]
    return f"{head}({','.join([*kept, f'limit={limit}'])})"
