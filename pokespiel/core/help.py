"""The meaning of options: the docstring under each field, and help that fits on a screen.

A command names its everyday options in `common`, such as ("game", "oracle", "oracle.decisions"); the last one is shown
if the chosen oracle has it. If a plug-in has none of the options named there and only a few in all, all are shown.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import shutil
import textwrap
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union

FEW = 8
"""A plug-in with at most this many options is shown completely if `common` names none of them."""
WIDTHS = (60, 116)
"""The minimum and the maximum width of the help, in columns."""
INDENT = 28
"""Columns before the texts."""


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
    values: str | None
    """The values shown after the flag; None = no flag, the value itself is named."""
    default: Any
    text: str

    def told(self, width: int) -> str:
        """The option's help in lines of `width` columns."""
        flag = f"--{self.name.replace('_', '-')} {self.values}" if self.values is not None else self.name.upper()
        words = f"  {flag}".rstrip()
        default = "" if self.default in (None, "", (), False) else f" [{_shown(self.default)}]"
        margin = " " * INDENT
        lines = textwrap.wrap(
            self.text + default, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
        )
        if len(words) + 2 <= INDENT and lines:
            lines[0] = words.ljust(INDENT) + lines[0].lstrip()
            return "\n".join(lines)
        return "\n".join([words, *lines])


def short_help(command: type, prog: str, options: Sequence[Option], more: int) -> str:
    """The help of `command` with these options; it ends with the number `more` of options not shown."""
    width = min(max(shutil.get_terminal_size().columns, WIDTHS[0]), WIDTHS[1])
    what = [
        f"  {part}" if part.startswith("pokespiel ") else textwrap.fill(part, width)  # commands to copy
        for part in (inspect.getdoc(command) or "").split("\n\n")
    ]
    rest = [f"{more} more options: the same command with --help-all instead of --help shows all."] if more else []
    shown = "\n".join(option.told(width) for option in options)
    usage = " ".join([f"usage: {prog} [OPTIONS]", *(one.name.upper() for one in options if one.values is None)])
    return "\n\n".join([usage, *what, f"options:\n{shown}", *rest])


def common_of(plugin: Any, prefix: str, common: Sequence[str]) -> list[Option]:
    """The common options of a plug-in, a dataclass object; `prefix` is put before their names."""
    options = list(_options(plugin, prefix))
    return [option for option in options if option.name in common] or options * (len(options) <= FEW)


def _options(plugin: Any, prefix: str) -> Iterator[Option]:
    """All options of a plug-in and of its parts, without parts that are None."""
    hints, docs = typing.get_type_hints(type(plugin)), attribute_docs(type(plugin))
    for field in dataclasses.fields(plugin):
        name, value = f"{prefix}.{field.name}", getattr(plugin, field.name)
        if dataclasses.is_dataclass(value):
            yield from _options(value, name)
        elif value is not None or optional_part(plugin, field.name) is None:
            yield Option(name, values_of(hints[field.name]), value, first_sentence(docs.get(field.name, "")))


def optional_part(plugin: Any, field: str) -> type | None:
    """The dataclass that a plug-in's field may hold instead of None; None if there is no such field."""
    hint = typing.get_type_hints(type(plugin))[field]
    choices = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else ()
    parts = [one for one in choices if isinstance(one, type) and dataclasses.is_dataclass(one)]
    return parts[0] if len(parts) == 1 else None


def absent_parts(prefix: str, plugin: Any) -> Iterator[str]:
    """The names of a plug-in's parts that may be dataclasses but are None."""
    for field in dataclasses.fields(plugin):
        name, value = f"{prefix}.{field.name}", getattr(plugin, field.name)
        if dataclasses.is_dataclass(value):
            yield from absent_parts(name, value)
        elif value is None and optional_part(plugin, field.name) is not None:
            yield name


def number_of_options(value: Any) -> int:
    """Number of flags for a value: one, or those of a plug-in and its parts."""
    return sum(1 for _ in _options(value, "")) if dataclasses.is_dataclass(value) else 1


def first_sentence(text: str) -> str:
    sentence, dot, _ = text.partition(". ")
    return sentence + dot.rstrip()


def values_of(hint: Any) -> str:
    """The values shown after a flag of the type `hint`: INT, {one,other}, PATH ..."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return values_of(arguments[0])
    if origin is Literal:
        return "{" + ",".join(map(str, arguments)) + "}"
    if origin in (Union, types.UnionType):
        return "|".join(values_of(one) for one in arguments if one is not type(None))
    if origin is tuple:
        return f"{values_of(arguments[0])} ..."
    return {bool: "", Path: "PATH"}.get(hint, getattr(hint, "__name__", "").upper())


def _shown(default: Any) -> str:
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
