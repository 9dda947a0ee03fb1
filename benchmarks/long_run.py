"""The long run: self-play by magnetic mirror descent from the 3-hour agent, in resumable pieces.

    python benchmarks/long_run.py train --out runs/long --decisions 200000000 --seconds 540
    python benchmarks/long_run.py train --out runs/long --seconds 540        (the next piece, with the same settings)
    python benchmarks/long_run.py train --out runs/gpu --device cuda --batch 262144 --matches 8192 --seconds 540
    python benchmarks/long_run.py train --out runs/mixed --self-play 0.6 --foes expert gym_leader exploiter.safetensors
    python benchmarks/long_run.py strength --out runs/long --pairs 2000 --game "gen1ou(pool=held-out.txt)"
    python benchmarks/long_run.py purified --out runs/long --pairs 3000 --floors 0 0.03 --temperatures 1 0.7

`train` writes a snapshot of the averaged weights whenever --every decisions have passed, one row of metrics per update,
and a checkpoint that the next call resumes. `strength` plays each snapshot against the 3-hour agent's best member and
`expert`, in seat-swapped pairs on the teams of --game; rows that exist already are kept. `purified` plays the newest
snapshot without its least likely actions, and sharpened, against the 3-hour agent and against itself. Matches that are
not self-play are against --foes, a name as often as it is given.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.files import write_text
from pokespiel.core.policy import Mixture, Observations, Policy
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.progress import watch
from pokespiel.core.registry import build, options_of
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Training
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.seats import opponents_of
from pokespiel.runs.initial import policy_named

GAME = "gen1ou(pool=competitive,party=6,team_choice=chance)"
HELD_OUT = "gen1ou(pool=variety,party=6,team_choice=chance)"
OPPONENT = "three_hours/0018"
"""The best member of the 3-hour agent."""
FORMAT = "pokespiel-long-run-1"


def settings(options: argparse.Namespace) -> MMD:
    """The reference run's self-play with the command line's changes."""
    network = NetworkOptions(hidden=(options.width, options.width), row_width=options.width // 4)
    return MMD(
        self_play=options.self_play if options.foes else 1.0,
        decisions=options.decisions,
        seconds=options.whole,
        batch=options.batch,
        matches=options.matches,
        log_every=1,
        warm_start="scratch" if options.fresh else "newest",
        network=network,
        widen=options.width != 128,
        optimiser=Optimiser(rate=Schedule(options.rate, "linear", end=options.rate / 6), average=0.998),
        compute=Compute(device=options.device, graphs=not options.eager),
        learners="auto" if options.learners is None else options.learners,
        actors="auto" if options.actors is None else options.actors,
        epochs=options.epochs,
        minibatches=options.minibatches,
        gae_lambda=0.85,
        discount=options.discount,
        alpha=Schedule(0.1),
        eta=Schedule(1.0),
    )


class Folder:
    """The folder of a long run: settings, checkpoint, snapshots by millions of decisions, and metrics."""

    def __init__(self, path: Path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def oracle(self, options: argparse.Namespace) -> MMD:
        """The settings saved in the folder, or those of the command line if there are none."""
        file = self.path / "settings.json"
        if not file.is_file():
            write_text(file, json.dumps(options_of(settings(options)), indent=1))
        return build(MMD, json.loads(file.read_text()), "settings")

    def state(self) -> Any:
        file = self.path / "checkpoint.safetensors"
        return load_checkpoint(file, FORMAT) if file.is_file() else None

    def keep(self, training: Training) -> None:
        save_checkpoint(self.path / "checkpoint.safetensors", FORMAT, training.state)

    def snapshot(self, training: Training) -> None:
        millions = training.metrics["decisions"] / 1e6
        save_policy(self.path / f"{millions:07.1f}.safetensors", training.responses[0][0])

    def note(self, metrics: dict[str, float]) -> None:
        file = self.path / "metrics.csv"
        new = not file.is_file()
        with file.open("a", newline="") as stream:
            writer = csv.writer(stream)
            if new:
                writer.writerow(metrics)
            writer.writerow([f"{value:.6g}" for value in metrics.values()])


def train(options: argparse.Namespace) -> None:
    folder, game = Folder(Path(options.out)), load_game(options.game)
    oracle, state = folder.oracle(options), folder.state()
    foes = [policy_named(name) for name in options.foes]
    against = opponents_of(Mixture(foes, np.full(len(foes), 1 / len(foes)))) if foes else {}
    began = kept = time.monotonic()
    last = None if state is None else state["counts"]["decisions"] // options.every
    training = None
    with watch("long run", oracle.decisions) as bar:
        for training in oracle(
            game, against, generator(options.seed, "long run"), start=[policy_named(options.start)], state=state
        ):
            decisions = int(training.metrics["decisions"])
            folder.note(training.metrics)
            bar.update(min(decisions, oracle.decisions), f"{training.metrics['decisions_per_second']:,.0f}/s")
            if last is None or decisions // options.every != last:
                folder.snapshot(training)
                last = decisions // options.every
            now = time.monotonic()
            if now - kept > options.checkpoint:
                folder.keep(training)
                kept = time.monotonic()
            if options.seconds and now - began > options.seconds:
                break
    if training is not None:
        folder.snapshot(training)
        if options.checkpoint < 1e6:
            folder.keep(training)


def strength(options: argparse.Namespace) -> None:
    folder, file = Path(options.out), Path(options.out) / "strength.json"
    rows = json.loads(file.read_text()) if file.is_file() else []
    done = {(row["snapshot"], row["opponent"], row["game"], row["pairs"]) for row in rows}
    game = load_game(options.game)
    for path in sorted(folder.glob("*.safetensors")):
        if path.stem == "checkpoint":
            continue
        for name in options.against:
            if (path.stem, name, options.game, options.pairs) in done:
                continue
            score = head_to_head(
                game, load_policy(path), policy_named(name), options.pairs, generator(options.seed, path.stem)
            )
            rows.append(
                {
                    "snapshot": path.stem,
                    "opponent": name,
                    "game": options.game,
                    "pairs": options.pairs,
                    **score._asdict(),
                }
            )
            write_text(file, json.dumps(rows, indent=1))
            print(rows[-1], flush=True)


class Purified:
    """Another policy's probabilities to the power 1/temperature, without those below `floor`; the largest one stays.

    Ganzfried, Sandholm and Waugh 2012, "Strategy purification and thresholding: effective non-equilibrium approaches
    for playing large games".
    """

    def __init__(self, policy: Policy, floor: float, temperature: float):
        self.policy, self.floor, self.temperature = policy, floor, temperature
        self.memory_size = policy.memory_size

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.policy.start(n, rng)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities, memory = self.policy(observations, memory)
        sharp = probabilities ** (1 / self.temperature)
        sharp /= sharp.sum(axis=1, keepdims=True)
        kept = np.where((sharp >= self.floor) | (sharp >= sharp.max(axis=1, keepdims=True)), sharp, 0.0)
        return kept / kept.sum(axis=1, keepdims=True), memory


def purified(options: argparse.Namespace) -> None:
    newest = max(path for path in Path(options.out).glob("*.safetensors") if path.stem != "checkpoint")
    game, policy = load_game(options.game), load_policy(newest)
    for name, opponent in ((OPPONENT, policy_named(OPPONENT)), (newest.stem, policy)):
        for floor, temperature in itertools.product(options.floors, options.temperatures):
            changed = Purified(policy, floor, temperature)
            score = head_to_head(game, changed, opponent, options.pairs, generator(options.seed, "purified"))
            shown = f"{score.score:.3f} [{score.low:.3f}, {score.high:.3f}]"
            print(f"{newest.stem}, floor {floor:g}, temperature {temperature:g}, against {name}: {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("--game", default=GAME)
    one.add_argument("--start", default=OPPONENT, help="an agent of the package or a policy's file")
    one.add_argument(
        "--foes", nargs="*", default=[], help="players, agents or files to play as well; name them for each piece"
    )
    one.add_argument("--self-play", type=float, default=0.6, help="share of the matches against itself, with --foes")
    one.add_argument("--decisions", type=int, default=200_000_000)
    one.add_argument("--whole", type=float, help="seconds of the whole training, over which schedules run")
    one.add_argument("--seconds", type=float, default=0, help="of this piece; 0 = to the end")
    one.add_argument("--every", type=int, default=10_000_000, help="decisions between snapshots")
    one.add_argument("--checkpoint", type=float, default=120, help="seconds between checkpoints")
    one.add_argument("--device", default="cpu")
    one.add_argument("--eager", action="store_true", help="no CUDA graphs")
    one.add_argument("--learners", type=int)
    one.add_argument("--actors", type=int)
    one.add_argument("--batch", type=int, default=65_536)
    one.add_argument("--matches", type=int, default=1024)
    one.add_argument("--epochs", type=int, default=2)
    one.add_argument("--minibatches", type=int, default=16)
    one.add_argument("--rate", type=float, default=6e-4)
    one.add_argument("--discount", type=float, default=1.0)
    one.add_argument("--width", type=int, default=128, help="of hidden layers; a quarter of it for rows")
    one.add_argument("--fresh", action="store_true", help="from fresh weights")
    two = commands.add_parser("strength")
    two.add_argument("--game", default=HELD_OUT)
    two.add_argument("--pairs", type=int, default=2000)
    two.add_argument("--against", nargs="*", default=[OPPONENT, "expert"])
    three = commands.add_parser("purified")
    three.add_argument("--game", default=HELD_OUT)
    three.add_argument("--pairs", type=int, default=3000)
    three.add_argument("--floors", type=float, nargs="+", default=[0.0, 0.03, 0.06, 0.1])
    three.add_argument("--temperatures", type=float, nargs="+", default=[1.0])
    for command in (one, two, three):
        command.add_argument("--out", default="runs/long")
        command.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    {"train": train, "strength": strength, "purified": purified}[options.command](options)


if __name__ == "__main__":
    main()
