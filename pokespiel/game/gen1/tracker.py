"""A player's view of a battle on a Showdown server, from the lines that the server sends.

tracker = Tracker()
for line in lines:
    tracker.read(line)
if tracker.awaited:
    features, legal = tracker.features(), tracker.legal()

for tracker in decisions(open("battle.log")):  # of a whole log, in either order
    features, legal = tracker.features(), tracker.legal()

A server sends a request after the lines that lead to it. Until about 2022 servers sent it before them; such a request
is held back until its lines have arrived, so that the features at a decision are the same in both orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pokespiel.game.gen1 import _engine

_REQUESTS = ("wait", "move", "switch")
_ORDERS = (None, False, True)


class Tracker:
    """Follows one battle from one player's lines; the features are those of the engine's own batches.

    Chat, timers and other lines that do not affect the battle are ignored. A line that cannot belong to a Gen 1 singles
    battle as one player sees it raises a `ValueError` that quotes it; the tracker is then unchanged.
    """

    def __init__(
        self,
        player: int | None = None,
        *,
        start_pp: Sequence[Sequence[int]] | None = None,
        requests_first: bool | None = None,
    ):
        """player: 0 (p1) or 1 (p2), or None: given by the first request.

        start_pp: PP of each own move at the start, by Pokémon, if they were not full (no line shows that).
        requests_first: whether requests come before their lines; None: as the first request shows, which a log without
        its
            beginning cannot (it is then read in today's order).
        """
        self.native = _engine.Tracker(-1 if player is None else player, _ORDERS.index(requests_first))
        if start_pp is not None:
            self.native.start_with_pp([list(pp) for pp in start_pp])

    def read(self, line: str | bytes) -> None:
        """Read one line of the battle's room, including `|request|...`, in the order in which the server sends them."""
        self.native.line(line)

    def request(self, text: str | bytes) -> None:
        """Read the JSON of a request, after the lines that led to it."""
        self.native.request(text)

    @property
    def ready(self) -> bool:
        """Whether a request has arrived, so that the own party is known."""
        return self.native.ready

    @property
    def requests_first(self) -> bool | None:
        """Whether requests come before their lines; None if unknown so far."""
        return _ORDERS[self.native.order]

    @property
    def player(self) -> int:
        """0 (p1) or 1 (p2)."""
        return self.native.player

    @property
    def turn(self) -> int:
        return self.native.turn

    @property
    def request_kind(self) -> str:
        """The kind of the last request, once its lines have arrived: "move", "switch" or "wait"."""
        return _REQUESTS[self.native.asked]

    @property
    def winner(self) -> int | None:
        """+1 player 0 (p1) has won, -1 player 1, 0 a tie, None while the battle runs."""
        return (None, 1, -1, 0)[self.native.result]

    def legal(self) -> np.ndarray:
        """[9] bool, True = allowed, for the last request; all False until its lines have arrived."""
        return self.native.legal()

    @property
    def awaited(self) -> bool:
        """Whether the last request, whose lines have arrived, needs an action."""
        return self.ready and self.winner is None and bool(self.legal().any())

    def features(self) -> np.ndarray:
        """[NUM_FEATURES] float32, as after the last line."""
        return self.native.features()

    def compact(self) -> np.ndarray:
        """[COMPACT_SIZE] int16, the same as a compact row."""
        return self.native.compact()


def decisions(lines: Iterable[str], tracker: Tracker | None = None) -> Iterator[Tracker]:
    """The tracker at each decision of its player in a whole log: when a request and all lines before it have arrived.

    It is always the same object, `tracker` or a new one. A log without requests has no decisions, because it does not
    show the own party. If a log ends just after a Pokémon has fainted, other fainted ones may be missing, so that
    decision is left out. An impossible line raises a `ValueError`, and nothing after it is read.
    """
    tracker = tracker or Tracker()
    last, fainted = None, False
    for line in lines:
        kind = _kind(line)
        if fainted and kind in ("request", "switch", "drag"):  # all Pokémon that fainted in the turn are known now
            yield tracker
            fainted = False
        tracker.read(line.rstrip("\r\n"))
        now = (tracker.turn, tracker.request_kind)
        if not tracker.awaited or now == last:  # a request that is sent again is not a new decision
            continue
        if kind == ("turn" if tracker.requests_first else "request"):
            last = now
            yield tracker
        elif tracker.requests_first and kind == "faint":
            last, fainted = now, True


def _kind(line: str) -> str:
    """The word between a line's first two bars; for a request only if it needs an action."""
    _, _, rest = line.partition("|")
    kind, _, rest = rest.partition("|")
    return kind if kind != "request" or rest.strip() not in ("", "null") else ""
