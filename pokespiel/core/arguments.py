"""The words of a command line as values of options: which flag takes which words, and their conversion.

A flag takes as many words as its type has values: one; for `tuple[X, ...]` all up to the next flag; for `bool` none, or
True or False. `--no-flag` is False too, and `--flag=value` takes that one word. The words that remain are positional.
"""

from __future__ import annotations

import itertools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union

from pokespiel.core.help import POSITIONAL, Option, unannotated
from pokespiel.core.ranges import check_range
from pokespiel.core.registry import BadOption, unknown

Value = TypeVar("Value")
Positional = Annotated[Value, POSITIONAL]
"""The type of a field whose values are given without a flag."""
TRUTHS = {"True": True, "true": True, "False": False, "false": False}


def flags_given(arguments: Sequence[str]) -> dict[str, list[str]]:
    """All words that follow each `--flag` (or its `=`), under the flag's name with underscores; the last one counts."""
    return {flag: words for flag, words, _ in _parts(arguments) if flag}


def read_words(
    arguments: Sequence[str], options: Mapping[str, Option], unknown: Callable[[str], Exception]
) -> dict[str, Any]:
    """The values given for `options`, by name; a `BadOption` says what was expected in place of a word.

    unknown: makes the error for a flag, with underscores, that is none of the options.
    """
    found: dict[str, Any] = {}
    rest: list[str] = []
    for flag, words, joined in _parts(arguments):
        option = options.get(flag)
        denied = options.get(_affirmed(flag))
        if not flag:
            rest += words
        elif option is not None and not option.positional:
            size = 1 if joined else _size(words, option.hint)
            found[flag] = converted(words[:size], option.hint, option.flag)
            rest += words[size:]
        elif denied is not None and unannotated(denied.hint) is bool:
            found[denied.name] = False
            rest += words
        else:
            raise unknown(flag)
    return found | _placed(rest, [option for option in options.values() if option.positional])


def _parts(arguments: Sequence[str]) -> Iterator[tuple[str, list[str], bool]]:
    """Each flag, with underscores, the words up to the next one, and whether it is one joined to the flag by `=`; words
    that follow no flag have the flag ""."""
    flag, words = "", list[str]()
    for argument in arguments:
        if argument.startswith("--") and len(argument) > 2:
            yield flag, words, False
            name, equals, value = argument[2:].partition("=")
            flag, words = name.replace("-", "_"), []
            if equals:
                yield flag, [value], True
                flag = ""
        else:
            words.append(argument)
    yield flag, words, False


def _affirmed(flag: str) -> str:
    """`oracle.self_play` for `oracle.no_self_play`."""
    path, dot, name = flag.rpartition(".")
    return path + dot + name.removeprefix("no_") if name.startswith("no_") else ""


def _placed(words: list[str], options: Sequence[Option]) -> dict[str, Any]:
    """The positional values, in order."""
    found: dict[str, Any] = {}
    for option in options:
        size = _size(words, option.hint)
        if words and size:
            found[option.name] = converted(words[:size], option.hint, option.name)
            words = words[size:]
    if words:
        raise BadOption(f"{words[0]!r} is not expected here: it follows no option that takes it")
    return found


def _size(words: Sequence[str], hint: Any) -> int:
    """The number of words that a value of this type takes."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _size(words, arguments[0])
    if origin in (Union, types.UnionType):
        is_none = type(None) in arguments and words[:1] == ["None"]
        return 1 if is_none else max(_size(words, one) for one in arguments if one is not type(None))
    if origin is tuple:
        return len(words) if arguments[-1] is ... else sum(_size(words, one) for one in arguments)
    return int(words[0] in TRUTHS) if hint is bool and words else int(hint is not bool)


def converted(words: Sequence[str], hint: Any, flag: str) -> Any:
    """The value of the type `hint` that the words say; `flag` names the option in errors."""
    value = _value(words, hint, flag)
    check_range(value, hint, flag)
    return value


def _value(words: Sequence[str], hint: Any, flag: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _value(words, arguments[0], flag)
    if origin is tuple:
        return tuple(_values(words, arguments, hint, flag))
    if hint is bool and not words:
        return True
    if len(words) != 1 and origin not in (Union, types.UnionType):
        raise BadOption(f"{flag} needs a value: {expected(hint)}")
    if origin in (Union, types.UnionType):
        return _first_that_fits(words, arguments, hint, flag)
    if origin is Literal:
        named = {str(one): one for one in arguments}
        return named[words[0]] if words[0] in named else _refuse(words, hint, flag)
    if hint is bool:
        return TRUTHS[words[0]] if words[0] in TRUTHS else _refuse(words, hint, flag)
    if hint in (int, float):
        number = _number(words[0], hint)
        return number if number is not None else _refuse(words, hint, flag)
    return Path(words[0]) if hint is Path else words[0]


def _values(words: Sequence[str], hints: tuple[Any, ...], whole: Any, flag: str) -> Iterator[Any]:
    """The values of a tuple."""
    for hint in itertools.repeat(hints[0]) if hints[-1] is ... else hints:
        if not words and hints[-1] is ...:
            return
        size = _size(words, hint)
        if size > len(words):
            raise BadOption(f"{flag} needs more values: {expected(whole)}")
        yield _value(words[:size], hint, flag)
        words = words[size:]


def _first_that_fits(words: Sequence[str], hints: tuple[Any, ...], whole: Any, flag: str) -> Any:
    if type(None) in hints and list(words) == ["None"]:
        return None
    if not words:
        raise BadOption(f"{flag} needs a value: {expected(whole)}")
    for hint in hints:
        try:
            if hint is not type(None):
                return _value(words, hint, flag)
        except BadOption:
            continue
    return _refuse(words, whole, flag)


def _number(text: str, kind: type) -> Any:
    """The number that a word says, or None; 3e6 is a whole number too."""
    try:
        return kind(text)
    except ValueError:
        pass
    try:
        number = float(text)
        return int(number) if number.is_integer() else None
    except ValueError:
        return None


def _refuse(words: Sequence[str], hint: Any, flag: str) -> typing.NoReturn:
    word = " ".join(words)
    if typing.get_origin(hint) is Literal:
        raise BadOption(str(unknown(flag, word, map(str, typing.get_args(hint)))))
    raise BadOption(f"{flag}: expected {expected(hint)}, got {word!r}")


def expected(hint: Any) -> str:
    """The values of a type in words."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return expected(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join("None" if one is type(None) else expected(one) for one in arguments)
    if origin is Literal:
        names = [str(one) for one in arguments]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    if origin is tuple:
        return (
            f"{expected(arguments[0])}, any number of times"
            if arguments[-1] is ...
            else ", ".join(map(expected, arguments))
        )
    return {int: "a whole number", float: "a number", bool: "True or False", Path: "a path"}.get(hint, "a text")
