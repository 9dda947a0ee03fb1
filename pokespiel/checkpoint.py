"""Nested plain values, arrays and policies in one file, written atomically and read without pickle.

The file is a safetensors archive: every array under a number, and the nesting as JSON in its header. JSON keeps numbers
of any size (a random generator's 128-bit state) and plain dictionaries; what it cannot hold is tagged: `{"$array": 3}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from pokespiel.files import write_bytes
from pokespiel.policy import POLICIES, describe


def save_checkpoint(path: str | Path, format: str, tree: Any) -> None:
    """Atomically write `tree`: mappings, lists, tuples, plain values, arrays and policies of a registered kind.

    `format` names what the file is and its version. A `TypeError` names the place of anything else in the tree.
    """
    arrays: dict[str, np.ndarray] = {}
    header = {"format": format, "tree": json.dumps(_encode(tree, arrays, "checkpoint"))}
    write_bytes(path, safetensors.numpy.save(arrays, header))


def load_checkpoint(path: str | Path, format: str) -> Any:
    """What `save_checkpoint` wrote; a `ValueError` that says what is wrong with any other file."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file at {path}")
    try:
        with safetensors.safe_open(path, "numpy") as file:
            header = file.metadata() or {}
            if header.get("format") != format:
                raise ValueError(f"{path}: expected a file of format {format!r}, found {header.get('format')!r}")
            return _decode(json.loads(header["tree"]), file.get_tensor)
    except (safetensors.SafetensorError, OSError, KeyError) as error:
        raise ValueError(f"{path} is truncated or no {format} file: {error}") from error


def _encode(value: Any, arrays: dict[str, np.ndarray], where: str) -> Any:
    """`value` as JSON, its arrays moved into `arrays`."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays, where)
    if isinstance(value, np.ndarray):
        return _encode_array(value, arrays, where)
    if isinstance(value, Mapping):
        return _encode_mapping(value, arrays, where)
    if isinstance(value, (list, tuple)):
        items = [_encode(item, arrays, f"{where}[{index}]") for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    if getattr(value, "kind", None) in POLICIES:
        kind, config, own = describe(value)
        return {"$policy": [kind, _encode(config, arrays, where), _encode(own, arrays, where)]}
    raise TypeError(f"{where}: a checkpoint holds plain values, arrays and policies, not {type(value).__name__}")


def _encode_array(array: np.ndarray, arrays: dict[str, np.ndarray], where: str) -> dict[str, str]:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: a checkpoint holds arrays of numbers and booleans, not of {array.dtype}")
    name = str(len(arrays))
    arrays[name] = np.asarray(array, order="C")
    return {"$array": name}


def _encode_mapping(value: Mapping[Any, Any], arrays: dict[str, np.ndarray], where: str) -> dict[str, Any]:
    plain = all(isinstance(key, str) and not key.startswith("$") for key in value)
    items = [(key, _encode(item, arrays, f"{where}[{key!r}]")) for key, item in value.items()]
    return dict(items) if plain else {"$items": [[_encode(key, arrays, where), item] for key, item in items]}


def _decode(value: Any, array: Callable[[str], np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(item, array) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return array(value["$array"])
    if "$tuple" in value:
        return tuple(_decode(item, array) for item in value["$tuple"])
    if "$items" in value:
        return {_decode(key, array): _decode(item, array) for key, item in value["$items"]}
    if "$policy" in value:
        kind, config, own = (_decode(item, array) for item in value["$policy"])
        return POLICIES[kind].from_arrays(config, own)
    return {key: _decode(item, array) for key, item in value.items()}
