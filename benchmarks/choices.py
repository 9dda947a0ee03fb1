"""Short training runs that differ in one setting each: what helps on Gen 1 OU, and what does not.

    python benchmarks/choices.py train --names base epochs_1 width_256 --seeds 1 2
    python benchmarks/choices.py train                                    (all that are missing)
    python benchmarks/choices.py table

Every training run starts from fresh weights, plays itself on the training part of the competitive teams and has the
same number of decisions. Scores come from seat-swapped pairs on the held-out teams: against `max_damage`, `expert` and
the policy of `base` with the same seed. --out gets one file per training run; finished ones are not run again.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.policy import Policy
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.progress import watch
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.oracles import ORACLES

TRAINING = "gen1ou(pool=competitive@train,party=6,team_choice=chance)"
HELD_OUT = "gen1ou(pool=competitive@held-out,party=6,team_choice=chance)"
SHARED: dict[str, Any] = {
    "batch": 65_536,
    "matches": 1_024,
    "log_every": 1,
    "warm_start": "scratch",
    "epochs": 2,
    "minibatches": 16,
    "gae_lambda": 0.85,
    "discount": 0.999,
    "learners": 1,
    "actors": 0,
    "optimiser": {"rate": {"start": 1e-3, "kind": "linear", "end": 1e-4}, "average": 0.99},
}
MMD: dict[str, Any] = {"alpha": {"start": 0.1}, "eta": {"start": 1.0}}
PPO: dict[str, Any] = {"opponent": "self", "entropy": {"start": 0.02, "kind": "linear", "end": 0.0}}
CHOICES: dict[str, tuple[str, dict[str, Any]]] = {
    "base": ("mmd", {}),
    "float32": ("mmd", {"compute": {"bf16": False}}),
    "learners_2": ("mmd", {"learners": 2}),
    "stale": ("mmd", {"actors": 1, "staleness": 1}),
    "magnet_uniform": ("mmd", {"magnet": "uniform"}),
    "alpha_0.03": ("mmd", {"alpha": {"start": 0.03}}),
    "alpha_0.3": ("mmd", {"alpha": {"start": 0.3}}),
    "ppo": ("ppo", {}),
    "ppo_largest": ("ppo", {"largest": 0.5}),
    "ppo_pool": ("ppo", {"opponent": "pool"}),
    "rnad_kl": ("rnad", {"form": "kl"}),
    "epochs_1": ("mmd", {"epochs": 1}),
    "epochs_4": ("mmd", {"epochs": 4}),
    "minibatches_64": ("mmd", {"minibatches": 64}),
    "minibatches_256": ("mmd", {"minibatches": 256}),
    "width_256": ("mmd", {"network": {"hidden": [256, 256], "row_width": 64}}),
    "width_512": ("mmd", {"network": {"hidden": [512, 512], "row_width": 128}}),
    "attention": ("mmd", {"network": {"attention": 4}}),
    "privileged": ("mmd", {"network": {"privileged": True}}),
    "separate_critic": ("mmd", {"network": {"separate_critic": True}}),
    "no_average": ("mmd", {"optimiser": {"average": 0.0}}),
    "discount_1": ("mmd", {"discount": 1.0}),
    "lambda_0.95": ("mmd", {"gae_lambda": 0.95}),
    "shaped": ("mmd", {"reward": {"kind": "shaped"}}),
}
"""By name: the oracle, and the options that differ from `base`."""
OWN = {"mmd": MMD, "ppo": PPO, "rnad": {}}


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both merged; where they differ, the second's values."""
    inner = {key: merged(first[key], value) for key, value in second.items() if isinstance(first.get(key), dict)}
    return first | second | inner


def train(options: argparse.Namespace) -> None:
    for seed in options.seeds:
        for name in options.names:
            path = Path(options.out) / f"{name}-{seed}"
            if not path.with_suffix(".json").exists():
                one(path, name, seed, options)


def one(path: Path, name: str, seed: int, options: argparse.Namespace) -> None:
    """Train, save the policy, play its matches and save their scores."""
    oracle, own = CHOICES[name]
    settings = merged(SHARED | OWN[oracle] | {"decisions": options.decisions}, own)
    began = spent()
    with watch(path.name, options.decisions) as bar:
        for training in ORACLES.build(oracle, settings)(load_game(TRAINING), {}, generator(seed, "choices")):
            done = int(training.metrics["decisions"])
            bar.update(min(done, options.decisions), f"{training.metrics['decisions_per_second']:,.0f}/s")
    policy = training.responses[0][0]
    save_policy(path.with_suffix(".safetensors"), policy)
    found = {
        "decisions": training.metrics["decisions"],
        "seconds": round(training.metrics["seconds"], 1),
        "processor": round(spent() - began, 1),
        "max_damage": played(policy, "max_damage", seed, options),
        "expert": played(policy, "expert", seed, options),
        "base": None if name == "base" else played(policy, "base", seed, options),
    }
    write_text(path.with_suffix(".json"), json.dumps(found, indent=1) + "\n")
    print(path.name, json.dumps(found), flush=True)


def spent() -> float:
    """Seconds of processor time of this process and of its finished children."""
    return sum(os.times()[:4])


def played(policy: Policy, opponent: str, seed: int, options: argparse.Namespace) -> list[float] | None:
    """[score, low, high] against an opponent; None if the opponent is a `base` that is not trained yet."""
    other = Path(options.out) / f"base-{seed}.safetensors"
    if opponent == "base" and not other.exists():
        return None
    foe = load_policy(other) if opponent == "base" else BASELINES.build(opponent)
    score = head_to_head(load_game(HELD_OUT), policy, foe, options.pairs, generator(seed, opponent))
    return [round(value, 4) for value in (score.score, score.low, score.high)]


def table(options: argparse.Namespace) -> None:
    """Mean scores over seeds with each seed's in brackets, whose 95 % interval is about ± 2."""
    print("| choice | seeds | max_damage | expert | base | processor time |\n|---|---|---|---|---|---|")
    for name in options.names:
        found = [json.loads(path.read_text()) for path in sorted(Path(options.out).glob(f"{name}-*.json"))]
        if found:
            cells = [cell([one[opponent] for one in found]) for opponent in ("max_damage", "expert", "base")]
            seconds = np.mean([one["processor"] for one in found])
            print(f"| {name} | {len(found)} | {' | '.join(cells)} | {seconds:.0f} s |")


def cell(scores: list[list[float] | None]) -> str:
    means = [100 * score[0] for score in scores if score is not None]
    return f"{np.mean(means):.1f} % ({', '.join(f'{one:.1f}' for one in means)})" if means else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = {"train": train, "table": table}
    parser.add_argument("what", choices=work)
    parser.add_argument("--names", nargs="+", default=list(CHOICES), choices=CHOICES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--decisions", type=int, default=4_000_000)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--out", default="runs/choices")
    options = parser.parse_args()
    Path(options.out).mkdir(parents=True, exist_ok=True)
    work[options.what](options)


if __name__ == "__main__":
    main()
