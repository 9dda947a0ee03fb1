"""Nested plain values, arrays and policies in one file, written atomically and read without pickle.

The file is a safetensors archive with a checksum (see `archive.py`): every array under a number, and the nesting as
JSON in its header. JSON holds numbers of any size (a random generator's 128-bit state) and plain dictionaries; other
values are tagged: `{"$array": 3}`. A policy that occurs several times is written once and read as one object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.archive import load_archive, save_archive, unfit
from pokespiel.core.policy import POLICIES, Policy, Storable, describe


def save_checkpoint(path: str | Path, format: str, tree: Any) -> None:
    """Write `tree` atomically: mappings, lists, tuples, plain values, arrays and policies of a registered kind.

    `format` names the file's type and version. A `TypeError` names the place of anything else in the tree.
    """
    writer = _Writer()
    header = {"format": format, "tree": json.dumps(writer.encode(tree, "checkpoint"))}
    save_archive(path, header, writer.arrays)


def load_checkpoint(path: str | Path, format: str) -> Any:
    """The tree that `save_checkpoint` wrote; a `ValueError` that says in one sentence what is wrong with any other
    file."""
    header, arrays = load_archive(path, f"{format} file")
    if header.get("format") != format:
        raise ValueError(f"{path}: expected a file of format {format!r}, found {header.get('format')!r}")
    with unfit(f"{path} is not a whole {format} file"):
        return _Reader(arrays.__getitem__).decode(json.loads(header["tree"]))


class _Writer:
    """Turns a tree into JSON, moving its arrays into `arrays`."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._policies: dict[int, int] = {}

    def encode(self, value: Any, where: str) -> Any:
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.generic):
            return self.encode(value.item(), where)
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, Mapping):
            return self._mapping(value, where)
        if isinstance(value, (list, tuple)):
            items = [self.encode(item, f"{where}[{index}]") for index, item in enumerate(value)]
            return items if isinstance(value, list) else {"$tuple": items}
        if isinstance(value, Storable) and value.kind in POLICIES:
            return self._policy(value, where)
        raise TypeError(f"{where}: a checkpoint holds plain values, arrays and policies, not {type(value).__name__}")

    def _array(self, array: np.ndarray, where: str) -> dict[str, str]:
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{where}: a checkpoint holds arrays of numbers and booleans, not of {array.dtype}")
        name = str(len(self.arrays))
        self.arrays[name] = array
        return {"$array": name}

    def _mapping(self, value: Mapping[Any, Any], where: str) -> dict[str, Any]:
        plain = all(isinstance(key, str) and not key.startswith("$") for key in value)
        items = [(key, self.encode(item, f"{where}[{key!r}]")) for key, item in value.items()]
        return dict(items) if plain else {"$items": [[self.encode(key, where), item] for key, item in items]}

    def _policy(self, policy: Policy, where: str) -> dict[str, Any]:
        if id(policy) in self._policies:
            return {"$same": self._policies[id(policy)]}
        kind, config, own = describe(policy)
        encoded = {"$policy": [kind, self.encode(config, where), self.encode(own, where)]}
        self._policies[id(policy)] = len(self._policies)
        return encoded


class _Reader:
    """Reverses `_Writer`; `array` returns the arrays by name."""

    def __init__(self, array: Callable[[str], np.ndarray]):
        self._array = array
        self._policies: list[Policy] = []

    def decode(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$array" in value:
            return self._array(value["$array"])
        if "$tuple" in value:
            return tuple(self.decode(item) for item in value["$tuple"])
        if "$items" in value:
            return {self.decode(key): self.decode(item) for key, item in value["$items"]}
        if "$same" in value:
            return self._policies[value["$same"]]
        if "$policy" in value:
            kind, config, own = (self.decode(item) for item in value["$policy"])
            self._policies.append(POLICIES[kind].from_arrays(config, own))
            return self._policies[-1]
        return {key: self.decode(item) for key, item in value.items()}
