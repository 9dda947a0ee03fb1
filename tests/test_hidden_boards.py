"""Best responses on hidden boards: against a search through OpenSpiel's states; sizes from papers; refusals."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
import pyspiel
import pytest

from pokespiel.game import hidden_boards
from pokespiel.game.hidden_boards import (
    HiddenBoard,
    HiddenBoardResponse,
    KnownTries,
    dark_hex,
    hidden_board_responses,
    known_tries,
    phantom_tic_tac_toe,
)

BOARDS = {"2 x 2": dark_hex(2, 2), "2 x 3": dark_hex(2, 3), "3 x 2": dark_hex(3, 2)}


def random_table(board: HiddenBoard, tries: KnownTries, seed: int) -> np.ndarray:
    """A policy that leaves out about half of all tries."""
    rng = np.random.default_rng(seed)
    legal = tries.uniform(board) > 0
    scores = np.where(legal, rng.random(legal.shape), 0)
    table = np.where(scores >= np.minimum(scores.max(axis=1, keepdims=True), 0.5), scores, 0)
    return table / table.sum(axis=1, keepdims=True)


def searched(board: HiddenBoard, player: int, tries: KnownTries, table: np.ndarray) -> float:
    """What the best response earns, by a search through OpenSpiel's states that knows only a player's own tries."""

    def answered(state, row, weight):
        """The states after the other player's moves, until the responder moves or the game ends."""
        if state.is_terminal() or state.current_player() == player:
            yield state, row, weight
            return
        for cell in np.flatnonzero(table[row]):
            after = state.child(int(cell))
            fails = int(not after.is_terminal() and after.current_player() != player)
            yield from answered(after, tries.child[row, cell, fails], weight * table[row, cell])

    def best(possible) -> float:
        """The value of the information state in which these histories are possible."""
        values = defaultdict(float)
        for cell in range(board.cells):
            if all(cell not in state.legal_actions() for state, _, _ in possible):
                continue
            following = defaultdict(list)
            for state, row, weight in possible:
                after = state.child(cell)
                fails = not after.is_terminal() and after.current_player() == player
                for last, then, chance in [(after, row, weight)] if fails else answered(after, row, weight):
                    if last.is_terminal():
                        values[cell] += chance * last.returns()[player]
                    else:
                        following[fails].append((last, then, chance))
            values[cell] += sum(map(best, following.values()))
        return max(values.values())

    return best(list(answered(pyspiel.load_game(board.name).new_initial_state(), 0, 1.0)))


@cache
def sides(name: str) -> tuple[KnownTries, KnownTries]:
    return known_tries(BOARDS[name], 0), known_tries(BOARDS[name], 1)


@pytest.mark.parametrize("at_once", [3, 400_000])
@pytest.mark.parametrize("player", [0, 1])
@pytest.mark.parametrize("name", BOARDS)
def test_a_best_response_earns_what_a_search_finds(name, player, at_once, monkeypatch):
    monkeypatch.setattr(hidden_boards, "AT_ONCE", at_once)
    board, tries = BOARDS[name], sides(name)[1 - player]
    for table in (tries.uniform(board), random_table(board, tries, 0), random_table(board, tries, 1)):
        found = HiddenBoardResponse(board, player, tries, table).value()
        assert found == pytest.approx(searched(board, player, tries, table), abs=1e-9)


def test_phantom_tic_tac_toe_ends_as_openspiel_says():
    """The winner or the draw of every set of stones that random matches end with."""
    board, rng = phantom_tic_tac_toe(), np.random.default_rng(0)
    for _ in range(300):
        state, stones = pyspiel.load_game("phantom_ttt").new_initial_state(), [0, 0]
        while not state.is_terminal():
            player, cell = state.current_player(), int(rng.choice(state.legal_actions()))
            if not (stones[0] | stones[1]) >> cell & 1:
                stones[player] |= 1 << cell
            assert not any(board.wins[p][stones[p]] for p in (0, 1) if p != player)
            state.apply_action(cell)
        won = [bool(board.wins[p][stones[p]]) for p in (0, 1)]
        assert won == [value > 0 for value in state.returns()]
        assert any(won) or stones[0] | stones[1] == board.full


def test_an_equilibrium_of_the_smallest_board_is_not_exploited():
    """On 2 x 2 cells the first player wins for sure: the upper right cell, then whichever lower one is free."""
    board, tries = BOARDS["2 x 2"], sides("2 x 2")
    tables = [one.uniform(board) for one in tries]
    assert HiddenBoardResponse(board, 0, tries[1], tables[1]).value() == pytest.approx(1)
    preferred = (tables[0] > 0) * [1, 4, 2, 3]
    tables[0] = np.eye(4)[preferred.argmax(axis=1)]
    assert list(hidden_board_responses(board, tries, tables)) == pytest.approx([1, -1])


def test_a_table_that_is_no_policy_is_refused():
    board, tries = BOARDS["2 x 2"], sides("2 x 2")[0]
    with pytest.raises(ValueError, match=r"expected a table \(17, 4\), got \(3, 4\)"):
        HiddenBoardResponse(board, 1, tries, np.ones((3, 4)) / 4)
    with pytest.raises(ValueError, match="does not hold distributions"):
        HiddenBoardResponse(board, 1, tries, np.full((17, 4), 0.25))
