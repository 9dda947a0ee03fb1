"""The command line: `pokespiel COMMAND [options]`, with one file per command in `commands/`.

To add a command, write its class there and add its line to COMMANDS. It is imported only when it is run.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from types import FrameType
from typing import TextIO

from pokespiel.commands import Based, Waiting
from pokespiel.core.files import error_text
from pokespiel.core.options import flags_given, parse
from pokespiel.core.progress import heartbeat
from pokespiel.core.registry import Registry, filled
from pokespiel.core.threads import limited
from pokespiel.core.version import __version__

COMMANDS = Registry(
    "command",
    {
        "psro": "pokespiel.commands.psro:PSRO",
        "tournament": "pokespiel.commands.tournament:TournamentCommand",
        "rate": "pokespiel.commands.rate:Rate",
        "solve": "pokespiel.commands.solve:Solve",
        "list": "pokespiel.commands.list:List",
        "exploit": "pokespiel.commands.exploit:Exploit",
        "agent": "pokespiel.commands.agent:AgentCommand",
        "report": "pokespiel.commands.report:Report",
        "profile": "pokespiel.commands.profile:Profile",
        "play": "pokespiel.commands.play:PlayCommand",
        "review": "pokespiel.commands.review:ReviewCommand",
        "replays": "pokespiel.commands.replays:Replays",
        "dataset": "pokespiel.commands.dataset:DatasetCommand",
        "showdown": "pokespiel.commands.showdown:Showdown",
        "endgame": "pokespiel.commands.endgame:EndgameCommand",
        "probe": "pokespiel.commands.probe:ProbeCommand",
    },
)
UNREAD = 128 + signal.SIGPIPE
"""The exit status of a command whose output is not read to the end, as with `| head`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can fix are one line on standard error and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _answer(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        unread = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
        for stream in unread:  # the buffered output has no reader any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return UNREAD if unread else _refuse(error)


def _answer(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"pokespiel {__version__}")
        return 0
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(arguments[0], arguments[1:])
    except KeyboardInterrupt as interruption:
        print("; ".join(["pokespiel: interrupted", *map(str, interruption.args)]), file=sys.stderr)
        return 130
    except BrokenPipeError:
        raise
    except (ValueError, OSError, ArithmeticError, ModuleNotFoundError) as error:
        return _refuse(error)


def _refuse(error: Exception) -> int:
    if os.environ.get("POKESPIEL_TRACEBACK"):
        raise error
    said = error_text(error) if isinstance(error, OSError) else error
    print("\n".join([f"pokespiel: {said}", *getattr(error, "__notes__", ())]), file=sys.stderr)
    return 2


def _is_unread(stream: TextIO) -> bool:
    """Whether the stream is a pipe whose reader has gone."""
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a command as Ctrl-C does, so that servers, workers and half-written files are cleaned up."""
    raise KeyboardInterrupt


def _run(name: str, arguments: Sequence[str]) -> int:
    command = COMMANDS[name]
    base = command.base(flags_given(arguments)) if isinstance(command, Based) else {}
    parsed = parse(command, arguments, f"pokespiel {name}", base)
    alive = nullcontext() if isinstance(command, Waiting) else heartbeat(f"pokespiel {name}")
    with limited(), alive:
        return parsed()


def _usage() -> str:
    lines = ["usage: pokespiel COMMAND [options]   (pokespiel COMMAND --help shows them)", ""]
    width = max(map(len, COMMANDS)) + 4
    for name in COMMANDS:
        lines.append(filled(COMMANDS.describe(name).line, f"  {name}".ljust(width), " " * width))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
