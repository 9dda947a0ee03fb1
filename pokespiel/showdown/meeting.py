"""Finding an opponent: send a challenge, accept one, or search the ladder, until a battle begins.

Failures are distinguished: no user of that name, a challenge that is rejected, withdrawn or not answered, a challenger
who has left, a refused team, a search that the server ends, a lost connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from pokespiel.showdown.battle import LiveBattle
from pokespiel.showdown.player import SEARCH, Kind, News, PolicyPlayer
from pokespiel.showdown.protocol import FORMAT, ServerRefusal, user_id
from pokespiel.showdown.waiting import Unfinished, first_of

Meeting: TypeAlias = Callable[[PolicyPlayer, float], Awaitable[LiveBattle]]
"""Finds an opponent for a player within the given seconds; raises `NoBattle`."""
THROTTLE = 10.0
"""Seconds after which a request that the server throttled is repeated."""


class NoBattle(Unfinished):
    """No battle was arranged; the message says why."""


def challenge(opponent: str) -> Meeting:
    """Challenge `opponent` and wait for an answer."""
    who = user_id(opponent)
    if not who:
        raise ValueError(f"{opponent!r} names nobody: a name has a letter or a digit")

    async def meet(player: PolicyPlayer, patience: float) -> LiveBattle:
        if player.connection.id == who:
            raise ValueError(f"{opponent!r} is this account itself")
        return await _Seeking(player, patience).challenge(who, opponent)

    return meet


def accept(opponent: str | None = None) -> Meeting:
    """Accept a challenge from `opponent`, or from anyone."""
    who = None if opponent is None else user_id(opponent)
    if who == "":
        raise ValueError(f"{opponent!r} names nobody: a name has a letter or a digit")

    async def meet(player: PolicyPlayer, patience: float) -> LiveBattle:
        return await _Seeking(player, patience).accept(who)

    return meet


def ladder() -> Meeting:
    """Search for a ranked match."""

    async def meet(player: PolicyPlayer, patience: float) -> LiveBattle:
        return await _Seeking(player, patience).search()

    return meet


class _Seeking:
    """One player's search for one opponent, for at most `patience` seconds."""

    def __init__(self, player: PolicyPlayer, patience: float):
        self.player = player
        self.patience = patience
        self.deadline = time.monotonic() + patience
        while not player.news.empty():
            player.news.get_nowait()

    async def challenge(self, who: str, opponent: str) -> LiveBattle:
        reason = ""
        async for news, stands in self.replies(f"/challenge {who}, {FORMAT}", who):
            if news.kind is Kind.REASON:
                reason = _reason(opponent, news.text) or reason
            elif news.kind is Kind.ENDED and stands:
                return await self.settled(reason or f"the challenge to {opponent} came to nothing")
        if (battle := self.battle()) is not None:
            return battle
        await self.player.connection.say(f"/cancelchallenge {who}")
        return await self.settled(f"{opponent} did not answer the challenge within {self.patience:g} s")

    async def replies(self, ask: str, who: str) -> AsyncIterator[tuple[News, bool]]:
        """Send a request, and repeat it after temporary refusals: yields the news about `who`, each with whether the
        request stands.

        It ends when a battle has begun or time is up.
        """
        stands = False
        await self.ask(ask)
        while (news := await self.hear()) is not None and self.battle() is None:
            if news.kind is Kind.POPUP and not stands:
                await self.ask_again(ask, news.text)
            elif news.who == who and news.kind is Kind.SENT:
                stands = True
            elif news.who == who:
                yield news, stands

    async def ask(self, text: str) -> None:
        """Send a request, unless a battle has already begun, which ends the search."""
        if self.battle() is None:
            await self.player.connection.say(text)
        else:
            self.player.news.put_nowait(News(Kind.BATTLE))

    async def ask_again(self, ask: str, refused: str) -> None:
        """Repeat a request after a refusal that is temporary or that we can resolve; raise any other."""
        refusal = ServerRefusal.of(refused)
        later = refusal in (ServerRefusal.TOO_SOON, ServerRefusal.RESTARTING)
        if later and time.monotonic() + THROTTLE < self.deadline:
            await asyncio.sleep(THROTTLE)
        elif refusal is ServerRefusal.PENDING and self.player.challenged:
            await self.player.connection.say(f"/cancelchallenge {self.player.challenged}")
        else:
            raise NoBattle(f"the server refused: {refused}")
        await self.player.connection.say(ask)

    async def accept(self, who: str | None) -> LiveBattle:
        nobody = f"no challenge came{f' from {who}' if who else ''} within {self.patience:g} s"
        while time.monotonic() < self.deadline:
            if (battle := self.battle()) is not None:
                return battle
            challenger = next((id for id in self.player.challengers if who in (None, id)), None)
            if challenger is None:
                await self.hear()
            elif (taken := await self.take(challenger)) is not None:
                return taken
        return await self.settled(nobody)

    async def take(self, challenger: str) -> LiveBattle | None:
        """The battle of a challenge, None if it was withdrawn or its challenger has left."""
        self.player.accepting = challenger
        battle = await self._take(challenger)
        self.player.accepting = ""
        return battle

    async def _take(self, challenger: str) -> LiveBattle | None:
        ask = f"/accept {challenger}"
        await self.player.connection.say(ask)
        while (news := await self.hear()) is not None:
            if (battle := self.battle()) is not None:
                return battle
            if news.kind is Kind.POPUP:
                if ServerRefusal.of(news.text) not in (ServerRefusal.STALE, ServerRefusal.OFFLINE):
                    await self.ask_again(ask, news.text)
                    continue
                self.player.challengers.pop(challenger, None)
                return None
            if news.kind is Kind.ENDED and news.who == challenger:
                await self.player.connection.settle()
                return self.battle()
        return None

    async def search(self) -> LiveBattle:
        async for _, stands in self.replies(f"/search {FORMAT}", SEARCH):
            if stands:
                return await self.settled("the server ended the search")
        if (battle := self.battle()) is not None:
            return battle
        await self.player.connection.say(f"/cancelsearch {FORMAT}")
        return await self.settled(f"nobody was found within {self.patience:g} s")

    def battle(self) -> LiveBattle | None:
        """The battle that has begun, and may have ended; None = none."""
        return next(iter(self.player.battles), None)

    async def hear(self) -> News | None:
        """The next news, None when time is up."""
        lost, news = self.player.connection.lost, asyncio.ensure_future(self.player.news.get())
        if not await first_of(news, lost.wait(), timeout=max(0.0, self.deadline - time.monotonic())):
            return None
        if not news.done():
            raise NoBattle("the connection was lost while an opponent was looked for")
        return news.result()

    async def settled(self, problem: str) -> LiveBattle:
        """The battle that has begun once the server has processed everything we sent; raises the problem if there is
        none."""
        await self.player.connection.settle()
        battle = self.battle()
        if battle is None:
            raise NoBattle(problem)
        return battle


def _reason(opponent: str, told: str) -> str:
    """Why a challenge failed, "" if the private message is about something else."""
    if "changed their username" in told:  # the server also says this of users who have left
        return f"{opponent} went offline or changed its name"
    return told if "rejected the challenge" in told or "cancelled the challenge" in told else ""
