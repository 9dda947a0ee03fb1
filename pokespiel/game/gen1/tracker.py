"""What a player knows of a battle on a Showdown server, from the lines that the server sends.

tracker = Tracker()
for line in lines:
    tracker.read(line)
if tracker.awaited:
    features, legal = tracker.features(), tracker.legal()
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.game.gen1 import _engine

_REQUESTS = ("wait", "move", "switch")


class Tracker:
    """Follows one battle as one player is told of it; the features are those of the engine's own batches.

    Chat, timers and other lines without a meaning for the battle are passed over. What cannot be a Gen 1 singles battle
    as one player sees it raises a `ValueError` that quotes the line; the tracker then stands as before that line.
    """

    def __init__(self, player: int | None = None, *, start_pp: Sequence[Sequence[int]] | None = None):
        """player: 0 (p1) or 1 (p2), or None: as the first request says.

        start_pp: PP of each own move at the start, by Pokémon, where it was not full (no line tells it).
        """
        self.native = _engine.Tracker(-1 if player is None else player)
        if start_pp is not None:
            self.native.start_with_pp([list(pp) for pp in start_pp])

    def read(self, line: str | bytes) -> None:
        """One line of the battle's room, `|request|...` included, in the order in which the server sends them."""
        self.native.line(line)

    def request(self, text: str | bytes) -> None:
        """The JSON of a request, after the lines that led to it."""
        self.native.request(text)

    @property
    def ready(self) -> bool:
        """A request has come, so that the own party is known."""
        return self.native.ready

    @property
    def player(self) -> int:
        """0 (p1) or 1 (p2)."""
        return self.native.player

    @property
    def turn(self) -> int:
        return self.native.turn

    @property
    def request_kind(self) -> str:
        """What the last request asks for: "move", "switch" or "wait"."""
        return _REQUESTS[self.native.asked]

    @property
    def winner(self) -> int | None:
        """+1 player 0 (p1) has won, -1 player 1, 0 a tie, None while the battle runs."""
        return (None, 1, -1, 0)[self.native.result]

    def legal(self) -> np.ndarray:
        """[9] bool, True = allowed, for the last request."""
        return self.native.legal()

    @property
    def awaited(self) -> bool:
        """The last request leaves a choice or demands an action."""
        return self.ready and self.winner is None and bool(self.legal().any())

    def features(self) -> np.ndarray:
        """[NUM_FEATURES] float32, as after the last line."""
        return self.native.features()

    def compact(self) -> np.ndarray:
        """[COMPACT_SIZE] int16, the same as a compact row."""
        return self.native.compact()
