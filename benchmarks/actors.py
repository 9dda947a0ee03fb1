"""Decisions per second of self-play by processes: how collection and learning scale, with and without a GPU.

    python benchmarks/actors.py --oracle ppo --learners 1 2 --bf16 False auto --updates 4
    python benchmarks/actors.py --actors 1 2 --updates 6
    python benchmarks/actors.py --actors 1 2 4 8 16 --device cpu cuda --networks default residual --updates 4

Trains in self-play on Gen 1 OU with `mmd` or `ppo` for a few updates, of which the first is not counted. For each
setting it prints the decisions per second end to end, the share of time that the learner waited, and the time that an
actor needed for its rounds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.networks import NetworkOptions
from pokespiel.oracles import ORACLES

NETWORKS = {
    "default": NetworkOptions(),
    "wide": NetworkOptions(hidden=(256, 256), row_width=64),
    "residual": NetworkOptions(body="residual", hidden=(512, 512, 512)),
    "residual_1024": NetworkOptions(body="residual", hidden=(1024, 1024, 1024, 1024)),
    "attention": NetworkOptions(hidden=(512, 512), row_width=96, attention=4, attention_layers=3),
}
"""A residual body has a block for each layer after the first."""


OWN: dict[str, dict[str, Any]] = {
    "mmd": {"alpha": {"start": 0.1}, "eta": {"start": 1.0}},
    "ppo": {"opponent": "self", "entropy": {"start": 0.01}},
}
"""Options that only one oracle has."""


def measure(
    options: argparse.Namespace, device: str, network: str, bf16: str, learners: int, actors: int
) -> dict[str, Any]:
    """One setting."""
    shared = {
        "decisions": 10**12,
        "batch": options.batch,
        "matches": options.matches,
        "log_every": 1,
        "epochs": options.epochs,
        "minibatches": options.minibatches,
        "gae_lambda": 0.85,
        "warm_start": "scratch",
        "optimiser": {"rate": {"start": 6e-4}, "average": 0.998},
        "learners": learners,
        "actors": actors,
        "staleness": options.staleness,
        "inference": options.inference,
    }
    oracle = replace(
        ORACLES.build(options.oracle, shared | OWN[options.oracle]),
        network=NETWORKS[network],
        compute=Compute(
            device=device, bf16={"auto": "auto", "True": True, "False": False}[bf16], graphs=not options.eager
        ),  # type: ignore[arg-type]
    )
    trainings = oracle(load_game("gen1ou"), {}, np.random.default_rng(options.seed))
    for number in range(options.leave_out):
        before = next(trainings).metrics
        print(f"update {number}: {before['seconds']:.1f} s", file=sys.stderr, flush=True)
    began = time.perf_counter()
    for _ in range(options.updates):
        after = next(trainings).metrics
    seconds = time.perf_counter() - began
    trainings.close()  # type: ignore[attr-defined]
    spent = {name: after[f"seconds/{name}"] - before[f"seconds/{name}"] for name in ("collect", "update")}
    return {
        "device": device,
        "network": network,
        "learners": learners,
        "actors": actors,
        "decisions_per_second": round((after["decisions"] - before["decisions"]) / seconds),
        "waiting": round(spent["collect"] / seconds, 3),
        "updating": round(spent["update"] / seconds, 3),
        "actor_seconds": round(after.get("seconds/actors", 0.0), 3),
        "seconds": round(seconds, 1),
        "bf16": bool(after["compute/bf16"]),
    }


def settings(options: argparse.Namespace) -> Iterator[tuple[str, str, str, int, int]]:
    """Learners and actors exclude each other."""
    crews = [(one, 0) for one in options.learners] + [(1, one) for one in options.actors]
    for device, network, bf16, crew in itertools.product(options.device, options.networks, options.bf16, crews):
        yield device, network, bf16, *crew


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", default="mmd", choices=OWN)
    parser.add_argument("--learners", type=int, nargs="*", default=[])
    parser.add_argument("--actors", type=int, nargs="*", default=[])
    parser.add_argument("--device", nargs="+", default=["cpu"])
    parser.add_argument("--networks", nargs="+", default=["default"], choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=65_536)
    parser.add_argument("--matches", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--minibatches", type=int, default=16)
    parser.add_argument("--staleness", type=int, default=1)
    parser.add_argument("--inference", default="auto", choices=("auto", "actors", "server"))
    parser.add_argument("--bf16", nargs="+", default=["auto"], choices=("auto", "True", "False"))
    parser.add_argument("--eager", action="store_true", help="no CUDA graphs")
    parser.add_argument("--updates", type=int, default=6)
    parser.add_argument("--leave-out", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for setting in settings(options):
        print(json.dumps(measure(options, *setting)), flush=True)


if __name__ == "__main__":
    main()
