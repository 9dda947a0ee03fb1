"""Exact exploitability on Dark Hex and phantom tic-tac-toe, whose trees of histories fit into no memory.

    python benchmarks/hidden_boards.py --games dark_hex_2x4 --choices 9
    python benchmarks/hidden_boards.py --games dark_hex --choices 1
    python benchmarks/hidden_boards.py --games dark_hex --choices 9     # uniform play: 1e10 histories, about an hour

The policy tries, at each of its information states, one of --choices cells with equal probability (all that may be
free, if there are fewer); which ones is drawn at random by --seed. A row has the number of information states of each
seat, what both best responses earn, the histories in which a responder decides, and the processor time.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np

from pokespiel.core.progress import heartbeat
from pokespiel.game.hidden_boards import (
    HiddenBoard,
    HiddenBoardResponse,
    KnownTries,
    dark_hex,
    known_tries,
    phantom_tic_tac_toe,
)

BOARDS = {"dark_hex": dark_hex, "phantom_ttt": phantom_tic_tac_toe, "dark_hex_2x4": partial(dark_hex, 2, 4)}


def table(board: HiddenBoard, tries: KnownTries, choices: int, rng: np.random.Generator) -> np.ndarray:
    """[I, cells] a policy with so many equally likely tries at each information state."""
    scores = np.where(tries.uniform(board) > 0, rng.random((len(tries.stones), board.cells)), 0)
    least = np.sort(scores, axis=1)[:, [-min(choices, board.cells)]]
    chosen = (scores > 0) & (scores >= least)
    return chosen / chosen.sum(axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=list(BOARDS), choices=list(BOARDS))
    parser.add_argument("--choices", nargs="+", type=int, default=[1], metavar="N", help="1 to 9")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| game | information states | choices | best responses earn | exploitability | histories | processor time |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in options.games:
        board = BOARDS[name]()
        tries = [known_tries(board, player) for player in (0, 1)]
        for choices in options.choices:
            row(board, tries, choices, options.seed)


def row(board: HiddenBoard, tries: list[KnownTries], choices: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tables = [table(board, one, choices, rng) for one in tries]
    responses = [HiddenBoardResponse(board, player, tries[1 - player], tables[1 - player]) for player in (0, 1)]
    began = time.process_time()
    with heartbeat(board.name):
        gains = [response.value() for response in responses]
    histories, spent = sum(one.histories for one in responses), time.process_time() - began
    print(
        f"| {board.name} | {' and '.join(f'{len(one.stones):,}' for one in tries)} | {choices} | "
        f"{gains[0]:.4f} and {gains[1]:.4f} | {sum(gains) / 2:.4f} | {histories:,} | "
        f"{spent:.0f} s, {spent / histories * 1e9:.0f} ns each |",
        flush=True,
    )


if __name__ == "__main__":
    main()
