"""PSRO, Anytime PSRO and Self-Play PSRO on exact games, diverse responses, and warm starts on a cyclic game.

python benchmarks/frontier.py leduc
python benchmarks/frontier.py diversity
python benchmarks/frontier.py learned
python benchmarks/frontier.py warm

`leduc` and `diversity` are exact and draw no random numbers; means of the others come with half of a 95 % t interval
over seeds. --game takes any game in sequence form. With more than two players only PSRO is run, with `prd`, and what is
shown is its distance from equilibrium, NashConv over the number of players.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator

import numpy as np
from learning import t_half_width

from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame, in_sequence_form
from pokespiel.learning.learner import Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.schedules import Schedule
from pokespiel.metasolvers import MetaSolver
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.prd import ProjectedReplicator
from pokespiel.oracles import Oracle, RestrictedSolver
from pokespiel.oracles.diversity import Diversity
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.restricted import AnytimePSRO, SelfPlayPSRO
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import PSROState, psro

CYCLIC = ["leduc_poker", "spinning_top(kind=disc,size=20)", "spinning_top(kind=skill,cyclic=1.0,size=60)"]
"""A game in which strength is mostly transitive, and two in which every policy is beaten by another."""


def states(
    game: TreeGame, oracle: Oracle, iterations: int, restricted: RestrictedSolver | None = None, seed: int = 0
) -> Iterator[tuple[PSROState, float]]:
    """The states and their exploitability."""
    rng = np.random.default_rng(seed)
    loop = psro(game, solver_of(game), [oracle], ExactPayoffs(), rng, restricted=restricted)
    for state in itertools.islice(loop, iterations + 1):
        yield state, exact_metrics(game, state.populations, state.strategy)["exploitability"]


def has_value(game: TreeGame) -> bool:
    """Whether it is a game of two players and constant sum."""
    return game.num_players == 2 and game.total is not None


def solver_of(game: TreeGame) -> MetaSolver:
    return Nash() if has_value(game) else ProjectedReplicator()


def head(first: str, columns: list[str]) -> None:
    print(f"| {first} | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")


def leduc(options: argparse.Namespace) -> None:
    game = in_sequence_form(load_game(options.game), "this benchmark")
    ways: dict[str, tuple[RestrictedSolver | None, int]] = {"PSRO": (None, 1)}
    for steps in options.steps if has_value(game) else ():
        ways |= {f"Anytime PSRO, {steps} steps": (AnytimePSRO(steps), steps)}
        ways |= {f"Self-Play PSRO, {steps} steps": (SelfPlayPSRO(steps), steps)}
    head(options.game, [*(f"at {at}" for at in options.at), "rose", "responses computed", "seconds"])
    for name, (way, steps) in ways.items():
        began = time.process_time()
        curve = [distance for _, distance in states(game, Exact(), max(options.at), way)]
        rose = max(after - before for before, after in itertools.pairwise(curve))
        spent = game.num_players * steps * max(options.at)
        cells = [f"{curve[at]:.3g}" for at in options.at]
        print(f"| {name} | {' | '.join(cells)} | {max(rose, 0):.2g} | {spent:,} | {time.process_time() - began:.0f} |")


def diversity(options: argparse.Namespace) -> None:
    game = in_sequence_form(load_game(options.game), "this benchmark")
    head(options.game, [*(f"at {at}" for at in options.at), "seconds"])
    kinds = [(kind, weight) for kind in ("behavioural", "response", "hull") for weight in (0.03, 0.1, 0.3)]
    for kind, weight in [("none", 0.0), *kinds]:
        began = time.process_time()
        oracle = Exact(diversity=Diversity(kind, weight))  # type: ignore[arg-type]
        curve = [distance for _, distance in states(game, oracle, max(options.at))]
        name = kind if kind == "none" else f"{kind}, weight {weight}"
        cells = [f"{curve[at]:.3g}" for at in options.at]
        print(f"| {name} | {' | '.join(cells)} | {time.process_time() - began:.0f} |", flush=True)


def warm(options: argparse.Namespace) -> None:
    """The same budget per response, from fresh weights and from the newest network."""
    for name in options.games:
        game = in_sequence_form(load_game(name), "this benchmark")
        head(name, [*(f"at {at}" for at in options.at), "responses already known", "seconds"])
        for start in ("scratch", "newest"):
            began, curves, known = time.process_time(), [], 0.0
            for seed in range(options.seeds):
                run = list(states(game, learner(options, start), max(options.at), seed=seed))
                curves.append([distance for _, distance in run])
                known += sum(state.metrics.get("responses_known", 0.0) for state, _ in run) / options.seeds
            cells = [spread([curve[at] for curve in curves]) for at in options.at]
            print(f"| {start} | {' | '.join(cells)} | {known:.1f} | {time.process_time() - began:.0f} |", flush=True)


def learned(options: argparse.Namespace) -> None:
    """PSRO, Anytime and Self-Play PSRO with PPO responses of the same budget."""
    game = in_sequence_form(load_game(options.game), "this benchmark")
    head(options.game, [*(f"at {at}" for at in options.at), "episodes", "seconds"])
    ways: dict[str, RestrictedSolver | None] = {"PSRO": None}
    if has_value(game):
        ways |= {"Anytime PSRO": AnytimePSRO(), "Self-Play PSRO": SelfPlayPSRO()}
    for name, way in ways.items():
        began, curves, episodes = time.process_time(), [], 0.0
        for seed in range(options.seeds):
            run = list(states(game, learner(options, "newest"), max(options.at), way, seed))
            curves.append([distance for _, distance in run])
            episodes += sum(state.metrics.get("oracle/episodes", 0.0) for state, _ in run) / options.seeds
        cells = [spread([curve[at] for curve in curves]) for at in options.at]
        print(f"| {name} | {' | '.join(cells)} | {episodes:,.0f} | {time.process_time() - began:.0f} |", flush=True)


def learner(options: argparse.Namespace, start: str) -> PPO:
    return PPO(
        decisions=options.decisions,
        batch=options.batch,
        matches=options.batch,
        warm_start=start,  # type: ignore[arg-type]
        network=NetworkOptions(hidden=(64, 64)),
        optimiser=Optimiser(rate=Schedule(2e-3)),
    )


def spread(values: list[float]) -> str:
    """The mean with half the width of its 95 % t interval."""
    return f"{np.mean(values):.3g}" + (f" ± {t_half_width(values):.2g}" if len(values) > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("leduc", help="PSRO, Anytime and Self-Play PSRO with exact responses")
    part.add_argument("--game", default="leduc_poker")
    part.add_argument("--at", type=int, nargs="+", default=[1, 2, 5, 10, 20, 50, 100])
    part.add_argument("--steps", type=int, nargs="+", default=[10, 100, 1000])
    part.set_defaults(run=leduc)
    part = parts.add_parser("diversity", help="diverse exact responses")
    part.add_argument("--game", default="leduc_poker")
    part.add_argument("--at", type=int, nargs="+", default=[5, 10, 20, 40, 80])
    part.set_defaults(run=diversity)
    part = parts.add_parser("learned", help="PSRO, Anytime and Self-Play PSRO with PPO responses")
    part.add_argument("--game", default="leduc_poker")
    part.add_argument("--at", type=int, nargs="+", default=[1, 2, 5, 10])
    part.add_argument("--decisions", type=int, default=60_000)
    part.add_argument("--batch", type=int, default=1024)
    part.add_argument("--seeds", type=int, default=3)
    part.set_defaults(run=learned)
    part = parts.add_parser("warm", help="warm starts of learned responses, on a transitive and on a cyclic game")
    part.add_argument("--games", nargs="+", default=CYCLIC)
    part.add_argument("--at", type=int, nargs="+", default=[2, 5, 10])
    part.add_argument("--decisions", type=int, default=3_000)
    part.add_argument("--batch", type=int, default=500)
    part.add_argument("--seeds", type=int, default=5)
    part.set_defaults(run=warm)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
