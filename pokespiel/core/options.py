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
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar

import tyro
import yaml
from tyro.conf import Positional

from pokespiel.core.help import (
    Brief,
    Option,
    OptionGroup,
    attribute_docs,
    brief,
    common_of,
    help_text,
    optional_part,
    sections_of,
    values_of,
)
from pokespiel.core.registry import BadOption, Registry, checked_value, options_of, present_name, unknown

Command = TypeVar("Command")
_Field: TypeAlias = tuple[str, Any, Any]
"""A field of a dataclass to be made: its name, its type and the value of `dataclasses.field`."""
FLAG = "__name"
"""Ends the name of such a field if it holds a plug-in's name; the field without this holds the plug-in's options."""


class Choice(NamedTuple):
    """A plug-in by its registered name, with its options as plain values."""

    name: str
    options: Mapping[str, Any] = {}

    def build(self, registry: Registry) -> Any:
        return registry.build(self.name, self.options)

    def whole(self, registry: Registry) -> Choice:
        """The same choice with every option written out."""
        return Choice(self.name, options_of(self.build(registry)))


def parse(
    command: type[Command], arguments: Sequence[str], prog: str, base: Mapping[str, Any] | None = None
) -> Command:
    """A `command` from command-line `arguments`; `base` holds values that replace the defaults, as a YAML file does.

    Raises `BadOption` or `UnknownName` for values that the registries reject; tyro exits with a message for all others.
    """
    given = flags_given(arguments)
    values = _defaults(command) | from_plain(command, base or {})
    choosers = {
        field.name: _Chooser(field.name, registry, _is_tuple(hint), values[field.name]).chosen(given.get(field.name))
        for field, hint, registry in _fields(command)
        if registry is not None
    }
    fields = _made_fields(command, values, choosers, given)
    if "-h" in arguments or {"help", "help_all"} & given.keys():
        print(_help(command, prog, fields, choosers, "help_all" in given))
        raise SystemExit(0)
    dynamic = dataclasses.make_dataclass(command.__name__, fields, kw_only=True)
    parsed: Any = tyro.cli(dynamic, args=list(arguments), prog=prog, config=(tyro.conf.AvoidSubcommands,))
    names = [field.name for field, _, _ in _fields(command)]
    plain = {name: getattr(parsed, name) for name in names if name not in choosers}
    return command(**plain, **{name: chosen.result(parsed) for name, chosen in choosers.items()})


def _made_fields(
    command: type, values: Mapping[str, Any], choosers: Mapping[str, _Chosen], given: Iterable[str]
) -> list[_Field]:
    """The fields of the dataclass into which the command line is parsed."""
    fields: list[_Field] = []
    for field, hint, registry in _fields(command):
        if registry is None:
            default = values.get(field.name, dataclasses.MISSING)
            fields.append((field.name, _helped(command, field.name, hint), dataclasses.field(default=default)))
        else:
            fields += choosers[field.name].fields(attribute_docs(command).get(field.name, ""), given)
    return fields


def _help(command: Any, prog: str, fields: Sequence[_Field], choosers: Mapping[str, _Chosen], everything: bool) -> str:
    """The help with all options of the command and of the chosen plug-ins, or with the common ones."""
    found = [_option(name.removesuffix(FLAG), *rest) for name, *rest in fields if name not in choosers]
    own = sorted((one for one in found if not _is_part(one)), key=lambda option: not option.positional)
    parts = [part for one in found if _is_part(one) for part in sections_of(one.default, one.name, one.text)]
    plugins = [section for chosen in choosers.values() for section in chosen.sections()]
    sections = [section for section in (OptionGroup("options", "", own), *parts, *plugins) if section.options]
    if everything or not isinstance(command, Brief):
        return help_text(command, prog, sections)
    shown = [one if one.name in choosers else brief(one) for one in own if one.name in command.common]
    shown += [option for chosen in choosers.values() for option in chosen.common(command.common)]
    more = sum(len(section.options) for section in sections) - len(shown)
    return help_text(command, prog, [OptionGroup("options", "", shown)], more)


def _is_part(option: Option) -> bool:
    return dataclasses.is_dataclass(option.default)


def _option(name: str, hint: Any, field: dataclasses.Field[Any]) -> Option:
    """A field as the help shows it."""
    arguments = [one for one in hint.__metadata__ if hasattr(one, "metavar")]
    values = next((one.metavar for one in arguments if one.metavar), None) or values_of(hint)
    text = next((one.help for one in arguments if one.help), "")
    return Option(name, values, field.default, text, Positional in hint.__metadata__)


def flags_given(arguments: Sequence[str]) -> dict[str, list[str]]:
    """The values that follow each `--flag` (or its `=`), under the flag's name with underscores."""
    given: dict[str, list[str]] = {}
    current: list[str] = []
    for argument in arguments:
        if argument.startswith("--"):
            flag, equals, value = argument[2:].partition("=")
            current = given.setdefault(flag.replace("-", "_"), [])
            current.extend([value] if equals else [])
        else:
            current.append(argument)
    return given


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


def _helped(command: type, name: str, hint: Any) -> Any:
    """The field's type with its docstring, and with its name if it is a positional value without another."""
    extras = getattr(hint, "__metadata__", ())
    named = any(getattr(one, "metavar", None) for one in extras)
    shown = name.upper() + " ..." * values_of(hint).endswith(" ...")
    metavar = shown if Positional in extras and not named else None
    return Annotated[hint, tyro.conf.arg(help=attribute_docs(command).get(name, ""), metavar=metavar)]


def _opened(plugin: Any, prefix: str, given: Iterable[str]) -> Any:
    """The plug-in, where each part that is None but has an option among the given flags is set to its defaults."""
    changes = {}
    for field in dataclasses.fields(plugin):
        name, value = f"{prefix}.{field.name}", getattr(plugin, field.name)
        if value is None and any(flag.startswith(f"{name}.") for flag in given):
            part = optional_part(plugin, field.name)
            value = part() if part is not None else None
        if dataclasses.is_dataclass(value):
            changes[field.name] = _opened(value, name, given)
    return dataclasses.replace(plugin, **changes) if changes else plugin


class _Chooser(NamedTuple):
    """One field that chooses plug-ins, as the flags `--field NAME` and `--field.option VALUE`."""

    field: str
    registry: Registry
    several: bool
    default: Any

    def chosen(self, names: list[str] | None) -> _Chosen:
        """Choose the names from the command line, or the default's."""
        defaults = self.default if self.several else (self.default,) if self.default is not None else ()
        if names is None:
            return _Chosen(self, tuple(choice.whole(self.registry) for choice in defaults))
        if names == ["None"] and not self.several:
            return _Chosen(self, ())
        known = {choice.name: choice for choice in reversed(defaults)}
        return _Chosen(self, tuple(known.get(name, Choice(name)).whole(self.registry) for name in names))


class _Chosen(NamedTuple):
    chooser: _Chooser
    choices: tuple[Choice, ...]

    def fields(self, doc: str, given: Iterable[str]) -> list[_Field]:
        """Dataclass fields: the names, then one nested dataclass with the options of the chosen plug-ins.

        given: the flags of the command line, with underscores.
        """
        field, registry, several, _ = self.chooser
        names = tuple(choice.name for choice in self.choices)
        hint: Any = tuple[str, ...] if several else str if names else str | None
        listed = f"{doc} One {'or more ' if several else ''}of: {', '.join(registry)}."
        shown = field.replace("_", "-")
        argument = tyro.conf.arg(name=shown, help=listed, metavar="NAME [NAME ...]" if several else "NAME")
        flag = Annotated[hint, argument]
        result = [(field + FLAG, flag, dataclasses.field(default=names if several else names[0] if names else None))]
        plugins = [_opened(plugin, prefix, given) for prefix, plugin in self.plugins()]
        if len(plugins) == 1:
            result.append(self._nested(plugins[0]))
        elif plugins:
            keyed = zip(self._keys(), plugins, strict=True)
            inner = [(key, type(plugin), dataclasses.field(default=plugin)) for key, plugin in keyed]
            result.append(self._nested(dataclasses.make_dataclass(f"{field}_options", inner, frozen=True)()))
        return result

    def plugins(self) -> list[tuple[str, Any]]:
        """The chosen plug-ins, each with the prefix of its options' names."""
        built = [choice.build(self.chooser.registry) for choice in self.choices]
        if len(built) == 1:
            return [(self.chooser.field, built[0])]
        return [(f"{self.chooser.field}.{key}", plugin) for key, plugin in zip(self._keys(), built, strict=True)]

    def sections(self) -> Iterator[OptionGroup]:
        """The options of the chosen plug-ins, for the help."""
        registry = self.chooser.registry
        for (prefix, plugin), choice in zip(self.plugins(), self.choices, strict=True):
            flag = f"--{self.chooser.field.replace('_', '-')} {choice.name}"
            yield from sections_of(plugin, prefix, registry.describe(choice.name).line, flag)

    def common(self, common: Iterable[str]) -> Iterator[Option]:
        """Those of the options that a command with this `common` shows."""
        field = self.chooser.field
        for prefix, plugin in self.plugins():
            yield from common_of(plugin, prefix, [prefix + name.removeprefix(field) for name in common])

    def result(self, parsed: Any) -> Any:
        """The choices with the parsed options."""
        several = self.chooser.several
        if not self.choices:
            return () if several else None
        options = getattr(parsed, self.chooser.field)
        if len(self.choices) == 1:
            choices: tuple[Choice, ...] = (Choice(self.choices[0].name, options_of(options)),)
        else:
            keyed = zip(self.choices, self._keys(), strict=True)
            choices = tuple(Choice(choice.name, options_of(getattr(options, key))) for choice, key in keyed)
        return choices if several else choices[0]

    def _nested(self, default: Any) -> _Field:
        return (self.chooser.field, type(default), dataclasses.field(default=default))

    def _keys(self) -> list[str]:
        """The choices' names, numbered from the second occurrence of a name on."""
        names = [choice.name for choice in self.choices]
        return [
            name if names[:index].count(name) == 0 else f"{name}_{names[:index].count(name) + 1}"
            for index, name in enumerate(names)
        ]
