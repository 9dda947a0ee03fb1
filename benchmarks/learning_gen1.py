"""PPO self-play on Gen 1 OU: speed, where the time goes, and the win rate against max_damage on held-out teams.

    python benchmarks/learning_gen1.py speed --threads 2
    python benchmarks/learning_gen1.py learn --seeds 11 12 13 --minutes 5

`learn` trains on the competitive pool's training teams and plays its held-out teams in seat-swapped pairs; the score
counts a tie as a half and its interval is a bootstrap over pairs. Finished seeds are kept in --out and not run again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.policy import Policy
from pokespiel.core.policy_files import save_policy
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.game import Gen1Game
from pokespiel.game.gen1.teams.pools import load_pool, split_pool
from pokespiel.game.matches import play_matches
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.profile import Profiler, speed_table
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles.ppo import PPO


def learner(options: argparse.Namespace) -> PPO:
    """The settings: a long budget, since time ends the run; a constant learning rate and a small entropy bonus."""
    return PPO(
        opponent="self",
        decisions=10**9,
        batch=options.batch,
        matches=options.matches,
        log_every=1,
        epochs=options.epochs,
        minibatches=options.minibatches,
        gae_lambda=0.85,
        entropy=Schedule(0.01),
        optimiser=Optimiser(rate=Schedule(1e-3)),
        compute=Compute(bf16=options.bf16, threads=options.threads, device=options.device, compile=options.compile),
    )


def speed(options: argparse.Namespace) -> None:
    """The profiler's table for the default network."""
    train, _ = games(options.threads)
    compute = Compute(bf16=options.bf16, threads=options.threads, device=options.device)
    profiler = Profiler(NetworkOptions(), compute, seconds=5.0, matches=(128, 512, 2048))
    print("\n".join(speed_table(profiler(train, np.random.default_rng(0)), options.epochs)))


def learn(options: argparse.Namespace) -> None:
    """Train for the given number of minutes, then play."""
    train, held_out = games(options.threads)
    for seed in options.seeds:
        path = Path(options.out) / f"gen1-{seed}.json"
        if path.exists():
            print(path.read_text())
            continue
        for training in learner(options)(train, {}, np.random.default_rng(seed)):
            if training.metrics["seconds"] > 60 * options.minutes:
                break
        policy = training.responses[0][0]
        metrics = training.metrics
        found = {
            "seed": seed,
            "minutes": metrics["seconds"] / 60,
            "decisions": metrics["decisions"],
            "decisions_per_second": metrics["decisions"] / metrics["seconds"],
            "collection_per_second": metrics["decisions"] / metrics["seconds/collect"],
            "update_share": metrics["seconds/update"] / metrics["seconds"],
        }
        for name in options.against:
            found[name] = score(held_out, policy, BASELINES.build(name), options.pairs)
        write_text(path, json.dumps(found) + "\n")
        assert isinstance(policy, NetworkPolicy)
        save_policy(path.with_suffix(".safetensors"), policy, found)
        print(json.dumps(found), flush=True)


def score(game: Gen1Game, policy: Policy, other: Policy, pairs: int) -> list[float]:
    """[score, low, high] of `policy` over seat-swapped pairs on fresh seeds."""
    rng = np.random.default_rng(7)
    seeds = np.repeat(rng.integers(2**62, size=pairs), 2)
    rows = np.tile([[0, 1], [1, 0]], (pairs, 1))
    utilities = play_matches(game, [[policy, other]], rows, seeds, rng).utilities
    own = utilities[np.arange(2 * pairs), rows.argmin(axis=1)]
    by_pair = ((np.sign(own) + 1) / 2).reshape(pairs, 2).mean(axis=1)
    return [float(by_pair.mean()), *bootstrap_interval(by_pair, rng)]


def bootstrap_interval(
    values: np.ndarray, rng: np.random.Generator, confidence: float = 0.95, draws: int = 2_000
) -> tuple[float, float]:
    """Percentile bootstrap interval for the mean of independent `values` [n], such as means of seat-swapped pairs."""
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def games(threads: int) -> tuple[Gen1Game, Gen1Game]:
    """Gen 1 OU with the training teams and with the held-out ones."""
    train, held_out = split_pool(load_pool("competitive"))
    return (
        Gen1Game("gen1ou, training teams", train.teams, threads=threads),
        Gen1Game("gen1ou, held-out teams", held_out.teams, threads=threads),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = {"speed": speed, "learn": learn}
    parser.add_argument("what", choices=work)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--against", nargs="+", default=["max_damage", "random", "expert"], choices=sorted(BASELINES))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16_384)
    parser.add_argument("--minibatches", type=int, default=8)
    parser.add_argument("--matches", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--out", default="benchmarks/results/learning")
    options = parser.parse_args()
    work[options.what](options)


if __name__ == "__main__":
    main()
