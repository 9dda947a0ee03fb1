"""Command lines and YAML files for dataclasses that choose plug-ins by name.

A command is a frozen dataclass with a docstring under each field. A field that chooses a plug-in is annotated with its
registry, and the chosen plug-in's own fields become further flags:

    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")     --meta-solver prd --meta-solver.steps 1000
    oracle: Annotated[tuple[Choice, ...], ORACLES] = (Choice("exact"),)  --oracle ppo nfsp --oracle.ppo.epochs 2

Options can also come from a YAML file: `meta_solver: {name: prd, steps: 1000}`. Flags override the file, and the file
overrides the defaults. An option whose value is a dataclass or None, such as --oracle.damping.adapt, is set as soon as
a flag below it is given.

`--help` shows all options, or those that the command names in `common`; `--help-all` shows all: see `help.py`.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from pokespiel.core.arguments import flags_given, read_words
from pokespiel.core.choosing import Choice, Selection, below, selected, updated
from pokespiel.core.help import (
    POSITIONAL,
    Brief,
    Option,
    OptionGroup,
    attribute_docs,
    brief,
    help_text,
    sections_of,
    unannotated,
    values_of,
)
from pokespiel.core.registry import (
    RENAMED,
    BadOption,
    Registry,
    build,
    checked_value,
    options_of,
    present_name,
    unknown,
)

Command = TypeVar("Command")


def parse(
    command: type[Command], arguments: Sequence[str], prog: str, base: Mapping[str, Any] | None = None
) -> Command:
    """A `command` from command-line `arguments`; `base` holds values that replace the defaults, as a YAML file does.

    Raises `UnknownName` for a plug-in that there is not, `BadOption` and `OutOfRange` for all else that does not fit.
    """
    given = flags_given(arguments)
    values = _defaults(command) | from_plain(command, base or {})
    choosers = {
        field.name: selected(field.name, registry, _is_tuple(hint), values[field.name], given.get(field.name))
        for field, hint, registry in _fields(command)
        if registry is not None
    }
    groups = _groups(command, values, choosers)
    if "-h" in arguments or {"help", "help_all"} & given.keys():
        print(_help(command, prog, groups, choosers, "help_all" in given))
        raise SystemExit(0)
    options = {option.name: option for group in groups for option in group.options}
    found = read_words(arguments, options, functools.partial(_unknown_flag, options, choosers, prog))
    return command(**_values(command, prog, values, choosers, found))


def command_line(command: type[Command]) -> Command:
    """A `command` from the arguments of the running script; what does not fit ends it with one line."""
    try:
        return parse(command, sys.argv[1:], Path(sys.argv[0]).name)
    except ValueError as error:
        raise SystemExit(str(error)) from None


def _groups(command: Any, values: Mapping[str, Any], choosers: Mapping[str, Selection]) -> list[OptionGroup]:
    """All options: the command's own, those of its parts, and those of the chosen plug-ins."""
    docs = attribute_docs(command)
    own: list[Option] = []
    parts: list[OptionGroup] = []
    plugins: list[OptionGroup] = []
    for field, hint, registry in _fields(command):
        name, text = field.name, docs.get(field.name, "")
        value = values.get(name, dataclasses.MISSING)
        if registry is not None:
            own.append(choosers[name].option(text))
            plugins += choosers[name].sections()
        elif dataclasses.is_dataclass(value):
            parts += sections_of(value, name, text)
        else:
            positional = POSITIONAL in getattr(hint, "__metadata__", ())
            shown = _placeholder(name, hint) if positional else values_of(hint)
            own.append(Option(name, hint, shown, value, text, positional))
    own.sort(key=lambda option: not option.positional)
    return [group for group in (OptionGroup("options", "", own), *parts, *plugins) if group.options]


def _placeholder(name: str, hint: Any) -> str:
    """A positional value in the help: what there is to choose from, or the field's name."""
    if typing.get_origin(unannotated(hint)) is Literal:
        return "|".join(map(str, typing.get_args(unannotated(hint))))
    return name.upper() + " ..." * values_of(hint).endswith(" ...")


def _help(
    command: Any, prog: str, groups: Sequence[OptionGroup], choosers: Mapping[str, Selection], everything: bool
) -> str:
    """The help with all options of the command and of the chosen plug-ins, or with the common ones."""
    if everything or not isinstance(command, Brief):
        return help_text(command, prog, groups)
    own = [option for option in groups[0].options if option.name in command.common]
    shown = [option if option.name in choosers else brief(option) for option in own]
    shown += [option for one in choosers.values() for option in one.common(command.common)]
    more = sum(len(group.options) for group in groups) - len(shown)
    return help_text(command, prog, [OptionGroup("options", "", shown)], more)


def _values(
    command: type, prog: str, values: Mapping[str, Any], choosers: Mapping[str, Selection], found: Mapping[str, Any]
) -> dict[str, Any]:
    """The command's fields: the values found on the command line, in place of those from elsewhere."""
    fields = {field.name for field in dataclasses.fields(command)}
    result = dict(values) | {name: value for name, value in found.items() if name in fields}
    for field, _, registry in _fields(command):
        name = field.name
        if registry is not None:
            result[name] = choosers[name].result(found)
        elif name not in result:
            option = next(option for option in _groups(command, values, choosers)[0].options if option.name == name)
            raise BadOption(f"{prog} needs {option.values if option.positional else option.flag}: {option.text}")
        elif dataclasses.is_dataclass(result[name]):
            part: Any = result[name]
            result[name] = build(type(part), updated(options_of(part), below(found, name)), name)
    return result


def _unknown_flag(options: Mapping[str, Option], choosers: Mapping[str, Selection], prog: str, flag: str) -> BadOption:
    """The error for a flag, with underscores, that is none of the options: what it may have been meant for."""
    path, dot, last = flag.rpartition(".")
    renamed = f"{path}{dot}{RENAMED.get(last, '')}"
    shown = f"--{flag.replace('_', '-')}"
    if renamed in options:
        return BadOption(f"{shown} is called {options[renamed].flag} now")
    head, _, option = flag.partition(".")
    if head in choosers and option:
        return BadOption(f"{shown}: {choosers[head].without(option, options)}")
    flags = [one.flag for one in options.values() if not one.positional]
    nearest = difflib.get_close_matches(shown, flags, n=1, cutoff=0.6)
    hint = f"did you mean {nearest[0]}? " if nearest else ""
    return BadOption(f"unknown option {shown}; {hint}`{prog} --help` shows the options")


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file; a `ValueError` that says what is wrong with any other file."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no configuration file at {path}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a YAML file: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a mapping from option to value, found {type(content).__name__}")
    return content


def to_plain(command: Any) -> dict[str, Any]:
    """The fields of `command` as plain YAML values; `from_plain` reverses this."""
    return {
        field.name: _to_plain(getattr(command, field.name), registry) for field, _, registry in _fields(type(command))
    }


def from_plain(command: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked field values of `command` from plain ones: names for plug-ins, mappings with a `name` for options."""
    fields = {field.name: (hint, registry) for field, hint, registry in _fields(command)}
    result = {}
    for key, value in values.items():
        name = present_name(str(key), fields)
        if name not in fields:
            raise BadOption(str(unknown("option:", name, fields)))
        hint, registry = fields[name]
        what = f"option {name!r}"
        result[name] = checked_value(value, hint, what) if registry is None else _choices(value, hint, registry, what)
    return result


def _to_plain(value: Any, registry: Registry | None) -> Any:
    if isinstance(value, Choice) and registry is not None:
        return {"name": value.name, **value.whole(registry).options}
    if isinstance(value, tuple):
        return [_to_plain(item, registry) for item in value]
    return str(value) if isinstance(value, Path) else value


def _choices(value: Any, hint: Any, registry: Registry, what: str) -> Any:
    if _is_tuple(hint):
        items = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_choice(item, registry, what) for item in items)
    return None if value is None and type(None) in typing.get_args(hint) else _choice(value, registry, what)


def _choice(value: Any, registry: Registry, what: str) -> Choice:
    if isinstance(value, str):
        return Choice(value).whole(registry)
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return Choice(value["name"], {key: item for key, item in value.items() if key != "name"}).whole(registry)
    raise BadOption(f"{what}: expected the name of a {registry.kind} or a mapping with its `name`, got {value!r}")


def _fields(command: type) -> list[tuple[dataclasses.Field[Any], Any, Registry | None]]:
    """Each field with its type and the registry it chooses from."""
    hints = typing.get_type_hints(command, include_extras=True)
    result = []
    for field in dataclasses.fields(command):
        hint = hints[field.name]
        extras = getattr(hint, "__metadata__", ())
        registry = next((extra for extra in extras if isinstance(extra, Registry)), None)
        result.append((field, hint.__origin__ if registry is not None else hint, registry))
    return result


def _is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def _defaults(command: type) -> dict[str, Any]:
    fields = dataclasses.fields(command)
    return {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}


def changed_options(before: Any, after: Any, name: str = "") -> Iterator[str]:
    """Each option that differs between two results of `to_plain`, as `oracle.clip from 0.2 to 0.1`."""
    plugins = [one["name"] if isinstance(one, dict) and "name" in one else None for one in (before, after)]
    if isinstance(before, dict) and isinstance(after, dict) and plugins[0] == plugins[1]:
        for key in before:
            yield from changed_options(before[key], after.get(key), f"{name}.{key}".removeprefix("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from changed_options(one, other, name)
    elif before != after:
        shown = plugins if None not in plugins else (before, after)
        yield f"{name} from {shown[0]!r} to {shown[1]!r}"
