"""The command line: each command is a frozen dataclass of options whose call does the work.

To add a command, write its class and add its line to COMMANDS. Modules that are slow to import are imported by the
command that needs them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional

import pokespiel.blas  # noqa: F401, before NumPy
from pokespiel.metasolvers import METASOLVERS
from pokespiel.options import Choice, flags_given, parse, read_yaml, to_plain
from pokespiel.run import PSROConfig, RunFolder


@dataclass(frozen=True)
class PSRO(PSROConfig):
    """Grow populations by policy-space response oracles, in a run folder.

    Each plug-in's own options become flags once it is chosen: try `--oracle cfr --help`.
    """

    run: Path | None = None
    """The run's folder; None = runs/<game>-<meta-solver>-<oracle>-<seed>."""
    resume: bool = False
    """Go on with the run in the folder, with the options it was started with; only --iterations may change."""
    config: Path | None = None
    """A YAML file of these options; flags override it."""
    checkpoint_seconds: float = 30.0
    """How much of an oracle's work in progress a kill may cost; finished iterations are always kept."""
    wandb: str = ""
    """The Weights & Biases project that gets the learners' curves too; TensorBoard files are always written."""

    @classmethod
    def base(cls, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
        """What replaces the defaults: the YAML file, or the run to resume."""
        if "resume" in given and given.get("run"):
            return to_plain(RunFolder(given["run"][0]).config())
        return read_yaml(given["config"][0]) if given.get("config") else {}

    def folder(self) -> Path:
        game = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in self.game)
        oracles = "+".join(choice.name for choice in self.oracle)
        return self.run or Path("runs") / f"{game}-{self.meta_solver.name}-{oracles}-{self.seed}"

    def __call__(self) -> int:
        from pokespiel.session import work

        config = PSROConfig(**{name: getattr(self, name) for name in PSROConfig.__dataclass_fields__})
        folder = self.folder()
        opened = RunFolder.resume(folder, config) if self.resume else RunFolder.create(folder, config)
        with opened as run:
            outcome = work(run, self.checkpoint_seconds, self.wandb)
        again = f"pokespiel psro --run {folder} --resume"
        if not outcome.finished:
            print(f"stopped at iteration {outcome.standing.state.iteration}; go on with: {again}")
            return 130
        print(f"{_summary(outcome.standing.rows[-1])}\nrun: {folder}   report: pokespiel report {folder}")
        return 0


def _summary(row: Mapping[str, Any]) -> str:
    names = ("exploitability", "nash_conv", "cce_gap", "population_regret")
    figures = ", ".join(f"{name.replace('_', ' ')} {row[name]:.6g}" for name in names if name in row)
    return f"iteration {row['iteration']}: {figures}, {row['seconds']:.1f} s"


@dataclass(frozen=True)
class Solve:
    """Solve a payoff table: print each player's mixture and what it leaves to gain."""

    table: Positional[Path]
    """A CSV file of the row player's payoffs (zero-sum), or an .npy file of payoffs [P, n_1, ..., n_P]."""
    second: Path | None = None
    """A CSV file of the column player's payoffs; None = the game is zero-sum."""
    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")
    """The solver."""
    symmetric: bool = False
    """One population for both seats: entry (i, j) is what policy i earns against policy j."""
    smallest: float = 1e-6
    """Do not list policies with less weight."""

    def __call__(self) -> int:
        from pokespiel.solve import read_payoffs, solution

        payoffs = read_payoffs(self.table, self.second)
        print(solution(payoffs, self.meta_solver.build(METASOLVERS), self.symmetric, self.smallest))
        return 0


@dataclass(frozen=True)
class List:
    """List games, meta-solvers, oracles and ways to fill payoff tables, with their references."""

    games: bool = False
    """Name every OpenSpiel game too."""

    def __call__(self) -> int:
        from pokespiel.catalogue import catalogue

        print(catalogue(self.games))
        return 0


@dataclass(frozen=True)
class Report:
    """Write a run's report: one self-contained HTML page with its plots."""

    run: Positional[Path]
    """The run's folder."""
    out: Path | None = None
    """Where to write it; None = report.html in the folder."""

    def __call__(self) -> int:
        from pokespiel.run_report import write_report

        path = self.out or self.run / "report.html"
        write_report(RunFolder(self.run), path)
        print(path)
        return 0


@dataclass(frozen=True)
class Profile:
    """Measure where learning spends its time on this machine, and propose batch sizes."""

    game: str = "leduc_poker"
    """The game to play."""
    hidden: tuple[int, ...] = (128, 128)
    """Widths of the network's hidden layers."""
    body: Literal["auto", "mlp", "residual", "structured"] = "auto"
    """What the network is made of; auto = by the game's layout where it has one."""
    device: str = "cpu"
    """Where the network runs."""
    threads: int = 1
    """Torch's threads."""
    epochs: int = 4
    """How often each decision is learnt from."""
    seconds: float = 1.0
    """Least time of each measurement."""
    seed: int = 0

    def __call__(self) -> int:
        import numpy as np

        from pokespiel.game import load_game
        from pokespiel.learning.learner import Compute
        from pokespiel.learning.networks import NetworkOptions
        from pokespiel.learning.profile import Profiler, table

        network, compute = NetworkOptions(self.body, self.hidden), Compute(self.device, threads=self.threads)
        speeds = Profiler(network, compute, self.seconds)(load_game(self.game), np.random.default_rng(self.seed))
        print("\n".join(table(speeds, self.epochs)))
        return 0


@dataclass(frozen=True)
class Showdown:
    """Pokémon Showdown: install and serve it here, play policies on it, or take one online.

    install: fetch the pinned server into the cache. serve: run it until interrupted. arena: play --first against
    --second here, in seat-swapped pairs. accept, challenge, ladder: --first plays at --server under the account in
    SHOWDOWN_USERNAME and SHOWDOWN_PASSWORD.
    """

    action: Positional[Literal["install", "serve", "arena", "accept", "challenge", "ladder"]]
    """What to do."""
    first: str = "expert"
    """A baseline's name, a policy's file, or for the arena "poke-env:CLASS" with a poke-env player or module:Class."""
    second: str = "poke-env:SimpleHeuristicsPlayer"
    """The arena's other side, likewise."""
    opponent: str | None = None
    """Whom to challenge, or from whom alone to accept; None = from anyone."""
    matches: int = 20
    """How many; the arena plays pairs of them."""
    teams: str = "competitive"
    """A shipped pool or a file or folder of teams; each match draws from it."""
    server: str = "8000"
    """Where to play online: official, a port of this machine, or a websocket address."""
    port: int = 8000
    """The port to serve on; 0 = any free one."""
    servers: int = 1
    """Local servers that the arena spreads its matches over."""
    concurrency: int = 8
    """Matches side by side in the arena."""
    seed: int = 0
    """Of the teams and of the policies' own draws; the server rolls by itself."""

    def __call__(self) -> int:
        from pokespiel.showdown.commands import run

        run(self)
        return 0


COMMANDS: dict[str, type] = {
    "psro": PSRO,
    "solve": Solve,
    "list": List,
    "report": Report,
    "profile": Profile,
    "showdown": Showdown,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line on standard error and exit status 2."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
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


def _run(name: str, arguments: Sequence[str]) -> int:
    from pokespiel.config import unknown

    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    command = COMMANDS[name]
    base = command.base(flags_given(arguments)) if hasattr(command, "base") else {}
    return parse(command, arguments, f"pokespiel {name}", base)()


def _usage() -> str:
    lines = [f"  {name:<10} {(command.__doc__ or '').splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: pokespiel COMMAND [options]   (pokespiel COMMAND --help shows them)", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
