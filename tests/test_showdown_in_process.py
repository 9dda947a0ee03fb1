"""poke-env's players on our engine: the battles of a real server, and messages if a player fails."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np
import pytest
from poke_env import AccountConfiguration
from poke_env.player import ForfeitBattleOrder, MaxBasePowerPlayer, RandomPlayer, SimpleHeuristicsPlayer
from showdown_clumsy import ClumsyPlayer, Said

from pokespiel.adapters import play_in_process
from pokespiel.core.policy import Uniform
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import TeamError, export_team, load_pool
from pokespiel.showdown import inprocess
from pokespiel.showdown.choices import ChoiceRefused, in_engine_words
from pokespiel.showdown.inprocess import PlayerFailed, battle_in_process
from pokespiel.showdown.reference.in_process import Ears, compare_served, first_difference, play_served, repeatable
from pokespiel.showdown.serve import serve

POOL, ODD = load_pool("competitive"), load_pool("variety")
TEAM = export_team(POOL[0])


def some_teams(count, seed=0):
    draws = np.random.default_rng(seed).integers(20, size=(count, 2))
    return [(POOL[int(own)], ODD[int(foe)]) for own, foe in draws]


def player(kind, name, **options):
    options = {"battle_format": "gen1ou", "start_listening": False, "log_level": 60} | options
    return kind(AccountConfiguration(name, None), **options)


@pytest.fixture(scope="module")
def served(showdown, tmp_path_factory):
    """Battles over a real server."""
    folder, found = tmp_path_factory.mktemp("record"), []
    kinds = [(RandomPlayer, MaxBasePowerPlayer), (SimpleHeuristicsPlayer, RandomPlayer), (ClumsyPlayer, ClumsyPlayer)]
    with serve(record=folder) as server:
        for number, pair in enumerate(kinds):
            found += play_served(server, folder, pair, some_teams(4, number))
    return found


def test_battles_in_process_are_those_of_the_server(served):
    """The same seeds, teams and players: the same log and choices, and every line and request that a player is told."""
    found = compare_served(served)
    assert found.differences == []
    assert found.battles == 12
    assert found.choices > 600
    refused = [line for one in served for told in one.told for line in told if line.startswith("|error|")]
    assert len(set(refused)) > 20, "the server's words for what it refuses are compared as well"


def test_another_battle_would_be_told(served):
    one = served[0]
    teams = one.recording.teams
    other = one._replace(recording=replace(one.recording, teams=(teams[0], (*teams[1][1:], teams[1][0]))))
    words = [text.split(", ")[1] for text in compare_served([one, other]).differences]
    assert words[0] == "log"
    assert words[-2:] == ["told to player 1", "told to player 2"]
    told = list(one.told[1])
    place = next(index for index, line in enumerate(told) if line.startswith("|request|"))
    told[place] = told[place].replace('"pp":', '"pq":', 1)
    wrong = compare_served([one._replace(told=(one.told[0], told))]).differences
    assert len(wrong) == 1
    assert "told to player 2" in wrong[0]


def test_accounts_of_different_length_differ():
    assert list(first_difference(["|a", "|j|x"], ["|t:|3", "|a"])) == []
    assert list(first_difference(["|a"], ["|a", "|b"])) == ["1: the server None, in process '|b'"]


@pytest.mark.parametrize("kind", [RandomPlayer, MaxBasePowerPlayer, SimpleHeuristicsPlayer])
def test_poke_envs_players_play_whole_battles(kind):
    first, second = player(kind, "first", team=TEAM), player(RandomPlayer, "second")
    expert = BASELINES.build("expert")
    for number, (own, foe) in enumerate(some_teams(4)):
        played = play_in_process(first, second, (None, foe), seed=(number, 0, 0, 1))
        against = play_in_process(expert, first, (own, foe), seed=(number, 0, 0, 1))
        assert played.battle.ended
        assert against.names == ("Policy 1", "first")
        assert against.battle.ended
    battles = list(first.battles.values())
    assert len(battles) == first.n_finished_battles == 8
    assert second.n_finished_battles == 4
    assert battles[-2].won == (played.winner == 1)
    assert battles[-1].won == (against.winner == 2)
    assert battles[-1].turn == against.battle.turn


def test_the_same_seed_gives_the_same_battle():
    def log(seed, rng):
        ears, kind = Ears(), ClumsyPlayer
        foe = player(repeatable(kind, ears), "foe", team=TEAM)
        return play_in_process(Uniform(), foe, (POOL[1], None), seed=seed, rng=rng).log()

    first = log((1, 2, 3, 4), None)
    assert first == log((1, 2, 3, 4), None)
    assert first != log((1, 2, 3, 5), None)
    assert first != log((1, 2, 3, 4), np.random.default_rng(5))


def test_a_replay_of_the_choices_is_the_battle():
    played = play_in_process(player(RandomPlayer, "a", team=TEAM), player(RandomPlayer, "b", team=TEAM), seed=[5] * 4)
    battle = Battle(POOL[0], POOL[0], [5] * 4, ("a", "b"))
    for pair in played.choices:
        battle.choose(*pair)
    assert battle.log() == played.log()


class Quits(RandomPlayer):
    def choose_move(self, battle):
        return ForfeitBattleOrder() if battle.turn == 3 else super().choose_move(battle)


@pytest.mark.parametrize("side", [1, 2])
def test_a_forfeit_ends_the_battle(side):
    quits, other = player(Quits, "quits", team=TEAM), player(RandomPlayer, "other", team=TEAM)
    played = play_in_process(*((quits, other) if side == 1 else (other, quits)))
    assert (played.forfeit, played.winner, played.battle.turn) == (side, 3 - side, 3)
    assert played.log()[-3:] == ["|-message|quits forfeited.", "|", "|win|other"]
    assert next(iter(other.battles.values())).won
    assert next(iter(quits.battles.values())).lost


class Thinks(RandomPlayer):
    """Chooses in a coroutine."""

    def choose_move(self, battle):
        async def later():
            await asyncio.sleep(0)
            return self.choose_random_move(battle)

        return later()


def test_players_may_choose_in_a_coroutine_and_be_awaited():
    first, second = player(Thinks, "first", team=TEAM), player(Thinks, "second", team=TEAM)
    future = asyncio.run_coroutine_threadsafe(battle_in_process(first, second), first.ps_client.loop)
    assert future.result(60).battle.ended


def test_the_players_own_loop_is_not_made_to_wait_for_itself():
    first, second = player(RandomPlayer, "first", team=TEAM), player(RandomPlayer, "second", team=TEAM)

    async def inside():
        play_in_process(first, second)

    with pytest.raises(RuntimeError, match="await battle_in_process"):
        asyncio.run_coroutine_threadsafe(inside(), first.ps_client.loop).result(10)


class Fails(ClumsyPlayer):
    """Fails in the given way, "" = not at all."""

    way = ""

    def choose_move(self, battle):
        if self.way == "raises":
            raise ZeroDivisionError("its own error")
        if self.way == "sleeps":
            return asyncio.sleep(10)
        if not self.way:
            return self.choose_random_move(battle)
        return Said({"says": "dance", "is silent": ""}[self.way])


@pytest.mark.parametrize(
    ("way", "error", "words"),
    [
        ("raises", ZeroDivisionError, "its own error"),
        ("says", PlayerFailed, r"fails was refused 5 choices in a row, the last one 'dance', at \{\"active\""),
        ("is silent", PlayerFailed, r"fails was refused 5 choices in a row, the last one '', at \{\"active\""),
        ("sleeps", PlayerFailed, r"fails did not answer within 0\.2 s, at \{\"active\""),
    ],
)
def test_a_player_that_fails_is_told_and_can_play_again(monkeypatch, way, error, words):
    fails, other = player(Fails, "fails", team=TEAM), player(RandomPlayer, "other", team=TEAM)
    monkeypatch.setattr(inprocess, "TRIES", 5)
    fails.way = way
    for _ in range(2):
        with pytest.raises(error, match=words):
            play_in_process(fails, other, patience=0.2)
        assert not fails.battles
        assert not other.battles
    fails.way = ""
    assert play_in_process(fails, other).battle.ended
    assert fails.n_finished_battles == other.n_finished_battles == 1


def test_what_cannot_play_is_refused_with_the_way():
    ready = player(RandomPlayer, "ready", team=TEAM)
    other_format = player(RandomPlayer, "modern", battle_format="gen9randombattle")
    for first, second, teams, error, words in (
        (ready, ready, (None, None), ValueError, "ready cannot play itself"),
        (ready, other_format, (None, None), ValueError, "modern plays gen9randombattle; make it with battle_format"),
        (ready, player(RandomPlayer, "bare"), (None, None), TeamError, "bare has no team; make it with team="),
        (ready, Uniform(), (None, None), TeamError, "player 2 is a policy and brings no team"),
        (ready, Uniform(), (None, "Mew\n- Psychic"), TeamError, "team of player 2"),
    ):
        with pytest.raises(error, match=words):
            play_in_process(first, second, teams)
    ready.ps_client.websocket = object()
    with pytest.raises(ValueError, match="ready is connected to a server; make it with start_listening=False"):
        play_in_process(ready, Uniform(), (None, TEAM))


@pytest.mark.parametrize(
    ("said", "words"),
    [("move 2", "move 2"), ("move BODY-SLAM", "move 1"), ("switch 3", "switch 3"), ("default", "move 1")],
)
def test_choices_are_read_as_the_server_reads_them(said, words):
    battle = Battle("Snorlax\n- Body Slam\n- Rest\n\nMew\n- Psychic\n\nTauros\n- Blizzard", TEAM)
    assert in_engine_words(battle, 1, said) == words
    assert in_engine_words(battle, 1, "switch tauros") == "switch 3"
    with pytest.raises(ChoiceRefused, match="Can't switch: You can't switch to an active Pokémon"):
        in_engine_words(battle, 1, "switch Snorlax")
    assert json.loads(battle.request(1))["active"]
