"""Recorded battles in a small file, to compare the engine with Showdown without Node.

A golden file is LZMA-compressed: u32 length of a JSON list of records, the list, then for all points one after another
five columns, each u32 length and its bytes: options, seeds, canonical states (each XORed with the previous one), logs,
and CRC-32 of both requests.

    python -m pokespiel.showdown.reference.golden FILE
"""

from __future__ import annotations

import json
import lzma
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pokespiel.core import files
from pokespiel.core.arguments import Positional
from pokespiel.core.options import command_line
from pokespiel.game.gen1 import canonical
from pokespiel.showdown import install
from pokespiel.showdown import reference as oracle
from pokespiel.showdown.reference.coverage import Coverage

_SEPARATOR = b"\x00"
_LENGTH = struct.Struct("<I")


def digest(requests: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """The digests of two requests, which a golden file stores instead."""
    return (_LENGTH.pack(zlib.crc32(requests[0])), _LENGTH.pack(zlib.crc32(requests[1])))


def pack_battles(battles: Iterable[oracle.RecordedBattle]) -> bytes:
    """The bytes of a golden file."""
    records = []
    options: list[bytes] = []
    seeds: list[bytes] = []
    states: list[bytes] = []
    logs: list[bytes] = []
    requests: list[bytes] = []
    for battle in battles:
        records.append(battle.record)
        before = bytes(canonical.SIZE)
        for point in battle.points:
            options += point.options
            seeds.append(point.seed)
            states.append(_xor(point.state, before))
            logs.append(point.log)
            requests += digest(point.requests)
            before = point.state
    joined = (_SEPARATOR.join(options), b"".join(seeds), b"".join(states), _SEPARATOR.join(logs), b"".join(requests))
    parts = (json.dumps(records).encode(), *joined)
    return lzma.compress(b"".join(_LENGTH.pack(len(part)) + part for part in parts), preset=9 | lzma.PRESET_EXTREME)


def unpack_battles(data: bytes) -> Iterator[oracle.RecordedBattle]:
    """The battles of a golden file; their points carry `digest(requests)` in place of the requests."""
    records, *columns = _parts(lzma.decompress(data))
    options, logs = iter(columns[0].split(_SEPARATOR)), iter(columns[3].split(_SEPARATOR))
    seeds, states, requests = _cut(columns[1], 8), _cut(columns[2], canonical.SIZE), _cut(columns[4], 4)
    for record in json.loads(records):
        choices = [["", ""], *record.pop("choices")]
        points, before = [], bytes(canonical.SIZE)
        for one, two in choices:
            before = _xor(next(states), before)
            known = ((next(options), next(options)), next(seeds), before, next(logs), (next(requests), next(requests)))
            points.append(oracle.ReferencePoint((one.encode(), two.encode()), *known))
        yield oracle.RecordedBattle(record, tuple(points), "", digested=True)


def _xor(one: bytes, two: bytes) -> bytes:
    return (int.from_bytes(one, "little") ^ int.from_bytes(two, "little")).to_bytes(len(one), "little")


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _parts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 4 + _LENGTH.unpack_from(data, at)[0]
        yield data[at + 4 : end]
        at = end


@dataclass(frozen=True)
class GoldenOptions:
    """Record battles inside Pokémon Showdown into a golden file."""

    file: Positional[Path]
    battles: int = 300
    """Battles of all kinds to keep."""
    search: int = 3000
    """Number of additional gadget battles to search; those that show a kind of line or a move seen fewer than `wanted`
    times are kept."""
    wanted: int = 2
    first: int = 10_000_000
    """The number of the first battle; far from the numbers of other runs."""
    most_points: int = 150
    """Longer battles are left out."""


def choose(options: GoldenOptions) -> Iterator[oracle.RecordedBattle]:
    """The battles to keep."""
    seen = Coverage()
    plain = oracle.stream("all", options.first, options.battles)
    rare = oracle.stream("gadget", options.first, options.search)
    for number, battle in enumerate(chain(plain, rare)):
        if battle.error or len(battle.points) > options.most_points:
            continue
        own = Coverage()
        own.add((point.log for point in battle.points), ())
        new = any(seen.lines[kind] < options.wanted for kind in own.lines)
        if number < options.battles or new or any(seen.moves[move] < options.wanted for move in own.moves):
            seen.lines += own.lines
            seen.moves += own.moves
            yield battle


def main(options: GoldenOptions) -> None:
    """Write the file."""
    install.required()
    kept = list(choose(options))
    files.write_bytes(options.file, pack_battles(kept))
    print(f"{len(kept)} battles, {sum(len(battle.points) for battle in kept)} points in {options.file}")


if __name__ == "__main__":
    main(command_line(GoldenOptions))
