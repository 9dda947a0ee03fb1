"""Datasets of decisions: a folder of columnar parts that can be extended and is read part by part.

A part is one safetensors file, `part-000000.safetensors`, `part-000001.safetensors`, ...; its header holds the format
and the provenance as JSON. Rows are decisions in the order (match, seat, time), so the next row is the same player's
next decision unless `last` is set. Every match of a part is complete. Columns, for n decisions and m matches:

    features   [n, D] float32    what the player knows           match            [n] int64  row of the match columns
    legal      [n, A] bool       True = allowed                  seat             [n] int64
    action     [n] int64         as played                       key              [n] int64  -1 without sequence form
    behaviour  [n, A] float32    probabilities as played         step             [n] int64  step of the match
    reward     [n] float32       utility until the next row      last             [n] bool   player's last decision
    utility    [n] float32       player's total for the match    policy           [n] int64  index in provenance's list

    match_seed [m] int64    match_utilities [m, P] float64    match_policies [m, P] int64    match_valid [m] bool

An aborted match (a step cap, a failed battle) has `match_valid` False: its utilities are not a result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from pokespiel.core.files import replacing
from pokespiel.core.policy import Policy, describe
from pokespiel.core.ranges import Checked, Finite, Whole

FORMAT = "pokespiel-decisions-1"

Columns = dict[str, np.ndarray]

DECISIONS = (
    "features",
    "legal",
    "action",
    "behaviour",
    "reward",
    "utility",
    "match",
    "seat",
    "key",
    "step",
    "last",
    "policy",
)
MATCHES = ("match_seed", "match_utilities", "match_policies", "match_valid")


@dataclass(frozen=True)
class Filter(Checked):
    """Which decisions to learn from."""

    valid: bool = True
    """Use only matches that were played to the end."""
    policies: tuple[str, ...] = ()
    """Use only decisions of these policies (named as in the provenance); empty = all."""
    seats: tuple[Whole, ...] = ()
    """Use only these seats; empty = all."""
    least_utility: Finite | None = None
    """Use only decisions of players whose utility in the match was at least this."""
    balance: bool = False
    """Use equally many decisions of winners and losers: players with the more frequent outcome are subsampled."""

    def keep(self, part: Columns, provenance: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
        """[n] bool, the rows to keep. All decisions of a player in a match are kept or dropped together, so next rows
        stay adjacent."""
        keep = np.ones(len(part["action"]), bool)
        if self.valid:
            keep &= part["match_valid"][part["match"]]
        if self.policies:
            known = list(provenance["policies"])
            unknown = set(self.policies) - set(known)
            if unknown:
                raise ValueError(f"the dataset has no policy {sorted(unknown)[0]!r}; it has: {', '.join(known)}")
            keep &= np.isin(part["policy"], [known.index(name) for name in self.policies])
        if self.seats:
            keep &= np.isin(part["seat"], self.seats)
        if self.least_utility is not None:
            keep &= part["utility"] >= self.least_utility
        return keep & self._balanced(part, keep, rng) if self.balance else keep

    @staticmethod
    def _balanced(part: Columns, keep: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        won, lost = (keep & (np.sign(part["utility"]) == sign) for sign in (1, -1))
        fewer, more = (won, lost) if won.sum() < lost.sum() else (lost, won)
        if not more.any():
            return keep
        player = part["match"] * (part["seat"].max(initial=0) + 1) + part["seat"]
        lucky = rng.random(player.max() + 1) < fewer.sum() / more.sum()
        return ~more | lucky[player]


@dataclass(frozen=True)
class Dataset:
    """A dataset: a folder of parts."""

    folder: Path

    def parts(self) -> list[Path]:
        """The parts, oldest first; a `FileNotFoundError` if there are none."""
        found = self._files()
        if not found:
            raise FileNotFoundError(f"no dataset in {self.folder}: expected files part-*.safetensors")
        return found

    @property
    def is_empty(self) -> bool:
        """Whether the folder has no parts yet, or is not there."""
        return not self._files()

    def _files(self) -> list[Path]:
        return sorted(Path(self.folder).glob("part-*.safetensors"))

    def append(self, columns: Columns, provenance: Mapping[str, Any]) -> Path:
        """Add a part atomically; `provenance` needs at least `game` and `policies` (names, in the order of the
        columns)."""
        _check(columns, provenance)
        number = max((int(path.stem.split("-")[1]) + 1 for path in Path(self.folder).glob("part-*")), default=0)
        path = Path(self.folder) / f"part-{number:06d}.safetensors"
        header = {"format": FORMAT, "provenance": json.dumps(dict(provenance))}
        with replacing(path) as temporary:
            safetensors.numpy.save_file({n: np.ascontiguousarray(c) for n, c in columns.items()}, temporary, header)
        return path

    def holds(self, columns: Columns) -> bool:
        """Whether a part contains these matches, compared by seed."""
        seeds = columns["match_seed"]
        return any(np.array_equal(self.read(part, ("match_seed",))["match_seed"], seeds) for part in self._files())

    def provenance(self, part: Path) -> dict[str, Any]:
        """The provenance of a part."""
        with _opened(part) as file:
            return json.loads(file.metadata()["provenance"])

    def read(self, part: Path, names: Sequence[str] = (*DECISIONS, *MATCHES)) -> Columns:
        """The named columns of a part, complete."""
        with _opened(part) as file:
            return {name: file.get_tensor(name) for name in names}

    def count(self) -> int:
        """Number of decisions in all parts."""
        total = 0
        for part in self.parts():
            with _opened(part) as file:
                total += file.get_slice("action").get_shape()[0]
        return total


def policy_name(policy: Policy) -> str:
    """A policy's kind and the first digits of the SHA-256 of its saved form; its type's name if it cannot be saved."""
    try:
        kind, config, arrays = describe(policy)
    except TypeError:
        return type(policy).__name__
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return f"{kind}-{digest.hexdigest()[:12]}"


def _opened(path: Path) -> Any:
    try:
        file = safetensors.safe_open(path, "numpy")
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is truncated or no part of a dataset: {error}") from error
    if (file.metadata() or {}).get("format") != FORMAT:
        raise ValueError(f"{path} is not a part of a dataset: expected format {FORMAT!r}")
    return file


def _check(columns: Columns, provenance: Mapping[str, Any]) -> None:
    missing = {*DECISIONS, *MATCHES} - set(columns)
    if missing:
        raise ValueError(f"a part needs the columns {', '.join(sorted(missing))}")
    if not {"game", "policies"} <= set(provenance):
        raise ValueError("provenance needs `game` and `policies`")
    for names, count in ((DECISIONS, len(columns["action"])), (MATCHES, len(columns["match_seed"]))):
        wrong = [name for name in names if len(columns[name]) != count]
        if wrong:
            raise ValueError(f"column {wrong[0]!r} has {len(columns[wrong[0]])} rows, expected {count}")
    if len(columns["policy"]) and columns["policy"].max() >= len(provenance["policies"]):
        raise ValueError("a decision names a policy that the provenance does not list")
