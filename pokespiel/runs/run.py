"""A PSRO run in a folder: its options, its environment, one row of metrics per iteration, and everything for a resume.

    config.yaml              every option, including defaults
    environment.json         the seed; versions, commit, machine and command of each session
    metrics.csv              one row per iteration; row 0 is the initial policies
    policies/<seat>/0003.safetensors
    checkpoint.safetensors   iteration, payoff table, meta-strategies, their history, random state, oracle in progress
    tensorboard/             curves of learned responses
    mixture.json, payoffs_<seat>.csv   the same for human readers, written from time to time and at the end; with other
                             than two players, payoffs.npy [P, n_1, ..., n_P]
    population.json ...      the same in other projects' formats, if they can hold it (see exports.py)

Every file is replaced atomically, the checkpoint last: it decides which iteration the folder is at. A killed run
continues from there and reproduces its numbers; a lock keeps two processes out of one folder.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import yaml

from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.files import locked, replacing, write_text
from pokespiel.core.options import Choice, changed_options, from_plain, read_yaml, to_plain
from pokespiel.core.policy import Policy
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.provenance import environment
from pokespiel.core.ranges import Checked, Count, Whole
from pokespiel.core.registry import BadOption
from pokespiel.game.loading import load_game
from pokespiel.metasolvers import METASOLVERS, MetaStrategy
from pokespiel.oracles import ORACLES, RESTRICTED
from pokespiel.payoffs import PAYOFFS
from pokespiel.payoffs.exports import export_table, exportable
from pokespiel.payoffs.tables import PayoffTable, Samples
from pokespiel.psro import Members, PSROState, Turns
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.rows import read_rows, rows_as_csv
from pokespiel.runs.unfinished import pending_of, pipeline_of, plain_level, plain_pending

FORMAT = "pokespiel-run-1"
EXPORT_SECONDS = 30.0


@dataclass(frozen=True)
class PSROConfig(Checked):
    """The options of a PSRO run."""

    game: str = "leduc_poker"
    """An OpenSpiel game with its parameters, such as `leduc_poker(players=3)`, a game of this package, or your own:
    `package.module:Name`, `python:path/to/file.py:Name`."""
    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")
    """Solves the payoff table; responses train against its mixtures."""
    evaluator: Annotated[Choice | None, METASOLVERS] = None
    """Another meta-solver for the reported mixture and its exploitability; None = --meta-solver."""
    oracle: Annotated[tuple[Choice, ...], ORACLES] = (Choice("exact"),)
    """Finds the responses; with several, each is called in every iteration, or see --turns."""
    restricted: Annotated[Choice | None, RESTRICTED] = None
    """Solve the restricted game while responses train: `anytime` against them (Anytime PSRO), `self_play` also adds
    the average of a policy that learns on the way (Self-Play PSRO). None = --meta-solver solves the payoff table."""
    levels: Count = 1
    """Number of responses in training at the same time, each against a solution that includes those below it, side by
    side if an --executor has workers for them (pipeline PSRO). 1 = each is finished before the next one begins."""
    turns: Turns = "together"
    """With several oracles: `together` calls all of them in every iteration, `alternate` calls one per iteration, in
    the order given."""
    population: tuple[str, ...] = ()
    """Initial policies: `uniform`, `baselines` (all scripted players), the name of one, policies' files, folders of
    runs (their mixtures). Empty = uniform, or with --start nothing more. A policy that --start brings as well is added
    once."""
    training_game: str = ""
    """The game that responses learn on, with the same seats, features and actions, such as Gen 1 OU with more teams;
    payoffs and answers are always those of --game. Empty = --game itself."""
    start: Path | None = None
    """Continue from the populations and payoffs of this finished run or tournament of the same game."""
    payoffs: Annotated[Choice, PAYOFFS] = Choice("auto")
    """How the payoff table is filled."""
    iterations: Whole = 40
    """Total number of iterations; a resumed run may ask for more."""
    seed: Whole = 0
    """Seed of all random numbers of the run."""
    side_by_side: bool = False
    """Give each oracle call and each block of sampled matches its own random numbers, so that an --executor can run
    them in parallel with the same results on any number of workers. Otherwise all are drawn from one stream, in
    turn."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.oracle:
            raise BadOption("a run needs at least one oracle")

    @property
    def in_parallel(self) -> bool:
        """Whether parts of the run have their own random numbers, so that an executor can run them in parallel."""
        return self.side_by_side or self.levels > 1


Place = tuple[int, int]
"""A population and an index in it."""


class RunState(NamedTuple):
    """The current state of a run, with its history."""

    state: PSROState
    rows: tuple[Mapping[str, Any], ...]
    """The metrics so far, one mapping per iteration."""
    mixtures: tuple[np.ndarray, ...]
    """[iterations + 1, n_p] per population, the answer's marginal after each iteration; 0 before a policy was added."""
    seconds: float
    """Time spent in all sessions."""

    def answer(self) -> tuple[Policy, ...]:
        """The mixture of each population as one policy: one for all seats of a symmetric game, else one per seat."""
        pairs = zip(self.state.populations, self.state.strategy.marginals, strict=False)
        return tuple(mixture_of(population, marginal) for population, marginal in pairs)


class RunFolder:
    """A run's files; `create` and `resume` hold its lock, `RunFolder(path)` only reads."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._exported = -EXPORT_SECONDS
        self._config: tuple[int, PSROConfig] | None = None

    @classmethod
    @contextmanager
    def create(cls, path: str | Path, config: PSROConfig) -> Iterator[RunFolder]:
        """Create a run; a `FileExistsError` if the folder holds a run with finished work, or something else.

        If an error comes before the run has finished anything, the folders made for it are removed again.
        """
        run = cls(path)
        made = [folder for folder in (run.path, *run.path.parents) if not folder.exists()]
        with locked(run.path):
            if run.checkpoint_file.exists():
                raise FileExistsError(f"{path} already holds a run; resume it, or choose another folder")
            if run.config_file.exists() and not run._is_begun():
                raise FileExistsError(
                    f"{path} holds something else, by its {run.config_file.name}; choose another folder"
                )
            try:
                run._write_environment(config, [])
                run._write_config(config)
                yield run
            except Exception:
                if made and not run.checkpoint_file.exists():
                    _remove(made)
                raise

    @classmethod
    @contextmanager
    def resume(cls, path: str | Path, config: PSROConfig | None = None) -> Iterator[RunFolder]:
        """Open an existing run; a `ValueError` if `config` changes options other than iterations and where networks
        compute."""
        run = cls(path)
        kept = run.config()
        with locked(run.path):
            if config is not None and config != kept:
                _check_same(kept, config, run.path)
                run._write_config(config)
            run._write_environment(kept, run.sessions())
            yield run

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def checkpoint_file(self) -> Path:
        return self.path / "checkpoint.safetensors"

    def config(self) -> PSROConfig:
        """The run's options; the file is read again only after it was written again, perhaps by a resume in another
        process."""
        if not self.config_file.is_file():
            why = f"no {self.config_file.name} in it" if self.path.is_dir() else "no such folder"
            raise FileNotFoundError(f"{self.path} holds no run: there is {why}")
        written = self.config_file.stat().st_mtime_ns
        if self._config is None or self._config[0] != written:
            self._config = written, PSROConfig(**from_plain(PSROConfig, read_yaml(self.config_file)))
        return self._config[1]

    def _is_begun(self) -> bool:
        """Whether the file there is a run's configuration."""
        try:
            self.config()
        except ValueError:
            return False
        return True

    def sessions(self) -> list[dict[str, Any]]:
        """The environment of each session, oldest first."""
        path = self.path / "environment.json"
        return json.loads(path.read_text())["sessions"] if path.is_file() else []

    def standing(self) -> RunState | None:
        """The run's current state; None = nothing is finished yet."""
        if not self.checkpoint_file.exists():
            return None
        kept = load_checkpoint(self.checkpoint_file, FORMAT)
        state = self._state(kept)
        rows = tuple(row for row in read_rows(self.path / "metrics.csv") if row["iteration"] <= state.iteration)
        if len(rows) != state.iteration + 1:
            raise ValueError(f"{self.path / 'metrics.csv'} lacks rows: {len(rows)} of {state.iteration + 1}")
        return RunState(state, rows, kept["mixtures"], kept["seconds"])

    def save(self, standing: RunState, previous: PSROState | None) -> None:
        """Write what is new since `previous`, the checkpoint last."""
        state = standing.state
        first = [len(population) for population in previous.populations] if previous else [0] * len(state.populations)
        for number, name in enumerate(population_names(state)):
            for index in range(first[number], len(state.populations[number])):
                about = self._about(state.origins[number][index])
                save_policy(self.policy_file(name, index), state.populations[number][index], about)
        write_text(self.path / "metrics.csv", rows_as_csv(standing.rows))
        save_checkpoint(self.checkpoint_file, FORMAT, _kept(standing))

    def export(self, standing: RunState, *, now: bool = False) -> None:
        """Write the mixture and the payoffs for human readers, if the last time was a while ago or if `now`."""
        if not now and time.monotonic() - self._exported < EXPORT_SECONDS:
            return
        self._exported = time.monotonic()
        state = standing.state
        mixture = {
            name: {
                str(self.policy_file(name, index).relative_to(self.path)): float(weight)
                for index, weight in enumerate(marginal)
                if weight > 0
            }
            for name, marginal in zip(population_names(state), state.strategy.marginals, strict=False)
        }
        write_text(self.path / "mixture.json", json.dumps(mixture, indent=1) + "\n")
        if state.table.payoffs.ndim == 3:
            for seat, payoffs in enumerate(state.table.payoffs):
                with replacing(self.path / f"payoffs_{seat}.csv") as temporary:
                    np.savetxt(temporary, payoffs, delimiter=",", fmt="%.12g")
        else:
            with replacing(self.path / "payoffs.npy") as temporary, temporary.open("wb") as file:
                np.save(file, state.table.payoffs)
        config = self.config()
        game = load_game(config.game)
        if exportable(game, state.table):
            policies = dict(zip(labels(state.origins[0]), state.populations[0], strict=True))
            solver = (config.evaluator or config.meta_solver).name
            about = {"seed": config.seed, "iteration": state.iteration}
            weights = state.strategy.marginals[0]
            export_table(self.path, game, policies, state.table, weights, solver=solver, about=about)

    def _about(self, origin: Mapping[str, Any]) -> dict[str, Any]:
        """What a policy's file says about it: responses of this run get its name and seed, those of another run keep
        theirs."""
        return ({"run": self.path.name, "seed": self.config().seed} if "oracle" in origin else {}) | dict(origin)

    def before(self) -> Path | None:
        """The folder that this run started from: the given path, or that name next to this folder; None = from
        policies."""
        start = self.config().start
        if start is None or start.exists():
            return start
        beside = self.path.parent / start.name
        return start if beside.resolve() == self.path.resolve() else beside

    def policy_file(self, population: str, index: int) -> Path:
        return self.path / "policies" / population / f"{index:04d}.safetensors"

    def _state(self, kept: Mapping[str, Any]) -> PSROState:
        populations = self._populations(kept["sizes"], {place: first for place, first in kept["shared"]})
        payoffs, samples = kept["table"]
        return PSROState(
            iteration=kept["iteration"],
            populations=populations,
            origins=kept["origins"],
            table=PayoffTable(payoffs, None if samples is None else Samples(*samples)),
            training=MetaStrategy(*kept["training"]),
            strategy=MetaStrategy(*kept["strategy"]),
            rng=kept["rng"],
            metrics=kept["metrics"],
            pending=pending_of(kept["pending"]),
            idle=kept.get("idle", 0),  # earlier versions did not count them
            pipeline=pipeline_of(kept.get("pipeline", ())),
        )

    def _populations(self, sizes: Sequence[int], shared: Mapping[Place, Place]) -> Members:
        """Load the policies; one that serves several seats is a single object again."""
        loaded: dict[Place, Policy] = {}
        for seat, (name, size) in enumerate(zip(_names(len(sizes)), sizes, strict=True)):
            for index in range(size):
                first = shared.get((seat, index))
                loaded[seat, index] = loaded[first] if first else load_policy(self.policy_file(name, index))
        return tuple(tuple(loaded[seat, index] for index in range(size)) for seat, size in enumerate(sizes))

    def _write_config(self, config: PSROConfig) -> None:
        write_text(self.config_file, yaml.safe_dump(to_plain(config), sort_keys=False))

    def _write_environment(self, config: PSROConfig, sessions: Sequence[Mapping[str, Any]]) -> None:
        text = json.dumps({"seed": config.seed, "sessions": [*sessions, environment()]}, indent=1)
        write_text(self.path / "environment.json", text + "\n")


def settled(config: PSROConfig, state: PSROState) -> bool:
    """Whether further iterations would change nothing: no oracle added anything new in its last turn, nor would it
    again."""
    return state.idle >= len(config.oracle)


def population_names(state: PSROState) -> list[str]:
    """The folder of each population: `all` seats in a symmetric game, else the seat's number."""
    return _names(len(state.populations))


def _names(populations: int) -> list[str]:
    return ["all"] if populations == 1 else [str(seat) for seat in range(populations)]


def labels(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each policy of a population: its index and its origin."""
    return [f"{index} {origin['name']}" for index, origin in enumerate(origins)]


def extended(mixtures: tuple[np.ndarray, ...] | None, state: PSROState) -> tuple[np.ndarray, ...]:
    """The history of mixtures with `state`'s as its last row."""
    marginals = state.strategy.marginals[: len(state.populations)]
    if mixtures is None:
        return tuple(marginal[None] for marginal in marginals)
    grown = []
    for history, marginal in zip(mixtures, marginals, strict=True):
        rows = np.zeros((len(history) + 1, len(marginal)))
        rows[:-1, : history.shape[1]] = history
        rows[-1] = marginal
        grown.append(rows)
    return tuple(grown)


def _kept(standing: RunState) -> dict[str, Any]:
    state = standing.state
    samples = state.table.samples
    return {
        "iteration": state.iteration,
        "sizes": [len(population) for population in state.populations],
        "shared": _shared(state.populations),
        "origins": state.origins,
        "table": (state.table.payoffs, None if samples is None else tuple(samples)),
        "training": tuple(state.training),
        "strategy": tuple(state.strategy),
        "rng": state.rng,
        "metrics": dict(state.metrics),
        "pending": None if state.pending is None else plain_pending(state.pending),
        "idle": state.idle,
        "pipeline": [plain_level(level) for level in state.pipeline],
        "mixtures": standing.mixtures,
        "seconds": standing.seconds,
    }


def _check_same(kept: PSROConfig, asked: PSROConfig, path: Path) -> None:
    """Check that only `iterations` and `compute` differ: the latter depends on the machine that resumes the run."""
    before, after = (to_plain(replace(config, iterations=kept.iterations)) for config in (kept, asked))
    for plain in (before, after):
        plain["oracle"] = [{key: value for key, value in one.items() if key != "compute"} for one in plain["oracle"]]
    changed = "; ".join(changed_options(before, after))
    if changed:
        raise ValueError(f"{path} was started with other options; a resume cannot change {changed}")


def _shared(populations: Members) -> list[tuple[Place, Place]]:
    """The places of policies that also have an earlier place, each with the earliest one."""
    first: dict[int, Place] = {}
    shared = []
    for seat, population in enumerate(populations):
        for index, policy in enumerate(population):
            if first.setdefault(id(policy), (seat, index)) != (seat, index):
                shared.append(((seat, index), first[id(policy)]))
    return shared


def _remove(folders: Sequence[Path]) -> None:
    """Remove the first folder with its contents, then each of its parents that is empty."""
    shutil.rmtree(folders[0], ignore_errors=True)
    for folder in folders[1:]:
        with suppress(OSError):
            folder.rmdir()
