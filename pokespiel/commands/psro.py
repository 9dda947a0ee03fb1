"""`pokespiel psro`: the loop in a run folder."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pokespiel.commands.interrupted import keeping
from pokespiel.core.executors import EXECUTORS
from pokespiel.core.options import Choice, read_yaml, to_plain
from pokespiel.core.ranges import Count, NotNegative, Positive
from pokespiel.core.registry import BadOption, short_name
from pokespiel.game.names import with_limit
from pokespiel.runs.run import PSROConfig, RunFolder


@dataclass(frozen=True)
class PSRO(PSROConfig):
    """Grow populations by policy-space response oracles, in a run folder.

    The options of a plug-in become flags once it is chosen: try `--oracle cfr --help`. Yours is python:FILE.py:NAME.

    pokespiel psro --game leduc_poker --meta-solver prd --iterations 20

    pokespiel psro --game gen1ou --population baselines --payoffs.units 200 --oracle ppo --oracle.decisions 1000000

    pokespiel psro --game gen1ou --start runs/x --oracle exploiter ppo --turns alternate --iterations 6
    """

    common: ClassVar[tuple[str, ...]] = (
        *("game", "meta_solver", "oracle", "population", "start", "payoffs", "iterations", "seed"),
        *("run", "resume", "config", "seconds"),
        *("oracle.decisions", "oracle.seconds", "oracle.self_play", "oracle.compute.device", "payoffs.units"),
    )
    """The options that `--help` shows."""

    run: Path | None = None
    """The run's folder; None = runs/<game>-<meta-solver>-<oracle>-<seed>."""
    resume: bool = False
    """Resume the run in the folder with the options it was started with; only --iterations and --oracle.compute
    may change."""
    config: Path | None = None
    """A YAML file with values for these options; flags override it."""
    checkpoint_seconds: NotNegative = 30.0
    """Seconds between checkpoints of an oracle's unfinished work; finished iterations are always kept."""
    seconds: Positive | None = None
    """Stop at the first checkpoint after this many seconds, to be resumed later with --resume; None = never."""
    limit: Count | None = None
    """Maximum number of histories of an exact game; each takes about 200 bytes, and 3 microseconds to read. The run
    keeps it as the game's parameter limit=N. None = 2,000,000."""
    go_on: bool = False
    """Run all iterations, even when no oracle adds anything new and each one can only repeat the one before."""
    executor: Annotated[Choice, EXECUTORS] = Choice("local")
    """Where a run with --side-by-side makes its oracle calls and plays its blocks of matches; results do not depend on
    it."""
    wandb: str = ""
    """A Weights & Biases project that also receives the learning curves; empty = none. TensorBoard files are always
    written."""

    @classmethod
    def base(cls, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
        """Values that replace the defaults: those of the YAML file, or of the run to resume."""
        if "resume" in given:
            if not given.get("run") or given.get("config"):
                raise BadOption("--resume continues the run in --run FOLDER and its options; it takes no --config")
            return to_plain(RunFolder(given["run"][0]).config())
        return read_yaml(given["config"][0]) if given.get("config") else {}

    def folder(self) -> Path:
        game = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in self.game)
        oracles = "+".join(short_name(choice.name) for choice in self.oracle)
        solver = short_name((self.restricted or self.meta_solver).name)
        return self.run or Path("runs") / f"{game}-{solver}-{oracles}-{self.seed}"

    def __call__(self) -> int:
        from pokespiel.runs.session import check_config, work

        options = {name: getattr(self, name) for name in PSROConfig.__dataclass_fields__}
        config = PSROConfig(**{**options, "game": with_limit(self.game, self.limit)})
        folder = self.folder()
        executor = self.executor.build(EXECUTORS)
        if executor.workers != 1 and not config.in_parallel:
            raise BadOption(
                "this run draws its random numbers from one stream, so its work cannot be divided: only a run that was "
                "started with --side-by-side, or with several --levels, can use several workers, with the same results "
                "on any number of them"
            )
        if not self.resume:
            check_config(config)
        quoted = shlex.quote(str(folder))
        again = f"pokespiel psro --run {quoted} --resume"
        opened = RunFolder.resume(folder, config) if self.resume else RunFolder.create(folder, config)
        with keeping(lambda: f"resume with: {again}" if _stands(folder) else ""), opened as run:
            outcome = work(run, self.checkpoint_seconds, self.wandb, self.seconds, self.go_on, executor)
        if not outcome.finished:
            print(f"stopped at iteration {outcome.standing.state.iteration}; resume with: {again}")
            return 130
        if outcome.settled:
            print(
                f"no response is new any more: further iterations would repeat iteration "
                f"{outcome.standing.state.iteration}{'' if self.go_on else ' (--resume --go-on makes them)'}"
            )
        print(f"{_summary(outcome.standing.rows[-1])}\nrun: {folder}   report: pokespiel report {quoted}")
        return 0


def _stands(folder: Path) -> bool:
    return RunFolder(folder).checkpoint_file.is_file()


def _summary(row: Mapping[str, Any]) -> str:
    """The distance from equilibrium where it is known, else how the last responses did."""
    names = [name for name in ("exploitability", "nash_conv", "cce_gap") if name in row]
    names += [name for name in row if name.endswith("/win_rate")]
    figures = [f"{re.sub('[_/]', ' ', name)} {row[name]:.6g}" for name in names or ["population_regret"]]
    return f"iteration {row['iteration']}: {', '.join(figures)}, {row['seconds']:.1f} s"
