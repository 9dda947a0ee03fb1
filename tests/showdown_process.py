"""A bot in its own process that plays default choices and misbehaves as it is told.

python showdown_process.py KIND --port {port} --name {name}
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from showdown_foe import Foe

from pokespiel.game.gen1.teams import load_pool


class Forfeiting(Foe):
    """Gives up in turn 3."""

    def turned(self, turn: int) -> None:
        if turn == 3:
            self.say("/forfeit")


class Dying(Foe):
    """Ends its process in turn 3."""

    def turned(self, turn: int) -> None:
        if turn == 3:
            print("what a pity", flush=True)
            os._exit(7)


class Hanging(Foe):
    """Stops answering in turn 3."""

    stopped = False

    def turned(self, turn: int) -> None:
        self.stopped = turn >= 3

    def asked(self, request: str) -> None:
        if not self.stopped:
            super().asked(request)


class Deaf(Foe):
    """Accepts nothing."""

    def challenged(self, opponent: str) -> None:
        print("not I", flush=True)


class Once(Foe):
    """Ends its process some time after a match, as some bots do."""

    def ended(self) -> None:
        time.sleep(0.5)
        os._exit(0)


class Parent(Foe):
    """Has a child process that ignores SIGTERM, and plays slowly."""

    def began(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"])
        print("child", child.pid, flush=True)

    def asked(self, request: str) -> None:
        time.sleep(0.5)
        super().asked(request)


KINDS = {
    "plain": Foe,
    "forfeits": Forfeiting,
    "dies": Dying,
    "hangs": Hanging,
    "deaf": Deaf,
    "once": Once,
    "parent": Parent,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=[*KINDS, "absent"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--name")
    options = parser.parse_args()
    print("process", os.getpid(), flush=True)
    if options.kind == "absent":
        time.sleep(600)
    KINDS[options.kind](options.port, options.name, load_pool("competitive")[-1])._run()


if __name__ == "__main__":
    main()
