"""What `pokespiel showdown ACTION` does: a local server, an arena on it, and a policy that plays online."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pokespiel.beginnings import policy_named
from pokespiel.environment import environment
from pokespiel.files import write_text
from pokespiel.game.gen1.teams import load_pool
from pokespiel.learning.datasets import policy_name
from pokespiel.progress import watch
from pokespiel.showdown.arena import (
    Conditions,
    Contestant,
    PokeEnvContestant,
    PolicyContestant,
    Result,
    local_server,
    play_arena,
    seat_swapped,
)
from pokespiel.showdown.install import VERSION, install
from pokespiel.showdown.online import Account, Online, server_at
from pokespiel.showdown.record import FORMAT, Record
from pokespiel.showdown.serve import ServerFailed, serve, serve_many

if TYPE_CHECKING:
    from pokespiel.commands.showdown import Showdown


def run(options: Showdown) -> None:
    """Do what the options say."""
    actions = {"install": lambda _: print(install()), "serve": _serve, "arena": _arena}
    actions.get(options.action, _online)(options)


def _serve(options: Showdown) -> None:
    install()
    with serve(options.port) as server:
        print(f"serving on {server.websocket}; interrupt to stop", flush=True)
        while server.alive():
            time.sleep(0.5)
        raise ServerFailed(f"the server ended with status {server.process.returncode}")


def _arena(options: Showdown) -> None:
    for name in ("matches", "concurrency", "servers"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(options, name)}")
    if options.out is not None and options.out.is_dir():
        raise ValueError(f"--out {options.out} is a folder; name a file")
    install()
    rng = np.random.default_rng(options.seed)
    contestants = contestant(options.first, rng), contestant(options.second, rng)
    pool = load_pool(options.teams)
    draws = rng.integers(len(pool), size=((options.matches + 1) // 2, 2))
    fixtures = seat_swapped([(pool[int(own)], pool[int(foe)]) for own, foe in draws])
    results: dict[int, Result] = {}
    with (
        serve_many(options.servers) as servers,
        watch(f"{options.first} against {options.second}", len(fixtures)) as bar,
    ):
        addresses = [local_server(server.port) for server in servers]
        for index, result in play_arena(contestants, fixtures, addresses, Conditions(options.concurrency)):
            results[index] = result
            bar.update(len(results), "")
    record = Record.of([results[index].utility for index in range(len(fixtures))])
    if options.out is not None:
        write_text(options.out, json.dumps(_told(options, record), indent=1) + "\n")
    print(record)


def _told(options: Showdown, record: Record) -> dict[str, Any]:
    """What --out holds; a policy of ours is known by the hash of its content."""
    return {
        "format": FORMAT,
        "first": _identity(options.first),
        "second": _identity(options.second),
        "pool": {"name": Path(options.teams).stem, "teams": len(load_pool(options.teams))},
        "seed": options.seed,
        **record._asdict(),
        "server": f"pokemon-showdown {VERSION}",
        "environment": environment(),
    }


def _identity(name: str) -> dict[str, str | None]:
    return {"name": name, "hash": None if name.startswith("poke-env:") else policy_name(policy_named(name))}


def _online(options: Showdown) -> None:
    policy, teams = policy_named(options.first), load_pool(options.teams).teams
    address, account = server_at(options.server), Account.from_environment()
    online = Online(policy, teams, address, account, options.seed, options.patience)
    if options.action == "challenge":
        if options.opponent is None:
            raise ValueError("challenge: name whom with --opponent")
        tally = online.challenge(options.opponent, options.matches)
    elif options.action == "accept":
        tally = online.accept(options.matches, opponent=options.opponent)
    else:
        tally = online.ladder(options.matches)
    print(tally)


def contestant(name: str, rng: np.random.Generator) -> Contestant:
    """A poke-env player as "poke-env:CLASS", else a policy of ours."""
    if name.startswith("poke-env:"):
        return PokeEnvContestant.named(name.removeprefix("poke-env:"))
    return PolicyContestant.of(policy_named(name), rng)
