"""The meaning of options: the docstring under each field, and help that fits on a screen.

A command with many options names its everyday ones in `common`, such as ("game", "oracle", "oracle.decisions"); the
last one is shown if the chosen oracle has it. If a plug-in has none of the options named there and only a few in all,
all are shown. `--help-all` shows every option, in a section for each plug-in and for each of its parts.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import itertools
import shutil
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Union, runtime_checkable

from pokespiel.core.ranges import Range

FEW = 8
"""A plug-in with at most this many options is shown completely if `common` names none of them."""
WIDTHS = (60, 116)
"""The minimum and the maximum width of the help, in columns."""
INDENT = 29
"""Columns before the texts."""
POSITIONAL = "positional"
"""Marks the type of a field whose values are given without a flag; see `Positional` in arguments.py."""
BARE = (None, "", (), False, dataclasses.MISSING)
"""Defaults that the help does not show."""


@runtime_checkable
class Brief(Protocol):
    """A command with more options than fit on a screen."""

    common: Sequence[str]
    """The options that `--help` shows."""


def attribute_docs(command: type) -> dict[str, str]:
    """The docstring under each field, from the source, on one line."""
    docs: dict[str, str] = {}
    for cls in reversed(command.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for before, node in itertools.pairwise(body.body):
            if isinstance(before, ast.AnnAssign) and isinstance(node, ast.Expr):
                docs[ast.unparse(before.target)] = " ".join(ast.literal_eval(node.value).split())
    return docs


class Option(NamedTuple):
    """A flag and its description."""

    name: str
    """The name in Python, such as `oracle.warm_start`."""
    hint: Any
    """The type of its value."""
    values: str
    """The values shown after the flag, or in place of it."""
    default: Any
    text: str
    positional: bool = False

    @property
    def flag(self) -> str:
        """The flag that sets it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def usage(self) -> str:
        """A positional value as the usage line shows it."""
        return self.values if self.default is dataclasses.MISSING else f"[{self.values}]"

    def told(self, width: int) -> str:
        """The option's help in lines of `width` columns."""
        words = f"  {self.values if self.positional else self._flag()}".rstrip()
        margin = " " * INDENT
        lines = textwrap.wrap(
            self.text + self._default(), width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
        )
        if len(words) + 2 <= INDENT and lines:
            lines[0] = words.ljust(INDENT) + lines[0].lstrip()
            return "\n".join(lines)
        return "\n".join([words, *lines])

    def _flag(self) -> str:
        *path, name = self.name.replace("_", "-").split(".")
        name = f"[no-]{name}" if self.default is True and not self.values else name
        return f"--{'.'.join([*path, name])} {self.values}"

    def _default(self) -> str:
        if self.default is dataclasses.MISSING and not self.positional:
            return " [required]"
        return f" [{_shown(self.default)}]" if not any(self.default is bare for bare in BARE) else ""


class OptionGroup(NamedTuple):
    """The options of a command, of a plug-in or of a part of it."""

    title: str
    about: str
    options: list[Option]

    def told(self, width: int) -> str:
        about = textwrap.wrap(self.about, width, initial_indent="  ", subsequent_indent="  ")
        return "\n".join([f"{self.title}:", *about, *(option.told(width) for option in self.options)])


def help_text(command: Any, prog: str, sections: Iterable[OptionGroup], more: int = 0) -> str:
    """The help of `command` with these sections; it ends with the number `more` of options not shown."""
    width = min(max(shutil.get_terminal_size().columns, WIDTHS[0]), WIDTHS[1])
    what = [
        f"  {part}" if part.startswith("pokespiel ") else textwrap.fill(part, width)  # commands to copy
        for part in (inspect.getdoc(command) or "").split("\n\n")
    ]
    rest = [f"{more} more options: the same command with --help-all instead of --help shows all."] if more else []
    sections = list(sections)
    values = [option.usage for section in sections for option in section.options if option.positional]
    return "\n\n".join(
        [" ".join([f"usage: {prog} [OPTIONS]", *values]), *what, *(one.told(width) for one in sections), *rest]
    )


def common_of(plugin: Any, prefix: str, common: Sequence[str]) -> list[Option]:
    """The common options of a plug-in, a dataclass object; `prefix` is put before their names."""
    options = [brief(option) for section in sections_of(plugin, prefix, absent=False) for option in section.options]
    return [option for option in options if option.name in common] or options * (len(options) <= FEW)


def sections_of(
    plugin: Any, prefix: str, about: str = "", title: str = "", *, absent: bool = True
) -> Iterator[OptionGroup]:
    """The options of a plug-in, then those of each of its parts, including parts that are None if `absent`."""
    hints = typing.get_type_hints(type(plugin), include_extras=True)
    docs = attribute_docs(type(plugin))
    own, parts = [], []
    for field in dataclasses.fields(plugin):
        name, value, text = f"{prefix}.{field.name}", getattr(plugin, field.name), docs.get(field.name, "")
        part = optional_part(plugin, field.name)
        if value is None and part is not None and absent:
            value, text = part(), f"{text} {name} is None unless one of its options is given."
        if dataclasses.is_dataclass(value):
            parts.append((value, name, text))
        elif part is None or value is not None:
            own.append(Option(name, hints[field.name], values_of(hints[field.name]), value, text))
    yield OptionGroup(title or f"--{prefix.replace('_', '-')}", about, own)
    for one in parts:
        yield from sections_of(*one, absent=absent)


def optional_part(plugin: Any, field: str) -> type | None:
    """The dataclass that a plug-in's field may hold instead of None; None if there is no such field."""
    hint = typing.get_type_hints(type(plugin))[field]
    return dataclass_in(hint) if typing.get_origin(hint) in (Union, types.UnionType) else None


def dataclass_in(hint: Any) -> type | None:
    """The dataclass that a value of this type is or may be."""
    choices = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
    parts = [one for one in choices if isinstance(one, type) and dataclasses.is_dataclass(one)]
    return parts[0] if len(parts) == 1 else None


def brief(option: Option) -> Option:
    """The option with only the first sentence of its description."""
    sentence, dot, _ = option.text.partition(". ")
    return option._replace(text=sentence + dot.rstrip())


def unannotated(hint: Any) -> Any:
    """A type without its annotations."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def values_of(hint: Any) -> str:
    """The values shown after a flag of the type `hint`: INT, 0<=FLOAT<=1, {one,other}, PATH ..."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        ranges = [extra for extra in hint.__metadata__ if isinstance(extra, Range)]
        return functools.reduce(lambda word, each: each.around(word), ranges, values_of(arguments[0]))
    if origin is Literal:
        names = ",".join(map(str, arguments))
        return f"{{{names}}}" if len(arguments) > 1 else names
    if origin in (Union, types.UnionType):
        return "|".join(values_of(one) or "{True,False}" for one in arguments if one is not type(None))
    if origin is tuple:
        first, *others = map(values_of, arguments)
        return f"{first} ..." if arguments[-1] is ... else " ".join([first, *others])
    return {bool: "", Path: "PATH"}.get(hint, getattr(hint, "__name__", "").upper())


def _shown(default: Any) -> str:
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
