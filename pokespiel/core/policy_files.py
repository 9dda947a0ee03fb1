"""Policy files: the registered kind, a plain configuration and the arrays, with a checksum and without pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.archive import load_archive, save_archive, unfit
from pokespiel.core.policy import POLICIES, Policy, describe

FORMAT = "pokespiel-policy-1"


def save_policy(
    path: str | Path, policy: Policy, about: Mapping[str, Any] | None = None, *, half: bool = False
) -> None:
    """Write `policy` atomically as one safetensors file with a checksum; `about` is plain data stored with it.

    half: store float32 arrays as float16, in half the space; a network then plays the same up to rounding.
    """
    kind, config, arrays = describe(policy)
    header = {"format": FORMAT, "kind": kind, "config": json.dumps(config), "about": json.dumps(dict(about or {}))}
    if half:
        arrays = {
            name: array.astype(np.float16) if array.dtype == np.float32 else array for name, array in arrays.items()
        }
    save_archive(path, header, arrays)


def load_policy(path: str | Path) -> Policy:
    """The policy that `save_policy` wrote; a `ValueError` that says in one sentence what is wrong with any other
    file."""
    header, arrays = _read(path)
    with unfit(f"{path} is not a policy that can be played"):
        return POLICIES[header["kind"]].from_arrays(json.loads(header["config"]), arrays)


def read_about(path: str | Path) -> dict[str, Any]:
    """The plain data stored with a policy."""
    header, _ = _read(path)
    with unfit(f"{path} says nothing about its policy"):
        return dict(json.loads(header["about"]))


def _read(path: str | Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    header, arrays = load_archive(path, "policy file")
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is not a policy file: expected format {FORMAT!r}, found {header.get('format')!r}")
    return header, arrays
