"""The leaderboard: exploitability by method and game after so many episodes, beside published figures.

python benchmarks/leaderboard.py run --games leduc_poker --methods self_play --seeds 0 1 2 --millions 1
python benchmarks/leaderboard.py page

`run` plays PSRO, Anytime and Self-Play PSRO with the same responses everywhere, `ppo` with the settings that
`learning_settings.py` has for Leduc poker. Each run is a folder under --runs that a second call continues, also to
more episodes; its curve is a small file under benchmarks/results/leaderboard. `page` draws docs/leaderboard.md from
these and from benchmarks/results/learning.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from learning import read_rows, t_half_width, write_rows
from learning_settings import PSRO_ORACLES

from pokespiel.core.files import write_text
from pokespiel.core.options import Choice
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "leaderboard.md"
MILLIONS = (1, 2, 5, 10, 20)
"""Budgets of episodes."""
AT_A_TIME = 5
"""Iterations between two writings of a curve."""
GAMES = {
    "leduc_poker": "leduc_poker",
    "liars_dice": "liars_dice",
    "liars_dice_5": "liars_dice(dice_sides=5)",
    "repeated_rps": "repeated_game(stage_game=matrix_rps(),num_repetitions=4)",
    "battleship": "battleship(board_width=2,board_height=2,ship_sizes=[1;2],ship_values=[1;2],num_shots=4,"
    "allow_repeated_shots=False)",
    "goofspiel_5": "goofspiel(num_cards=5,imp_info=True,points_order=descending)",
    "kuhn_3": "kuhn_poker(players=3)",
    "leduc_3": "leduc_poker(players=3)",
}
MANY = ("kuhn_3", "leduc_3")
"""Games of more than two players: only PSRO, with `prd`, and NashConv over the number of players."""
METHODS = {"psro": "PSRO", "anytime": "Anytime PSRO", "self_play": "Self-Play PSRO"}
ON_LEDUC = {
    "PSRO, further seeds": ("psro-ppo+nash", "psro --minutes 20 --iterations 120 --meta-solvers nash --names ppo", 21),
    "`mmd`, stand-alone": ("self-mmd", "self --names mmd", 22),
    "`ppo`, stand-alone": ("self-ppo", "self --names ppo", 21),
    "`nfsp`, stand-alone": ("self-nfsp", "self --names nfsp", 21),
    "`rnad`, stand-alone": ("self-rnad", "self --names rnad", 21),
}
"""The runs of `learning.py`: their files' names, options, and the first of three seeds."""


class Published(NamedTuple):
    """A row of figures from elsewhere."""

    game: str
    method: str
    source: str
    at: dict[float, str]
    """By millions of episodes."""


SP_PSRO = "McAleer et al. (2022), Self-Play PSRO: three seeds, DQN"
PUBLISHED = (
    Published("leduc_poker", "PSRO", SP_PSRO, {2: "1.00", 10: "0.253", 20: "0.180"}),
    Published("leduc_poker", "Anytime PSRO", SP_PSRO, {2: "0.74", 10: "0.311", 20: "0.226"}),
    Published("leduc_poker", "Self-Play PSRO", SP_PSRO, {2: "0.426", 10: "0.475"}),
    Published("liars_dice", "PSRO", SP_PSRO, {10: "0.437", 20: "0.307"}),
    Published("liars_dice", "Anytime PSRO", SP_PSRO, {10: "0.400", 20: "0.293"}),
    Published("liars_dice", "Self-Play PSRO", SP_PSRO, {10: "0.187", 20: "0.169"}),
    Published("repeated_rps", "PSRO", SP_PSRO, {10: "1.747"}),
    Published("repeated_rps", "Anytime PSRO", SP_PSRO, {10: "1.652"}),
    Published("repeated_rps", "Self-Play PSRO", SP_PSRO, {10: "0.752"}),
    Published("battleship", "PSRO", SP_PSRO, {4: "1.895"}),
    Published("battleship", "Anytime PSRO", SP_PSRO, {4: "1.752"}),
    Published("battleship", "Self-Play PSRO", SP_PSRO, {4: "0.832"}),
)

Rows = list[dict[str, float]]


def run(options: argparse.Namespace) -> None:
    for game, method, seed in itertools.product(options.games, options.methods, options.seeds):
        if method not in methods_of(game):
            continue
        rows = filled(game, method, seed, options)
        print(f"{game} {method} {seed}: {rows[-1]['exploitability']:.4f} after {rows[-1]['episodes']:,.0f}", flush=True)


def methods_of(game: str) -> Sequence[str]:
    return ["psro"] if game in MANY else list(METHODS)


def filled(game: str, method: str, seed: int, options: argparse.Namespace) -> Rows:
    """Continue a run until it has played its episodes; its curve."""
    folder, target = Path(options.runs) / game / f"{method}-{seed}", 1e6 * options.millions
    standing = RunFolder(folder).standing() if folder.exists() else None
    rows = curve(standing.rows) if standing else []
    while not rows or rows[-1]["episodes"] < target:
        config = config_of(game, method, seed, len(rows[1:]) + needed(rows, target))
        with (RunFolder.resume if standing else RunFolder.create)(folder, config) as opened:
            standing = work(opened, go_on=True).standing
        rows = curve(standing.rows)
        place = RESULTS / "leaderboard" / game / f"{method}-{seed}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_rows(place, rows, over=False)
    return rows


def needed(rows: Rows, target: float) -> int:
    """Iterations to make next."""
    if len(rows) < 2:
        return 1
    per_iteration = rows[-1]["episodes"] / (len(rows) - 1)
    return min(AT_A_TIME, math.ceil((target - rows[-1]["episodes"]) / per_iteration))


def config_of(game: str, method: str, seed: int, iterations: int) -> PSROConfig:
    """The same as `pokespiel psro --game ... --restricted ...` with these options."""
    name, settings = PSRO_ORACLES["leduc_poker"]["ppo"]
    restricted = None if method == "psro" else Choice(method)
    return PSROConfig(
        GAMES[game],
        meta_solver=Choice("prd" if game in MANY else "nash"),
        oracle=(Choice(name, settings),),
        restricted=restricted,
        seed=seed,
        iterations=iterations,
    )


def curve(rows: Sequence[Any]) -> Rows:
    """Episodes and minutes so far, and the exploitability, by iteration."""
    episodes = np.cumsum([row.get("oracle/episodes", 0.0) for row in rows])
    return [
        {
            "iteration": row["iteration"],
            "episodes": float(played),
            "minutes": row["seconds"] / 60,
            "exploitability": row["exploitability"],
        }
        for row, played in zip(rows, episodes, strict=True)
    ]


def page(options: argparse.Namespace) -> None:
    write_text(PAGE, drawn())
    print(PAGE)


def drawn() -> str:
    """The page's text."""
    parts = [HEAD, *("\n".join(section(game)) for game in GAMES), TAIL]
    return "\n\n".join(parts) + "\n"


HEAD = """# Leaderboard

Exact exploitability (NashConv over the number of players) after so many millions of episodes of training: the mean over
seeds, ± half of a 95 % t interval, and the number of seeds in brackets. An empty cell has not been run. Every row has
its command, which continues from what is there; `--millions` says how far. Published rows quote their source and are
not measured here: their networks, responses and seeds differ.

`python benchmarks/leaderboard.py page` draws this page from `benchmarks/results`."""
TAIL = """The rows of PSRO, Anytime and Self-Play PSRO have the same responses: `ppo` of 400,000 decisions with the
settings of `benchmarks/learning_settings.py`, chosen for PSRO on Leduc poker. Stand-alone rows are curves of single
long runs, whose schedules end with their own budgets, so that a shorter run would do better at the earlier ones.

Published for Leduc poker without these budgets: PSRO with PPO after 2.4 M episodes 0.79 and 0.84 (psrolab, regret
matching and Nash); OpenSpiel's NashPG (Yu et al., 2025) 0.478 ± 0.066."""


def section(game: str) -> Iterator[str]:
    """A game's heading and table."""
    published = [row for row in PUBLISHED if row.game == game]
    budgets = sorted({*MILLIONS, *(at for row in published for at in row.at)})
    yield f"## {GAMES[game]}\n"
    yield f"| method | {' | '.join(f'{at:g} M' for at in budgets)} | command or source |"
    yield "|---" * (2 + len(budgets)) + "|"
    for method in methods_of(game):
        runs = curves(RESULTS / "leaderboard" / game, method)
        command = f"leaderboard.py run --games {game} --methods {method} --seeds 0 1 2 --millions 20"
        yield line(METHODS[method], [cell(runs, at) for at in budgets], f"`python benchmarks/{command}`")
    for title, (name, how, seed) in ON_LEDUC.items() if game == "leduc_poker" else ():
        runs = curves(RESULTS / "learning" / game, name)
        command = f"learning.py {how} --game {game} --seeds {seed} {seed + 1} {seed + 2}"
        yield line(title, [cell(runs, at) for at in budgets], f"`python benchmarks/{command}`")
    for row in published:
        yield line(f"*{row.method}, published*", [row.at.get(at, "") for at in budgets], row.source)


def line(title: str, cells: Sequence[str], last: str) -> str:
    return f"| {title} | {' | '.join(cells)} | {last} |"


def curves(folder: Path, name: str) -> list[Rows]:
    """The curves of all seeds."""
    return [read_rows(path) for path in sorted(folder.glob(f"{name}-*.csv"))]


def cell(runs: Sequence[Rows], millions: float) -> str:
    """The last exploitability within the budget, over the runs that have come so far."""
    budget = 1e6 * millions
    reached = [rows for rows in runs if rows[-1]["episodes"] >= 0.99 * budget]
    found = [
        next(row for row in reversed(rows) if row["episodes"] <= 1.01 * budget)["exploitability"] for rows in reached
    ]
    if not found:
        return ""
    spread = f" ± {t_half_width(found):.3f}" if len(found) > 1 else ""
    return f"{np.mean(found):.3f}{spread} ({len(found)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("run", help="fill cells")
    part.add_argument("--games", nargs="+", default=list(GAMES), choices=list(GAMES))
    part.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    part.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    part.add_argument("--millions", type=float, default=1.0, help="episodes of each run")
    part.add_argument("--runs", default="runs/leaderboard", help="where the runs' folders are kept")
    part.set_defaults(run=run)
    part = parts.add_parser("page", help="draw docs/leaderboard.md")
    part.set_defaults(run=page)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
