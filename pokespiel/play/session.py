"""One battle of a person against a policy: state, choices, log, forfeits, rematches, and the stored record.

    session = BattleSession(BattleSetup(teams, seed=7), policy, "shipped")
    while not session.ended:
        session.choose(session.choices()[0])
    session.save(Path("battles"))

This module knows nothing about pages or terminals. The seed determines the battle's rolls and the policy's own draws,
so that the same choices lead to the same battle again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.policy import Observations, Policy, sample_actions
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.narration import Narrator, Sentence
from pokespiel.game.gen1.positions import reseeded
from pokespiel.game.gen1.replay import write_replay
from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.advice import Opinion, opinions
from pokespiel.play.judging import Chosen
from pokespiel.play.sight import sight

_ACTION = {name: action for action, name in enumerate(ACTION_NAMES)}


@dataclass(frozen=True)
class BattleSetup:
    """The setup of a battle."""

    teams: tuple[Team, Team]
    """Teams of players 1 and 2."""
    seed: int = 0
    """Seed of the battle's rolls and the policy's draws; 0 or more."""
    side: int = 1
    """The person's side, 1 or 2."""
    names: tuple[str, str] = ("You", "Opponent")
    """The person's and the opponent's names in the log."""

    def swapped(self) -> BattleSetup:
        """The same teams and rolls with the players' sides swapped."""
        return replace(self, side=3 - self.side)

    @property
    def words(self) -> tuple[int, int, int, int]:
        """The battle's seed as Showdown writes it."""
        first, second, third, fourth = np.random.default_rng((self.seed, 0)).integers(0, 1 << 16, 4).tolist()
        return (first, second, third, fourth)

    @property
    def number(self) -> int:
        """The seed as one 64-bit number."""
        return sum(word << 16 * place for place, word in enumerate(reversed(self.words)))

    @property
    def players(self) -> tuple[str, str]:
        """The names of players 1 and 2."""
        return self.names if self.side == 1 else self.names[::-1]


class NotPossible(ValueError):
    """An illegal or unexpected choice; the message lists the possible ones."""


@dataclass
class BattleSession:
    """A battle between a person and a policy."""

    setup: BattleSetup
    policy: Policy
    opponent: str
    """The policy's name."""
    battle: Battle = field(init=False)
    decisions: list[Chosen] = field(default_factory=list)
    """Decisions of both players, in order; the person's first if both choose."""
    forfeited: bool = False
    start: Battle | None = None
    """A position to start from, between players with the setup's names; None = a new battle of the teams."""

    def __post_init__(self) -> None:
        if self.start is None:
            self.battle = Battle(*self.setup.teams, seed=self.setup.words, names=self.setup.players)
        else:
            self.battle = self.start.copy()
        self._rng = np.random.default_rng((self.setup.seed, 1))
        self._memory = self.policy.start(1, self._rng)
        self._narrators = {side: (Narrator(side), list[Sentence]()) for side in (0, self.side)}
        self._heard = dict.fromkeys(self._narrators, 0)
        self._inputs: list[tuple[str, str]] = []
        self._play_on()

    @property
    def side(self) -> int:
        """The person's side, 1 or 2."""
        return self.setup.side

    @property
    def ended(self) -> bool:
        return self.forfeited or self.battle.ended

    @property
    def winner(self) -> int | None:
        """The player who has won, 0 after a tie, None while the battle runs."""
        return 3 - self.side if self.forfeited else self.battle.winner

    @property
    def step(self) -> int:
        """Number of completed steps; a choice is meant for one step."""
        return len(self._inputs)

    def choices(self) -> list[str]:
        """The person's legal choices; empty once the battle has ended."""
        return [] if self.ended else self.battle.choices(self.side)

    def choose(self, choice: str) -> None:
        """Play the person's choice and the policy's, up to the person's next decision.

        Raises `NotPossible` for an illegal choice; nothing has changed then.
        """
        legal = self.choices()
        if choice not in legal:
            raise NotPossible(
                f"{choice!r} is not possible; expected one of: {', '.join(legal)}" if legal else "the battle is over"
            )
        self._play(choice)
        self._play_on()

    def forfeit(self) -> None:
        """Forfeit the battle."""
        if self.ended:
            raise NotPossible("the battle is over")
        self.forfeited = True

    def rematch(self, *, seed: int, swap: bool = False) -> BattleSession:
        """A new battle with the same teams; with `swap` the players' sides are swapped."""
        setup = replace(self.setup.swapped() if swap else self.setup, seed=seed)
        start = self.start
        if start is not None:
            names = self.setup.names[::-1] if swap else self.setup.names  # the position's log keeps its names
            setup = replace(setup, names=names)
            start = start if seed == self.setup.seed else reseeded(start, setup.number)
        return BattleSession(setup, self.policy, self.opponent, start=start)

    def again(self, *, swap: bool = False) -> BattleSession:
        """The same teams and seed again."""
        return self.rematch(seed=self.setup.seed, swap=swap)

    def features(self, player: int) -> np.ndarray:
        """A player's view: [NUM_FEATURES] float32."""
        return self.battle.features(player)

    def legal(self, player: int) -> np.ndarray:
        """[9] bool, True = allowed; all False if that player waits or the battle has ended."""
        return np.zeros(len(ACTION_NAMES), bool) if self.ended else self.battle.legal(player)

    def seen(self) -> dict[str, Any]:
        """What the person sees; see `sight.py`."""
        own = {one.species: one.name for one in self.setup.teams[self.side - 1]}
        names = own, nicknames(self.log(self.side), 3 - self.side)
        return sight(self.features(self.side), self.legal(self.side), names)

    def advice(self, adviser: Policy) -> Opinion:
        """The probabilities of `adviser` in the person's position, and its win chance."""
        mine = [one for one in self.decisions if one.player == self.side]
        features = np.stack([*(one.features for one in mine), self.features(self.side)])
        legal = np.stack([*(one.legal for one in mine), self.legal(self.side)])
        return opinions(adviser, self.side - 1, features, legal, [one.choice for one in mine])[-1]

    def log(self, player: int | None = 0) -> list[str]:
        """Showdown's lines so far, as in `Battle.log`, with the end after a forfeit."""
        lines = self.battle.log(player)
        if self.forfeited:
            person, other = self.setup.names
            lines += [f"|-message|{person} forfeited.", "|", f"|win|{other}"]
        return lines

    def told(self, own: bool = True) -> list[Sentence]:
        """The log in words, for the person or, with `own` false, for a spectator."""
        side = self.side if own else 0
        narrator, said = self._narrators[side]
        lines = self.log(side)
        for line in lines[self._heard[side] :]:
            said += narrator.read(line)
        self._heard[side] = len(lines)
        return said

    def _play_on(self) -> None:
        """Play the policy's choices up to the person's next decision."""
        while not self.ended and not self.choices():
            self._play("")

    def _play(self, own: str) -> None:
        other = self._answer()
        if own:
            self._note(self.side, own)
        if other:
            self._note(3 - self.side, other)
        pair = (own, other) if self.side == 1 else (other, own)
        self.battle.choose(*pair)
        self._inputs.append(pair)

    def _note(self, player: int, choice: str) -> None:
        self.decisions.append(Chosen(self.battle.turn, player, self.features(player), self.legal(player), choice))

    def _answer(self) -> str:
        """The policy's choice; forced choices do not call the policy, as in training."""
        player = 3 - self.side
        choices = self.battle.choices(player)
        if len(choices) < 2:
            return choices[0] if choices else ""
        seen = Observations(player - 1, self.features(player)[None], self.legal(player)[None], np.full(1, -1, np.int64))
        probabilities, self._memory = self.policy(seen, self._memory)
        return ACTION_NAMES[int(sample_actions(probabilities, self._rng)[0])]

    # Records ----------------------------------------------------------------------------------------------------------

    def record(self) -> dict[str, Any]:
        """The battle in the format of a Showdown server (`.log.json`), with the players' names; see `record_text`.

        A battle from a position has no inputs: no server could play it from its beginning.
        """
        played = {"opponent": self.opponent, "side": self.side, "seed": self.setup.seed}
        if self.start is not None:
            return {"roomid": "battle-gen1ou-1", "format": "gen1ou", "log": self.log(0), "pokespiel": played}
        start = {"formatid": "gen1ou", "seed": ",".join(map(str, self.setup.words))}
        teams = [pack(as_validated(team)) for team in self.setup.teams]
        players = [{"name": name, "team": team} for name, team in zip(self.setup.players, teams, strict=True)]
        inputs = [f">start {json.dumps(start)}"]
        inputs += [f">player p{side} {json.dumps(player)}" for side, player in enumerate(players, 1)]
        for pair in self._inputs:
            inputs += [f">p{side} {choice}" for side, choice in enumerate(pair, 1) if choice]
        inputs += [f">forcelose p{self.side}"] * self.forfeited
        winner = {None: "", 0: ""}.get(self.winner, self.setup.players[(self.winner or 1) - 1])
        return {
            "roomid": "battle-gen1ou-1",
            "format": "gen1ou",
            "winner": winner,
            "turns": self.battle.turn,
            "p1": self.setup.players[0],
            "p2": self.setup.players[1],
            "seed": start["seed"],
            "inputLog": inputs,
            "log": self.log(None),
            "pokespiel": played,
        }

    def record_text(self) -> str:
        """The record as JSON."""
        return json.dumps(self.record(), ensure_ascii=False, indent=1) + "\n"

    @property
    def title(self) -> str:
        """The players' names."""
        return " against ".join(self.setup.players)

    def save(self, folder: Path, name: str) -> Path:
        """Write NAME.html for Showdown's viewer, NAME.log with its lines, NAME.log.json for `review`; returns the last
        path."""
        folder.mkdir(parents=True, exist_ok=True)
        write_replay(folder / f"{name}.html", self.log(0), self.title)
        path = folder / f"{name}.log.json"
        write_text(path, self.record_text())
        return path


def as_validated(team: Team) -> Team:
    """The sets after a server's validator: the simulator would replace an empty ability by the usual one."""
    return tuple(replace(one, ability="No Ability") for one in team)


def nicknames(lines: Sequence[str], player: int) -> dict[str, str]:
    """The nicknames of a player's Pokémon by species, as far as the lines show them."""
    found: dict[str, str] = {}
    for line in lines:
        kind, *words = line[1:].split("|")
        if kind in ("switch", "drag") and len(words) >= 2 and words[0].startswith(f"p{player}"):
            found[words[1].partition(",")[0]] = words[0].partition(": ")[2]
    return found
