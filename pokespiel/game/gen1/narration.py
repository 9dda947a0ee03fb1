"""A battle's protocol lines in words.

    narrator = Narrator(own=1)
    for line in battle.log(1):
        for told in narrator.read(line):
            print(told.text)

One sentence per event. HP that are lost or regained are named with what is left, in percent of full HP. Lines of later
generations, chat, timers and the rules' list have no sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

STATUS_BEGINS = {
    **{"slp": "fell asleep", "psn": "was poisoned", "brn": "was burned", "frz": "was frozen"},
    **{"par": "was paralyzed", "tox": "was badly poisoned"},
}
STATUS_ENDS = {
    **{"slp": "woke up", "psn": "is no longer poisoned", "brn": "is no longer burned", "frz": "thawed out"},
    **{"par": "is no longer paralyzed", "tox": "is no longer poisoned"},
}
_HELD = {
    **{"slp": "is fast asleep", "frz": "is frozen solid", "par": "is paralyzed and cannot move"},
    **{"flinch": "flinched", "recharge": "must recharge", "partiallytrapped": "is trapped and cannot move"},
}
_STATS = {
    **{"atk": "Attack", "def": "Defense", "spe": "Speed", "spa": "Special", "spd": ""},
    **{"accuracy": "accuracy", "evasion": "evasion"},
}
"""Special is reported once; a server writes it as two stats."""
_SOURCES = {
    **{"psn": "poison", "brn": "its burn", "tox": "poison", "Recoil": "recoil", "recoil": "recoil"},
    **{"Leech Seed": "Leech Seed", "confusion": "its confusion", "drain": "draining"},
}
_BEGUN = {
    **{"confusion": "became confused", "Leech Seed": "was seeded", "Substitute": "made a Substitute"},
    **{"Light Screen": "is protected by Light Screen", "Reflect": "is protected by Reflect", "Mist": "is under Mist"},
    **{"Focus Energy": "is getting pumped", "Bide": "is storing energy"},
}
_OVER = {
    **{"confusion": "is no longer confused", "Substitute": "lost its Substitute", "Disable": "may use all moves again"},
    **{"Leech Seed": "is no longer seeded", "Bide": "unleashed its energy"},
}
_ACTIVE = {
    **{"Substitute": "has its Substitute take the hit", "confusion": "is confused", "Bide": "is storing energy"},
    **{
        "Haze": "made a Haze: all stat changes are gone",
        "Mist": "is protected by Mist",
        "Splash": "did nothing at all",
    },
}


class Sentence(NamedTuple):
    """One sentence and its subject."""

    kind: str
    """turn, switch, move, hurt, heal, faint, note, message or end."""
    text: str


class Narrator:
    """Turns the lines of one battle into sentences; `own` is the player who reads them, 0 for a spectator."""

    def __init__(self, own: int = 0):
        self.own = own
        self._players: dict[str, str] = {}
        self._hp: dict[str, int] = {}

    def read(self, line: str) -> list[Sentence]:
        """The sentences for a line, usually one or none."""
        kind, *words = line[1:].split("|") if line.startswith("|") else [""]
        teller = _TELLERS.get(kind)
        try:
            return [] if teller is None else [Sentence(*one) for one in teller(self, words)]
        except (LookupError, ValueError):  # a truncated line, or one of another game
            return []

    def name(self, ident: str) -> str:
        """ "p1a: Tauros" as "Your Tauros", "The foe's Tauros" or, to a spectator, "Ann's Tauros"."""
        seat, _, name = ident.partition(": ")
        return f"{self._owner(seat[:2])} {name}"

    def _owner(self, seat: str) -> str:
        if self.own:
            return "Your" if seat == f"p{self.own}" else "The foe's"
        player = self._players.get(seat, seat)
        return "Your" if player == "You" else f"{player}'s"

    def _change(self, ident: str, condition: str) -> tuple[int, int]:
        """HP before and after, in percent."""
        key, after = _key(ident), percent(condition)
        before = self._hp.get(key, 100)
        self._hp[key] = after
        return before, after

    # Lines ------------------------------------------------------------------------------------------------------------

    def _player(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if words[1]:
            self._players[words[0]] = words[1]
        yield from ()

    def _turn(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "turn", f"Turn {int(words[0])}"

    def _switch(self, words: list[str]) -> Iterator[tuple[str, str]]:
        ident, details, condition = words[:3]
        self._change(ident, condition)
        seat, _, nickname = ident.partition(": ")
        species, _, level = details.partition(", ")
        shown = nickname if nickname == species else f"{nickname} the {species}"
        mine, theirs = ("You send", "The foe sends") if self.own else ("", "")
        player = self._players.get(seat[:2], seat)
        sender = (
            mine if seat[:2] == f"p{self.own}" else theirs
        ) or f"{player} {'send' if player == 'You' else 'sends'}"
        left = "" if percent(condition) == 100 else f" at {percent(condition)} %"
        raised = f" (level {level[1:]})" if level.startswith("L") else ""
        yield "switch", f"{sender} in {shown}{raised}{left}."

    def _move(self, words: list[str]) -> Iterator[tuple[str, str]]:
        called = next((word[7:] for word in words[3:] if word.startswith("[from] ")), "")
        by = f" through {called.removeprefix('move: ')}" if called and called not in (words[1], "lockedmove") else ""
        yield "move", f"{self.name(words[0])} used {words[1]}{by}."

    def _damage(self, words: list[str]) -> Iterator[tuple[str, str]]:
        before, after = self._change(words[0], words[1])
        source = next((_SOURCES.get(word[7:], word[7:]) for word in words[2:] if word.startswith("[from] ")), "")
        lost = f"{before - after} %" if before > after else "less than 1 %"
        yield "hurt", f"{self.name(words[0])} lost {lost}{f' to {source}' if source else ''}: {after} % left."

    def _heal(self, words: list[str]) -> Iterator[tuple[str, str]]:
        before, after = self._change(words[0], words[1])
        if after > before:
            yield "heal", f"{self.name(words[0])} regained {after - before} %: {after} % left."

    def _faint(self, words: list[str]) -> Iterator[tuple[str, str]]:
        self._hp[_key(words[0])] = 0
        yield "faint", f"{self.name(words[0])} fainted."

    def _status(self, words: list[str]) -> Iterator[tuple[str, str]]:
        rests = any(word == "[from] move: Rest" for word in words)
        begins = "went to sleep and became healthy" if rests else STATUS_BEGINS[words[1]]
        yield "note", f"{self.name(words[0])} {begins}."

    def _cure(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if "[silent]" not in words:
            yield "note", f"{self.name(words[0])} {STATUS_ENDS[words[1]]}."

    def _cant(self, words: list[str]) -> Iterator[tuple[str, str]]:
        if words[1] == "Disable" or words[1:2] == ["nopp"]:
            yield "note", f"{self.name(words[0])} cannot use {words[2]}."
        else:
            yield "note", f"{self.name(words[0])} {_HELD.get(words[1], 'cannot move')}."

    def _boost(self, words: list[str], sign: int = 1) -> Iterator[tuple[str, str]]:
        amount, stat = sign * int(words[2]), _STATS.get(words[1], words[1])
        if not stat:
            return
        way = "rose" if amount > 0 else "fell"
        much = {0: "did not change", 1: way, 2: f"{way} sharply"}.get(abs(amount), f"{way} by {abs(amount)} stages")
        why = " from Rage" if "[from] Rage" in words else ""
        yield "note", f"{self.name(words[0])}: {stat} {much}{why}."

    def _unboost(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield from self._boost(words, -1)

    def _start(self, words: list[str]) -> Iterator[tuple[str, str]]:
        what = words[1].removeprefix("move: ")
        if "[silent]" in words and what not in ("Reflect", "Light Screen"):
            return
        if what == "Disable":
            yield "note", f"{self.name(words[0])}: {words[2]} is disabled."
        elif what == "Mimic":
            yield "note", f"{self.name(words[0])} learned {words[2]}."
        elif what == "typechange":
            yield "note", f"{self.name(words[0])} is now of type {words[2]}."
        else:
            yield "note", f"{self.name(words[0])} {_BEGUN.get(what, f'is under {what}')}."

    def _end(self, words: list[str]) -> Iterator[tuple[str, str]]:
        what = words[1].removeprefix("move: ")
        if "[silent]" not in words:
            freed = f"is free of {what}" if "[partiallytrapped]" in words else f"is no longer under {what}"
            yield "note", f"{self.name(words[0])} {_OVER.get(what, freed)}."

    def _activate(self, words: list[str]) -> Iterator[tuple[str, str]]:
        what = words[1].removeprefix("move: ")
        yield "note", f"{self.name(words[0])} {_ACTIVE.get(what, f'is under {what}')}."

    def _fail(self, words: list[str]) -> Iterator[tuple[str, str]]:
        reasons = {"slp": "asleep", "psn": "poisoned", "brn": "burned", "frz": "frozen", "par": "paralyzed"}
        reason = words[1] if len(words) > 1 else ""
        if reason == "move: Substitute":
            why = "it is too weak" if "[weak]" in words else "it already has one"
            yield "note", f"{self.name(words[0])} cannot make a Substitute: {why}."
        elif reason in reasons:
            yield "note", f"{self.name(words[0])} is already {reasons[reason]}: it failed."
        else:
            yield "note", "It failed."

    def _prepare(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "note", f"{self.name(words[0])} prepares {words[1]}."

    def _hits(self, words: list[str]) -> Iterator[tuple[str, str]]:
        times = int(words[1])
        yield "note", f"It hit {times} time{'' if times == 1 else 's'}."

    def _transform(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "note", f"{self.name(words[0])} transformed into {words[1].partition(': ')[2] or words[1]}."

    def _win(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "end", f"{words[0]} won the battle."

    def _tie(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "end", "The battle is a tie."

    def _message(self, words: list[str]) -> Iterator[tuple[str, str]]:
        yield "message", "|".join(words)


def _always(kind: str, text: str) -> Callable[[Narrator, list[str]], Iterable[tuple[str, str]]]:
    return lambda narrator, words: [(kind, text)]


def _about(what: str) -> Callable[[Narrator, list[str]], Iterable[tuple[str, str]]]:
    """A sentence about the Pokémon that the line names first."""
    return lambda narrator, words: [("note", f"{narrator.name(words[0])} {what}.")]


_TELLERS: dict[str, Callable[[Narrator, list[str]], Iterable[tuple[str, str]]]] = {
    **{"player": Narrator._player, "turn": Narrator._turn, "switch": Narrator._switch, "drag": Narrator._switch},
    **{"move": Narrator._move, "-damage": Narrator._damage, "-heal": Narrator._heal, "faint": Narrator._faint},
    **{"-status": Narrator._status, "-curestatus": Narrator._cure, "cant": Narrator._cant, "-boost": Narrator._boost},
    **{"-unboost": Narrator._unboost, "-start": Narrator._start, "-end": Narrator._end},
    **{"-activate": Narrator._activate, "-fail": Narrator._fail, "-prepare": Narrator._prepare},
    **{"-hitcount": Narrator._hits, "-transform": Narrator._transform, "win": Narrator._win, "tie": Narrator._tie},
    **{"-miss": _about("missed"), "-immune": _about("is not affected")},
    "-mustrecharge": _about("will have to recharge"),
    **{"-message": Narrator._message, "-hint": Narrator._message, "bigerror": Narrator._message},
    "-crit": _always("note", "A critical hit!"),
    "-supereffective": _always("note", "It is super effective."),
    "-resisted": _always("note", "It is not very effective."),
    "-nothing": _always("note", "Nothing happened."),
    "-fieldactivate": _always("note", "Coins are scattered everywhere."),
    "-ohko": _always("note", "It is a one-hit knock-out."),
}


def narrated(lines: Iterable[str], own: int = 0) -> list[Sentence]:
    """A whole log in words; see `Narrator`."""
    narrator = Narrator(own)
    return [told for line in lines for told in narrator.read(line)]


def percent(condition: str) -> int:
    """HP of "123/456 par" or "0 fnt" as an integer percentage, as servers show it: 1 to 99 unless empty or full."""
    points, _, full = condition.partition(" ")[0].partition("/")
    if not full or not int(points):
        return 0
    return whole_percent(int(points), int(full))


def whole_percent(hp: int, full: int) -> int:
    """HP as an integer percentage: rounded up, 100 only if none are lost."""
    return 100 if hp >= full else min(-(-100 * hp // full), 99)


def _key(ident: str) -> str:
    seat, _, name = ident.partition(": ")
    return f"{seat[:2]}: {name}"
