"""Two short experiments on Gen 1 OU: terminal versus shaped reward, warm start versus fresh weights.

    python benchmarks/starts_and_rewards.py rewards --decisions 2000000 --seeds 0 1 2
    python benchmarks/starts_and_rewards.py starts --decisions 2000000 --seeds 0 1 2 --from runs/phases/phase1

Two arms learn from the same number of decisions and then play each other in seat-swapped pairs; both also play the
opponent that they learned against.

- rewards: responses to `expert` from fresh weights, rewarded for the result, or also for HP, status and knock-outs.
- starts: responses to the mixture of a run (`--from`), from a copy of its heaviest network or from fresh weights.

Finished rows are kept in --out and not trained again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pokespiel.core.files import write_text
from pokespiel.core.policy import Policy
from pokespiel.core.progress import watch
from pokespiel.evaluation.exploitability import EXPLOITER
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.evaluation.victims import Victim, victim_named
from pokespiel.game import Game, load_game
from pokespiel.game.names import MEASURED
from pokespiel.learning.rewards import Reward
from pokespiel.oracles import ORACLES
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.seats import opponents_of

ARMS = {"rewards": ("shaped", "terminal"), "starts": ("warm", "scratch")}
"""The experiments; the score of the first arm against the second is reported."""


def learner(arm: str, decisions: int, threads: int) -> PPO:
    """The exploiter's settings with the arm's changes."""
    oracle = ORACLES.build(EXPLOITER.name, EXPLOITER.options)
    oracle = replace(
        oracle, decisions=decisions, compute=replace(oracle.compute, threads=threads), warm_start="scratch"
    )
    if arm == "warm":
        return replace(oracle, warm_start="heaviest")
    return replace(oracle, reward=Reward("shaped")) if arm == "shaped" else oracle


def train(name: str, oracle: PPO, game: Game, victim: Victim, seed: int) -> Policy:
    """The arm's response to the victim."""
    with watch(name, oracle.decisions) as bar:
        for training in oracle(game, opponents_of(victim.policy), generator(seed, name), start=victim.population):
            bar.update(min(int(training.metrics["decisions"]), oracle.decisions), "")
    return training.responses[0][0]


def row(options: argparse.Namespace, game: Game, victim: Victim, seed: int) -> dict[str, Any]:
    """One seed of both arms."""
    began = time.monotonic()
    arms = ARMS[options.what]
    trained = {arm: train(arm, learner(arm, options.decisions, options.threads), game, victim, seed) for arm in arms}
    found: dict[str, Any] = {}
    first, second = trained.values()
    for name, one, other in (
        (f"{arms[0]} against {arms[1]}", first, second),
        *((f"{arm} against {victim.name}", policy, victim.policy) for arm, policy in trained.items()),
    ):
        score = head_to_head(game, one, other, options.pairs, generator(seed, f"play {name}"))
        found[name] = [round(value, 4) for value in (score.score, score.low, score.high)]
    return found | {"seconds": round(time.monotonic() - began)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=ARMS)
    parser.add_argument("--from", dest="victim", default="expert", help="whom both arms respond to; starts: a run")
    parser.add_argument("--game", default=MEASURED)
    parser.add_argument("--decisions", type=int, default=2_000_000)
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/starts_and_rewards.json"))
    options = parser.parse_args()

    game = load_game(options.game)
    victim = victim_named(options.victim, game)
    if options.what == "starts" and victim.heaviest() is None:
        parser.error(f"--from {options.victim} holds no network to start from; name a run's folder")
    rows: list[dict[str, Any]] = json.loads(options.out.read_text()) if options.out.is_file() else []
    for seed in options.seeds:
        asked: Mapping[str, Any] = {"experiment": options.what, "seed": seed, "decisions": options.decisions}
        if not any(asked.items() <= done.items() for done in rows):
            rows.append({**asked, **row(options, game, victim, seed)})
            write_text(options.out, json.dumps(rows, indent=1) + "\n")
        print(json.dumps(next(done for done in rows if asked.items() <= done.items())), flush=True)


if __name__ == "__main__":
    main()
