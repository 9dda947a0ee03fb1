"""Find syntax errors in Gambit files: OpenSpiel does not report them, and some of them crash its process.

    EFG 2 R "title" { "player" ... } "comment"
    c "node" set "set's name" { "outcome" probability ... } outcome ["its name" { payoff ... }]
    p "node" player set "set's name" { "action" ... } outcome ["its name" { payoff ... }]
    t "node" outcome "its name" { payoff ... }

Nodes are listed in the order of a depth-first walk through the tree. When an information set occurs again, its name and
actions may be omitted.

Reference: Savani and Turocy (2026), Gambit: The package for computation in game theory.
"""

from __future__ import annotations

import re
from pathlib import Path

from pokespiel.core.files import why_no_file
from pokespiel.core.registry import BadOption
from pokespiel.core.tablefiles.nfg import Tokens, read_nfg
from pokespiel.core.tablefiles.text import decoded


def check_file(path: str, game: str) -> None:
    """Raise a `BadOption` that says in one line what is wrong with the file at `path` for `efg_game` or `nfg_game`."""
    suffix = f".{game[:3]}"
    if not path:
        raise BadOption(f"{game} needs a file, as in {game}(filename=game{suffix})")
    if why := why_no_file(Path(path)):
        raise BadOption(f"{game} cannot be loaded: {why}")
    try:
        (check_efg if suffix == ".efg" else read_nfg)(decoded(Path(path).read_bytes()))
    except ValueError as error:
        raise BadOption(f"{path} does not follow Gambit's format for {suffix} files: {error}") from None


def not_read(path: str, game: str, error: Exception) -> BadOption:
    """The error for a file that follows the format but that OpenSpiel does not read."""
    line = re.search(r"while parsing line #(\d+)", str(error))
    return BadOption(
        f"{path} follows Gambit's format for .{game[:3]} files, but not as OpenSpiel reads it"
        + (f": its reader stops before line {line[1]}" if line else "")
        + ("; it wants the actions of an information set at each of its nodes" if game == "efg_game" else "")
    )


def check_efg(text: str) -> None:
    """Raise a `ValueError` with the line and column of the first error in `text` as an .efg file."""
    tokens = Tokens(text)
    players = len(tokens.opening("EFG", "2"))
    if tokens.peek().startswith('"'):
        tokens.take()
    known: dict[tuple[int, int], int] = {}
    awaited = 1
    while awaited:
        awaited += _node(tokens, players, known) - 1
    if tokens.rest:
        raise tokens.unexpected("the end, as all branches have ended")


def _node(tokens: Tokens, players: int, known: dict[tuple[int, int], int]) -> int:
    """Read one node; returns its number of children. `known` counts the actions of each player's information sets."""
    kind = tokens.take().text if tokens.peek() in ("c", "p", "t") else ""
    if not kind:
        raise tokens.unexpected("a node (c, p or t)")
    tokens.string("the node's name")
    children = 0
    if kind != "t":
        owner = tokens.integer("a player's number", 1, players) if kind == "p" else 0
        place = owner, tokens.integer("an information set's number", 0)
        if place in known and not tokens.peek().startswith(("{", '"')):
            children = known[place]
        else:
            children = known[place] = _actions(tokens, kind == "c")
    tokens.integer("an outcome's number", 0)
    if tokens.peek().startswith('"'):
        tokens.take()
    if tokens.peek() == "{":
        tokens.take()
        for _ in range(players):
            tokens.payoff()
        tokens.take("}")
    return children


def _actions(tokens: Tokens, chance: bool) -> int:
    """Read an information set's name and actions (with probabilities if `chance` moves); returns the number of
    actions."""
    if tokens.peek().startswith('"'):
        tokens.take()
    opening = tokens.take("{")
    count = 0
    while tokens.peek() != "}":
        tokens.string("an action's name")
        if chance:
            tokens.payoff()
        count += 1
    tokens.take("}")
    if not count:
        raise ValueError(f"{opening.place}: expected at least one action, found none")
    return count
