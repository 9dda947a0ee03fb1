"""Ranges of numeric options, declared in a field's type.

    clip: Positive = 0.2        discount: Annotated[float, Range(above=0, most=1)] = 1.0

They are checked wherever options come from: flags, YAML files and game names (`checked_value` in registry.py), and
objects made in Python whose class inherits `Checked`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union


class OutOfRange(ValueError):
    """A value that its option's type excludes."""


class Range(NamedTuple):
    """Numbers between two bounds; NaN is in no range."""

    least: float = -math.inf
    most: float = math.inf
    """The bounds, themselves included."""
    above: float = -math.inf
    below: float = math.inf
    """The bounds, themselves excluded."""
    infinite: bool = False
    """Whether infinity is allowed too."""

    def __contains__(self, value: object) -> bool:
        assert isinstance(value, int | float)
        if math.isinf(value):
            return self.infinite and self.least <= value <= self.most
        return self.least <= value <= self.most and self.above < value < self.below

    def check(self, value: Any, what: str) -> None:
        """An `OutOfRange` for a number outside; `what` names the option."""
        if isinstance(value, int | float) and not isinstance(value, bool) and value not in self:
            raise OutOfRange(f"{what} must be {self}, got {value}")

    def __str__(self) -> str:
        bounds = (
            ("at least", self.least),
            ("above", self.above),
            ("at most", self.most),
            ("below", self.below),
        )
        words = [f"{word} {bound:g}" for word, bound in bounds if math.isfinite(bound)]
        return " and ".join(words) or "a finite number"

    def around(self, word: str) -> str:
        """The range in symbols around `word`: INT>=1, 0<FLOAT<=1; the word alone if there are no bounds."""
        bounds = {">=": self.least, ">": self.above, "<=": self.most, "<": self.below}
        known = {sign: f"{bound:g}" for sign, bound in bounds.items() if math.isfinite(bound)}
        high = "".join(sign + bound for sign, bound in known.items() if "<" in sign)
        if not high:
            return word + "".join(sign + bound for sign, bound in known.items())
        return "".join(bound + sign.replace(">", "<") for sign, bound in known.items() if ">" in sign) + word + high


Count = Annotated[int, Range(least=1)]
TwoOrMore = Annotated[int, Range(least=2)]
Whole = Annotated[int, Range(least=0)]
Finite = Annotated[float, Range()]
Positive = Annotated[float, Range(above=0)]
NotNegative = Annotated[float, Range(least=0)]
AtLeastOne = Annotated[float, Range(least=1)]
Share = Annotated[float, Range(least=0, most=1)]
PositiveShare = Annotated[float, Range(above=0, most=1)]
ShareBelowOne = Annotated[float, Range(least=0, below=1)]
InnerShare = Annotated[float, Range(above=0, below=1)]
Port = Annotated[int, Range(least=0, most=65535)]


def check_range(value: Any, hint: Any, what: str) -> None:
    """An `OutOfRange` for a number in `value` outside the range that the type `hint` declares, or for a text that is
    not among its choices; `what` names the option."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        for extra in hint.__metadata__:
            if isinstance(extra, Range):
                extra.check(value, what)
        check_range(value, arguments[0], what)
    elif origin in (Union, types.UnionType):
        for one in arguments:
            if typing.get_origin(one) is not Literal:
                check_range(value, one, what)
    elif origin is Literal and value not in arguments:
        raise OutOfRange(f"unknown {what} {value!r}; Available: {', '.join(map(str, arguments))}")
    elif origin is tuple and isinstance(value, tuple):
        each = arguments[:1] * len(value) if arguments[-1] is ... else arguments
        for item, one in zip(value, each, strict=False):
            check_range(item, one, what)


class Checked:
    """Base of dataclasses whose values must be in the ranges, or among the choices, that their types declare."""

    def __post_init__(self) -> None:
        kind: Any = type(self)
        for name, hint in _hints(kind).items():
            check_range(getattr(self, name), hint, name)


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    """The types of a class's fields that declare a range or choices."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [field.name for field in dataclasses.fields(typing.cast(Any, kind))]
    return {name: hints[name] for name in fields if _is_limited(hints[name])}


def _is_limited(hint: Any) -> bool:
    metadata = getattr(hint, "__metadata__", ())
    if typing.get_origin(hint) is Literal or any(isinstance(extra, Range) for extra in metadata):
        return True
    return any(map(_is_limited, typing.get_args(hint)))
