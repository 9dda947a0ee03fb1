"""Plug-ins chosen by name on a command line, and their options as further flags."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pokespiel.core.help import Option, OptionGroup, common_of, dataclass_in, sections_of
from pokespiel.core.registry import MANY, BadOption, Registry, options_of, short_name


class Choice(NamedTuple):
    """A plug-in by its registered name, with its options as plain values."""

    name: str
    options: Mapping[str, Any] = {}

    def build(self, registry: Registry) -> Any:
        return registry.build(self.name, self.options)

    def whole(self, registry: Registry) -> Choice:
        """The same choice with every option written out."""
        return Choice(self.name, options_of(self.build(registry)))


def selected(field: str, registry: Registry, several: bool, default: Any, names: Sequence[str] | None) -> Selection:
    """The plug-ins with the `names` given on the command line, or the default's if none are (None).

    default: a `Choice`, a tuple of them if there may be `several`, or None. Its options are kept for the same name.
    """
    defaults = default if several else (default,) if default is not None else ()
    if names is None:
        return Selection(field, registry, several, tuple(choice.whole(registry) for choice in defaults))
    names = names if several else names[:1]
    if not names:
        raise BadOption(f"--{field.replace('_', '-')} needs the name of a {registry.kind}: {', '.join(registry)}")
    if list(names) == ["None"] and not several:
        return Selection(field, registry, several, ())
    known = {choice.name: choice for choice in reversed(defaults)}
    return Selection(field, registry, several, tuple(known.get(name, Choice(name)).whole(registry) for name in names))


class Selection(NamedTuple):
    """What one option chooses: the flag `--field NAME`, and `--field.option VALUE` for the options of what it chose."""

    field: str
    registry: Registry
    several: bool
    choices: tuple[Choice, ...]

    def option(self, doc: str) -> Option:
        """The flag that chooses."""
        field, registry, several, _ = self
        names = tuple(choice.name for choice in self.choices)
        listed = f"{doc} One {'or more ' if several else ''}of: {', '.join(registry)}."
        hint: Any = tuple[str, ...] if several else str
        values = "NAME [NAME ...]" if several else "NAME"
        return Option(field, hint, values, names if several else names[0] if names else None, listed)

    def plugins(self) -> list[tuple[str, Any]]:
        """The chosen plug-ins, each with the prefix of its options' names."""
        built = [choice.build(self.registry) for choice in self.choices]
        return list(zip(self._prefixes(), built, strict=True))

    def sections(self) -> Iterator[OptionGroup]:
        """The options of the chosen plug-ins."""
        for (prefix, plugin), choice in zip(self.plugins(), self.choices, strict=True):
            title = f"{self._flag} {choice.name}"
            yield from sections_of(plugin, prefix, self.registry.describe(choice.name).line, title)

    def common(self, common: Iterable[str]) -> Iterator[Option]:
        """Those of the options that a command with this `common` shows."""
        for prefix, plugin in self.plugins():
            yield from common_of(plugin, prefix, [prefix + name.removeprefix(self.field) for name in common])

    def result(self, found: Mapping[str, Any]) -> Any:
        """The choices with the options found on the command line."""
        choices = tuple(
            Choice(choice.name, updated(choice.options, below(found, prefix))).whole(self.registry)
            for choice, prefix in zip(self.choices, self._prefixes(), strict=True)
        )
        return choices if self.several else choices[0] if choices else None

    def without(self, option: str, options: Mapping[str, Option]) -> str:
        """Why no chosen plug-in has this option: which it may have been meant for, or who else has it."""
        keys, prefixes = self._keys(), self._prefixes()
        if not keys:
            return f"no {self.registry.kind} is chosen; choose one with {self._flag} NAME"
        meant = [options[name].flag for prefix in prefixes if (name := f"{prefix}.{option}") in options]
        if meant:
            return f"whose? {' or '.join(meant)}"
        key, _, rest = option.partition(".")
        if key in keys and rest:
            if (single := f"{self.field}.{rest}") in options:
                return f"with one {self.registry.kind} it is {options[single].flag}"
            option = rest
        place = keys.index(key) if key in keys else 0
        return self._lacking(self.choices[place].name, prefixes[place], option, options)

    def _lacking(self, name: str, prefix: str, option: str, options: Mapping[str, Option]) -> str:
        """That the plug-in `name`, whose options begin with `prefix`, lacks an option: the nearest, or who has it."""
        own = [one.flag for path, one in options.items() if path.startswith(f"{prefix}.")]
        shown = option.replace("_", "-")
        nearest = [flag for flag in own if flag.endswith(f".{shown}")]
        tails = {flag[len(prefix) + 3 :]: flag for flag in own}
        nearest += [tails[one] for one in difflib.get_close_matches(shown, tails, n=1, cutoff=0.6)]
        others = [one for one in self.registry if one != name and _has_option(self.registry[one], option)]
        first = f"{self.registry.kind} {name} has no such option"
        if nearest:
            return f"{first}; did you mean {nearest[0]}?"
        if others:
            some, last = ", ".join(others[:-1]), others[-1]
            first += f"; {some} and {last} have it" if some else f"; {last} has it"
        has = "" if len(own) > MANY else f". {name} has {', '.join(own) or 'no options'}"
        return f"{first}{has or '. --help-all shows what it has'}"

    @property
    def _flag(self) -> str:
        return f"--{self.field.replace('_', '-')}"

    def _prefixes(self) -> list[str]:
        """What the options' names of each choice begin with."""
        keys = self._keys()
        return [self.field] if len(keys) == 1 else [f"{self.field}.{key}" for key in keys]

    def _keys(self) -> list[str]:
        """The choices' short names, numbered from the second occurrence of a name on."""
        names = [short_name(choice.name) for choice in self.choices]
        return [
            name if names[:index].count(name) == 0 else f"{name}_{names[:index].count(name) + 1}"
            for index, name in enumerate(names)
        ]


def _has_option(plugin: Any, option: str) -> bool:
    """Whether a plug-in's class has an option, such as `clip` or `damping.adapt.target`."""
    name, _, rest = option.partition(".")
    if name not in getattr(plugin, "__dataclass_fields__", {}):
        return False
    return not rest or _has_option(dataclass_in(typing.get_type_hints(plugin)[name]), rest)


def below(found: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The values whose names begin with the prefix, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in found.items() if name.startswith(f"{prefix}.")}


def updated(plain: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Options as plain values, with those found, such as `damping.adapt.target`, in their parts."""
    result = dict(plain) | {name: value for name, value in found.items() if "." not in name}
    for part in dict.fromkeys(name.partition(".")[0] for name in found if "." in name):
        result[part] = updated(result[part] or {}, below(found, part))
    return result
