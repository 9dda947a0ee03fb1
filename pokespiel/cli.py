"""The command line: `pokespiel COMMAND [options]`, with one file a command in `commands/`.

To add a command, write its class there and add its line to COMMANDS; the line is all that other commands pay for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

import pokespiel.blas  # noqa: F401, before NumPy
from pokespiel.config import Registry
from pokespiel.options import flags_given, parse

COMMANDS = Registry(
    "command",
    {
        "psro": "pokespiel.commands.psro:PSRO",
        "tournament": "pokespiel.commands.tournament:TournamentCommand",
        "solve": "pokespiel.commands.solve:Solve",
        "list": "pokespiel.commands.list:List",
        "exploit": "pokespiel.commands.exploit:Exploit",
        "agent": "pokespiel.commands.agent:AgentCommand",
        "report": "pokespiel.commands.report:Report",
        "profile": "pokespiel.commands.profile:Profile",
        "showdown": "pokespiel.commands.showdown:Showdown",
    },
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line on standard error and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(arguments[0], arguments[1:])
    except KeyboardInterrupt:
        print("pokespiel: interrupted; what was saved stands", file=sys.stderr)
        return 130
    except (ValueError, OSError, ArithmeticError, ModuleNotFoundError) as error:
        if os.environ.get("POKESPIEL_TRACEBACK"):
            raise
        print(f"pokespiel: {error}", file=sys.stderr)
        return 2


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A plain kill ends a command as Ctrl-C does: servers, workers and half-written files go with it."""
    raise KeyboardInterrupt


def _run(name: str, arguments: Sequence[str]) -> int:
    command = COMMANDS[name]
    base = command.base(flags_given(arguments)) if hasattr(command, "base") else {}
    return parse(command, arguments, f"pokespiel {name}", base)()


def _usage() -> str:
    lines = [f"  {name:<11} {COMMANDS.describe(name).line}" for name in COMMANDS]
    return "\n".join(["usage: pokespiel COMMAND [options]   (pokespiel COMMAND --help shows them)", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
