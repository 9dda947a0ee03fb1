"""A poke-env player that says many things that a server refuses, and some that it accepts in unusual words."""

from __future__ import annotations

import random

from poke_env.battle import AbstractBattle
from poke_env.player import BattleOrder, RandomPlayer

SAYINGS = (
    "move 7",
    "move 0",
    "move tackle",
    "move",
    "move 1 1",
    "move 2 -1",
    "move 3 2",
    "move 1, move 2",
    "move Body Slam",
    "switch",
    "switch 1",
    "switch 9",
    "switch 2x",
    "switch -3",
    "switch Mew",
    "switch snorlax",
    "switch TAUROS",
    "switch 4",
    "default",
    "auto",
    "dance",
    "pass",
)


class Said(BattleOrder):
    def __init__(self, words: str):
        self.words = words

    @property
    def message(self) -> str:
        return f"/choose {self.words}"


class ClumsyPlayer(RandomPlayer):
    """Says something of SAYINGS three times out of four."""

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        if random.random() < 0.75:
            return Said(random.choice(SAYINGS))
        return super().choose_move(battle)
