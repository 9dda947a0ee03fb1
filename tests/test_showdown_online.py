"""Accounts on a server: accepted and sent challenges, the ladder, and their failures."""

import asyncio
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from poke_env.concurrency import POKE_LOOP

from pokespiel.commands.main import main
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.connection import LoginFailed
from pokespiel.showdown.contestants import PokeEnvContestant
from pokespiel.showdown.online import Account, Online
from pokespiel.showdown.player import PolicyPlayer
from pokespiel.showdown.serve import serve

BOT = Path(__file__).with_name("showdown_bot.py")


@pytest.fixture(scope="module")
def server(showdown):
    with serve() as running:
        yield running


def online(server, name, policy="expert", **conditions):
    teams = load_pool("competitive").teams
    conditions = {"patience": 30.0, "attempts": 2, "pause": 0.0} | conditions
    return Online(BASELINES.build(policy), teams, local_server(server.port), Account(name, None), 0, **conditions)


@pytest.fixture
def random_player(server):
    """A poke-env player that takes every challenge."""
    with accepting(PokeEnvContestant.named("RandomPlayer").join("randombot", local_server(server.port))) as player:
        yield player.player


@contextmanager
def accepting(player):
    """A poke-env player that takes every challenge while the context lasts."""
    player.take_seat(load_pool("one")[0], "nobody")
    taking = asyncio.run_coroutine_threadsafe(player.player._accept_challenges(None, 1000, None), POKE_LOOP)
    yield player
    taking.cancel()
    asyncio.run_coroutine_threadsafe(player.leave(), POKE_LOOP).result()


def test_a_bot_in_another_process_is_played(server, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", "acceptor")
    with ThreadPoolExecutor() as pool:
        accepting = pool.submit(main, ["showdown", "accept", "--server", str(server.port), "--matches", "2"])
        command = [sys.executable, str(BOT), str(server.port), "acceptor", "2"]
        bot = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert accepting.result(timeout=60) == 0
    matches, lost, won = re.fullmatch(r"(\d) matches, (\d) lost, (\d) won\n", bot.stdout).groups()
    assert matches == "2"
    tied = 2 - int(lost) - int(won)
    assert capsys.readouterr().out == f"won {lost}, lost {won}, tied {tied}, unfinished 0\n"


def test_an_opponent_is_challenged(server, random_player):
    tally = online(server, "challenger").challenge("randombot", 3).finish()
    assert (tally.finished, tally.problems) == (3, ())
    assert tally.won == random_player.n_lost_battles


def test_two_accounts_meet_on_the_ladder(server):
    with ThreadPoolExecutor() as pool:
        playing = [pool.submit(online(server, policy, policy).ladder(2).finish) for policy in ("expert", "random")]
        first, second = (tally.result(timeout=240) for tally in playing)
    assert (first.won, first.lost, first.tied, first.problems) == (second.lost, second.won, second.tied, ())
    assert first.finished == second.finished == 2


def test_a_lost_connection_is_opened_again_and_the_battle_played_on(server, random_player, monkeypatch):
    answer, lost = PolicyPlayer._answer, []

    async def answer_and_drop(self, battle, due):
        drops = (battle.decisions == 4 and len(lost) < 1) or battle.decisions in (6, 8)
        lost.extend([battle.room] * drops)
        if drops and len(lost) == 1:  # the answer does not get through
            await self.connection.close()
        await answer(self, battle, due)
        if drops:
            await self.connection.close()

    monkeypatch.setattr(PolicyPlayer, "_answer", answer_and_drop)
    tally = online(server, "dropper").challenge("randombot", 1).finish()
    assert (tally.finished, tally.problems) == (1, ())
    assert len(lost) == 3
    assert len(set(lost)) == 1


def test_an_opponent_that_stalls_is_left(server, monkeypatch):
    stalling = PokeEnvContestant.named("RandomPlayer").join("staller", local_server(server.port))
    monkeypatch.setattr(stalling.player, "choose_move", lambda battle: asyncio.sleep(1000))
    with accepting(stalling):
        tally = online(server, "waiter", patience=3.0, attempts=1).challenge("staller", 1).finish()
    assert (tally.finished, tally.given_up) == (0, 1)  # the server counts it as lost
    assert tally.problems == ("nothing happened for 3 s in turn 1",)


def test_nobody_there_is_told_at_once(server):
    tally = online(server, "lonely").challenge("nobody", 1).finish()
    assert tally.finished == 0
    assert tally.problems == ("the server refused: The user 'nobody' was not found.",) * 2


def test_nobody_comes(server):
    tally = online(server, "waiter", patience=0.5, attempts=1).accept(1).finish()
    assert tally.problems == ("no challenge came within 0.5 s",)


def test_a_team_that_the_server_refuses_is_told(server, random_player):
    account = online(server, "cheater", attempts=1)
    mewtwo = replace(load_pool("one")[0][0], species="Mewtwo")
    illegal = Online(account.policy, [(mewtwo,)], account.server, account.account, 0, attempts=1)
    (problem,) = illegal.challenge("randombot", 1).finish().problems
    assert "Mewtwo" in problem
    assert problem.startswith("the server refused: Your team was rejected")


def test_a_server_that_is_not_there_refuses_the_login(server):
    with serve() as gone:
        port = gone.port
    with pytest.raises(LoginFailed, match="no connection to ws://"):
        Online(BASELINES.build("random"), load_pool("one").teams, local_server(port), Account("x", None), 0).ladder(
            1
        ).finish()


def test_a_name_in_use_is_told(server, random_player):
    with pytest.raises(LoginFailed, match=r"refused: randombot .*"):
        online(server, "randombot").ladder(1).finish()
