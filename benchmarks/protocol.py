"""One protocol: stand-alone methods with settings tuned on Leduc poker alone, and one budget, on every exact game.

    python benchmarks/protocol.py run --millions 5 --seeds 31
    python benchmarks/protocol.py table

`run` trains `ppo`, `mmd` with its three magnets, `rnad` and `nfsp` in self-play (`PROTOCOL` in learning_settings.py) on
the games of the leaderboard and on the small preset of Gen 1 OU, and measures the exact exploitability a hundred times
on the way; with more than two players, NashConv over the number of players. Every run is a CSV file under --out; a
stopped one resumes, a finished one is not run again. `table` prints the figures at the end, beside those of uniform
play.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
from pathlib import Path

from learning import done, read_rows, run_self_play, with_interval
from learning_settings import GAMES, PROTOCOL, oracle_of

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game

ALL = {**GAMES, "gen1_small": "gen1ou(preset=small)"}


def place(out: str, game: str, name: str, seed: int) -> Path:
    return Path(out) / game / f"{re.sub('[^a-z]+', '-', name)}-{seed}.csv"


def run(options: argparse.Namespace) -> None:
    for game, seed, name in itertools.product(options.games, options.seeds, options.names):
        path = place(options.out, game, name, seed)
        if done(path):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        oracle = dataclasses.replace(oracle_of(PROTOCOL[name]), decisions=round(1e6 * options.millions))
        found = run_self_play(load_game(ALL[game]), oracle, seed, path)
        print(f"{game}, {name}, seed {seed}: {found:.4f}", flush=True)


def table(options: argparse.Namespace) -> None:
    print("| game | uniform play | " + " | ".join(options.names) + " |")
    print("|---" * (2 + len(options.names)) + "|")
    for game in options.games:
        tree = load_game(ALL[game])
        uniform = tree.exploitability(tree.plans((Uniform(),) * tree.num_players))
        cells = [game, f"{uniform:.3f}"]
        for name in options.names:
            paths = [place(options.out, game, name, seed) for seed in options.seeds]
            ends = [float(read_rows(path)[-1]["exploitability"]) for path in paths if done(path)]
            cells.append(with_interval(ends) if ends else "")
        print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("--games", nargs="+", default=list(ALL), choices=list(ALL))
    parser.add_argument("--names", nargs="+", default=list(PROTOCOL), choices=list(PROTOCOL))
    parser.add_argument("--seeds", type=int, nargs="+", default=[31])
    parser.add_argument("--millions", type=float, default=5.0, help="decisions of each run")
    parser.add_argument("--out", default="benchmarks/results/learning/protocol")
    options = parser.parse_args()
    {"run": run, "table": table}[options.what](options)


if __name__ == "__main__":
    main()
