"""Command lines and YAML files for dataclasses that choose plug-ins by name.

A command is a frozen dataclass with a docstring under each field. A field that chooses a plug-in is annotated with its
registry, and the chosen plug-in's own fields become further flags:

    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")     --meta-solver prd --meta-solver.steps 1000
    oracle: Annotated[tuple[Choice, ...], ORACLES] = (Choice("exact"),)  --oracle ppo nfsp --oracle.ppo.epochs 2

A YAML file says the same: `meta_solver: {name: prd, steps: 1000}`. Flags override the file, the file the defaults.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import tyro
import yaml

from pokespiel.core.registry import BadOption, Registry, checked, options_of, unknown

Command = TypeVar("Command")


class Choice(NamedTuple):
    """A plug-in by its registered name, with its options as plain values."""

    name: str
    options: Mapping[str, Any] = {}

    def build(self, registry: Registry) -> Any:
        return registry.build(self.name, self.options)

    def whole(self, registry: Registry) -> Choice:
        """The same with every option spelled out."""
        return Choice(self.name, options_of(self.build(registry)))


def parse(
    command: type[Command], arguments: Sequence[str], prog: str, base: Mapping[str, Any] | None = None
) -> Command:
    """A `command` from command-line `arguments`; `base` holds values that replace the defaults, as a YAML file does.

    Raises `BadOption` or `UnknownName` for what the registries refuse; tyro exits with a message for the rest.
    """
    given = flags_given(arguments)
    values = _defaults(command) | from_plain(command, base or {})
    fields: list[tuple[str, Any, Any]] = []
    choosers = {}
    for field, hint, registry in _fields(command):
        if registry is None:
            default = values.get(field.name, dataclasses.MISSING)
            fields.append((field.name, _helped(command, field.name, hint), dataclasses.field(default=default)))
        else:
            chooser = _Chooser(field.name, registry, _is_tuple(hint), values[field.name])
            choosers[field.name] = chooser.chosen(given.get(field.name))
            fields += choosers[field.name].fields(attribute_docs(command).get(field.name, ""))
    dynamic = dataclasses.make_dataclass(command.__name__, fields, kw_only=True)
    parsed: Any = tyro.cli(dynamic, args=list(arguments), prog=prog, description=inspect.getdoc(command))
    plain = {field.name: getattr(parsed, field.name) for field in dataclasses.fields(parsed) if "__" not in field.name}
    return command(**{name: choosers[name].result(parsed) if name in choosers else plain[name] for name in plain})


def flags_given(arguments: Sequence[str]) -> dict[str, list[str]]:
    """The values that follow each `--flag` (or stand after `=`), under the flag's name with underscores."""
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
        raise ValueError(f"{path} is no YAML file: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a mapping from option to value, found {type(content).__name__}")
    return content


def to_plain(command: Any) -> dict[str, Any]:
    """The fields of `command` as YAML holds them; `from_plain` takes them back."""
    return {
        field.name: _to_plain(getattr(command, field.name), registry) for field, _, registry in _fields(type(command))
    }


def from_plain(command: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked field values of `command` from plain ones: names for plug-ins, mappings with a `name` for options."""
    fields = {field.name: (hint, registry) for field, hint, registry in _fields(command)}
    result = {}
    for key, value in values.items():
        name = str(key).replace("-", "_")
        if name not in fields:
            raise BadOption(str(unknown("option:", name, fields)))
        hint, registry = fields[name]
        what = f"option {name!r}"
        result[name] = checked(value, hint, what) if registry is None else _choices(value, hint, registry, what)
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


class _Chooser(NamedTuple):
    """One field that chooses plug-ins, as the flags `--field NAME` and `--field.option VALUE`."""

    field: str
    registry: Registry
    several: bool
    default: Any

    def chosen(self, names: list[str] | None) -> _Chosen:
        """With the names on the command line, or the default's."""
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

    def fields(self, doc: str) -> list[tuple[str, Any, Any]]:
        """Dataclass fields: the names, then one nested dataclass with the options of what is chosen."""
        field, registry, several, _ = self.chooser
        names = tuple(choice.name for choice in self.choices)
        hint: Any = tuple[str, ...] if several else str if names else str | None
        listed = f"{doc} One {'or more ' if several else ''}of: {', '.join(registry)}."
        flag = Annotated[hint, tyro.conf.arg(help=listed, metavar="NAME [NAME ...]" if several else "NAME")]
        result = [(field, flag, dataclasses.field(default=names if several else names[0] if names else None))]
        plugins = [choice.build(registry) for choice in self.choices]
        if len(plugins) == 1:
            result.append(self._nested(plugins[0]))
        elif plugins:
            keyed = zip(self._keys(), plugins, strict=True)
            inner = [(key, type(plugin), dataclasses.field(default=plugin)) for key, plugin in keyed]
            result.append(self._nested(dataclasses.make_dataclass(f"{field}_options", inner, frozen=True)()))
        return result

    def result(self, parsed: Any) -> Any:
        """The choices with the options that were parsed."""
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

    def _nested(self, default: Any) -> tuple[str, Any, Any]:
        flag = tyro.conf.arg(name=self.chooser.field.replace("_", "-"))
        return (f"{self.chooser.field}__options", Annotated[type(default), flag], dataclasses.field(default=default))

    def _keys(self) -> list[str]:
        """The choices' names, numbered from the second of a name on."""
        names = [choice.name for choice in self.choices]
        return [
            name if names[:index].count(name) == 0 else f"{name}_{names[:index].count(name) + 1}"
            for index, name in enumerate(names)
        ]
