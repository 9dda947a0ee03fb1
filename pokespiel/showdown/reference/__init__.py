"""Battles played inside Pokémon Showdown, point by point: the reference that the engine must reproduce.

`oracle.cjs` in this folder plays whole battles in one Node process with seeded teams and policies and streams one
`ReferencePoint` for each time Showdown waits for choices. The canonical state's layout is drawn in `state.cjs`.
"""

from __future__ import annotations

import json
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from pokespiel.showdown import install

SCRIPT = Path(__file__).parent / "oracle.cjs"
KINDS = ("ou", "random", "wild", "gadget")


class ReferencePoint(NamedTuple):
    """A point at which Showdown waits for choices, or the end of the battle. Everything is bytes as streamed."""

    choices: tuple[bytes, bytes]
    """The choices of p1 and p2 that led here, `b"move 1"`; empty if a side had to wait."""
    options: tuple[bytes, bytes]
    """The legal choices of each side, joined by commas."""
    seed: bytes
    """The generator's state: 8 bytes, little endian."""
    state: bytes
    """The canonical state."""
    log: bytes
    """The log lines since the previous point, without timestamps."""
    requests: tuple[bytes, bytes]
    """Each side's request as Showdown's JSON; empty at the end."""


@dataclass(frozen=True)
class RecordedBattle:
    """One battle as Showdown played it."""

    setup: Mapping[str, Any]
    """`kind`, `number`, `seed` ("1,2,3,4"), `teams` (two lists of sets), `names` and `turn` (before the first)."""
    points: tuple[ReferencePoint, ...]
    error: str
    """Why Showdown stopped (its event recursion), or empty."""
    digested: bool = False
    """The requests of its points are digests (see golden.py)."""

    @property
    def record(self) -> dict[str, Any]:
        """The setup and the choices, enough to play it again."""
        return {**self.setup, "choices": [[side.decode() for side in point.choices] for point in self.points[1:]]}


def stream(kind: str, first: int, count: int) -> Iterator[RecordedBattle]:
    """Battles `first` .. `first + count - 1` of `kind` (or "all": the kinds in turn); a number names one battle."""
    arguments = ["--kind", kind, "--first", str(first), "--count", str(count)]
    with _node(arguments) as output:
        yield from read_battles(output)


def replay_in_showdown(records: Iterable[Mapping[str, Any]]) -> Iterator[RecordedBattle]:
    """Battles given by `RecordedBattle.record`, as Showdown plays them."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
        file.flush()
        with _node(["--replay", file.name]) as output:
            yield from read_battles(output)


def read_battles(file: IO[bytes]) -> Iterator[RecordedBattle]:
    """The battles of a stream of frames (see `oracle.cjs`)."""
    setup: dict[str, Any] = {}
    points: list[ReferencePoint] = []
    for fields in _frames(file):
        if fields[0] == b"B":
            setup, points = json.loads(fields[1]), []
        elif fields[0] == b"E":
            yield RecordedBattle(setup, tuple(points), fields[1].decode())
        else:
            one, two, options1, options2, seed, state, log, request1, request2 = fields
            points.append(ReferencePoint((one, two), (options1, options2), seed, state, log, (request1, request2)))


def _frames(file: IO[bytes]) -> Iterator[list[bytes]]:
    read, length = file.read, struct.Struct("<I")
    while count := read(1):
        yield [read(length.unpack(read(4))[0]) for _ in range(count[0])]


@contextmanager
def _node(arguments: list[str]) -> Iterator[IO[bytes]]:
    command = [str(install.node()), str(SCRIPT), "--showdown", str(install.showdown_package()), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
    if process.returncode not in (0, -9):
        raise RuntimeError(f"the Showdown oracle ended with status {process.returncode}: {' '.join(command)}")
