"""Translate a player's commands to a server ("move bodyslam", "switch Tauros", "default") to the engine's ("move 2").

They are parsed and refused as in Pokémon Showdown 0.11.11 in Gen 1 singles (`sim/side.ts`: `choose`, `chooseMove`,
`chooseSwitch`, `autoChoose`).
"""

from __future__ import annotations

import json
import re
from typing import Any

from pokespiel.game.gen1.battle import Battle
from pokespiel.showdown.protocol import user_id as to_id

FORFEIT = "/forfeit"
_TARGET = re.compile(r"\s([-+]?[1-3])$")
_NUMBER = re.compile(r"[-+]?\d+")
_CHOOSABLE = ("normal", "any")
"""Kinds of targets that a player may name."""
_NO_MOVES = ("fight", "recharge")
"""Moves in a request that no Pokémon knows."""


class ChoiceRefused(ValueError):
    """A choice that the server would refuse, with its reason."""


def in_engine_words(battle: Battle, player: int, said: str) -> str:
    """The choice of a player, 1 or 2, for whom one is due; `FORFEIT` is returned unchanged.

    Raises `ChoiceRefused`.
    """
    legal = battle.choices(player)
    kind, _, data = said.strip().partition(" ")
    if kind == FORFEIT:
        return FORFEIT
    if (count := said.count(",") + 1) > 1:
        raise ChoiceRefused(f"Can't make choices: You sent choices for {count} Pokémon, but this is a singles game!")
    if kind in ("default", "auto"):
        return legal[0]
    request = json.loads(battle.request(player))
    if kind == "move":
        return _move(request, legal, data.strip())
    if kind == "switch":
        return _switch(request, legal, data.strip())
    raise ChoiceRefused(_no_pass(request) if kind in ("pass", "skip") else f"Unrecognized choice: {said.strip()}")


def struggles(request: str, choice: str) -> str:
    """The line that a player receives at once if its choice, in the engine's words, means Struggle; "" otherwise."""
    if '"id":"struggle"' not in request or not choice.startswith("move"):
        return ""
    active = json.loads(request)["side"]["pokemon"][0]
    if active["condition"].endswith((" slp", " frz")):
        return ""
    side, _, name = active["ident"].partition(": ")
    return f"|-activate|{side}a: {name}|move: Struggle"


def _active_name(request: dict[str, Any]) -> str:
    return request["side"]["pokemon"][0]["ident"].partition(": ")[2]


def _no_pass(request: dict[str, Any]) -> str:
    if "active" in request:
        return f"Can't pass: Your {_active_name(request)} must make a move (or switch)"
    return f"Can't pass: You need to switch in a Pokémon to replace {_active_name(request)}"


def _move(request: dict[str, Any], legal: list[str], data: str) -> str:
    """A move by its slot or its id. While asleep, frozen or possibly locked, every move has the same effect."""
    if "active" not in request:
        raise ChoiceRefused("Can't move: You need a switch response")
    active, name = request["active"][0], _active_name(request)
    target = None if to_id(data) == "conversion2" else _TARGET.search(data)
    data = data[: target.start()] if target else data
    if not data:
        return legal[0]
    index = _move_index([move["id"] for move in active["moves"]], name, data)
    move = active["moves"][index]
    if target:
        _check_target(move, int(target[1]))
    place = f"move {index + 1}"
    if place in legal:
        return place
    if active.get("maybeLocked") or request["side"]["pokemon"][0]["condition"].endswith((" slp", " frz")):
        return legal[0]
    raise ChoiceRefused(f"Can't move: {name}'s {move['move']} is disabled")


def _move_index(moves: list[str], name: str, data: str) -> int:
    if data.isascii() and data.isdigit():
        if not 1 <= int(data) <= len(moves):
            raise ChoiceRefused(f"Can't move: Your {name} doesn't have a move {int(data)}")
        return int(data) - 1
    if to_id(data) not in moves:
        raise ChoiceRefused(f"Can't move: Your {name} doesn't have a move matching {to_id(data)}")
    return moves.index(to_id(data))


def _check_target(move: dict[str, Any], place: int) -> None:
    """The only allowed target in singles is the opponent, position 1."""
    name = move["id"] if move["id"] in _NO_MOVES else move["move"]
    if move.get("target") not in _CHOOSABLE:
        raise ChoiceRefused(f"Can't move: You can't choose a target for {name}")
    if place != 1:
        raise ChoiceRefused(f"Can't move: Invalid target for {name}")


def _switch(request: dict[str, Any], legal: list[str], data: str) -> str:
    """A switch by slot in the party's present order, by nickname or by species."""
    if not data and "active" not in request:
        return legal[0]
    if not data:
        raise ChoiceRefused("Can't switch: You need to select a Pokémon to switch in")
    party = request["side"]["pokemon"]
    number = _NUMBER.match(data)
    slot = int(number[0]) if number and int(number[0]) >= 1 else _named(party, data)
    if slot > len(party):
        raise ChoiceRefused(f"Can't switch: You do not have a Pokémon in slot {slot} to switch to")
    if slot == 1:
        raise ChoiceRefused("Can't switch: You can't switch to an active Pokémon")
    if party[slot - 1]["condition"].endswith(" fnt"):
        raise ChoiceRefused("Can't switch: You can't switch to a fainted Pokémon")
    if f"switch {slot}" not in legal:
        raise ChoiceRefused("Can't switch: The active Pokémon is trapped")
    return f"switch {slot}"


def _named(party: list[dict[str, Any]], name: str) -> int:
    """The slot, from 1, of the first Pokémon with that nickname or species."""
    for slot, one in enumerate(party, 1):
        nickname, species = one["ident"].partition(": ")[2], one["details"].partition(",")[0]
        if name.lower() == nickname.lower() or to_id(name) == to_id(species):
            return slot
    raise ChoiceRefused(f'Can\'t switch: You do not have a Pokémon named "{name}" to switch to')
