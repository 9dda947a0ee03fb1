"""Turns per second on one core with random choices: the engine, Showdown in process, and libpkmn if available.

    python benchmarks/engine.py --seconds 10 --rounds 3
    python benchmarks/engine.py --libpkmn libpkmn-showdown.so

All of them play the same pairs of teams to the end, one after another within each round; choosing is included. Times
are processor time, so a busy machine hardly affects the ratios. `--libpkmn` takes any shared library that exports
libpkmn's C interface; the one inside the Python package `oak-lab` is found automatically. For anything that is not
installed, a line says how to get it.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import statistics
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from references import absent

from pokespiel.core.options import command_line
from pokespiel.game.gen1 import _engine
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import Team, load_pool, pack
from pokespiel.showdown import install

HERE = Path(__file__).parent
SHOWDOWN = "Showdown in process"
Pairs = Sequence[tuple[Team, Team]]
Contender = Callable[[Pairs, float, int], float]
"""Plays the pairs for some seconds with a seed; returns turns per second of processor time."""


@dataclass(frozen=True)
class Benchmark:
    """Compare engines on the same teams."""

    seconds: float = 10.0
    """Processor time of each contender in each round."""
    rounds: int = 3
    """Number of rounds; figures are medians."""
    pool: str = "competitive"
    """The pool of teams, in which neighbours play each other."""
    seed: int = 0
    libpkmn: Path | None = None
    """A shared library of libpkmn."""

    def __call__(self) -> int:
        teams = list(load_pool(self.pool).teams)
        pairs = list(zip(teams, teams[1:] + teams[:1], strict=True))
        contenders = dict(self._contenders())
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for round_ in range(self.rounds):
            for name, play in contenders.items():
                rates[name].append(play(pairs, self.seconds, self.seed + round_))
        print(table(rates))
        return 0

    def _contenders(self) -> Iterator[tuple[str, Contender]]:
        """The installed engines; for each missing one, a line says how to get it."""
        yield "pokespiel", play_engine
        try:
            install.node(), install.install()
            yield SHOWDOWN, play_showdown
        except install.ShowdownMissing as missing:
            print(f"without Pokémon Showdown: {missing}")
        compiler = shutil.which("cc")
        if not compiler:
            print("without libpkmn: its driver needs a C compiler on PATH; install the package gcc")
            return
        if self.libpkmn is not None:
            yield "libpkmn", Libpkmn(self.libpkmn)
        if line := absent("oak-lab"):
            print(f"without libpkmn in oak-lab: {line}")
        else:
            yield "libpkmn in oak-lab", Libpkmn(oak_library())


def table(rates: Mapping[str, Sequence[float]]) -> str:
    """Medians in Markdown, with the ratio to Showdown if that was measured."""
    medians = {name: statistics.median(values) for name, values in rates.items()}
    base = medians.get(SHOWDOWN)
    lines = ["| engine | turns/s | times Showdown | rounds |", "|---|---|---|---|"]
    for name, median in medians.items():
        spread = " ".join(f"{value:,.0f}" for value in rates[name])
        times = f"{median / base:,.0f}" if base else ""
        lines.append(f"| {name} | {median:,.0f} | {times} | {spread} |")
    return "\n".join(lines)


def play_engine(pairs: Pairs, seconds: float, seed: int) -> float:
    """This project's engine."""
    states = [Battle(one, two).native.state() for one, two in pairs]
    return rate(lambda i: _engine.play_out(states[i % len(states)], 1_000, seed * 1_000_003 + i)[3], seconds)


def rate(play: Callable[[int], int], seconds: float) -> float:
    """Turns per second of processor time; `play(i)` plays portion i and returns its number of turns."""
    play(0)
    start, turns, portion = time.process_time(), 0, 0
    while (used := time.process_time() - start) < seconds:
        turns += play(portion)
        portion += 1
    return turns / used


def play_showdown(pairs: Pairs, seconds: float, seed: int) -> float:
    """Pokémon Showdown in its own Node process, without a server."""
    packed = json.dumps([[pack(one), pack(two)] for one, two in pairs])
    command = [str(install.node()), str(HERE / "engine_showdown.cjs"), str(install.install()), str(seconds), str(seed)]
    played = json.loads(subprocess.run(command, input=packed, capture_output=True, text=True, check=True).stdout)
    return played["turns"] / played["seconds"]


class Libpkmn:
    """A shared library of libpkmn, driven by engine_libpkmn.c."""

    _NAMES = (
        "gen1_battle_update",
        "gen1_battle_choices",
        "result_p1",
        "result_p2",
        "result_type",
        "gen1_battle_options_set",
    )

    def __init__(self, path: Path):
        library = ctypes.CDLL(str(path))
        self._functions = [ctypes.cast(library[f"pkmn_{name}"], ctypes.c_void_p) for name in self._NAMES]
        with tempfile.TemporaryDirectory() as folder:
            driver = Path(folder) / "driver.so"
            subprocess.run(["cc", "-O3", "-shared", "-fPIC", "-o", driver, HERE / "engine_libpkmn.c"], check=True)
            self._play = ctypes.CDLL(str(driver)).play_out
        self._play.restype = ctypes.c_uint64

    def __call__(self, pairs: Pairs, seconds: float, seed: int) -> float:
        battles = [libpkmn_battle(Battle(one, two).native.state()) for one, two in pairs]

        def play(i: int) -> int:
            seeds = ctypes.c_uint64(seed * 1_000_003 + i)
            return self._play(battles[i % len(battles)], ctypes.c_uint64(1_000), seeds, *self._functions)

        return rate(play, seconds)


def libpkmn_battle(state: bytes) -> bytes:
    """libpkmn's 384 bytes for our battle before its first choice (layouts: engine/state.hpp, libpkmn's README)."""
    sides = b"".join(_libpkmn_side(state[24 + 248 * side :][:248]) for side in range(2))
    return sides.ljust(384, b"\0")


def _libpkmn_side(side: bytes) -> bytes:
    party = b"".join(_libpkmn_pokemon(side[64 + 28 * i :][:28]) for i in range(6))
    order = bytes(i + 1 if i < side[238] else 0 for i in range(6))
    return party + bytes(32) + order + bytes(2)


def _libpkmn_pokemon(member: bytes) -> bytes:
    hp, max_hp, attack, defense, speed, special, *rest = struct.unpack("<6H16B", member)
    moves, pp, species, level = rest[:4], rest[4:8], rest[8], rest[9]
    if not species:
        return bytes(24)
    slots = [value for slot in zip(moves, pp, strict=True) for value in slot]
    types = [_TYPES[name] for name in _SPECIES[species - 1]["types"]]
    packed = types[0] | types[-1] << 4
    return struct.pack("<5H8BH4B", max_hp, attack, defense, speed, special, *slots, hp, 0, species, packed, level)


_DEX = json.loads((Path(_engine.__file__).parent / "dex.json").read_text())
_SPECIES = _DEX["species"]
_TYPES = {name: number for number, name in enumerate(_DEX["type_chart"])}


def oak_library() -> Path:
    """The library inside the installed `oak-lab`."""
    return Path(str(metadata.distribution("oak-lab").locate_file("oak/_native/Release/pyoaksearch.so")))


if __name__ == "__main__":
    raise SystemExit(command_line(Benchmark)())
