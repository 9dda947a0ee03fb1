"""What a Showdown server says, taken apart: names, rooms, and which errors and popups matter, with the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum

FORMAT = "gen1ou"


def user_id(name: str) -> str:
    """The name as the server compares names: letters and digits alone, in lower case ("Jürgen  B." is "jrgenb")."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def battle_number(room: str) -> str | None:
    """The part of a battle room's name that hiding the room does not change; None for a room of another kind.

    "battle-gen1ou-12-5v2kfpw" is battle-gen1ou-12, hidden.
    """
    found = re.match(rf"battle-{FORMAT}-\d+(?=-|$)", room)
    return found and found[0]


def messages(text: str) -> tuple[str, list[str]]:
    """The room ("" = none) and the lines of one message of the server's."""
    lines = text.split("\n")
    return (lines[0][1:], lines[1:]) if text.startswith(">") else ("", lines)


def words_of(line: str) -> list[str]:
    """A line "|kind|a|b" as ["kind", "a", "b"]; one without a leading bar, which is plain text, as [""]."""
    return line[1:].split("|") if line.startswith("|") else [""]


class Meaning(Enum):
    """What an `|error|` line in a battle's room means for the battle."""

    HARMLESS = "the battle goes on"
    REFUSED = "a choice of ours was refused: the battle cannot be played on"
    CRASHED = "the server's own battle is broken: it will name no winner"


_HARMLESS_CHOICES: Mapping[str, str] = {
    "There's nothing to choose": "our choice crossed with the end of the battle, or was told twice",
    "Sorry, too late": "our choice answered a request that a newer one has replaced, and that one is answered too",
    "Can't do anything": "the battle is over, or the other player's choice is awaited: nothing of ours is",
    "Can't undo": "a choice was told again after a lost connection or a rename; the first one stands",
}
"""Beginnings of what follows "[Invalid choice] " and leaves no request of ours unanswered, with the reason."""


def error_meaning(text: str) -> Meaning:
    """What "|error|text" means for a running battle; once the battle has ended, no error means anything.

    "[Unavailable choice]" tells what was hidden (a trap): the next request takes it into account and is answered.
    What is not about a choice answers a command: chat that was muted, a timer that was on, a room without a game.
    """
    if not text.startswith("[Invalid choice]"):
        return Meaning.HARMLESS
    reason = text.removeprefix("[Invalid choice]").strip()
    if reason.startswith("The battle crashed"):
        return Meaning.CRASHED
    return Meaning.HARMLESS if reason.startswith(tuple(_HARMLESS_CHOICES)) else Meaning.REFUSED


class ServerRefusal(Enum):
    """What a popup means that answers a challenge, an acceptance or a search."""

    TOO_SOON = "challenged less than 10 seconds"
    """Ask again in ten seconds."""
    RESTARTING = "Battles will be available again"
    """The server starts no battles before its restart: ask again in a while."""
    PENDING = "already challenging someone"
    """An earlier challenge of ours stands: withdraw it and ask again."""
    STALE = "is not challenging you"
    """The challenge was withdrawn before we accepted it."""
    OFFLINE = "went offline before your battle could start"
    """The challenger has gone."""
    OTHER = ""
    """Nobody of that name, a team that is not allowed: the text says it."""

    @classmethod
    def of(cls, text: str) -> ServerRefusal:
        return next(refusal for refusal in cls if refusal.value in text)


def popup_text(words: list[str]) -> str:
    """What follows the kind of a "|popup|" line, on one line; "||" breaks lines there."""
    return re.sub(r"\s*\|\|[\s|]*", " ", "|".join(words)).strip()


def private_messages(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """(sender, receiver, text) of each "|pm|" line; both names without their rank."""
    for line in lines:
        kind, *words = words_of(line)
        if kind == "pm" and len(words) >= 3:
            yield words[0][1:], words[1][1:], "|".join(words[2:])
