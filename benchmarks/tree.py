"""Games in sequence form compared with OpenSpiel's C++ and LiteEFG, in the same run.

    python benchmarks/tree.py             # everything, about five minutes
    python benchmarks/tree.py --quick     # without liars_dice
    python benchmarks/tree.py --flatten "leduc_poker(players=3)" "goofspiel(num_cards=5,imp_info=True)"
    python benchmarks/tree.py --nash-conv "liars_dice(dice_sides=5)" "leduc_poker(players=3)" --seconds 120

If LiteEFG is not installed, it is left out, and a line says how to get it.

NashConv of the uniform policy: `pyspiel.nash_conv` of its tabular policy and ours, timed twice: for given plans, and
for a new `Policy` object, which is first asked at every information state and checked. CFR+ on Leduc: iterations per
second of `pyspiel.CFRPlusSolver`, of LiteEFG's CFR+ with the average policy kept, and of ours. Matches: uniform players
in 4,096 matches side by side, and in one `pyspiel.State` after another in Python. All run in one thread and take turns;
times are medians of processor seconds, which a busy machine affects less.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import pyspiel
from references import absent

from pokespiel.core.policy import Uniform
from pokespiel.core.provenance import environment
from pokespiel.core.threads import limited
from pokespiel.game import load_game
from pokespiel.game.flatten import flatten
from pokespiel.game.matches import play_matches
from pokespiel.game.tree import TreeGame
from pokespiel.oracles.cfr import CFR, Solver


def seconds(function: Callable[[], Any], times: int) -> float:
    """Mean processor time of a call."""
    began = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - began) / times


def in_turns(turns: int, *cases: tuple[Callable[[], Any], int]) -> list[float]:
    """The median over turns of the mean time of each case's calls."""
    found = [[seconds(function, times) for function, times in cases] for _ in range(turns)]
    return [statistics.median(times) for times in zip(*found, strict=True)]


def nash_conv(name: str, turns: int) -> None:
    theirs = pyspiel.load_game(name)
    uniform = pyspiel.CFRSolver(theirs).tabular_average_policy()
    flattening = seconds(lambda: flatten(theirs), 1)
    game = load_game(name, "tree")
    assert isinstance(game, TreeGame)
    plans = game.plans(Uniform())
    value, reference = game.nash_conv(plans), pyspiel.nash_conv(theirs, uniform)
    assert abs(value - reference) < 1e-9, (value, reference)
    calls = 200 if len(game.terminals.chance) < 50_000 else 20
    slow, fast, whole = in_turns(
        turns,
        (lambda: pyspiel.nash_conv(theirs, uniform), 1),
        (lambda: game.nash_conv(plans), calls),
        (lambda: game.nash_conv(game.plans(Uniform())), calls),
    )
    print(
        f"| NashConv of uniform, {name} | OpenSpiel C++ | {slow * 1e3:.1f} ms | {fast * 1e3:.3f} ms, "
        f"{whole * 1e3:.3f} ms from the policy | {slow / fast:.0f}, {slow / whole:.0f} |"
    )
    print(f"| flattening {name}, once | | | {flattening:.2f} s | |")


THEIRS = """
import sys, time, pyspiel
game = pyspiel.load_game(sys.argv[1])
if game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
    game = pyspiel.convert_to_turn_based(game)
began = time.process_time()
print(pyspiel.nash_conv(game, pyspiel.UniformRandomPolicy(game)), time.process_time() - began)
"""


def openspiel_nash_conv(name: str, limit: int) -> tuple[float, float] | None:
    """OpenSpiel's NashConv of uniform play and its processor seconds; None if it takes more than `limit` of them."""
    stop = functools.partial(resource.setrlimit, resource.RLIMIT_CPU, (limit, limit))
    command = [sys.executable, "-c", THEIRS, name]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=stop)
    if done.returncode < 0:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    value, took = map(float, done.stdout.split())
    return value, took


def compared(name: str, limit: int) -> None:
    """One NashConv of uniform play each, with what it takes before: the tree, once for all policies."""
    began = time.process_time()
    game = load_game(name, "tree", limit=10**9)
    flattened = time.process_time() - began
    assert isinstance(game, TreeGame)
    value = game.nash_conv(game.plans(Uniform()))  # also makes what later calls share
    [took] = in_turns(3, (lambda: game.nash_conv(game.plans(Uniform())), 1))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    theirs = openspiel_nash_conv(name, limit)
    assert theirs is None or abs(theirs[0] - value) < 1e-9, (theirs, value)
    reference = f"more than {limit} s | " if theirs is None else f"{theirs[1]:.3f} s | {theirs[1] / took:,.0f}"
    states = sum(player.num_rows for player in game.players)
    print(
        f"| {name} | {len(game.nodes.actor):,} | {states:,} | {value:.4f} | {flattened:.2f} s, {memory:,.0f} MB | "
        f"{took * 1e3:,.2f} ms | {reference} |",
        flush=True,
    )


def flattening(name: str, limit: int) -> None:
    """Time and memory to put a larger game into sequence form, in a separate process."""
    code = (
        "import resource, sys, time; from pokespiel.game import load_game; import pokespiel.game.tree\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "before, began = peak(), time.process_time(); game = load_game(sys.argv[1], 'tree', limit=int(sys.argv[2]))\n"
        "print(len(game.nodes.actor), time.process_time() - began, peak() - before)"
    )
    command = [sys.executable, "-c", code, name, str(limit)]
    histories, spent, memory = map(float, subprocess.run(command, check=True, capture_output=True).stdout.split())
    print(
        f"| {name} | {histories:,.0f} | {spent:.1f} s, {spent / histories * 1e6:.1f} us each "
        f"| {memory / 2**20:,.0f} MB, {memory / histories:.0f} bytes each |"
    )


def cfr_plus(turns: int) -> None:
    theirs = pyspiel.CFRPlusSolver(pyspiel.load_game("leduc_poker"))
    game = load_game("leduc_poker", "tree")
    assert isinstance(game, TreeGame)
    others, average = {"OpenSpiel C++": (theirs.evaluate_and_update_policy, 20)}, None
    if not absent("LiteEFG"):
        iterate, average = liteefg()
        others["LiteEFG"] = (iterate, 20)
    *slow, fast = in_turns(turns, *others.values(), (Solver(CFR("cfr+"), game).step, 500))
    for name, took in zip(others, slow, strict=True):
        print(f"| CFR+ on Leduc | {name} | {1 / took:.0f} a second | {1 / fast:.0f} a second | {took / fast:.0f} |")
    check = Solver(CFR("cfr+"), game)
    for _ in range(20 * turns):
        check.step()
    reference = pyspiel.exploitability(game.openspiel, theirs.average_policy())
    assert abs(game.exploitability(check.averages()) - reference) < 1e-9
    assert average is None or abs(game.exploitability(check.averages()) - average() / 2) < 1e-3


def liteefg() -> tuple[Callable[[], None], Callable[[], float]]:
    """One iteration of LiteEFG's CFR+ on Leduc, and its average's NashConv; its files go to a temporary folder."""
    os.environ["HOME"] = tempfile.mkdtemp()
    with contextlib.redirect_stdout(io.StringIO()):
        import LiteEFG
        from LiteEFG.baselines.CFRplus import graph

        environment = LiteEFG.OpenSpielEnv(pyspiel.load_game("leduc_poker"), traverse_type="Enumerate")
        algorithm = graph()
    environment.set_graph(algorithm)

    def iterate() -> None:
        algorithm.update_graph(environment)
        environment.update_strategy(algorithm.current_strategy(), update_best=False)

    return iterate, lambda: sum(environment.exploitability(algorithm.current_strategy(), "linear-avg-iterate"))


def matches(name: str, turns: int) -> None:
    game, theirs = load_game(name, "tree"), pyspiel.load_game(name)
    rng, count = np.random.default_rng(0), 20_000
    rows = np.zeros((count, 2), int)

    def one() -> None:
        state = theirs.new_initial_state()
        while not state.is_terminal():
            if state.is_chance_node():
                actions, weights = zip(*state.chance_outcomes(), strict=True)
                state.apply_action(actions[rng.choice(len(actions), p=weights)])
            else:
                state.apply_action(int(rng.choice(state.legal_actions())))

    slow, fast = in_turns(
        turns, (one, 500), (lambda: play_matches(game, [[Uniform()]] * 2, rows, np.arange(count), rng), 1)
    )
    print(
        f"| matches of {name} | pyspiel states in Python | {1 / slow:.0f} a second | {count / fast:.0f} a second "
        f"| {slow * count / fast:.0f} |"
    )


@limited()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out liars_dice")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--flatten", nargs="+", metavar="GAME", help="only put these games into sequence form")
    parser.add_argument("--nash-conv", nargs="+", metavar="GAME", help="only compare NashConv of uniform play in these")
    parser.add_argument(
        "--seconds", type=int, default=60, help="processor time that OpenSpiel may take for such a game"
    )
    parser.add_argument("--limit", type=int, default=100_000_000, help="histories that such a game may have")
    options = parser.parse_args()
    if options.flatten:
        print("| game | histories | processor time | memory at the peak |\n|---|---|---|---|")
        for name in options.flatten:
            flattening(name, options.limit)
        return
    if options.nash_conv:
        print("| game | histories | information states | NashConv | flattening | NashConv takes | OpenSpiel | times |")
        print("|---" * 8 + "|")
        for name in options.nash_conv:
            compared(name, options.seconds)
        return
    about = environment()
    lite = absent("LiteEFG") or f"LiteEFG {metadata.version('LiteEFG')}"
    print(f"{about['machine']}, {about['packages']}, {about['time']}\n{lite}\n")
    print("| what | reference | reference takes | ours | times faster |\n|---|---|---|---|---|")
    nash_conv("leduc_poker", options.turns)
    if not options.quick:
        nash_conv("liars_dice", options.turns)
    cfr_plus(options.turns)
    matches("leduc_poker", options.turns)


if __name__ == "__main__":
    main()
