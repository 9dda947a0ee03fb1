"""The engine against Pokémon Showdown: the same teams, seed and choices must give exactly the same battle.

    python -m pokespiel.showdown.reference.differential --battles 100000 --report equality.json
    python -m pokespiel.showdown.reference.differential --replay mismatches/wild-45.json

At every point at which Showdown waits for choices, and at the end, these are compared: legal choices of both sides, the
generator's seed, the canonical state (winner included), the log and both requests. A difference is stored as a file
with setup and choices, which `--replay` plays again, and is explained field by field.
"""

from __future__ import annotations

import difflib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pokespiel.core import files
from pokespiel.core.options import command_line
from pokespiel.game.gen1 import canonical
from pokespiel.game.gen1.battle import Battle
from pokespiel.showdown import install
from pokespiel.showdown import reference as oracle
from pokespiel.showdown.reference import golden
from pokespiel.showdown.reference.coverage import Coverage

PARTS = ("options of p1", "options of p2", "seed", "state", "log", "request of p1", "request of p2")
"""The parts that are compared at a point, in this order."""
_MULTIPLIER, _INCREMENT, _MASK = 0x5D588B656C078965, 0x269EC3, (1 << 64) - 1


@dataclass(frozen=True)
class Mismatch:
    """The first point at which the engine differed from Showdown."""

    record: Mapping[str, Any]
    """Setup and choices up to that point, enough to play it again."""
    point: int
    """Its number; 0 is the battle's start."""
    expected: tuple[bytes, ...]
    """Showdown's parts, in the order of PARTS."""
    actual: tuple[bytes, ...] | str
    """The engine's parts, or the error it raised."""

    def explain(self) -> str:
        """What differs, in words."""
        choices = self.record["choices"][self.point - 1] if self.point else "(start)"
        head = (
            f"{self.record.get('kind', 'battle')} {self.record.get('number', '')}, point {self.point}, after {choices}"
        )
        if isinstance(self.actual, str):
            return f"{head}\nthe engine raised: {self.actual}\nShowdown's log:\n{self.expected[4].decode()}"
        pieces = [head]
        for part, want, got in zip(PARTS, self.expected, self.actual, strict=True):
            if want != got:
                pieces += [f"-- {part}", *_explain(part, want, got)]
        return "\n".join(pieces)


def compare_battles(recorded: oracle.RecordedBattle) -> Mismatch | None:
    """Replay Showdown's battle in the engine; None if it is the same to the end (or to the point where Showdown
    stopped)."""
    index, point = 0, recorded.points[0]
    try:
        native = battle_of(recorded.setup).native
        for index, point in enumerate(recorded.points):
            if index:
                native.choose(*point.choices)
            actual = native.point()
            if recorded.digested:
                actual = (*actual[:5], *golden.digest(actual[5:]))
            if actual != (*point.options, point.seed, point.state, point.log, *point.requests):
                return _mismatch(recorded, index, actual)
    except (ValueError, RuntimeError) as error:
        return _mismatch(recorded, index, f"{type(error).__name__}: {error}")
    return None


def battle_of(setup: Mapping[str, Any]) -> Battle:
    """The engine's battle from a record's setup."""
    seed = tuple(int(word) for word in setup["seed"].split(","))
    first, second = setup["teams"]
    return Battle(first, second, seed=seed, names=tuple(setup["names"]), turn=setup.get("turn", 0))


def replay_record(record: Mapping[str, Any]) -> Mismatch | None:
    """Play a stored record in Showdown and in the engine."""
    return compare_battles(next(oracle.replay_in_showdown([record])))


def _mismatch(recorded: oracle.RecordedBattle, index: int, actual: tuple[bytes, ...] | str) -> Mismatch:
    point = recorded.points[index]
    record = recorded.record
    record["choices"] = record["choices"][:index]
    return Mismatch(record, index, (*point.options, point.seed, point.state, point.log, *point.requests), actual)


def _explain(part: str, want: bytes, got: bytes) -> list[str]:
    if part == "seed":
        return [_explain_seed(int.from_bytes(want, "little"), int.from_bytes(got, "little"))]
    if part == "state":
        return canonical.differences(want, got)
    if part == "log":
        return list(
            difflib.unified_diff(
                want.decode().split("\n"), got.decode().split("\n"), "showdown", "engine", "", "", 20, ""
            )
        )
    return [f"showdown {want.decode(errors='replace')}", f"engine   {got.decode(errors='replace')}"]


def _explain_seed(want: int, got: int) -> str:
    ahead, behind = got, want
    for count in range(1, 200):
        ahead = ahead * _MULTIPLIER + _INCREMENT & _MASK
        behind = behind * _MULTIPLIER + _INCREMENT & _MASK
        if ahead == want:
            return f"the engine drew {count} numbers too few"
        if behind == got:
            return f"the engine drew {count} numbers too many"
    return f"unrelated: expected {want}, got {got}"


@dataclass
class DifferenceTally:
    """Totals of a comparison so far."""

    kind: str = "all"
    next: int = 0
    """The number of the next battle."""
    battles: Counter[str] = field(default_factory=Counter)
    """Battles compared, by kind."""
    points: int = 0
    given_up: Counter[str] = field(default_factory=Counter)
    """Battles in which Showdown raised an error, by its message; compared up to that point."""
    mismatches: list[str] = field(default_factory=list)
    seconds: float = 0.0
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, recorded: oracle.RecordedBattle) -> None:
        """Count one compared battle."""
        self.battles[recorded.setup["kind"]] += 1
        self.points += len(recorded.points)
        if recorded.error:
            self.given_up[recorded.error] += 1
        self.coverage.add((point.log for point in recorded.points), (point.state for point in recorded.points))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a report."""
        plain = {key: value for key, value in vars(self).items() if key != "coverage"}
        return {**plain, **self.coverage.as_dict(), "missing": self.coverage.missing(install.showdown_package())}

    @classmethod
    def load(cls, path: Path) -> DifferenceTally:
        """The totals in a report written by `as_dict`."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        coverage = Coverage({key: plain.pop(key) for key in ("moves", "lines", "conditions")})
        plain.pop("missing")
        plain |= {key: Counter(plain[key]) for key in ("battles", "given_up")}
        return cls(**plain, coverage=coverage)


def compare_range(
    tally: DifferenceTally, until: int, chunk: int = 1000
) -> Iterator[tuple[DifferenceTally, list[Mismatch]]]:
    """Compare battles `tally.next` .. `until - 1`; yields the tally and the new differences after each chunk."""
    while tally.next < until:
        count, begun, found = min(chunk, until - tally.next), time.monotonic(), []
        for recorded in oracle.stream(tally.kind, tally.next, count):
            mismatch = compare_battles(recorded)
            if mismatch:
                found.append(mismatch)
            tally.add(recorded)
        tally.next += count
        tally.seconds += time.monotonic() - begun
        yield tally, found


def save(mismatches: Iterable[Mismatch], folder: Path) -> list[str]:
    """Write each difference as a record with its explanation; returns the names of the records."""
    names = []
    for mismatch in mismatches:
        name = f"{mismatch.record['kind']}-{mismatch.record['number']}"
        files.write_text(folder / f"{name}.json", json.dumps(mismatch.record))
        files.write_text(folder / f"{name}.txt", mismatch.explain() + "\n")
        names.append(name)
    return names


@dataclass(frozen=True)
class DifferentialOptions:
    """Compare the engine with Pokémon Showdown."""

    battles: int = 10_000
    """Total number of battles, including those of a resumed report."""
    kind: str = "all"
    """ou, random, wild, gadget, or all in turn."""
    first: int = 0
    """The number of the first battle."""
    report: Path | None = None
    """A JSON report; an unfinished one is resumed."""
    mismatches: Path = Path("mismatches")
    """A folder for differences."""
    most: int = 20
    """Stop after this many differences."""
    chunk: int = 1000
    """Battles between two lines of progress."""
    replay: Path | None = None
    """Play one stored record instead and print the differences."""


def main(options: DifferentialOptions) -> int:
    """Run the comparison and print its progress and result; returns the number of differences."""
    install.required()
    if options.replay:
        mismatch = replay_record(json.loads(options.replay.read_text(encoding="utf-8")))
        print(mismatch.explain() if mismatch else "no difference")
        return int(mismatch is not None)
    resumed = options.report is not None and options.report.exists()
    tally = (
        DifferenceTally.load(options.report)
        if options.report and resumed
        else DifferenceTally(options.kind, options.first)
    )
    for _, found in compare_range(tally, options.first + options.battles, options.chunk):
        tally.mismatches += save(found, options.mismatches)
        if options.report:
            files.write_text(options.report, json.dumps(tally.as_dict(), indent=1, ensure_ascii=False))
        rate = sum(tally.battles.values()) / tally.seconds
        done = f"{sum(tally.battles.values())} battles, {tally.points} points, {len(tally.mismatches)} differences"
        print(f"{done}, {rate:.0f} battles/s", flush=True)
        for mismatch in found[:3]:
            print(mismatch.explain(), flush=True)
        if len(tally.mismatches) >= options.most:
            break
    summary = tally.as_dict()
    for key in ("battles", "points", "given_up", "mismatches", "seconds", "missing"):
        print(f"{key}: {summary[key]}")
    print(f"moves used: {len(summary['moves'])}; kinds of line: {len(summary['lines'])}")
    return len(tally.mismatches)


if __name__ == "__main__":
    sys.exit(1 if main(command_line(DifferentialOptions)) else 0)
