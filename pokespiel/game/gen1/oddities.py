"""Obvious blunders in played battles, counted by exact definitions.

watch = OddityWatch(n)                           # one player's side of n battles
watch.see(battles, features, legal, actions)     # at each of its requests, and at the end
oddity_table({"mine": tally(watch.counts, turns, scores)})

Only information shown to the player is used (see `view.py`), so that battles in the engine and on a server are counted
alike. Damage is the engine's estimate with the highest stats that the foe can have: a knock-out that is called sure is
certain, whatever the foe's stats are.

A *decision* is a request for a move with several legal actions. Its result is seen at the player's next request or at
the battle's end. The *user* is the player's Pokémon on the field and the *foe* the opposing one, both as shown when the
player chose.

idle             The player switched or used a move that does no damage, and at the next request the turn has had no
                 effect: the HP and statuses shown of both parties are as before, and so are the stages and
                 `CONDITIONS` of those on the field; one that came in has none.
wasted_status    A move that does nothing but put to sleep, paralyze or poison, at a foe that has a status. One at a foe
                 that recharges does not count, since it puts that foe to sleep whatever its status.
fatal_switch     A switch whose Pokémon fainted before it was asked for its first move.
declined         A sure knock-out was available (see `sure_knock_outs`) and the player did not choose one.
vain_explosion   Explosion or Self-Destruct where `may_knock_out` is false.
lost_sleeper     The user slept, a Pokémon without a status and with at least half of its HP could have come in, the
                 player stayed, and the sleeper fainted before its next request.
spent            A request for a move while the user knows attacks and has PP for none of them.
spent_party      A request for a move while nobody in the party that stands has PP for an attack, and some know one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines.board import MOVES, NUM_MOVES, STATUSES, SWITCHES, Board, Rows
from pokespiel.game.gen1.baselines.facts import STAGES, moves

HEALTHY = 0.5
"""Minimum share of its HP for a Pokémon to count as healthy."""
SURE_HIT = 255
"""Probability to hit of a move with full accuracy, in 256ths."""
CONDITIONS = (
    *("substitute", "reflect", "light_screen", "mist", "focus_energy", "seeded", "confused", "disabled", "toxic"),
    *("bide", "thrash", "rage", "charging", "recharging", "trapping", "transformed", "type_changed", "mimicked"),
)
"""Columns of `own_active` and `foe_active`."""
_STAGES = tuple(f"{stat}_stage" for stat in STAGES)


class Oddity(NamedTuple):
    """A count and the choices among which it is counted."""

    name: str
    meaning: str
    among: str
    """The choices among which it is counted."""


ODDITIES = (
    Oddity("idle", "idle turns", "decisions"),
    Oddity("wasted_status", "status moves at a foe that has a status", "status moves"),
    Oddity("fatal_switch", "switches by choice that fainted at once", "switches by choice"),
    Oddity("declined", "sure knock-outs declined", "sure knock-outs offered"),
    Oddity("vain_explosion", "explosions that could not knock out", "explosions"),
    Oddity("lost_sleeper", "sleepers left to faint with a healthy bench", "sleepers that fainted on the field"),
    Oddity("spent", "turns without PP for an attack on the field", "requests for a move"),
    Oddity("spent_party", "turns without PP for an attack in the party", "requests for a move"),
)
COUNTS = (*(one.name for one in ODDITIES), *dict.fromkeys(one.among for one in ODDITIES))
"""Names of all counts, in the order of the columns of `OddityWatch.counts`."""


class OddityWatch:
    """Counts one player's side of n battles; events are passed in the order in which they happen."""

    def __init__(self, n: int):
        self.counts = np.zeros((n, len(COUNTS)), np.int64)
        """By battle and COUNTS."""
        self._features = np.zeros((n, view.NUM_FEATURES), np.float32)
        self._pending = {name: np.zeros(n, bool) for name in ("idle", "switch", "asleep", "stays_asleep")}
        self._on_field = np.zeros(n, np.int64)

    def see(self, battles: np.ndarray, features: np.ndarray, legal: np.ndarray, actions: np.ndarray) -> None:
        """Record a request in k of the battles, or their end.

        Args:
            battles: [k] distinct numbers below n.
            features: [k, NUM_FEATURES] float32, the player's view.
            legal: [k, 9] bool, True = allowed; all False if it waits and at the end.
            actions: [k], the player's actions; -1 if it waits and at the end.
        """
        board = _board(features, legal)
        self._look_back(battles, board)
        for flags in self._pending.values():
            flags[battles] = False
        asked = np.flatnonzero(board.whole.ask_move & (actions >= 0))
        if len(asked):
            self._look(battles[asked], _board(features[asked], legal[asked]), legal[asked], actions[asked])
        self._features[battles] = features

    def _count(self, battles: np.ndarray, happened: dict[str, np.ndarray]) -> None:
        for name, cases in happened.items():
            self.counts[battles, COUNTS.index(name)] += cases

    def _look_back(self, battles: np.ndarray, board: Board) -> None:
        """Judge the last choices by their results."""
        last = {name: flags[battles] for name, flags in self._pending.items()}
        fell = board.own.fainted[:, 0] & (board.own.species[:, 0] == self._on_field[battles])
        happened = {
            "fatal_switch": last["switch"] & fell,
            "sleepers that fainted on the field": last["asleep"] & fell,
            "lost_sleeper": last["stays_asleep"] & fell,
        }
        if last["idle"].any():
            before = _board(self._features[battles], np.zeros((len(battles), view.NUM_ACTIONS), bool))
            happened["idle"] = last["idle"] & unchanged(before, board)
        self._count(battles, happened)

    def _look(self, battles: np.ndarray, board: Board, legal: np.ndarray, actions: np.ndarray) -> None:
        """Judge the choices themselves, if a move is requested."""
        rows = np.arange(len(battles))
        decides, stays = legal.sum(axis=1) > 1, actions < NUM_MOVES
        switches, uses = decides & ~stays, decides & stays
        slot = np.where(stays, actions, 0)
        gives_status = uses & _gives_status(board)[rows, slot]
        explodes = uses & (board.moves.explodes[rows, slot] > 0)
        sure = sure_knock_outs(board) & legal[:, MOVES]
        offered = decides & sure.any(axis=1)
        knows, has = _attacks(board)
        self._count(
            battles,
            {
                "requests for a move": np.ones(len(battles), bool),
                "spent": (knows & ~has)[:, 0],
                "spent_party": np.any(knows, axis=1) & ~np.any(has, axis=1),
                "decisions": decides,
                "switches by choice": switches,
                "status moves": gives_status,
                "wasted_status": gives_status & board.foe.any_status()[:, 0] & ~board.foe_active.recharging,
                "sure knock-outs offered": offered,
                "declined": offered & ~(uses & sure[rows, slot]),
                "explosions": explodes,
                "vain_explosion": explodes & ~may_knock_out(board)[rows, slot],
            },
        )
        asleep = stays & board.own.asleep[:, 0]
        self._pending["idle"][battles] = switches | (uses & (board.moves.status_move[rows, slot] > 0))
        self._pending["switch"][battles] = switches
        self._pending["asleep"][battles] = asleep
        self._pending["stays_asleep"][battles] = asleep & (_healthy(board) & legal[:, SWITCHES]).any(axis=1)
        self._on_field[battles] = board.own.species[rows, np.where(stays, 0, actions - NUM_MOVES + 1)]


def _board(features: np.ndarray, legal: np.ndarray) -> Board:
    return Board(Observations(0, features, legal, np.full(len(features), -1, np.int64)))


# --- definitions ------------------------------------------------------------------------------------------------------


def sure_knock_outs(board: Board) -> np.ndarray:
    """[b, 4] bool, moves of the request that surely knock the foe out if it stays and the user's move is made.

    The minimum damage takes all the HP that the foe shows, and the move hits at least 255 of 256 times, does not make
    the user faint, and comes first: the user is faster than the foe can be and the move's priority is not below 0, or
    the foe sleeps, is frozen or recharges. The foe has no Substitute, is not out of reach by Dig or Fly, and does not
    hold the user in a trap.
    """
    foe = board.foe_active
    helpless = board.foe.asleep[:, 0] | board.foe.frozen[:, 0] | foe.recharging
    first = helpless[:, None] | ((board.own.faster[:, :1] > 0) & (board.moves.priority >= 0))
    hits = np.rint(256 * board.moves.chance) >= SURE_HIT
    enough = np.rint(1000 * board.moves.least) >= _left(board)
    free = _within_reach(board) & ~board.whole.maybe_locked
    return free[:, None] & first & hits & enough & board.moves.usable & (board.moves.explodes == 0)


def may_knock_out(board: Board) -> np.ndarray:
    """[b, 4] bool, moves of the request that can knock the foe out without a critical hit.

    The maximum damage takes all the HP that the foe shows, and the foe has no Substitute and is not out of reach by Dig
    or Fly.
    """
    return _within_reach(board)[:, None] & (np.rint(1000 * board.moves.most) >= _left(board))


def unchanged(before: Board, after: Board) -> np.ndarray:
    """[b] bool: the turn between two views has had no effect, as `idle` defines it."""
    same = np.ones(before.size, bool)
    for side in ("own", "foe"):
        parties = [getattr(board, side) for board in (before, after)]
        same &= (_party(parties[0]) == _party(parties[1])).all(axis=1)
        stays = parties[0].species[:, :1] == parties[1].species[:, :1]
        old, new = (_conditions(getattr(board, f"{side}_active")) for board in (before, after))
        same &= np.where(stays, old == new, new == 0).all(axis=1)
    return same


def _party(party: Rows) -> np.ndarray:
    """[b, 6], species, HP and status of each Pokémon in one number, sorted."""
    status = sum(getattr(party, name).astype(np.int64) << place for place, name in enumerate(STATUSES))
    health = np.rint(10_000 * party.hp).astype(np.int64)
    return np.sort((party.species << 32) + (health << 8) + status, axis=1)


def _conditions(active: Rows) -> np.ndarray:
    """[b, C] whole numbers."""
    return np.stack([getattr(active, name).astype(np.int64) for name in (*CONDITIONS, *_STAGES)], axis=1)


def _within_reach(board: Board) -> np.ndarray:
    """[b] bool: an attack would hit the foe itself."""
    return board.foe.on_field[:, 0] & ~board.foe_active.substitute & ~board.foe_active.invulnerable


def _left(board: Board) -> np.ndarray:
    """[b, 1], the foe's HP in integer thousandths of full HP, as the engine compares them with damage."""
    return np.rint(10_000 * board.foe.hp[:, :1]) // 10


def _gives_status(board: Board) -> np.ndarray:
    """[b, 4] bool, moves of the request that do nothing but put to sleep, paralyze or poison."""
    given = [getattr(board.moves, name) > 0 for name in ("sleep", "paralyze", "poison", "toxic")]
    return (board.moves.status_move > 0) & np.any(given, axis=0)


def _healthy(board: Board) -> np.ndarray:
    """[b, 5] bool, healthy Pokémon of the own bench."""
    return (~board.own.any_status() & (board.own.hp >= HEALTHY) & ~board.own.fainted)[:, 1:]


def _attacks(board: Board) -> tuple[np.ndarray, np.ndarray]:
    """[b, 6] bool each, for the own Pokémon that have not fainted: it knows an attack; it has PP for one."""
    stands = (board.own.exists & ~board.own.fainted)[:, :, None]
    attacks = (moves().power > 0) | moves().having("Ohko", "Bide")
    known = stands & attacks[board.party_moves("own", "move")]
    return known.any(axis=2), (known & (board.party_moves("own", "pp") > 0)).any(axis=2)


# --- tables -----------------------------------------------------------------------------------------------------------

LENGTHS = (25, 50, 75, 100, 150, 250)
"""Battles are grouped by their number of turns: up to each of these, and longer ones."""


class Group(NamedTuple):
    """One player's sides of battles of similar length."""

    turns: str
    sides: int
    score: float
    """The player's mean score, 1 for a win, 1/2 for a tie; 0 without battles."""


class OddityTally(NamedTuple):
    """The oddities of one player over its sides of battles."""

    sides: int
    counts: dict[str, int]
    """Counts by the names in COUNTS."""
    lengths: tuple[Group, ...]

    def of(self, one: Oddity) -> str:
        """Its share of the choices among which it is counted, with both counts: "7.6 % [1,085 of 14,295]"."""
        count, total = self.counts[one.name], self.counts[one.among]
        return f"{100 * count / total:.1f} % [{count:,} of {total:,}]" if total else ""

    def to_plain(self) -> dict[str, Any]:
        """Plain data for a JSON file."""
        lengths = [group._asdict() for group in self.lengths]
        return {"sides": self.sides, "counts": dict(self.counts), "lengths": lengths}


def tally(counts: np.ndarray, turns: Sequence[int], scores: Sequence[float]) -> OddityTally:
    """Sum up n sides: counts [n, COUNTS], the length of each battle, and the player's score in it (1, 1/2 or 0)."""
    total = np.asarray(counts).reshape(-1, len(COUNTS)).sum(axis=0).tolist()
    groups = tuple(_groups(np.asarray(turns), np.asarray(scores, float)))
    return OddityTally(len(turns), dict(zip(COUNTS, total, strict=True)), groups)


def _groups(turns: np.ndarray, scores: np.ndarray) -> Iterator[Group]:
    place = np.searchsorted(LENGTHS, turns)
    names = [f"{low + 1} to {high}" for low, high in zip((0, *LENGTHS), LENGTHS, strict=False)]
    for group, name in enumerate((*names, f"more than {LENGTHS[-1]}")):
        own = scores[place == group]
        yield Group(name, len(own), float(own.mean()) if len(own) else 0.0)


def oddity_table(tallies: Mapping[str, OddityTally]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: one row per oddity, one column per player."""
    rows = [[one.meaning, one.among, *(each.of(one) for each in tallies.values())] for one in ODDITIES]
    return ["oddity", "among", *tallies], rows


def lengths_table(tallies: Mapping[str, OddityTally]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: each player's score in battles of each length, in percent, with the number of its sides."""
    rows = []
    for groups in zip(*(each.lengths for each in tallies.values()), strict=True):
        cells = [f"{100 * one.score:.1f} % [{one.sides:,}]" if one.sides else "" for one in groups]
        rows.append([groups[0].turns, *cells])
    return ["turns", *tallies], rows
