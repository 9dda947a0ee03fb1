"""Learned oracles on games with exact values: exploitability against steps and minutes, tables and plots.

    python benchmarks/learning.py self --game leduc_poker --seeds 11 12 13
    python benchmarks/learning.py psro --game kuhn_poker --seeds 11 12 13 14 15 --minutes 2
    python benchmarks/learning.py gain --game leduc_poker --seeds 11 12 13
    python benchmarks/learning.py table --game leduc_poker
    python benchmarks/learning.py plot --game leduc_poker

Every run is one CSV file under --out, written as it proceeds, with its oracle's state beside it: a stopped run resumes
where it was, and a finished one is not run again. `table` and `plot` read those files. The settings in
`learning_settings.py` were tuned on seeds from 101 on; the reported seeds are different.
"""

from __future__ import annotations

import argparse
import copy
import csv
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from learning_settings import GAIN, META_SOLVERS, PSRO_ORACLES, SELF_PLAY, oracle_of

from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.files import replacing, write_text
from pokespiel.core.policy import Policy, Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import Opponents, last_training
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import psro

FORMAT = "pokespiel-benchmark-1"


def self_play(options: argparse.Namespace) -> None:
    """Each stand-alone algorithm: the exploitability of its policy, measured a hundred times while it learns."""
    game = load_game(options.game)
    for name, seed in itertools.product(options.names or SELF_PLAY[options.game], options.seeds):
        path = place(options, "self", name, seed)
        if not done(path):
            oracle = oracle_of(SELF_PLAY[options.game][name])
            print(f"{path.stem}: {run_self_play(game, oracle, seed, path):.5f}", flush=True)


def run_self_play(game: TreeGame, oracle: Any, seed: int, path: Path) -> float:
    """Learn for the oracle's budget of decisions, or resume; the exploitability in the end."""
    kept = load_checkpoint(state_of(path), FORMAT) if state_of(path).exists() else None
    rows, state = (kept["rows"], kept["state"]) if kept else ([], None)
    saved = time.monotonic()
    for training in oracle(game, {}, np.random.default_rng(seed), state=state):
        seen, reached = rows[-1]["decisions"] if rows else 0, training.metrics["decisions"]
        over = reached >= oracle.decisions
        if over or reached - seen >= oracle.decisions / 100:
            policies = [training.responses[seat][0] for seat in range(game.num_players)]
            rows.append(row_of(training.metrics, game.exploitability(game.plans(policies))))
            write_rows(path, rows, over)
        if time.monotonic() - saved > 60:
            save_checkpoint(state_of(path), FORMAT, {"rows": rows, "state": copy.deepcopy(dict(training.state))})
            saved = time.monotonic()
    state_of(path).unlink(missing_ok=True)
    return rows[-1]["exploitability"]


def in_psro(options: argparse.Namespace) -> None:
    """Each oracle in PSRO under each meta-solver, for the given number of minutes."""
    game = load_game(options.game)
    pairs = itertools.product(options.names or PSRO_ORACLES[options.game], options.meta_solvers or META_SOLVERS)
    for (oracle, solver), seed in itertools.product(pairs, options.seeds):
        path = place(options, "psro", f"{oracle}+{solver}", seed)
        if not done(path):
            print(f"{path.stem}: {run_psro(game, oracle, solver, seed, path, options):.5f}", flush=True)


def run_psro(game: TreeGame, name: str, solver: str, seed: int, path: Path, options: argparse.Namespace) -> float:
    """A run of PSRO from its start: short enough not to need resuming (`pokespiel psro --resume` does that)."""
    oracle = oracle_of(PSRO_ORACLES[options.game][name])
    rows: list[dict[str, float]] = []
    spent = {"decisions": 0.0, "episodes": 0.0}
    began = time.monotonic()
    for state in psro(game, METASOLVERS.build(solver), [oracle], ExactPayoffs(), np.random.default_rng(seed)):
        for key in spent:
            spent[key] += sum(v for k, v in state.metrics.items() if k.split("/")[-1] == key)
        minutes = (time.monotonic() - began) / 60
        found = exact_metrics(game, state.populations, state.strategy)["exploitability"]
        rows.append({"iteration": state.iteration, **spent, "minutes": minutes, "exploitability": found})
        over = minutes >= options.minutes or state.iteration >= options.iterations
        write_rows(path, rows, over)
        if over:
            break
    return rows[-1]["exploitability"]


def gains(options: argparse.Namespace) -> None:
    """The share of the exact best response's gain that each response oracle reaches against five fixed mixtures."""
    game = load_game(options.game)
    for name, seed in itertools.product(options.names or GAIN[options.game], options.seeds):
        path = place(options, "gain", name, seed)
        if done(path):
            continue
        rows = []
        for number, victims in enumerate(mixtures(game)):
            began = time.monotonic()
            share = share_of_gain(game, name, victims, seed, options)
            minutes = (time.monotonic() - began) / 60
            rows.append({"mixture": number, "share": share, "minutes": minutes})
            write_rows(path, rows, number == 4)
            print(f"{path.stem}, mixture {number}: {share:.1%} in {minutes:.2f} minutes", flush=True)


def share_of_gain(game: TreeGame, name: str, victims: list[Policy], seed: int, options: argparse.Namespace) -> float:
    """(the response's value - the mixture's own) / (the exact response's - the mixture's own), over both seats."""
    rows, weights = np.arange(len(victims)), np.full(len(victims), 1 / len(victims))
    none = np.full(len(victims), -1)
    opponents = {
        0: Opponents(((), tuple(victims)), np.stack([none, rows], axis=1), weights),
        1: Opponents((tuple(victims), ()), np.stack([rows, none], axis=1), weights),
    }
    training = last_training(oracle_of(GAIN[options.game][name])(game, opponents, np.random.default_rng(seed)))
    mixed = tuple(np.mean([game.plan(victim, seat) for victim in victims], axis=0) for seat in (0, 1))
    value, best, reached = game.returns(mixed).sum(), game.best_response_values(mixed).sum(), 0.0
    for seat in (0, 1):
        if training.responses[seat]:
            own = game.plan(training.responses[seat][0], seat)
            reached += game.returns((own, mixed[1]) if seat == 0 else (mixed[0], own))[seat]
    return float((reached - value) / (best - value))


def mixtures(game: TreeGame) -> Iterator[list[Policy]]:
    """Five fixed victims: uniform; random tables, alone, two and four together; a random table near uniform."""
    rng = np.random.default_rng(2026)
    yield [Uniform()]
    for count, spread in ((1, 0.3), (2, 0.3), (4, 0.3), (1, 5.0)):
        yield [random_table(game, spread, rng) for _ in range(count)]


def random_table(game: TreeGame, spread: float, rng: np.random.Generator) -> Policy:
    """Dirichlet probabilities at every information state: nearly pure for a small `spread`, uniform for a large one."""
    tables = {}
    for seat in range(game.num_players):
        legal = game.information_states(seat).legal
        drawn = rng.gamma(spread, size=legal.shape) * legal + 1e-12 * legal
        tables[seat] = drawn / drawn.sum(axis=1, keepdims=True)
    return Tabular(tables)


def row_of(metrics: Mapping[str, float], exploitability: float) -> dict[str, float]:
    spent = {"minutes": metrics["seconds"] / 60, "exploitability": exploitability}
    return {"decisions": metrics["decisions"], "episodes": metrics["episodes"], **spent}


def place(options: argparse.Namespace, kind: str, name: str, seed: int) -> Path:
    return Path(options.out) / options.game / f"{kind}-{name}-{seed}.csv"


def state_of(path: Path) -> Path:
    return path.with_suffix(".state")


def done(path: Path) -> bool:
    """Whether a run is finished: its file has a line that says so."""
    return path.exists() and path.read_text().rstrip().endswith("# finished")


def write_rows(path: Path, rows: list[dict[str, float]], over: bool) -> None:
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        if over:
            file.write("# finished\n")


def read_rows(path: Path) -> list[dict[str, float]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(lines)]


def collected(options: argparse.Namespace) -> dict[str, list[list[dict[str, float]]]]:
    """The rows of every run, by kind and name."""
    found: dict[str, list[list[dict[str, float]]]] = {}
    for path in sorted((Path(options.out) / options.game).glob("*.csv")):
        found.setdefault(path.stem.rsplit("-", 1)[0], []).append(read_rows(path))
    return found


def table(options: argparse.Namespace) -> None:
    """Means over seeds at the end of the runs, with t intervals, as Markdown."""
    runs_by_name = collected(options)
    solved = {name: runs for name, runs in runs_by_name.items() if not name.startswith("gain")}
    gained = {name: runs for name, runs in runs_by_name.items() if name.startswith("gain")}
    lines = [f"| {options.game} | seeds | iterations | decisions | episodes | minutes | exploitability | worst |"]
    lines.append("|---" * 8 + "|")
    for name, runs in solved.items():
        ends = [run[-1] for run in runs]
        spent = [f"{mean_of(ends, key):,.0f}" for key in ("iteration", "decisions", "episodes")]
        found = [end["exploitability"] for end in ends]
        cells = [name, len(runs), *spent, f"{mean_of(ends, 'minutes'):.2f}", with_interval(found), f"{max(found):.4f}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", *marks(options.game, {name: runs for name, runs in solved.items() if name.startswith("psro")})]
    lines += ["", f"| {options.game} | seeds | minutes a mixture | share of the exact gain | worst mixture |"]
    lines.append("|---" * 5 + "|")
    for name, runs in gained.items():
        rows = [row for run in runs for row in run]
        shares, worst = with_interval([mean_of(run, "share") for run in runs]), min(row["share"] for row in rows)
        lines.append(f"| {name} | {len(runs)} | {mean_of(rows, 'minutes'):.2f} | {shares} | {worst:.3f} |")
    text = "\n".join(lines) + "\n"
    write_text(Path(options.out) / options.game / "table.md", text)
    print(text)


def marks(game: str, runs_by_name: Mapping[str, list[list[dict[str, float]]]]) -> Iterator[str]:
    """PSRO's progress: mean exploitability at some iterations and numbers of episodes that all runs reach."""
    places = [("iteration", place) for place in (5, 10, 20, 40)] + [("episodes", place) for place in (2.4e6, 22e6)]
    heads = [f"iteration {at}" if key == "iteration" else f"{at / 1e6:g} M episodes" for key, at in places]
    yield f"| {game} | " + " | ".join(heads) + " |"
    yield "|---" * (1 + len(heads)) + "|"
    for name, runs in runs_by_name.items():
        cells = []
        for key, at in places:
            reached = [run for run in runs if run[-1][key] >= 0.99 * at]
            found = [[row for row in run if row[key] <= at][-1]["exploitability"] for run in reached]
            cells.append(with_interval(found) if len(reached) == len(runs) else "")
        yield f"| {name} | " + " | ".join(cells) + " |"


def mean_of(rows: Sequence[Mapping[str, float]], key: str) -> float:
    """The mean of a column; 0 if the file lacks it."""
    return float(np.mean([row.get(key, 0.0) for row in rows]))


def with_interval(values: list[float]) -> str:
    """The mean with half the width of its 95 % t interval."""
    return f"{np.mean(values):.4f}" + (f" ± {t_half_width(values):.4f}" if len(values) > 1 else "")


def t_half_width(values: list[float]) -> float:
    from scipy import stats

    return float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)


def plot(options: argparse.Namespace) -> None:
    """Exploitability by decisions and minutes: one colour per oracle, one line per seed, one column per meta-solver."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    runs_by_name = {name: runs for name, runs in collected(options).items() if not name.startswith("gain")}
    for kind in ("self", "psro"):
        names = [name.removeprefix(f"{kind}-").partition("+") for name in runs_by_name if name.startswith(f"{kind}-")]
        if not names:
            continue
        oracles, columns = (list(dict.fromkeys(parts)) for parts in zip(*((n[0], n[2]) for n in names), strict=True))
        figure, axes = pyplot.subplots(2, len(columns), figsize=(1 + 4 * len(columns), 7), sharey=True, squeeze=False)
        for oracle, plus, column in names:
            for axis, key in zip(axes[:, columns.index(column)], ("decisions", "minutes"), strict=True):
                for number, run in enumerate(runs_by_name[f"{kind}-{oracle}{plus}{column}"]):
                    xs, ys = [row[key] for row in run], [max(row["exploitability"], 1e-4) for row in run]
                    label = None if number else oracle
                    axis.plot(xs, ys, f"C{oracles.index(oracle)}", lw=1, alpha=0.7, label=label)
                axis.set(xlabel=key, yscale="log", title=column or options.game)
        axes[0, 0].set_ylabel("exploitability")
        axes[1, 0].set_ylabel("exploitability")
        axes[0, 0].legend(fontsize=8)
        figure.tight_layout()
        path = Path(options.out) / options.game / f"{kind}.svg"
        figure.savefig(path)
        print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = {"self": self_play, "psro": in_psro, "gain": gains, "table": table, "plot": plot}
    parser.add_argument("what", choices=work)
    parser.add_argument("--game", default="kuhn_poker", choices=sorted(PSRO_ORACLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--minutes", type=float, default=2.0, help="psro: per run")
    parser.add_argument("--iterations", type=int, default=1_000, help="psro: at most")
    parser.add_argument("--names", nargs="*", help="only these oracles; none = all")
    parser.add_argument("--meta-solvers", nargs="*", help="psro: only these; none = nash, alpharank, prd, uniform")
    parser.add_argument("--out", default="benchmarks/results/learning")
    options = parser.parse_args()
    work[options.what](options)


if __name__ == "__main__":
    main()
