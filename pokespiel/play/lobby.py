"""The battles of one server, and a page's requests: text in, plain data out, for any text.

A message is a JSON object: `do` names a command of COMMANDS, `battle` the battle concerned, and the answer repeats
`re`. Every message gets one answer; the answer to a bad one is `{"is": "error", "text": ...}`, and nothing changes.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import error_text
from pokespiel.core.policy import Policy
from pokespiel.core.registry import unknown
from pokespiel.play.advice import as_shares
from pokespiel.play.answers import Answer, read_message, whole_number
from pokespiel.play.board import BOARD_COMMANDS
from pokespiel.play.endings import Endings
from pokespiel.play.judging import as_data, judged
from pokespiel.play.lineups import TeamRefused, chosen, listed
from pokespiel.play.review import Review
from pokespiel.play.session import BattleSession, BattleSetup, NotPossible

MOST_BATTLES = 200
"""Maximum battles kept; the oldest finished one is dropped first, else the oldest."""
_LOG = logging.getLogger(__name__)
_ID = 12
"""Bytes of a battle's random name."""


@dataclass
class OpenBattle:
    """A battle and its bookkeeping."""

    session: BattleSession
    saved: str = ""
    """Where its record is stored; empty until it has ended."""
    trouble: str = ""
    """Why its record could not be stored."""


@dataclass
class Lobby:
    """All battles; one thread at a time works on them."""

    load: Callable[[str], Policy]
    """Loads a policy by name."""
    opponents: tuple[str, ...]
    """The policies that a page may choose from; the first is the default."""
    adviser: str
    """The policy that gives the hints."""
    keep: Path | None = None
    """The folder for records of finished battles; None = they are only offered for download."""
    seed: int | None = None
    """Seed of the first battle, later ones use the following numbers; None = random."""
    tables: dict[str, OpenBattle] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    """Battles on the analysis board."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.endings = Endings()
        self._policies: dict[str, Policy] = {}

    def policy(self, name: str) -> Policy:
        """A policy that the page may name, loaded once."""
        if name not in (*self.opponents, self.adviser):
            raise unknown("opponent", name, self.opponents)
        if name not in self._policies:
            self._policies[name] = self.load(name)
        return self._policies[name]

    def warm_up(self) -> None:
        """Load everything that the first battle needs."""
        with self._lock:
            for name in (self.opponents[0], self.adviser):
                self.policy(name)

    def answer(self, text: str | bytes) -> Answer:
        """The answer to one message; never raises an exception."""
        with self._lock:
            asked: Mapping[str, Any] = {}
            try:
                asked = read_message(text)
                answer = self._answer(asked)
            except TeamRefused as refused:
                answer = Answer({"is": "refused", "reasons": refused.reasons[:20]})
            except (ValueError, OSError) as error:
                answer = Answer({"is": "error", "text": str(error)[:2_000]})
            except Exception:  # a bug must not end the other battles
                _LOG.exception("a message could not be answered")
                answer = Answer({"is": "error", "text": "the server could not do this; its log says why"})
        reference = asked.get("re")
        if isinstance(reference, int | str) and len(str(reference)) <= 40:
            answer.data["re"] = reference
        return answer

    def _answer(self, asked: Mapping[str, Any]) -> Answer:
        name = asked.get("do")
        if not isinstance(name, str) or name not in COMMANDS:
            raise unknown("command", str(name)[:40], COMMANDS)
        return COMMANDS[name](self, asked)

    def state(self, battle: str, since: int = 0) -> dict[str, Any]:
        """A battle as its page shows it, with its log from sentence `since` on."""
        table = self.tables[battle]
        session = table.session
        sentences = session.told()
        outcome = {None: None, 0: "tied", session.side: "won"}.get(session.winner, "lost")
        return {
            "is": "battle",
            "battle": battle,
            "step": session.step,
            "side": session.side,
            "names": session.setup.names,
            "opponent": session.opponent,
            "seed": session.setup.seed,
            "sight": session.seen(),
            "from": since,
            "told": sentences[since:],
            "outcome": outcome,
            "forfeited": session.forfeited,
            "saved": table.saved,
            "trouble": table.trouble,
        }

    def table(self, asked: Mapping[str, Any]) -> tuple[str, OpenBattle]:
        """The battle that a message names."""
        name = asked.get("battle")
        if not isinstance(name, str) or name not in self.tables:
            raise ValueError("this battle is not on this server; begin a new one")
        return name, self.tables[name]

    def open(self, session: BattleSession) -> str:
        """Add a new battle; returns its name."""
        while len(self.tables) >= MOST_BATTLES:
            over = next((name for name, table in self.tables.items() if table.session.ended), next(iter(self.tables)))
            del self.tables[over]
        name = secrets.token_urlsafe(_ID)
        self.tables[name] = OpenBattle(session)
        return name

    def _keep(self, battle: str) -> None:
        """Store the record of a finished battle, once."""
        table = self.tables[battle]
        session = table.session
        if session.ended and not table.saved + table.trouble and self.keep is not None:
            stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}-{battle[:6].strip('-_') or 'battle'}"
            try:
                table.saved = str(session.save(self.keep, stamp))
            except OSError as error:  # the battle has ended nevertheless
                table.trouble = f"The record could not be kept: {error_text(error)}"

    def next_seed(self, asked: Mapping[str, Any]) -> int:
        """The seed that a message requests, else the lobby's next one."""
        if asked.get("seed") is not None:
            return whole_number(asked, "seed", 0, (1 << 53) - 1)
        if self.seed is None:
            return secrets.randbelow(1 << 31)
        self.seed += 1
        return self.seed - 1

    # Commands ---------------------------------------------------------------------------------------------------------

    def welcome(self, asked: Mapping[str, Any]) -> Answer:
        """The available opponents, pools and teams."""
        choices = {"opponents": self.opponents, "adviser": self.adviser, "keep": str(self.keep or "")}
        return Answer({"is": "welcome", **choices, **listed()})

    def check(self, asked: Mapping[str, Any]) -> Answer:
        """Whether a team is legal."""
        team, _ = chosen(_wish(asked, "team"), np.random.default_rng(0))
        return Answer({"is": "legal", "species": [one.species for one in team]})

    def begin(self, asked: Mapping[str, Any]) -> Answer:
        """Start a new battle."""
        seed = self.next_seed(asked)
        rng = np.random.default_rng((seed, 2))
        own, foe = (chosen(_wish(asked, key), rng)[0] for key in ("team", "foe_team"))
        opponent = asked.get("opponent", self.opponents[0])
        side = asked.get("side", 1)
        if type(side) is not int or side not in (1, 2):
            raise ValueError("side: expected 1 or 2")
        policy = self.policy(str(opponent)[:200])
        teams = (own, foe) if side == 1 else (foe, own)
        setup = BattleSetup(teams, seed, side, ("You", log_name(str(opponent))))
        return self.changed(self.open(BattleSession(setup, policy, str(opponent))))

    def resume(self, asked: Mapping[str, Any]) -> Answer:
        """The current state of a battle, including its whole log."""
        return Answer(self.state(self.table(asked)[0]))

    def choose(self, asked: Mapping[str, Any]) -> Answer:
        """Play a choice, which is meant for one step of the battle."""
        name, table = self.table(asked)
        choice, step = asked.get("choice"), asked.get("step")
        if not isinstance(choice, str):
            raise ValueError("choice: expected a text such as 'move 1'")
        if step != table.session.step or isinstance(step, bool):
            raise NotPossible(f"the battle is at step {table.session.step}, the choice was for another one")
        before = len(table.session.told())
        table.session.choose(choice[:40])
        return self.changed(name, before)

    def forfeit(self, asked: Mapping[str, Any]) -> Answer:
        """Forfeit a battle."""
        name, table = self.table(asked)
        before = len(table.session.told())
        table.session.forfeit()
        return self.changed(name, before)

    def rematch(self, asked: Mapping[str, Any]) -> Answer:
        """A rematch with the same teams: with a new or the same seed, and the same or swapped sides."""
        _, table = self.table(asked)
        swap = asked.get("swap") is True
        if asked.get("same") is True:
            return self.changed(self.open(table.session.again(swap=swap)))
        return self.changed(self.open(table.session.rematch(seed=self.next_seed(asked), swap=swap)))

    def hints(self, asked: Mapping[str, Any]) -> Answer:
        """The adviser's probabilities in the person's position, and its win chance."""
        name, table = self.table(asked)
        session = table.session
        choices = session.choices()
        if not choices:
            raise NotPossible("nothing is asked of you")
        opinion = session.advice(self.policy(self.adviser))
        said = {"by": self.adviser, "shares": as_shares(opinion, choices), "win_chance": opinion.win_chance}
        return Answer({"is": "hints", "battle": name, "step": session.step, **said})

    def account(self, asked: Mapping[str, Any]) -> Answer:
        """After the battle: both sides' choices, the adviser's own choices, and the win chance at each."""
        name, table = self.table(asked)
        session = table.session
        if not session.ended:
            raise NotPossible("the battle is not over yet")
        policy = self.policy(self.adviser)
        sides = {
            who: as_data(judged(policy, side, session.decisions))
            for who, side in (("own", session.side), ("foe", 3 - session.side))
        }
        return Answer({"is": "account", "battle": name, "by": self.adviser, **sides})

    def changed(self, name: str, since: int = 0) -> Answer:
        """The answer when a battle has changed."""
        self._keep(name)
        return Answer(self.state(name, since), name)


COMMANDS: Mapping[str, Callable[[Lobby, Mapping[str, Any]], Answer]] = {
    command.__name__: command
    for command in (
        *(Lobby.welcome, Lobby.check, Lobby.begin, Lobby.resume, Lobby.choose, Lobby.forfeit, Lobby.rematch),
        *(Lobby.hints, Lobby.account, *BOARD_COMMANDS),
    )
}


def _wish(asked: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    wish = asked.get(key, {"pool": "competitive"})
    if not isinstance(wish, dict):
        raise ValueError(f"{key}: expected an object with paste, or pool and team")
    return wish


def log_name(name: str) -> str:
    """An opponent's name in a form that a log can hold."""
    plain = "".join(letter for letter in Path(name).name if letter.isalnum() or letter in " .-_")[:18]
    return plain if plain and plain != "You" else "Opponent"


def offered(first: str, others: Sequence[str]) -> tuple[str, ...]:
    """The opponents that a page offers, the default one first."""
    return tuple(dict.fromkeys((first, *others)))
