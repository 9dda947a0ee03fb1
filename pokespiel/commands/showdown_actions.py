"""What `pokespiel showdown ACTION` does: a local server, an arena on it, and a policy that plays online."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pokespiel.commands.interrupted import keeping
from pokespiel.commands.showdown_sides import about, policy, side_identity
from pokespiel.core.progress import Watch, watch
from pokespiel.showdown.fixtures import teams_named
from pokespiel.showdown.install import install
from pokespiel.showdown.journal import Journal
from pokespiel.showdown.online import Account, Online, server_at
from pokespiel.showdown.protocol import user_id
from pokespiel.showdown.series import Moment, Series
from pokespiel.showdown.serve import ServerFailed, serve
from pokespiel.showdown.tally import NOTHING, SeriesTally

if TYPE_CHECKING:
    from pokespiel.commands.showdown import Showdown

PORT = 8000
"""Where `serve` serves."""
PATIENCE = 660.0
"""Seconds that a bot waits online."""


def run(options: Showdown, arena: Callable[[Showdown], int]) -> int:
    """Run the action, `arena` for that one; the exit status is 0 if as many matches were played as asked for."""
    _check(options)
    if options.action == "install":
        print(install())
    elif options.action == "serve":
        _serve(options)
    else:
        with keeping(lambda: _kept(options)):
            return arena(options) if options.action == "arena" else _online(options)
    return 0


def _kept(options: Showdown) -> str:
    if options.out is None or not options.out.is_file() or json.loads(options.out.read_text()).get("battles") == []:
        return ""
    return f"the record is in {options.out}" + (
        "" if options.action == "arena" else ", and the same command resumes it"
    )


def _check(options: Showdown) -> None:
    if options.out is not None and options.out.is_dir():
        raise ValueError(f"--out {options.out} is a folder; name a file")
    if options.replays is not None and options.out is None:
        raise ValueError("--replays keeps the battles of a record: name its file with --out")
    if options.opponent is not None and options.action not in ("accept", "challenge"):
        raise ValueError(f"{options.action}: only accept and challenge take --opponent")
    if options.out is not None and options.action in ("install", "serve"):
        raise ValueError(f"{options.action}: --out records matches, and this action plays none")
    if options.until_width is not None and options.action != "arena":
        raise ValueError(f"{options.action}: only the arena takes --until-width")


def _serve(options: Showdown) -> None:
    install()
    with serve(PORT if options.port is None else options.port) as server:
        print(f"serving on {server.websocket}; interrupt to stop", flush=True)
        while server.alive():
            time.sleep(0.5)
        raise ServerFailed(f"the server ended with status {server.process.returncode}")


def _online(options: Showdown) -> int:
    account = Account.from_environment()
    journal = None
    if options.out is not None:
        replays = options.replays or options.out.with_suffix("")
        journal = Journal(options.out, _online_header(options, account), about(options), replays)
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
    online = Online(policy(options.first), teams, server, account, options.seed, options.patience or PATIENCE)
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
        "agent": side_identity(options.first),
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
