"""Gen 1 OU in six minutes: the shipped agent's table, then policy-space response oracles from two weak players on.

python examples/demo.py

It only runs commands of `pokespiel`, and prints each as one would type it. No server, GPU or network is needed.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pokespiel import agents
from pokespiel.cli import main as run_command

SCRIPTED = ("expert", "gym_leader", "max_damage", "random")
STOPPED = 130
"""The exit status of a run that was stopped before its last iteration."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs") / time.strftime("demo-%Y%m%d-%H%M%S"))
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--units", type=int, default=100, help="pairs of matches a cell of the tables")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the run")
    parser.add_argument("--decisions", type=int, default=400_000, help="of each response")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="of the learner")
    options = parser.parse_args()

    table, run = options.out / "table", options.out / "psro"
    return (
        tell(
            f"1 of 3. {'The shipped agent' if agents.names() else 'Scripted players'}: everyone against everyone.",
            ["tournament", *agents.names()[:1], *SCRIPTED, "--folder", str(table), *each(options, "--game", "--units")],
        )
        or tell(
            "2 of 3. From two weak players: solve their table, learn a response to its mixture, add it, repeat.",
            ["psro", *psro(options), "--run", str(run), "--seconds", str(options.seconds)],
        )
        or tell("3 of 3. The reports: open them in a browser.", ["report", str(table)], ["report", str(run)])
    )


def psro(options: argparse.Namespace) -> list[str]:
    """The run's flags: small batches, so that each response takes about half a minute on two cores."""
    learning = {
        "decisions": options.decisions,
        "batch": min(16_384, options.decisions),
        "matches": 256,
        "epochs": 2,
        "minibatches": 8,
        "report": 1,
        "compute.threads": options.threads,
    }
    flags = [*each(options, "--game"), "--population", "random", "max_damage", "--iterations", "100"]
    flags += ["--payoffs", "sampled", "--payoffs.units", str(options.units), "--oracle", "ppo"]
    return [*flags, *(word for name, value in learning.items() for word in (f"--oracle.{name}", str(value)))]


def each(options: argparse.Namespace, *flags: str) -> list[str]:
    """The demo's options that a command has too."""
    return [word for flag in flags for word in (flag, str(getattr(options, flag.removeprefix("--"))))]


def tell(what: str, *commands: Sequence[str]) -> int:
    """Run commands one after the other; the first failure's exit status, 0 if there is none."""
    print(f"\n{what}", flush=True)
    for command in commands:
        print(f"$ {shlex.join(['pokespiel', *command])}", flush=True)
        status = run_command(list(command))
        if status not in (0, STOPPED):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
