"""Any policy of ours as a poke-env `Player`.

poke-env holds the connection and knows which battles run; everything that is said in a battle goes to the engine's own
tracker, so that the policy sees on a server exactly the features it was trained on. poke-env's model of a Gen 1
battle is not consulted.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.battle import AbstractBattle
from poke_env.player import BattleOrder, Player

from pokespiel.game.gen1.teams import Team, pack
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.showdown.inference import Desk, Seat

FORMAT = "gen1ou"
SILENT = logging.CRITICAL + 1
"""poke-env logs what it survives as critical."""
PATIENCE = {"open_timeout": 60.0, "ping_timeout": 60.0}
"""Seconds that a busy machine may take to answer."""
_FOR_POKE_ENV = {"init", "win", "tie", "bigerror"}
_LOG = logging.getLogger(__name__)


@dataclass
class BattleRecord:
    """One battle as this player saw it."""

    tracker: Tracker
    seat: Seat | None = None
    lines: list[str] = field(default_factory=list)
    decisions: int = 0
    turn: int = 0
    failure: str | None = None
    """Why this player gave the battle up; None while all is well."""


class PolicyPlayer(Player):
    """A player whose moves a policy draws, many battles to a batch.

    Args:
        desk: answers the decisions; share one among the players of the same policy.
        name: the account's name on the server, its `password` where the server asks for one.
        team: what it brings to its battles.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        name: str,
        server: ServerConfiguration,
        team: Team,
        password: str | None = None,
        **options: Any,
    ):
        self.desk = desk
        self.records: dict[str, BattleRecord] = {}
        super().__init__(
            AccountConfiguration(name, password),
            battle_format=FORMAT,
            server_configuration=server,
            team=pack(team),
            log_level=SILENT,
            **{**PATIENCE, **options},
        )

    def reset_battles(self) -> None:
        super().reset_battles()
        self.records.clear()

    @property
    def failure(self) -> str | None:
        """Why this player gave a battle up, if it did."""
        return next((record.failure for record in self.records.values() if record.failure), None)

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        raise AssertionError("requests are answered by the tracker and the policy, not by poke-env")

    async def _handle_battle_message(self, split_messages: list[list[str]]) -> None:
        tag = split_messages[0][0].removeprefix(">")
        record = self.records.get(tag)
        if record is None:
            record = self.records[tag] = BattleRecord(Tracker())
        for message in split_messages[1:]:
            if len(message) > 1 and message[1] in _FOR_POKE_ENV:
                await super()._handle_battle_message([split_messages[0], message])
        if record.failure is None:
            await self._follow(tag, record, split_messages[1:])

    async def _follow(self, tag: str, record: BattleRecord, messages: list[list[str]]) -> None:
        """Tell the tracker what happened and answer what it is asked; any error gives this battle up, no other."""
        try:
            for message in messages:
                await self._hear(tag, record, message)
        except ValueError as error:
            record.failure = str(error)
            _LOG.warning("%s gives up %s: %s", self.username, tag, error)
            await self.ps_client.send_message("/forfeit", tag)

    async def _hear(self, tag: str, record: BattleRecord, message: list[str]) -> None:
        line = "|".join(message)
        kind = message[1] if len(message) > 1 else ""
        if kind == "error":
            raise ValueError(f"the server refused a choice: {line}")
        if kind != "request":
            record.lines.append(line)
            if kind == "turn":
                record.turn = int(message[2])
            record.tracker.read(line)
        elif len(message) > 2 and message[2]:
            record.tracker.request("|".join(message[2:]))
            if record.tracker.awaited:
                await self._answer(tag, record)

    async def _answer(self, tag: str, record: BattleRecord) -> None:
        tracker = record.tracker
        if record.seat is None:
            record.seat = self.desk.seat(tracker.player)
        features, legal = tracker.features(), tracker.legal()
        choices = np.flatnonzero(legal)
        action = int(choices[0]) if len(choices) == 1 else await self.desk.decide(record.seat, features, legal)
        record.decisions += 1
        await self.ps_client.send_message(f"/choose {ACTION_NAMES[action]}", tag)


async def disconnect(player: Player) -> None:
    """Close a player's connection; one that is closed already is fine."""
    if hasattr(player.ps_client, "websocket"):
        await player.ps_client.websocket.close()
    if not dropped(player):
        player.ps_client._listening_coroutine.cancel()


def dropped(player: Player) -> bool:
    """Whether the player's connection is gone."""
    return bool(player.ps_client._listening_coroutine.done())
