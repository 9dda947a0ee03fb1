"""Names and options: registries that load lazily, and plug-ins built from plain option mappings.

A plug-in is a frozen dataclass; its fields are its options. The command line, a YAML file and a run's `config.yaml` all
describe a plug-in by its registered name and a mapping from field to value.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import importlib.util
import inspect
import os
import platform
import sys
import sysconfig
import textwrap
import traceback
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Union, runtime_checkable


class UnknownName(KeyError, ValueError):
    """A name that is not in a registry; the message lists the names that are."""

    def __str__(self) -> str:
        return str(self.args[0])


class BadOption(ValueError):
    """An option that a plug-in does not have, or a value of the wrong type."""


PACKAGE = str(Path(__file__).parents[1]) + os.sep
ELSEWHERE = (PACKAGE, sysconfig.get_path("stdlib") + os.sep, "<")
"""Paths of code that is not a user's: this package, Python's library, and code without a file."""


def place_of_error(error: BaseException) -> str:
    """The location of an error in a user's Python code: `, in Auction.step, line 12 of auction.py`, or empty."""
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [place for place in places if not place[0].co_filename.startswith(ELSEWHERE)]
    own = [place for place in own if "site-packages" not in place[0].co_filename]
    if not own:
        return ""
    code, line = own[-1]
    function = "" if code.co_name == "<module>" else f", in {code.co_qualname}"
    return f"{function}, line {line} of {Path(code.co_filename).name}"


MANY = 24
"""If there are more choices than this, only the closest ones are named."""


def unknown(kind: str, name: str, choices: typing.Iterable[str], see: str = "", also: str = "") -> UnknownName:
    """The error for `name`. It names the closest and all choices, and what may be chosen `also`; if there are many, a
    few close ones and where to `see` all."""
    available = sorted(choices)
    nearest = difflib.get_close_matches(str(name), available, n=5, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    more = f", or {also}" if also else ""
    if len(available) <= MANY:
        return UnknownName(f"unknown {kind} {name!r}; {hint}Available: {', '.join(available)}{more}")
    others = f"Others like it: {', '.join(nearest[1:])}. " if nearest[1:] else ""
    return UnknownName(f"unknown {kind} {name!r}; {hint}{others}{see or f'There are {len(available)}'}{more}")


def filled(text: str, first: str, later: str) -> str:
    """`text` wrapped to 116 columns; the first line begins with `first`, all others with `later`."""
    return textwrap.fill(text, 116, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


class Description(NamedTuple):
    """How a plug-in's source describes it."""

    line: str
    """The first paragraph of its docstring, on one line."""
    reference: str
    """The paragraph of its docstring that starts with `Reference:`, else its module's if the module has no other
    plug-in; may be empty."""


class Registry(Mapping[str, Any]):
    """A mapping from name to plug-in, given as "module:attribute" and imported when first looked up.

    With `own`, the location of a user's own plug-in, `package.module:Name` or `python:path/to/file.py:Name`, is a name
    too. Names in files that may come from strangers are looked up without: they must not import anything.
    """

    def __init__(self, kind: str, places: Mapping[str, str], *, own: bool = False):
        self.kind, self.own = kind, own
        self._places = dict(places)

    def __getitem__(self, name: str) -> Any:
        if name in self._places:
            module, attribute = self._places[name].split(":")
            return getattr(importlib.import_module(module), attribute)
        if self.own and is_own(name):
            return _own_plugin(name, self.kind)
        raise self._unknown(name)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _unknown(self, name: str) -> UnknownName:
        return unknown(self.kind, name, self._places, also="your own, as python:path/to/file.py:Name" * self.own)

    def describe(self, name: str) -> Description:
        """The description and reference of the plug-in `name`, read from its source without importing it."""
        if self.own and is_own(name):
            return Description(_first_paragraph(inspect.getdoc(self[name]) or ""), "")
        if name not in self._places:
            raise self._unknown(name)
        module, attribute = self._places[name].split(":")
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{self.kind} {name!r} is registered at {module}, which does not exist")
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        own, whole = ast.get_docstring(_definition(tree, attribute)) or "", ast.get_docstring(tree) or ""
        alone = [place.split(":")[0] for place in self._places.values()].count(module) == 1
        return Description(_first_paragraph(own), _reference(own) or _reference(whole if alone else ""))

    def build(self, name: str, options: Mapping[str, Any] | None = None) -> Any:
        """The plug-in `name` with `options` as its fields; unknown or mistyped ones raise `BadOption`."""
        return build(self[name], options or {}, f"{self.kind} {name!r}")


class Location(NamedTuple):
    """Where a user's own object is."""

    source: str
    """A module's name, or a file's path."""
    attribute: str

    @property
    def is_file(self) -> bool:
        return self.source.endswith(".py")


def is_own(name: str) -> bool:
    """Whether a name is the location of a user's own object."""
    return ":" in name


def short_name(name: str) -> str:
    """A registered name, or the last part of a location."""
    return name.rpartition(":")[2]


def location_of(name: str, kind: str) -> Location:
    """The location in `package.module:Name` or `python:path/to/file.py:Name`; `kind` says what it should be."""
    source, _, attribute = name.removeprefix("python:").partition(":")
    if not source or ":" in attribute or (name.startswith("python:") and not source.endswith(".py")):
        raise BadOption(f"{name!r} names no {kind}; expected package.module:Name or python:path/to/file.py:Name")
    return Location(source, attribute)


def with_full_path(name: str, kind: str) -> str:
    """A location, which may end in parameters in brackets, with the full path of its file, for other processes."""
    place = location_of(name.partition("(")[0], kind)
    return name.replace(place.source, str(Path(place.source).resolve()), 1) if place.is_file else name


def own_object(name: str, kind: str) -> Any:
    """The object at a location; a `BadOption` says what is not there."""
    place = location_of(name, kind)
    module = own_module(place, kind)
    if place.attribute and hasattr(module, place.attribute):
        return getattr(module, place.attribute)
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    nearest = difflib.get_close_matches(place.attribute, own, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    lacks = f"{place.source} has no {place.attribute!r};" if place.attribute else f"which {kind} of {place.source}?"
    raise BadOption(f"{lacks} {hint}In it: {', '.join(own) or 'nothing'}")


def own_module(place: Location, kind: str) -> types.ModuleType:
    """A user's module, imported once per process; a `BadOption` says what its code raised, and where.

    A file is imported under its plain name, as scripts beside it do, unless that name means another module.
    """
    try:
        return _module(place, kind)
    except BadOption:
        raise
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}{place_of_error(error)}"
        raise BadOption(f"{place.source} cannot be imported: {what}") from error


def _module(place: Location, kind: str) -> types.ModuleType:
    if not place.is_file:
        return _imported(place.source, kind)
    path = Path(place.source).resolve()
    if not path.is_file():
        raise BadOption(f"no {kind} in {place.source}: there is no such file")
    _look_in(str(path.parent))
    plain = sys.modules.get(path.stem)
    found = plain.__spec__ if plain else importlib.util.find_spec(path.stem) if path.stem.isidentifier() else None
    if found is not None and found.origin is not None and Path(found.origin).resolve() == path:
        return importlib.import_module(path.stem)
    return importlib.import_module(file_module(path))


def file_module(path: Path) -> str:
    """The name of a module that is found by its path alone, so that other processes can unpickle what is in it, if the
    file has the same absolute path there."""
    return f"pokespiel_own_{str(path).encode().hex()}"


class _FileModules(MetaPathFinder):
    """Finds the modules of `file_module`."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if not fullname.startswith("pokespiel_own_"):
            return None
        file = bytes.fromhex(fullname.removeprefix("pokespiel_own_")).decode()
        if not Path(file).is_file():
            raise ModuleNotFoundError(f"{platform.node()} has no file {file}", name=fullname)
        return importlib.util.spec_from_file_location(fullname, file)


sys.meta_path.append(_FileModules())


def _imported(name: str, kind: str) -> types.ModuleType:
    _look_in(os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise BadOption(
            f"no {kind} in {name}: the module {error.name} is neither installed nor in this folder"
        ) from None


def _look_in(folder: str) -> None:
    """Also import modules from a folder, if no module of that name is found elsewhere."""
    if folder not in sys.path:
        sys.path.append(folder)


def _own_plugin(name: str, kind: str) -> Any:
    found = own_object(name, kind)
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise BadOption(f"{name} is no {kind}: expected a dataclass, whose fields are its options, with a call")
    return found


def _definition(tree: ast.Module, attribute: str) -> ast.Module | ast.ClassDef | ast.FunctionDef:
    definitions = (node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef)))
    return next((node for node in definitions if node.name == attribute), tree)


def _first_paragraph(docstring: str) -> str:
    return " ".join(docstring.partition("\n\n")[0].split())


def _reference(docstring: str) -> str:
    for paragraph in docstring.split("\n\n"):
        text = " ".join(paragraph.split())
        if text.startswith("Reference:"):
            return text.removeprefix("Reference:").strip()
    return ""


RENAMED: Mapping[str, str] = {
    "practice": "training_game",
    "report": "log_every",
    "trace": "gae_lambda",
    "value": "value_weight",
}
"""Former names of options and their present ones, so that files saved with a former name can still be read."""


def present_name(name: str, fields: Collection[str]) -> str:
    """The field that `name` refers to: itself, or the present name of a renamed option that `fields` has."""
    key = name.replace("-", "_")
    new = RENAMED.get(key)
    return new if new is not None and key not in fields and new in fields else key


def build(plugin: type, options: Mapping[str, Any], what: str) -> Any:
    """An instance of the dataclass `plugin` from `options`; `what` names it in errors."""
    hints = typing.get_type_hints(plugin, include_extras=True)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(plugin) if field.init}
    values = {}
    for name, value in options.items():
        key = present_name(name, fields)
        if key not in fields:
            raise BadOption(str(unknown(f"option of {what}:", key, fields or ["(it has none)"])))
        values[key] = checked_value(value, fields[key], f"option {key!r} of {what}")
    missing = [field.name for field in dataclasses.fields(plugin) if field.init and _is_needed(field, values)]
    if missing:
        raise BadOption(f"{what} needs {', '.join(missing)}")
    return plugin(**values)


def _is_needed(field: dataclasses.Field[Any], values: Mapping[str, Any]) -> bool:
    without = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return without and field.name not in values


def options_of(plugin: Any) -> dict[str, Any]:
    """The fields of a plug-in as plain YAML values; `build` reverses this."""
    return {field.name: _plain(getattr(plugin, field.name)) for field in dataclasses.fields(plugin) if field.init}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return options_of(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


@runtime_checkable
class Limit(Protocol):
    """What a type is annotated with to allow only some of its values, such as a `Range`."""

    def check(self, value: Any, what: str) -> None:
        """A `ValueError` that begins with `what`, the option's name, for a value that is not allowed."""
        ...


def checked_value(value: Any, hint: Any, what: str) -> Any:
    """`value` converted to the type `hint`, without guessing: an int is accepted as a float, a list as a tuple."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is Annotated:
        value = checked_value(value, arguments[0], what)
        for limit in hint.__metadata__:
            if isinstance(limit, Limit):
                limit.check(value, what)
        return value
    if origin in (Union, types.UnionType):
        return _first_that_fits(value, arguments, what)
    if origin is Literal:
        if value not in arguments:
            raise BadOption(f"{what}: {value!r} is not one of {', '.join(map(repr, arguments))}")
        return value
    if origin is tuple and isinstance(value, (list, tuple)):
        return _checked_tuple(value, arguments, what)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return build(typing.cast(type, hint), value, what)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = origin or hint
    if isinstance(expected, type) and not (
        isinstance(value, expected) and isinstance(value, bool) == (expected is bool)
    ):
        raise BadOption(f"{what}: expected {getattr(hint, '__name__', hint)}, got {value!r}")
    return value


def _checked_tuple(value: typing.Sequence[Any], arguments: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(checked_value(item, arguments[0], what) for item in value)
    if len(arguments) != len(value):
        raise BadOption(f"{what}: expected {len(arguments)} values, got {value!r}")
    return tuple(checked_value(item, hint, what) for item, hint in zip(value, arguments, strict=True))


def _first_that_fits(value: Any, hints: tuple[Any, ...], what: str) -> Any:
    for hint in hints:
        if hint is type(None):
            if value is None:
                return None
            continue
        try:
            return checked_value(value, hint, what)
        except BadOption:
            continue
    names = " or ".join(getattr(hint, "__name__", str(hint)) for hint in hints)
    raise BadOption(f"{what}: expected {names}, got {value!r}")
