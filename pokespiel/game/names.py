"""The strings that name games: a short name, and parameters in parentheses."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from pokespiel.core.registry import BadOption, Registry
from pokespiel.game.foreign import quiet, said

GAMES = Registry("game", {"gen1ou": "pokespiel.game.gen1.parameters:Gen1OU", "matrix": "pokespiel.game.matrix:Matrix"})
"""This package's own games by their short names."""


def parsed(name: str) -> dict[str, Any]:
    """The parameters in a game's string, its `name` among them."""
    import pyspiel

    rest, paths = _without_paths(name)
    try:
        with quiet():
            parameters = dict(pyspiel.game_parameters_from_string(rest))
    except Exception as error:
        raise BadOption(f"{name!r} is not a game string like leduc_poker(players=2): {said(error)}") from None
    if "name" not in parameters:
        raise BadOption(f"{name!r} is not a game string like leduc_poker(players=2)")
    return parameters | paths


def _without_paths(name: str) -> tuple[str, dict[str, str]]:
    """The game's string without its parameters that are paths, and those as they are written: paths may hold commas."""
    match = re.fullmatch(r"(\w+)\((.*)\)", name, re.DOTALL)
    paths = getattr(GAMES[match[1]], "PATHS", ()) if match and match[1] in GAMES else ()
    if not match or not paths:
        return name, {}
    known = "|".join(field.name for field in dataclasses.fields(GAMES[match[1]]) if field.init)
    first, *parts = re.split(rf"(?:^|,)\s*({known})\s*=", match[2])
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    found = {path: values.pop(path).strip() for path in paths if path in values}
    rest = [first] * bool(first) + [f"{key}={value}" for key, value in values.items()]
    return f"{match[1]}({','.join(rest)})", found


def checked_limit(limit: Any) -> int | None:
    """A limit on a game's histories; a `BadOption` if it is no number of them."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise BadOption(f"limit, how many histories the sequence form may have, must be a number from 1, not {limit!r}")
    return limit


def with_limit(name: str, limit: int | None) -> str:
    """The game's string with another limit on the sequence form's histories; None = as it is."""
    if limit is None:
        return name
    head, _, inside = name.partition("(")
    kept = [part for part in _split(inside.removesuffix(")")) if not part.startswith("limit=")]
    return f"{head}({','.join([*kept, f'limit={limit}'])})"


def _split(inside: str) -> list[str]:
    """The parameters between a game's parentheses, those of games within games in one piece."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part]
