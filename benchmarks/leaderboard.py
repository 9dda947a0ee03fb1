"""The leaderboard: exploitability by method and game after so many episodes, beside published figures.

python benchmarks/leaderboard.py run --games leduc_poker --methods self_play --seeds 0 1 2 --millions 1
python benchmarks/leaderboard.py uniform
python benchmarks/leaderboard.py page

`run` plays PSRO, Anytime and Self-Play PSRO from one random pure policy, in every game with the same responses: `ppo`
with the settings that `learning_settings.py` has for PSRO on Leduc poker, and a constant entropy bonus in Self-Play
PSRO. Each run is a folder under --runs that a second call continues, also to more episodes; its curve is a small file
under benchmarks/results/leaderboard. `uniform` computes the exploitability of uniform play. `page` draws
docs/leaderboard.md from these and from benchmarks/results/learning.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from learning import read_rows, t_half_width, write_rows
from learning_settings import GAMES, PSRO_ORACLES

from pokespiel.core.files import write_text
from pokespiel.core.options import Choice
from pokespiel.core.policy import Tabular, Uniform
from pokespiel.core.policy_files import save_policy
from pokespiel.game.loading import load_game
from pokespiel.game.tree import TreeGame
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "leaderboard.md"
MILLIONS = (0.5, 1, 2, 5, 10, 20)
"""Budgets of episodes."""
AT_A_TIME = 5
"""Iterations between two writings of a curve."""
MANY = ("kuhn_3", "leduc_3")
"""Games of more than two players: only PSRO, with `prd`, and NashConv over the number of players."""


class Method(NamedTuple):
    """What a row's runs are."""

    title: str
    restricted: str | None
    responses: dict[str, Any]
    """What differs in its responses' settings."""
    pure: bool = True
    """Whether it begins with a random pure policy, not with uniform play."""


METHODS = {
    "psro": Method("PSRO", None, {}),
    "anytime": Method("Anytime PSRO", "anytime", {}),
    "self_play": Method("Self-Play PSRO", "self_play", {"entropy": {"start": 0.1}}),
    "anytime_uniform": Method("Anytime PSRO, from uniform play", "anytime", {}, pure=False),
    "self_play_uniform": Method("Self-Play PSRO, from uniform play, falling entropy", "self_play", {}, pure=False),
}
"""The last two only for Leduc poker."""
UNIFORM = RESULTS / "leaderboard" / "uniform.json"
"""By game, the exploitability of uniform play."""
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
    if game in MANY:
        return ["psro"]
    return [name for name, method in METHODS.items() if method.pure or game == "leduc_poker"]


def filled(game: str, method: str, seed: int, options: argparse.Namespace) -> Rows:
    """Continue a run until it has played its episodes; its curve."""
    folder, target = Path(options.runs) / game / f"{method}-{seed}", 1e6 * options.millions
    standing = RunFolder(folder).standing() if folder.exists() else None
    rows = curve(standing.rows) if standing else []
    place = RESULTS / "leaderboard" / game / f"{method}-{seed}.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    if rows:
        write_rows(place, rows, over=False)
    while not rows or rows[-1]["episodes"] < target:
        config = config_of(game, method, seed, len(rows[1:]) + needed(rows, target), Path(options.runs))
        with (RunFolder.resume if standing else RunFolder.create)(folder, config) as opened:
            outcome = work(opened, go_on=True)
        standing = outcome.standing
        rows = curve(standing.rows)
        write_rows(place, rows, over=False)
        if not outcome.finished:
            raise SystemExit("stopped; the same command goes on from here")
    return rows


def needed(rows: Rows, target: float) -> int:
    """Iterations to make next."""
    if len(rows) < 2:
        return 1
    per_iteration = rows[-1]["episodes"] / (len(rows) - 1)
    return min(AT_A_TIME, math.ceil((target - rows[-1]["episodes"]) / per_iteration))


def config_of(game: str, method: str, seed: int, iterations: int, runs: Path) -> PSROConfig:
    """The same as `pokespiel psro --game ... --restricted ... --population ...` with these options."""
    name, settings = PSRO_ORACLES["leduc_poker"]["ppo"]
    how = METHODS[method]
    return PSROConfig(
        GAMES[game],
        meta_solver=Choice("prd" if game in MANY else "nash"),
        oracle=(Choice(name, {**settings, **how.responses}),),
        restricted=Choice(how.restricted) if how.restricted else None,
        population=(str(first_policy(game, seed, runs)),) if how.pure else (),
        seed=seed,
        iterations=iterations,
    )


def first_policy(game: str, seed: int, runs: Path) -> Path:
    """The file of a pure policy: at each information state an action drawn at random by the seed."""
    path = runs / game / f"first-{seed}.policy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_policy(path, pure(load_game(GAMES[game]), np.random.default_rng(seed)))
    return path


def pure(game: TreeGame, rng: np.random.Generator) -> Tabular:
    """A pure policy drawn at random."""
    scores = {player: rng.random(states.legal.shape) * states.legal for player, states in enumerate(game.states)}
    return Tabular({player: np.eye(game.num_actions)[own.argmax(axis=1)] for player, own in scores.items()})


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


def uniform(options: argparse.Namespace) -> None:
    """Keep the exploitability of uniform play in every game."""
    games = {name: load_game(full) for name, full in GAMES.items()}
    found = {name: game.exploitability(game.plans(Uniform())) for name, game in games.items()}
    write_text(UNIFORM, json.dumps(found, indent=1) + "\n")


def page(options: argparse.Namespace) -> None:
    write_text(PAGE, drawn())
    print(PAGE)


def drawn() -> str:
    """The page's text."""
    parts = [HEAD, *("\n".join(section(game)) for game in GAMES), TAIL]
    return "\n\n".join(parts) + "\n"


HEAD = """# Leaderboard

Exact exploitability (NashConv over the number of players) after so many millions of episodes of training: the mean over
seeds, ± half of a 95 % t interval, and the number of seeds in brackets; with one seed there is no interval. An empty
cell has not been run. Every row has its command, which continues from what is there; `--millions` says how far.
Published rows quote their source and are not measured here: their networks, responses and seeds differ.

Every run of PSRO, Anytime and Self-Play PSRO begins with one pure policy per seat, whose actions are drawn at random by
the seed, unless its row says otherwise. Uniform play would be a generous start in some games: it is an equilibrium of
repeated rock-paper-scissors, and in Battleship it is less exploitable than all published figures. Its exploitability
stands above each table (`python benchmarks/leaderboard.py uniform`). The published populations begin with an untrained
network whose most valued action is played, which is a pure policy too.

`python benchmarks/leaderboard.py page` draws this page from `benchmarks/results`."""
TAIL = """The rows of PSRO, Anytime and Self-Play PSRO have the same responses: `ppo` of 400,000 decisions with the
settings of `benchmarks/learning_settings.py`, chosen for PSRO on Leduc poker. Self-Play PSRO has a constant entropy
bonus of 0.1 instead of one that falls from 0.05 to 0. These two were compared on seed 101 in two games, Leduc poker
after 0.8 M and repeated rock-paper-scissors after 0.66 M episodes: 0.432 against 0.397, and 0.219 against 0.499; the
smaller product was taken for all games. In the same runs, letting the policy that learns on the way keep its weights
from one iteration to the next changed nothing: 0.437 and 0.223. The script of these trials was not kept; `--seeds 101`
repeats the first figure of each pair.

The published crossing on Leduc poker is reproduced, on one seed: Self-Play PSRO leads up to 2 M episodes, PSRO and
Anytime PSRO pass it before 5 M and stand at a third and at a half of it after 20 M.

The row of further seeds begins with uniform play. Stand-alone rows are curves of single long runs, whose schedules end
with their own budgets, so that a shorter run would do better at the earlier ones.

Published for Leduc poker without these budgets: PSRO with PPO after 2.4 M episodes 0.79 and 0.84 (psrolab, regret
matching and Nash); OpenSpiel's NashPG (Yu et al., 2025) 0.478 ± 0.066."""


def section(game: str) -> Iterator[str]:
    """A game's heading and table."""
    published = [row for row in PUBLISHED if row.game == game]
    budgets = sorted({*MILLIONS, *(at for row in published for at in row.at)})
    yield f"## {GAMES[game]}\n"
    yield f"Uniform play: {json.loads(UNIFORM.read_text())[game]:.3f}.\n"
    yield f"| method | {' | '.join(f'{at:g} M' for at in budgets)} | command or source |"
    yield "|---" * (2 + len(budgets)) + "|"
    for method in methods_of(game):
        runs = curves(RESULTS / "leaderboard" / game, method)
        command = f"leaderboard.py run --games {game} --methods {method} --seeds 0 1 2 --millions 20"
        yield line(METHODS[method].title, [cell(runs, at) for at in budgets], f"`python benchmarks/{command}`")
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
    part = parts.add_parser("uniform", help="compute the exploitability of uniform play")
    part.set_defaults(run=uniform)
    part = parts.add_parser("page", help="draw docs/leaderboard.md")
    part.set_defaults(run=page)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
