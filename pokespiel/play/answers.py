"""Checks of a page's messages, and the answers to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

LONGEST_MESSAGE = 900_000
"""In characters; a log of 1,000 turns has some 300,000."""


class Answer(NamedTuple):
    """The answer to a page's message, and the battle that other pages should refresh."""

    data: dict[str, Any]
    battle: str = ""
    """The battle that has changed; "" = none."""


def read_message(text: str | bytes) -> Mapping[str, Any]:
    """Parse a JSON object; raises `ValueError` for anything else."""
    if len(text) > LONGEST_MESSAGE:
        raise ValueError(f"the message has {len(text):,} characters; expected at most {LONGEST_MESSAGE:,}")
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the message is not JSON") from None
    if not isinstance(asked, dict):
        raise ValueError("the message is not a JSON object")
    return asked


def text_of(asked: Mapping[str, Any], key: str) -> str:
    """A text field of a message; raises `ValueError` for anything else."""
    value = asked.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key}: expected a text")
    return value


def whole_number(asked: Mapping[str, Any], key: str, low: int, high: int) -> int:
    """An integer field of a message; raises a `ValueError` with the bounds for anything else."""
    value = asked.get(key)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{key}: expected a whole number from {low} to {high}")
    return value
