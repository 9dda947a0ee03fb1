"""Ranges of options: every number that a plug-in takes declares one, and no way to make the plug-in passes it by."""

from __future__ import annotations

import dataclasses
import math
import typing
from typing import Annotated, Any, Literal

import pytest

from pokespiel.core.executors import EXECUTORS
from pokespiel.core.help import dataclass_in, values_of
from pokespiel.core.ranges import Checked, Count, Finite, InnerShare, OutOfRange, Positive, Range, Share, ShareBelowOne
from pokespiel.game.names import GAMES
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES, RESTRICTED
from pokespiel.payoffs import ALLOCATIONS, PAYOFFS

REGISTRIES = (METASOLVERS, ORACLES, RESTRICTED, PAYOFFS, ALLOCATIONS, EXECUTORS, GAMES)
Path = tuple[str, ...]
"""The names of nested fields."""


def numbers_in(hint: Any, limits: Range | None = None) -> list[Range | None]:
    """For each place of a number in a type, the range that it declares."""
    if hint in (int, float):
        return [limits]
    if typing.get_origin(hint) is Annotated:
        limits = next((extra for extra in hint.__metadata__ if isinstance(extra, Range)), limits)
    return [found for one in typing.get_args(hint) for found in numbers_in(one, limits)]


def numbers_of(kind: type, path: Path = ()) -> list[tuple[Path, type, Range | None]]:
    """The numeric options of a plug-in and of its parts."""
    found = []
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        hint, here = hints[field.name], (*path, field.name)
        part = dataclass_in(typing.get_type_hints(kind)[field.name])
        if part is not None:
            found += numbers_of(part, here)
        elif field.init:
            found += [(here, kind, limits) for limits in numbers_in(hint)]
    return found


OPTIONS = [
    pytest.param(registry, name, *number, id=f"{name}.{'.'.join(number[0])}")
    for registry in REGISTRIES
    for name in registry
    for number in numbers_of(registry[name])
]


def test_every_kind_of_plugin_has_numbers():
    assert {param.values[0].kind for param in OPTIONS} == {registry.kind for registry in REGISTRIES}
    assert len(OPTIONS) > 300


def outside(limits: Range) -> list[float]:
    bounds = [(limits.least, -1), (limits.most, 1), (limits.above, 0), (limits.below, 0)]
    return [math.nan, *(bound + step for bound, step in bounds if math.isfinite(bound))]


@pytest.mark.parametrize(("registry", "name", "path", "kind", "limits"), OPTIONS)
def test_a_number_outside_its_range_is_refused(registry, name, path, kind, limits):
    assert limits is not None, f"{'.'.join(path)} declares no range"
    hint = typing.get_type_hints(kind)[path[-1]]
    for number in outside(limits):
        whole = int in (hint, *typing.get_args(hint)) and float not in (hint, *typing.get_args(hint))
        if whole and math.isnan(number):
            continue
        value: Any = int(number) if whole else number
        if typing.get_origin(hint) is tuple:
            value = (("gold", value),) if typing.get_origin(typing.get_args(hint)[0]) is tuple else (value,)
        needed = {
            field.name: 0.5
            for field in dataclasses.fields(kind)
            if field.init and field.default is dataclasses.MISSING and field.name != path[-1]
        }
        with pytest.raises(OutOfRange, match=rf"^{path[-1]} must be"):
            kind(**needed, **{path[-1]: value})
        options: Any = needed | {path[-1]: value}
        for part in reversed(path[:-1]):
            options = {part: options}
        with pytest.raises(OutOfRange, match=rf"^option '{path[-1]}' of .* must be .*, got"):
            registry.build(name, options)


@pytest.mark.parametrize(
    ("limits", "inside", "beyond", "said"),
    [
        (Range(), (0, -1e9, 1e9), (math.inf, -math.inf, math.nan), "a finite number"),
        (Range(least=1), (1, 2), (0, math.inf), "at least 1"),
        (Range(above=0, most=1), (1e-9, 1), (0, 1.1, math.nan), "above 0 and at most 1"),
        (Range(least=0, below=1), (0, 0.9), (-1e-9, 1), "at least 0 and below 1"),
        (Range(least=0, infinite=True), (0, math.inf), (-1, -math.inf, math.nan), "at least 0"),
    ],
)
def test_a_range_holds_what_it_says(limits, inside, beyond, said):
    assert all(number in limits for number in inside)
    assert not any(number in limits for number in beyond)
    assert str(limits) == said


@dataclasses.dataclass(frozen=True)
class Several(Checked):
    """Numbers in every kind of type."""

    widths: tuple[Count, ...] = ()
    pair: tuple[str, Share] = ("", 0.5)
    number: Count | Literal["auto"] = "auto"
    maybe: Share | None = None
    word: Literal["one", "two"] = "one"
    truth: bool = False


def test_ranges_are_found_within_types():
    assert Several((1, 2), ("x", 1.0), 3, 0.0, "two", True).number == 3
    wrong: list[tuple[str, Any]] = [
        *(("widths", (1, 0)), ("pair", ("x", 2.0)), ("number", 0), ("maybe", -0.5), ("word", "three"))
    ]
    for name, value in wrong:
        with pytest.raises(OutOfRange, match=f"^(unknown {name} |{name} must be)"):
            Several(**{name: value})


@pytest.mark.parametrize(
    ("hint", "values"),
    [
        (Count, "INT>=1"),
        (Positive, "FLOAT>0"),
        (Share, "0<=FLOAT<=1"),
        (ShareBelowOne, "0<=FLOAT<1"),
        (InnerShare, "0<FLOAT<1"),
        (Annotated[float, Range(most=-1)], "FLOAT<=-1"),
        (Finite, "FLOAT"),
        (Count | Literal["auto"], "INT>=1|auto"),
        (tuple[Count, ...], "INT>=1 ..."),
        (Positive | None, "FLOAT>0"),
    ],
)
def test_help_shows_the_range_of_a_number(hint, values):
    assert values_of(hint) == values
