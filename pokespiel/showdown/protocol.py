"""Parsing of a Showdown server's messages: names, rooms, and the meaning of errors and popups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum

FORMAT = "gen1ou"


def user_id(name: str) -> str:
    """The id by which the server compares names: letters and digits in lower case ("Jürgen  B." is "jrgenb")."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def battle_number(room: str) -> str | None:
    """The part of a battle room's name that hiding the room does not change; None for other rooms.

    "battle-gen1ou-12-5v2kfpw" is battle-gen1ou-12, hidden.
    """
    found = re.match(rf"battle-{FORMAT}-\d+(?=-|$)", room)
    return found and found[0]


def messages(text: str) -> tuple[str, list[str]]:
    """The room ("" = none) and the lines of one server message."""
    lines = text.split("\n")
    return (lines[0][1:], lines[1:]) if text.startswith(">") else ("", lines)


def words_of(line: str) -> list[str]:
    """A line "|kind|a|b" as ["kind", "a", "b"]; one without a leading bar, which is plain text, as [""]."""
    return line[1:].split("|") if line.startswith("|") else [""]


class Meaning(Enum):
    """The meaning of an `|error|` line in a battle's room."""

    HARMLESS = "the battle goes on"
    REFUSED = "a choice of ours was refused: the battle cannot be played on"
    CRASHED = "the server's own battle is broken: it will name no winner"


_HARMLESS_CHOICES: Mapping[str, str] = {
    "There's nothing to choose": "our choice crossed with the end of the battle, or was told twice",
    "Sorry, too late": "our choice answered a request that a newer one has replaced, and that one is answered too",
    "Can't do anything": "the battle is over, or the other player's choice is awaited: nothing of ours is",
    "Can't undo": "a choice was told again after a lost connection or a rename; the first one stands",
}
"""Texts after "[Invalid choice] " that leave no request of ours unanswered, with the reason."""


def error_meaning(text: str) -> Meaning:
    """The meaning of "|error|text" for a battle in progress; after the end of a battle errors have no meaning.

    "[Unavailable choice]" reveals something hidden (a trap): the next request takes it into account and is answered.
    Errors that are not about a choice answer a command: muted chat, a timer that is already on, a room without a game.
    """
    if not text.startswith("[Invalid choice]"):
        return Meaning.HARMLESS
    reason = text.removeprefix("[Invalid choice]").strip()
    if reason.startswith("The battle crashed"):
        return Meaning.CRASHED
    return Meaning.HARMLESS if reason.startswith(tuple(_HARMLESS_CHOICES)) else Meaning.REFUSED


class ServerRefusal(Enum):
    """The meaning of a popup that answers a challenge, an acceptance or a search."""

    TOO_SOON = "challenged less than 10 seconds"
    """Ask again in ten seconds."""
    RESTARTING = "Battles will be available again"
    """The server starts no battles before its restart: ask again later."""
    PENDING = "already challenging someone"
    """An earlier challenge of ours is open: withdraw it and ask again."""
    STALE = "is not challenging you"
    """The challenge was withdrawn before we accepted it."""
    OFFLINE = "went offline before your battle could start"
    """The challenger has left."""
    OTHER = ""
    """An unknown user, an illegal team: the text gives the reason."""

    @classmethod
    def of(cls, text: str) -> ServerRefusal:
        return next(refusal for refusal in cls if refusal.value in text)


def popup_text(words: list[str]) -> str:
    """The text of a "|popup|" line, on one line; "||" is a line break there."""
    return re.sub(r"\s*\|\|[\s|]*", " ", "|".join(words)).strip()


def private_messages(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """(sender, receiver, text) of each "|pm|" line; both names without their rank."""
    for line in lines:
        kind, *words = words_of(line)
        if kind == "pm" and len(words) >= 3:
            yield words[0][1:], words[1][1:], "|".join(words[2:])
