"""What players see on a server compared with what the engine says they know, at every decision of both players.

    python benchmarks/showdown_views.py --battles 1000 --seed 0

Server: our policies' battles over a real local server are recorded, and the engine replays each from its seed, teams
and choices. Engine: the same policies battle in the engine, and trackers read its log. Compact rows, features and legal
choices are compared bit for bit.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import Team, load_pool
from pokespiel.showdown.arena import Conditions, Fixture, local_server, play_arena
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.install import required
from pokespiel.showdown.recording import recordings
from pokespiel.showdown.serve import Server, serve
from pokespiel.showdown.views import (
    Comparison,
    Views,
    WitnessContestant,
    compare_views,
    lines_witness,
    played,
    views_witness,
)

PLAYERS = ("random", "expert", "gym_leader", "damage_switcher")


def contests(battles: int, rng: np.random.Generator) -> Iterator[tuple[tuple[str, str], str, list[tuple[Team, Team]]]]:
    """For each pair of players and each pool, the pairs of teams of its battles."""
    settings = list(itertools.product(itertools.combinations_with_replacement(PLAYERS, 2), ("competitive", "variety")))
    for index, (players, name) in enumerate(settings):
        pool = load_pool(name)
        count = battles // len(settings) + (index < battles % len(settings))
        yield players, name, [(pool[int(a)], pool[int(b)]) for a, b in rng.integers(len(pool), size=(count, 2))]


def over_server(
    server: Server, folder: Path, players: tuple[str, str], teams: list[tuple[Team, Team]], rng: np.random.Generator
) -> Comparison:
    """Battles over a recording server, each replayed by the engine."""
    views: Views = defaultdict(list)
    first, second = (WitnessContestant(InferenceBatcher(BASELINES.build(name), rng), views) for name in players)
    fixtures = [Fixture(pair, index % 2) for index, pair in enumerate(teams)]
    results = dict(play_arena((first, second), fixtures, [local_server(server.port)], Conditions(8)))
    found = Comparison(differences=[str(result) for result in results.values() if result.problems])
    deadline = time.monotonic() + 30.0
    while len(list(folder.rglob("*.log.json"))) < len(fixtures) and time.monotonic() < deadline:
        time.sleep(0.1)
    for recording in recordings(folder):
        found += compare_views(
            recording.replay(), [views_witness(views[recording.room, side], side) for side in (0, 1)]
        )
    if found.battles != len(fixtures):
        found.differences.append(f"{found.battles} recordings of {len(fixtures)} battles")
    for path in folder.rglob("*.log.json"):
        path.unlink()
    return found


def in_engine(players: tuple[str, str], teams: list[tuple[Team, Team]], rng: np.random.Generator) -> Comparison:
    """Battles in the engine, whose log trackers read."""
    policies = [BASELINES.build(name) for name in players]
    found = Comparison()
    for pair in teams:
        battle = Battle(*pair, seed=[int(word) for word in rng.integers(1 << 16, size=4)])
        found += compare_views(played(battle, policies, rng), [lines_witness(0), lines_witness(1)])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--battles", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    required()
    rng = np.random.default_rng(options.seed)
    server_found, engine_found = Comparison(), Comparison()
    with tempfile.TemporaryDirectory() as scratch, serve(record=Path(scratch)) as server:
        for players, pool, teams in contests(options.battles, rng):
            server_found += over_server(server, Path(scratch), players, teams, rng)
            engine_found += in_engine(players, teams, rng)
            print(f"{' against '.join(players)}, {pool}: {len(teams)} battles of each kind", flush=True)
    for kind, found in (("server", server_found), ("engine", engine_found)):
        differences = f"{len(found.differences)} differences"
        print(f"{kind}: {found.battles} battles, {found.decisions} decisions, {differences}")
        print("\n".join(found.differences[:10]), end="")
    return int(bool(server_found.differences or engine_found.differences))


if __name__ == "__main__":
    raise SystemExit(main())
