"""Command lines and YAML files for dataclasses that choose plug-ins by name.

A command is a frozen dataclass with a docstring under each field. A field that chooses a plug-in is annotated with its
registry, and the chosen plug-in's own fields become further flags:

    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")     --meta-solver prd --meta-solver.steps 1000
    oracle: Annotated[tuple[Choice, ...], ORACLES] = (Choice("exact"),)  --oracle ppo nfsp --oracle.ppo.epochs 2

Options can also come from a YAML file: `meta_solver: {name: prd, steps: 1000}`. Flags override the file, and the file
overrides the defaults. An option whose value is a dataclass or None, such as --oracle.damping.adapt, is set as soon as
a flag below it is given.

`--help` shows all options, or those that the command names in `common` (see `help.py`); `--help-all` shows all.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar

import tyro
import yaml
from tyro.conf import Positional

from pokespiel.core.help import (
    Option,
    absent_parts,
    attribute_docs,
    common_of,
    first_sentence,
    number_of_options,
    optional_part,
    short_help,
    values_of,
)
from pokespiel.core.registry import BadOption, Registry, checked_value, options_of, present_name, unknown

Command = TypeVar("Command")
_Field: TypeAlias = tuple[str, Any, Any]
"""A field of a dataclass to be made: its name, its type and the value of `dataclasses.field`."""


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
    about = inspect.getdoc(command) or ""
    if "help_all" in given:
        absent = [name for chosen in choosers.values() for place in chosen.plugins() for name in absent_parts(*place)]
        about += "".join(f"\n\n{name} is None unless one of its options is given." for name in absent)
        arguments, given = ["--help"], {**given, **{f"{name}.": [] for name in absent}}
    fields = _made_fields(command, values, choosers, given)
    if hasattr(command, "common") and ("help" in given or "-h" in arguments):
        print(_short_help(command, prog, fields, choosers))
        raise SystemExit(0)
    dynamic = dataclasses.make_dataclass(command.__name__, fields, kw_only=True)
    config = (tyro.conf.AvoidSubcommands,)
    parsed: Any = tyro.cli(dynamic, args=list(arguments), prog=prog, description=about, config=config)
    plain = {field.name: getattr(parsed, field.name) for field in dataclasses.fields(parsed) if "__" not in field.name}
    return command(**{name: choosers[name].result(parsed) if name in choosers else plain[name] for name in plain})


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


def _short_help(command: Any, prog: str, fields: Sequence[_Field], choosers: Mapping[str, _Chosen]) -> str:
    """The help with the command's common options and those of the chosen plug-ins."""
    own = [_option(*field, whole=field[0] in choosers) for field in fields if "__" not in field[0]]
    shown = [option for option in own if option.name in command.common]
    count = sum(number_of_options(option.default) for option in own)
    for name, chosen in choosers.items():
        for prefix, plugin in chosen.plugins():
            common = [one.replace(name, prefix, 1) for one in command.common if one.startswith(f"{name}.")]
            shown += common_of(plugin, prefix, common)
            count += number_of_options(plugin)
    return short_help(command, prog, sorted(shown, key=lambda option: option.values is not None), count - len(shown))


def _option(name: str, hint: Any, default: Any, whole: bool) -> Option:
    """A field as the short help shows it: with the first sentence of its docstring, or the whole."""
    argument = next(one for one in hint.__metadata__ if hasattr(one, "metavar"))
    values = None if Positional in hint.__metadata__ else argument.metavar or values_of(hint)
    value = None if default.default is dataclasses.MISSING else default.default
    return Option(name, values, value, argument.help if whole else first_sentence(argument.help))


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
    return Annotated[hint, tyro.conf.arg(help=attribute_docs(command).get(name, ""))]


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
        flag = Annotated[hint, tyro.conf.arg(help=listed, metavar="NAME [NAME ...]" if several else "NAME")]
        result = [(field, flag, dataclasses.field(default=names if several else names[0] if names else None))]
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

    def result(self, parsed: Any) -> Any:
        """The choices with the parsed options."""
        several = self.chooser.several
        if not self.choices:
            return () if several else None
        options = getattr(parsed, f"{self.chooser.field}__options")
        if len(self.choices) == 1:
            choices: tuple[Choice, ...] = (Choice(self.choices[0].name, options_of(options)),)
        else:
            keyed = zip(self.choices, self._keys(), strict=True)
            choices = tuple(Choice(choice.name, options_of(getattr(options, key))) for choice, key in keyed)
        return choices if several else choices[0]

    def _nested(self, default: Any) -> _Field:
        flag = tyro.conf.arg(name=self.chooser.field.replace("_", "-"))
        return (f"{self.chooser.field}__options", Annotated[type(default), flag], dataclasses.field(default=default))

    def _keys(self) -> list[str]:
        """The choices' names, numbered from the second occurrence of a name on."""
        names = [choice.name for choice in self.choices]
        return [
            name if names[:index].count(name) == 0 else f"{name}_{names[:index].count(name) + 1}"
            for index, name in enumerate(names)
        ]
