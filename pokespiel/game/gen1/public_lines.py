"""The lines of a public log: taken from a replay's text, without chat and secrets, numbered, and checked one by one.

for number, line in spectators(lines_in(text)):
    require_readable(number, line)
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pokespiel.game.gen1.narration import STATUS_BEGINS

_SCRIPT = re.compile(r'<script[^>]*class="battle-log-data"[^>]*>(.*?)</script>', re.DOTALL)
_NOT_THE_BATTLES = ("|request|", "|c|", "|c:|", "|raw|", "|html|", "|uhtml|", "|j|", "|l|")
_SEAT = re.compile(r"p[12]a?: ?.+|p[12]")
_STATUS = "|".join(STATUS_BEGINS)
_CONDITION = re.compile(rf"0(?:/[0-9]+)? fnt|[0-9]{{1,4}}/[1-9][0-9]{{0,3}}(?: (?:{_STATUS}))?")
_FORMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("switch", "drag"), ("a Pokémon", "details", "HP")),
    **dict.fromkeys(("-damage", "-heal"), ("a Pokémon", "HP")),
    **dict.fromkeys(("move", "cant", "-status", "-curestatus", "-start", "-transform"), ("a Pokémon", "what")),
    "faint": ("a Pokémon",),
    "win": ("a name",),
    "turn": ("a number",),
}
"""The first fields of the lines that are read here; the tracker checks the others."""
_PATTERNS = {
    "a Pokémon": (_SEAT, "such as p1a: Tauros"),
    "HP": (_CONDITION, 'such as 61/100, "61/100 par" or "0 fnt"'),
    "a number": (re.compile(r"[0-9]{1,4}"), "such as 12"),
}
_QUOTED = 80


class NotAPublicLog(ValueError):
    """A text that does not contain a Gen 1 singles battle; the message says why, with the number of a bad line."""


class OtherRules(NotAPublicLog):
    """A battle of another generation or with several Pokémon of a side on the field."""


@contextmanager
def quoting(number: int, line: str) -> Iterator[None]:
    """Name and quote the line, number `number` of its log, in errors about it."""
    try:
        yield
    except ValueError as error:
        reason = str(error).partition(" in line '")[0]  # the tracker quotes the line as it was given it
        raise NotAPublicLog(f"line {number}, {line[:_QUOTED]!r}: {reason}") from error


def lines_in(text: str) -> list[str]:
    """The lines of a replay's JSON ({"log": ...}) or page, or of a bare log; raises `NotAPublicLog`."""
    if found := _SCRIPT.search(text):
        return html.unescape(found[1]).replace("<\\/", "</").strip().splitlines()
    if not text.lstrip().startswith("{"):
        return text.splitlines()
    try:
        log = json.loads(text).get("log")
    except (ValueError, RecursionError) as error:
        raise NotAPublicLog(f"not the JSON of a replay: {error}") from None
    if isinstance(log, str):
        return log.splitlines()
    if isinstance(log, list) and all(isinstance(line, str) for line in log):
        return log
    raise NotAPublicLog('no "log" in this JSON; expected a replay of Showdown or a kept battle')


def spectators(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The lines for spectators with their numbers: of a `|split|` the shared line; no requests, chat or markup."""
    rest = iter(enumerate(lines, 1))
    for number, raw in rest:
        if raw.startswith("|split|"):
            next(rest, None)
            number, raw = next(rest, (number, ""))
        line = raw.rstrip("\r\n")
        if line.startswith("|") and not line.startswith(_NOT_THE_BATTLES):
            yield number, line


def require_readable(number: int, line: str) -> None:
    """Raise `NotAPublicLog` for a line with too few fields, or fields of another form."""
    with quoting(number, line):
        if re.search(r"[\ud800-\udfff]", line):
            raise ValueError("half a character (a lone surrogate), which no text may hold")
        kind, *words = line[1:].split("|")
        form = _FORMS.get(kind, ())
        if len(words) < len(form):
            raise ValueError(f"fields are missing; expected |{kind}| with {', '.join(form)}")
        for name, word in zip(form, words, strict=False):
            pattern, example = _PATTERNS.get(name, (None, ""))
            if pattern and not pattern.fullmatch(word):
                raise ValueError(f"{word[:_QUOTED]!r} is not {name} {example}")
