"""Series of matches against opponents that stop playing: the bot's counts compared with the server's own record.

    python benchmarks/showdown_series.py --battles 200 --first expert

The opponents are plain websocket clients on a real local server that records its battles: some forfeit in turns 1 to 4,
some at the moment they are asked for a choice, some leave the battle and reopen it, some reject or withdraw challenges
before they play, some change their name; and one server is killed in the middle of battles and restarted. Each battle
that the server has recorded must be counted with the same result, and every other one as unfinished.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pokespiel.game.gen1.teams import load_pool
from pokespiel.runs.initial import policy_named
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.install import required
from pokespiel.showdown.online import Account, Online
from pokespiel.showdown.protocol import battle_number, user_id
from pokespiel.showdown.serve import Server, serve
from pokespiel.showdown.tally import SeriesTally

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from showdown_foe import Foe, playing

BOT = "Series Bot"


class Quitter(Foe):
    """Forfeits in turn 1, 2, 3 or 4, one battle after another."""

    def turned(self, turn: int) -> None:
        if turn == 1 + len(self.results) % 4:
            self.say("/forfeit")


class Crossing(Foe):
    """Forfeits when asked for a choice, at the same time as the other side chooses."""

    asks = 0

    def began(self) -> None:
        self.asks = 0

    def asked(self, request: str) -> None:
        self.asks += 1
        if self.asks == 1 + len(self.results) % 4:
            self.say("/forfeit")
        else:
            super().asked(request)


class Hider(Foe):
    """Leaves the battle and reopens it, turn by turn; every other battle ends in turn 6, the others are played out."""

    def turned(self, turn: int) -> None:
        self.say(("/hideroom", "/publicroom")[turn % 2])
        if turn == 6 and len(self.results) % 2:
            self.say("/forfeit")


class Refuser(Quitter):
    """Rejects the first of every three challenges, and withdraws one of its own before it takes the next."""

    times = 0

    def challenged(self, opponent: str) -> None:
        self.times += 1
        if self.times % 3 == 1:
            self.say(f"/reject {opponent}", "")
        elif self.times % 3 == 2:
            self.say(f"/reject {opponent}", "")
            self.challenge(opponent)
            self.say(f"/cancelchallenge {opponent}", "")
        else:
            self.accept(opponent)


class Renamer(Quitter):
    """Takes another name from its second turn on, and its own again in the next battle."""

    def turned(self, turn: int) -> None:
        if turn == 2:
            self.say(f"/trn {self.name}{len(self.results)},0,", "")
        super().turned(turn)

    def ended(self) -> None:
        self.say(f"/trn {self.name},0,", "")


def series(options: argparse.Namespace, server: Server, foe: Foe, matches: int) -> SeriesTally:
    """Play a whole series of matches against a foe."""
    teams = load_pool("competitive").teams
    online = Online(
        policy_named(options.first), teams, local_server(server.port), Account(BOT, None), options.seed, pause=0.1
    )
    with playing(foe):
        return online.challenge(foe.name, matches).finish()


def written(folder: Path, tally: SeriesTally) -> SeriesTally:
    """The tally, once the server has had time to write its last battle."""
    until = time.monotonic() + 5
    while len(recorded(folder)) < tally.finished and time.monotonic() < until:
        time.sleep(0.05)
    return tally


def against(kind: Callable[[int, str], Foe], matches: int, options: argparse.Namespace, folder: Path) -> SeriesTally:
    """Matches against one kind of foe, on a separate server."""
    with serve(record=folder) as server:
        return written(folder, series(options, server, kind(server.port, kind.__name__.lower()), matches))


def killed(matches: int, options: argparse.Namespace, folder: Path) -> SeriesTally:
    """Matches against a quitter on a server that is killed in every fifth battle and restarted."""
    teams = load_pool("competitive").teams
    begun, ended = threading.Event(), threading.Event()

    class Holder(Quitter):
        battles = 0

        def began(self) -> None:
            self.battles += 1

        def asked(self, request: str) -> None:
            if self.battles == 5:
                begun.set()  # and says nothing more: the server is killed under this battle
            else:
                super().asked(request)

        def turned(self, turn: int) -> None:
            if self.battles < 5:
                super().turned(turn)

    with serve(record=folder) as first:
        port = first.port
        address = local_server(port)
        online = Online(policy_named(options.first), teams, address, Account(BOT, None), options.seed, pause=0.1)
        run = online.challenge("holder", matches)

        def watch() -> None:
            for _ in run:
                pass
            ended.set()
            begun.set()

        thread = threading.Thread(target=watch)
        with playing(Holder(port, "holder")):
            thread.start()
            begun.wait()
        first.stop()
    while not ended.is_set():
        begun.clear()
        with serve(port, record=folder) as server, playing(Holder(port, "holder")):
            begun.wait()
            if ended.is_set():
                written(folder, run.tally)
            server.stop()
    thread.join()
    return run.tally


def recorded(folder: Path) -> dict[str, float]:
    """The results that the server has written, by battle number: +1, 0 or -1 for the bot."""
    found = {}
    for path in folder.rglob("*.log.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        number = battle_number(kept["roomid"])
        winner = user_id(kept["winner"])
        found[str(number)] = 0.0 if not winner else 1.0 if winner == user_id(BOT) else -1.0
    return found


def compare(name: str, tally: SeriesTally, folder: Path) -> int:
    """Print the counts beside the server's; returns the number of battles that differ."""
    wanted = recorded(folder)
    values = {"won": 1.0, "lost": -1.0, "given up": -1.0, "tied": 0.0}
    counted = {str(battle_number(b.room)): values[b.outcome] for b in tally.battles if b.outcome in values}
    differ = sum(counted.get(number) != wanted.get(number) for number in {*counted, *wanted})
    server = Counter(wanted.values())
    print(
        f"{name}: server won {server[1.0]}, lost {server[-1.0]}, tied {server[0.0]}; counted {tally.line()}; "
        f"{differ} differ",
        flush=True,
    )
    for problem, times in Counter(tally.problems).items():
        print(f"    {times} x {problem}")
    return differ


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--battles", type=int, default=200, help="in all")
    parser.add_argument("--first", default="expert", help="the policy of the bot")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    required()
    shares = {Quitter: 60, Crossing: 40, Hider: 30, Refuser: 20, Renamer: 20, killed: 30}
    differ, battles = 0, 0
    for kind, share in shares.items():
        matches = max(4, options.battles * share // 200)
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            tally = killed(matches, options, folder) if kind is killed else against(kind, matches, options, folder)
            differ += compare(f"{kind.__name__.lower()} ({time.monotonic() - began:.0f} s)", tally, folder)
        battles += len(tally.battles)
    print(f"{battles} battles, {differ} counted otherwise than the server has recorded them")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
