"""Gen 1 OU in six minutes: the shipped agent's payoff table, then PSRO that starts from two weak players.

python examples/demo.py

It runs `pokespiel` commands, prints each as it would be typed, and summarises the result. It needs no server, GPU or
network. Ctrl-C during the second part ends that part early; the other parts then show its state.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pokespiel.commands.main import main as run_command
from pokespiel.core.policy import Policy
from pokespiel.core.progress import heartbeat
from pokespiel.evaluation.match_sets import Score, generator, head_to_head
from pokespiel.game import Game, load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.runs import agents
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import RunFolder

SCRIPTED = ("expert", "gym_leader", "max_damage", "random")
BEGINNERS = ("random", "max_damage")
STOPPED = 130
"""The exit status of a run that was stopped before its last iteration."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs") / time.strftime("demo-%Y%m%d-%H%M%S"),
        help="the folder of everything that the demo writes, by default runs/demo-<date>-<time>",
    )
    parser.add_argument(
        "--game",
        default="gen1ou(pool=competitive)",
        help="the form of Gen 1 OU to play, with its parameters as `pokespiel list` shows them: %(default)s",
    )
    parser.add_argument(
        "--units",
        type=int,
        default=100,
        help="pairs of matches in each cell of the tables, and matches that each report shows",
    )
    parser.add_argument(
        "--seconds", type=float, default=300.0, help="of PSRO; each response trains for a twelfth of it"
    )
    parser.add_argument("--pairs", type=int, default=250, help="pairs of fresh matches behind each closing figure")
    options = parser.parse_args()
    table, run = options.out / "table", options.out / "psro"

    team = "The shipped agent and scripted players" if agents.names() else "Scripted players"
    players = [*agents.names()[:1], *SCRIPTED]
    status = tell(
        f"1 of 4. {team}: everyone plays everyone.",
        ["tournament", *players, "--folder", str(table), "--game", options.game, "--units", str(options.units)],
    )
    if status:
        return status
    status = tell(
        "2 of 4. PSRO from two weak players: solve the table of known players, train a response to the solution, add "
        "it to the table, repeat.",
        psro(options, run),
    )
    if status not in (0, STOPPED):
        return status
    status = tell("3 of 4. The solution as one policy to play with.", ["agent", str(run)])
    if status:
        return status
    with heartbeat("what was learnt"):
        print("\n".join(learnt(run, load_game(options.game), options.pairs, options.seconds)), flush=True)
    reports = (["report", str(folder), "--matches", str(options.units)] for folder in (table, run))
    status = tell("4 of 4. The reports: open them in a browser.", *reports)
    print(
        f"""
Where to go from here{activation()}:
  train longer                $ pokespiel psro --run {run} --resume --seconds 3600
  measure what beats it       $ pokespiel exploit {run} --decisions 500000
  play on a local server      $ pokespiel showdown arena --first {run}/agent.safetensors --second expert"""
    )
    return status


def activation() -> str:
    """What to do first if the shell does not find `pokespiel`."""
    script = Path(sys.prefix, "bin", "activate")
    if shutil.which("pokespiel") or not script.exists():
        return ""
    near = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return f", after $ source {shlex.quote(str(near))}"


def psro(options: argparse.Namespace, run: Path) -> list[str]:
    """The command. Budgets are times, so that a slow machine also finishes a dozen responses; half the matches of a
    training are against itself, because a player that always loses learns nothing from its results."""
    learning = {
        "seconds": f"{options.seconds / 12:g}",
        "decisions": 100_000_000,
        "self-play": 0.5,
        "batch": 2048,
        "matches": 128,
        "epochs": 2,
        "log_every": 1,
    }
    flags = ["psro", "--run", str(run), "--game", options.game, "--population", *BEGINNERS]
    flags += ["--iterations", "1000", "--seconds", f"{options.seconds:g}"]
    flags += ["--payoffs", "sampled", "--payoffs.units", str(options.units), "--oracle", "ppo"]
    return [*flags, *(word for name, value in learning.items() for word in (f"--oracle.{name}", str(value)))]


def tell(what: str, *commands: Sequence[str]) -> int:
    """Run commands one after the other; returns the first failure's exit status, 0 if there is none."""
    print(f"\n{what}", flush=True)
    for command in commands:
        print(f"$ {shlex.join(['pokespiel', *command])}", flush=True)
        status = run_command(list(command))
        if status:
            return status
    return 0


def learnt(run: Path, game: Game, pairs: int, asked: float) -> Iterator[str]:
    """The scores of the run's mixture on fresh matches, before its first iteration and after its last; `asked` is the
    run's time limit in seconds."""
    standing = RunFolder(run).standing()
    assert standing is not None, "the run has been made an agent of"
    population, mixtures = standing.state.populations[0], standing.mixtures[0]
    minutes, responses = f"{standing.seconds / 60:.1f} minutes", standing.state.iteration
    if not responses:
        yield f"In {minutes} no response was finished: the mixture is still that of {' and '.join(BEGINNERS)}."
        yield longer(asked)
        return
    first, last = (mixture_of(population, mixtures[row]) for row in (0, -1))
    count = "1 response" if responses == 1 else f"{responses} responses"
    before, after = (fresh(game, mixture, "max_damage", pairs) for mixture in (first, last))
    gained = after.low > before.score
    if gained:
        yield f"In {minutes} and {count} PSRO's mixture went"
        yield f"  from {shown(before)} to {shown(after)} against max_damage, whom it began with,"
        began, ended = (shown(fresh(game, mixture, "expert", pairs)) for mixture in (first, last))
        yield f"  from {began} to {ended} against expert, whom it never met."
    else:
        yield f"In {minutes} and {count} PSRO's mixture did not become measurably stronger than the players that it"
        yield f"began with: it wins {shown(after)} against max_damage."
    yield f"Its newest response alone: {shown(fresh(game, population[-1], 'max_damage', pairs))} against max_damage."
    yield f"(Win rates, ties half, with 95 % intervals, on {2 * pairs:,} fresh matches each.)"
    if not gained:
        yield longer(asked)


def longer(asked: float) -> str:
    """What to do if the time was too short to learn."""
    return (
        f"The time was too short: each response trains for {asked / 12:g} s of wall time, whatever else the machine "
        f"does.\nGive it more: python examples/demo.py --seconds {max(300, 2 * asked):g}"
    )


def fresh(game: Game, policy: Policy, opponent: str, pairs: int) -> Score:
    """The score on matches that were not used for training or selection, with the same teams for every policy."""
    return head_to_head(game, policy, BASELINES.build(opponent), pairs, generator(0, f"fresh, {opponent}"))


def shown(score: Score) -> str:
    return f"{score.score:.1%} [{score.low:.1%}, {score.high:.1%}]"


if __name__ == "__main__":
    sys.exit(main())
