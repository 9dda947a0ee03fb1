"""What `pokespiel showdown ACTION` does: a local server, an arena on it, and a policy that plays online."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pokespiel.commands.interrupted import keeping
from pokespiel.core.files import write_text
from pokespiel.core.policy import Policy
from pokespiel.core.progress import Watch, watch
from pokespiel.core.provenance import environment
from pokespiel.game.loading import load_game
from pokespiel.learning.datasets import policy_name
from pokespiel.runs.initial import policies_named
from pokespiel.showdown.arena import Conditions, Fixture, Result, local_server, play_arena
from pokespiel.showdown.contestants import Contestant, PokeEnvContestant, PolicyContestant
from pokespiel.showdown.fixtures import drawn, oddities, teams_named, write_replay
from pokespiel.showdown.install import VERSION, install
from pokespiel.showdown.journal import Journal
from pokespiel.showdown.online import Account, Online, server_at
from pokespiel.showdown.protocol import FORMAT as PLAYED
from pokespiel.showdown.protocol import user_id
from pokespiel.showdown.record import FORMAT, Record
from pokespiel.showdown.series import Moment, Series
from pokespiel.showdown.serve import ServerFailed, serve, serve_many
from pokespiel.showdown.tally import NOTHING, SeriesTally

if TYPE_CHECKING:
    from pokespiel.commands.showdown import Showdown


def run(options: Showdown) -> int:
    """Run the action; the exit status is 0 if as many matches were played as asked for."""
    _check(options)
    if options.action == "install":
        print(install())
    elif options.action == "serve":
        _serve(options)
    else:
        with keeping(lambda: _kept(options)):
            return _arena(options) if options.action == "arena" else _online(options)
    return 0


def _kept(options: Showdown) -> str:
    if options.out is None or not options.out.is_file() or json.loads(options.out.read_text()).get("battles") == []:
        return ""
    return f"the record is in {options.out}" + (
        "" if options.action == "arena" else ", and the same command resumes it"
    )


def _check(options: Showdown) -> None:
    for name in ("matches", "concurrency", "servers"):
        if getattr(options, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(options, name)}")
    if not (math.isfinite(options.patience) and options.patience > 0):
        raise ValueError(f"patience must be a positive number of seconds, got {options.patience}")
    if options.out is not None and options.out.is_dir():
        raise ValueError(f"--out {options.out} is a folder; name a file")
    if options.replays is not None and options.out is None:
        raise ValueError("--replays keeps the battles of a record: name its file with --out")
    if options.opponent is not None and options.action not in ("accept", "challenge"):
        raise ValueError(f"{options.action}: only accept and challenge take --opponent")
    if options.out is not None and options.action in ("install", "serve"):
        raise ValueError(f"{options.action}: --out records matches, and this action plays none")


def _serve(options: Showdown) -> None:
    install()
    with serve(options.port) as server:
        print(f"serving on {server.websocket}; interrupt to stop", flush=True)
        while server.alive():
            time.sleep(0.5)
        raise ServerFailed(f"the server ended with status {server.process.returncode}")


def _arena(options: Showdown) -> int:
    install()
    rng = np.random.default_rng(options.seed)
    contestants = contestant(options.first, rng), contestant(options.second, rng)
    fixtures = drawn(options.teams, (options.matches + 1) // 2, rng)
    results: dict[int, Result] = {}
    try:
        _play_arena(options, contestants, fixtures, results)
    except KeyboardInterrupt:
        if results:
            print(_record(results))
        raise
    record = _record(results)
    print(record)
    return int(record.unfinished > 0)


def _play_arena(
    options: Showdown,
    contestants: tuple[Contestant, Contestant],
    fixtures: list[Fixture],
    results: dict[int, Result],
) -> None:
    """Play the fixtures on servers started here; each match's result is in `results` as soon as the match has ended."""
    header = _arena_header(options)
    with (
        serve_many(options.servers) as servers,
        watch(f"{options.first} against {options.second}", len(fixtures)) as bar,
    ):

        def show() -> None:
            bar.update(len(results), "")

        addresses, conditions = [local_server(server.port) for server in servers], Conditions(options.concurrency)
        for index, result in play_arena(contestants, fixtures, addresses, conditions, idle=show):
            results[index] = result
            _keep_arena(options, {**header, **_results(results, len(fixtures))}, _record(results), index, result)
            show()


def _results(results: Mapping[int, Result], matches: int) -> dict[str, Any]:
    """What --out holds about single matches: the first side's utility, None = not finished, and oddities."""
    utilities = [results[index].utility if index in results else None for index in range(matches)]
    return {"utilities": utilities, **oddities(results)}


def _record(results: Mapping[int, Result]) -> Record:
    return Record.so_far({index: result.utility for index, result in results.items()})


def _keep_arena(options: Showdown, header: dict[str, Any], record: Record, index: int, result: Result) -> None:
    """Write the record so far, and a match's replay."""
    if options.out is not None:
        write_text(options.out, json.dumps({**header, **record._asdict()}, indent=1) + "\n")
    if options.replays is not None and result.log:
        title = f"{options.first} against {options.second}, match {index + 1}"
        write_replay(options.replays / f"{index + 1:05d}.html", result.log, title)


def _arena_header(options: Showdown) -> dict[str, Any]:
    """What --out holds in addition to the record; our policies are identified by the hash of their content."""
    return {
        "format": FORMAT,
        "first": _identity(options.first),
        "second": _identity(options.second),
        **_about(options),
        "server": f"pokemon-showdown {VERSION}",
    }


def _about(options: Showdown) -> dict[str, Any]:
    return {
        "pool": {"name": Path(options.teams).stem, "teams": len(teams_named(options.teams))},
        "seed": options.seed,
        "environment": environment(),
    }


def _identity(name: str) -> dict[str, str | None]:
    return {"name": name, "hash": None if name.startswith("poke-env:") else policy_name(policy(name))}


def _online(options: Showdown) -> int:
    account = Account.from_environment()
    journal = None
    if options.out is not None:
        replays = options.replays or options.out.with_suffix("")
        journal = Journal(options.out, _online_header(options, account), _about(options), replays)
    series = _series(options, account, journal.tally if journal else NOTHING)
    try:
        with watch(f"{options.first} on {options.server}", options.matches, series.tally.finished) as bar:
            _follow(series, bar, journal)
    except KeyboardInterrupt:
        print(series.tally)
        raise
    print(series.tally)
    if rating := series.tally.rating():
        print(f"rating {rating}")
    return int(series.tally.finished < options.matches)


def _follow(series: Series, bar: Watch, journal: Journal | None) -> None:
    """Show and save a series until it ends; on any interruption, first give up the battle in progress."""
    try:
        for moment in series:
            _tell(bar, moment, journal)
    except BaseException as interruption:
        if series.playing:
            bar.say(f"giving up the battle in progress: {series.playing}")
        for moment in series.stop():
            if isinstance(interruption, KeyboardInterrupt):
                _tell(bar, moment, journal)
        raise


def _series(options: Showdown, account: Account, start: SeriesTally) -> Series:
    teams = teams_named(options.teams)
    server = server_at(options.server)
    online = Online(policy(options.first), teams, server, account, options.seed, options.patience)
    if options.action == "challenge":
        if options.opponent is None:
            raise ValueError("challenge: name the opponent with --opponent")
        return online.challenge(options.opponent, options.matches, start=start)
    if options.action == "accept":
        return online.accept(options.matches, opponent=options.opponent, start=start)
    return online.ladder(options.matches, start=start)


def _online_header(options: Showdown, account: Account) -> dict[str, Any]:
    """What must be the same for a series to be resumed."""
    return {
        "agent": _identity(options.first),
        "account": user_id(account.name),
        "server": options.server,
        "action": options.action,
        "opponent": options.opponent and user_id(options.opponent),
    }


def _tell(bar: Watch, moment: Moment, journal: Journal | None) -> None:
    """Save and show what has happened."""
    if journal is not None:
        journal.keep(moment)
    if moment.ended is not None:
        share, low, high = moment.tally.score()
        score = f": {share:.1%} [{low:.1%}, {high:.1%}]" if moment.tally.finished else ""
        bar.say(f"{moment.ended}   ({moment.tally.line()}{score})")
    bar.update(moment.tally.finished, moment.doing)


def contestant(name: str, rng: np.random.Generator) -> Contestant:
    """A poke-env player as "poke-env:CLASS", else a policy of ours."""
    if name.startswith("poke-env:"):
        return PokeEnvContestant.named(name.removeprefix("poke-env:"))
    return PolicyContestant.of(policy(name), rng)


def policy(name: str) -> Policy:
    """The policy with that name; a policy that cannot play the format is refused."""
    return policies_named([name], load_game(PLAYED))[name]
