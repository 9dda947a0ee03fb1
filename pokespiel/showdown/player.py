"""Any policy of ours as a poke-env `Player`.

poke-env holds the connection and knows which battles run; everything that is said in a battle goes to the engine's own
tracker, so that the policy sees on a server exactly the features it was trained on. poke-env's model of a Gen 1
battle is not consulted.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.battle import AbstractBattle
from poke_env.concurrency import POKE_LOOP, create_in_poke_loop
from poke_env.player import BattleOrder, Player
from poke_env.ps_client import PSClient
from websockets.exceptions import ConnectionClosed

from pokespiel.game.gen1.teams import Team, pack
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.showdown.inference import Desk, Seat

FORMAT = "gen1ou"
SILENT = logging.CRITICAL + 1
"""poke-env logs what it survives as critical."""
PATIENCE = {"open_timeout": 60.0, "ping_timeout": 60.0}
"""Seconds that a busy machine may take to answer."""
_REFUSALS = ("|popup|", "|nametaken|")
_LOG = logging.getLogger(__name__)


@dataclass
class BattleRecord:
    """One battle as this player saw it."""

    tracker: Tracker
    seat: Seat | None = None
    decisions: int = 0

    @property
    def turn(self) -> int:
        """The turn it has reached; 0 before it starts."""
        return self.tracker.turn if self.tracker.ready else 0


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
            start_listening=False,
            **{**PATIENCE, **options},
        )
        self.problem: str | None = None
        """Why this player cannot play on: what it made of a battle, or what the server said instead of starting one."""
        self.stuck = create_in_poke_loop(asyncio.Event, POKE_LOOP)
        """Set once there is a problem, after a battle that it ends has been forfeited."""
        self.listen()

    def listen(self) -> None:
        """Connect (anew); what the server says outside of battles is heard for refusals, the rest is poke-env's."""
        handle = PSClient._handle_message

        async def hear(message: str) -> None:
            if message.startswith(_REFUSALS):
                if not self.battles:
                    self._give_up("the server refused: " + " ".join(message.split("|")[2:]).strip())
                return
            try:
                await handle(self.ps_client, message)
            except Exception as error:  # a line that poke-env cannot take is no reason to miss the next
                _LOG.info("%s passed over %r: %r", self.username, message[:80], error)

        self.ps_client.logged_in.clear()
        self.ps_client._handle_message = hear
        self.ps_client._listening_coroutine = asyncio.run_coroutine_threadsafe(self.ps_client.listen(), POKE_LOOP)

    def reset_battles(self) -> None:
        super().reset_battles()
        self.records.clear()
        self.problem = None
        self.stuck.clear()

    def _give_up(self, problem: str) -> None:
        _LOG.warning("%s: %s", self.username, problem)
        self.problem = problem
        self.stuck.set()

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        raise AssertionError("requests are answered by the tracker and the policy, not by poke-env")

    async def _handle_battle_message(self, split_messages: list[list[str]]) -> None:
        head, *messages = split_messages
        tag = head[0].removeprefix(">")
        if messages and messages[0][1:2] == ["init"]:
            await self._open(tag, head, messages)
        record = self.records.get(tag)
        if record is None:
            _LOG.info("%s was told of %s, which is no %s battle of its own", self.username, tag[:80], FORMAT)
            return
        if self.problem is None:
            await self._follow(tag, record, messages)
        for message in messages:
            if message[1:2] == ["win"] or message[1:2] == ["tie"]:
                await self._close(tag, head, message)

    async def _open(self, tag: str, head: list[str], messages: list[list[str]]) -> None:
        """A battle begins, or is told from its start to a player that has come back to it.

        One that an earlier player under this name left, given up as unfinished, is ended here.
        """
        if tag not in self.records and ["", "start"] in messages:
            await self.ps_client.send_message("/forfeit", tag)
        elif tag.startswith(f"battle-{FORMAT}-"):
            await super()._handle_battle_message([head, messages[0]])
            seat = self.records[tag].seat if tag in self.records else None
            self.records[tag] = BattleRecord(Tracker(), seat)

    async def _close(self, tag: str, head: list[str], message: list[str]) -> None:
        battle = self.battles.get(tag)
        if battle is not None and not battle.finished:
            await super()._handle_battle_message([head, [*message, ""]])

    async def _follow(self, tag: str, record: BattleRecord, messages: list[list[str]]) -> None:
        """Tell the tracker what happened and answer what it is asked; any error gives the battle up."""
        answered = any(message[1:2] == ["sentchoice"] for message in messages)
        try:
            for message in messages:
                await self._hear(tag, record, message, answered)
        except ConnectionClosed as lost:  # whoever waits for the match sees to it
            _LOG.info("%s lost its connection in %s: %s", self.username, tag, lost)
        except Exception as error:  # whatever a server sends or a policy raises must not leave the opponent waiting
            self.problem = str(error) or type(error).__name__
            with suppress(ConnectionClosed):
                await self.ps_client.send_message("/forfeit", tag)
            self._give_up(self.problem)  # only now: whoever waits for the match hangs up at once

    async def _hear(self, tag: str, record: BattleRecord, message: list[str], answered: bool) -> None:
        line = "|".join(message)
        if message[1:2] == ["error"]:
            raise ValueError(f"the server refused a choice: {line[:200]!r}")
        record.tracker.read(line)
        asks = message[1:2] == ["request"] and message[2:3] not in ([""], ["null"])
        if asks and record.tracker.awaited and not answered:
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

    async def rejoin(self) -> bool:
        """Return to the battles under way after `listen` has connected anew; whether there are any.

        Each is told from its start again, and whoever waits for its end goes on waiting.
        """
        under_way = [tag for tag, battle in self.battles.items() if not battle.finished]
        for tag in under_way:
            await self.ps_client.send_message(f"/join {tag}")
        return bool(under_way)


async def disconnect(player: Player) -> None:
    """Close a player's connection; one that is closed already is fine."""
    if hasattr(player.ps_client, "websocket"):
        await player.ps_client.websocket.close()
    if not dropped(player):
        player.ps_client._listening_coroutine.cancel()


def dropped(player: Player) -> bool:
    """Whether the player's connection is gone."""
    return bool(player.ps_client._listening_coroutine.done())
