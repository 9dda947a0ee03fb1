"""Matches over a real local server: they end and are counted; failures are reported and never waited for endlessly."""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from poke_env.player import RandomPlayer

from pokespiel.commands import showdown_arena
from pokespiel.commands.main import main
from pokespiel.core.policy import Mixture, Observations, Uniform, memoryless
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams import load_pool
from pokespiel.learning.datasets import policy_name
from pokespiel.runs.initial import policy_named
from pokespiel.showdown import serve as serve_module
from pokespiel.showdown.arena import Conditions, local_server, play_arena, seat_swapped
from pokespiel.showdown.connection import LoginFailed
from pokespiel.showdown.contestants import PokeEnvContestant, PolicyContestant
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.online import Account, server_at
from pokespiel.showdown.player import PolicyPlayer
from pokespiel.showdown.record import Record, read_record
from pokespiel.showdown.serve import ServerFailed, serve

ACTIONS = 9


@pytest.fixture(scope="module")
def server(showdown):
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def pool():
    return load_pool("competitive")


def play(server, first, second, pool, pairs, **conditions):
    fixtures = seat_swapped([(pool[index], pool[-1 - index]) for index in range(pairs)])
    played = dict(play_arena((first, second), fixtures, [local_server(server.port)], Conditions(4, **conditions)))
    return [played[index] for index in range(len(fixtures))]


def expert():
    return PolicyContestant.of(BASELINES.build("expert"), np.random.default_rng(0))


def test_policies_play_poke_envs_players_and_each_other(server, pool):
    results = play(server, expert(), PokeEnvContestant.named("RandomPlayer"), pool, 3)
    assert sum(result.utility for result in results) >= 4  # of 6: about one match in 500 is not won
    assert all(result.turns > 5 for result in results)
    mixed = PolicyContestant.of(Mixture([Uniform(), BASELINES.build("random")], [0.5, 0.5]), np.random.default_rng(1))
    results = play(server, mixed, expert(), pool, 2)
    assert sum(result.utility for result in results) <= -2


def test_a_policy_that_fails_leaves_matches_unfinished(server, pool):
    def broken(observations):
        raise ValueError("no idea")

    results = play(
        server, PolicyContestant.of(memoryless(broken), np.random.default_rng(0)), expert(), pool, 1, attempts=2
    )
    for result in results:
        assert result.utility is None
        assert result.attempts == 2
        assert "no idea" in result.problems[0]


def test_a_server_that_dies_ends_no_match_as_a_loss(showdown, pool):
    with serve() as mortal:
        results = play_arena(
            (expert(), PokeEnvContestant.named("RandomPlayer")),
            seat_swapped([(pool[0], pool[1])] * 20),
            [local_server(mortal.port)],
            Conditions(4, attempts=1),
        )
        first = next(results)[1]
        mortal.stop()
        rest = [result for _, result in results]
    assert first.utility is not None
    unfinished = [result for result in rest if result.utility is None]
    assert len(unfinished) >= 20
    assert all(result.problems for result in unfinished)


def test_a_dropped_connection_is_a_new_attempt(server, pool, monkeypatch):
    answer, dropped = PolicyPlayer._answer, []

    async def answer_and_drop(self, battle, due):
        await answer(self, battle, due)
        if battle.decisions == 5 and len(dropped) < 2:
            dropped.append(battle.room)
            await self.connection.close()

    monkeypatch.setattr(PolicyPlayer, "_answer", answer_and_drop)
    results = play(server, expert(), PokeEnvContestant.named("RandomPlayer"), pool, 1)
    assert [result.utility is not None for result in results] == [True, True]
    problems = [problem for result in results for problem in result.problems]
    assert problems == ["the connection was lost during the match"] * 2


class Staller(RandomPlayer):
    """Stops answering in its third turn."""

    async def choose_move(self, battle):
        await asyncio.sleep(1000 if battle.turn > 2 else 0)
        return self.choose_random_move(battle)


def test_a_stalled_match_is_unfinished(server, pool):
    results = play(
        server, expert(), PokeEnvContestant.named("test_showdown_play:Staller"), pool, 1, stall=4.0, attempts=1
    )
    for result in results:
        assert result.utility is None
        assert result.problems == ("nothing happened for 4 s in turn 3",)


def test_a_team_that_the_server_refuses_is_told(server, pool):
    illegal = (replace(pool[0][0], species="Mewtwo"),)
    fixtures = seat_swapped([(illegal, pool[0])])[:1]
    address = local_server(server.port)
    ((_, result),) = play_arena((expert(), expert()), fixtures, [address], Conditions(1, attempts=1))
    assert result.utility is None
    assert "the server refused: Your team was rejected" in result.problems[0]


def test_matches_are_spread_over_servers_and_leave_a_dead_one(server, pool, monkeypatch):
    joined = []
    join = PolicyContestant.join

    def noted(self, name, address):
        joined.append(address.websocket_url)
        return join(self, name, address)

    monkeypatch.setattr(PolicyContestant, "join", noted)
    with serve() as mortal:
        addresses = [local_server(mortal.port), local_server(server.port)]
        fixtures = seat_swapped([(pool[0], pool[1])] * 8)
        opponent = PokeEnvContestant.named("RandomPlayer")
        results = play_arena((expert(), opponent), fixtures, addresses, Conditions(4))
        played = [next(results)[1]]
        mortal.stop()
        played += [result for _, result in results]
    assert set(joined) == {address.websocket_url for address in addresses}
    assert [result.utility is not None for result in played] == [True] * 16
    assert any(result.problems for result in played)


def test_the_arena_takes_servers_by_flag_and_writes_its_record(showdown, tmp_path, capsys):
    command = "showdown arena --first random --second poke-env:RandomPlayer --matches 4 --concurrency 4 --servers 2"
    kept = ["--out", str(tmp_path / "record.json"), "--replays", str(tmp_path / "replays")]
    assert main([*command.split(), *kept]) == 0
    assert capsys.readouterr().out.split(":")[0].endswith("unfinished 0")
    kept = read_record(tmp_path / "record.json")
    assert kept["won"] + kept["tied"] + kept["lost"] == 4
    assert kept["first"]["hash"] == policy_name(policy_named("random"))
    assert kept["second"] == {"name": "poke-env:RandomPlayer", "hash": None}
    assert kept["pool"]["name"] == "competitive"
    assert list(kept["oddities"]) == ["first"], "what poke-env's players choose is not known"
    counted = kept["oddities"]["first"]
    assert counted["sides"] == sum(group["sides"] for group in counted["lengths"]) == 4
    assert counted["counts"]["decisions"] > counted["counts"]["switches by choice"] > 0
    pages = sorted((tmp_path / "replays").glob("*.html"))
    assert [page.stem for page in pages] == ["00001", "00002", "00003", "00004"]
    assert all("\n|win|" in page.read_text() or "\n|tie" in page.read_text() for page in pages)


def test_an_interrupted_arena_has_kept_what_it_played(showdown, tmp_path, monkeypatch, capsys):
    def interrupt(*told):
        keep(*told)
        raise KeyboardInterrupt

    keep = showdown_arena._keep
    monkeypatch.setattr(showdown_arena, "_keep", interrupt)
    arguments = f"showdown arena --first random --second random --matches 4 --out {tmp_path / 'record.json'}"
    assert main(arguments.split()) == 130
    kept = read_record(tmp_path / "record.json")
    assert kept["won"] + kept["tied"] + kept["lost"] == 1
    counts = f"won {kept['won']}, tied {kept['tied']}, lost {kept['lost']}, unfinished 0:"
    told = capsys.readouterr()
    assert told.out.startswith(counts)
    assert told.err.endswith(f"pokespiel: interrupted; the record is in {tmp_path / 'record.json'}\n")


def test_a_port_in_use_is_refused(server):
    with pytest.raises(ServerFailed, match=f"port {server.port} is taken"), serve(server.port):
        pass


def test_another_server_that_gets_the_port_first_is_not_taken_for_ours(server, monkeypatch):
    monkeypatch.setattr(serve_module, "_answers", lambda port: False)  # it was free when we looked
    with pytest.raises(ServerFailed, match=f"port {server.port} was taken"), serve(server.port):
        pass
    ports = iter([server.port, free := serve_module._free_port()])
    monkeypatch.setattr(serve_module, "_free_port", lambda: next(ports))
    with serve() as other:
        assert other.port == free


def test_a_server_ends_with_a_process_that_is_killed(showdown):
    program = "from pokespiel.showdown.serve import serve\nwith serve() as s: print(s.port, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as owner:
        port = int(owner.stdout.readline())
        assert serve_module._answers(port)
        owner.kill()
    until = time.monotonic() + 10
    while serve_module._answers(port):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_decisions_that_fall_due_together_are_one_call():
    calls = []

    def policy(observations: Observations):
        calls.append((observations.player, len(observations.legal)))
        return observations.legal / observations.legal.sum(axis=1, keepdims=True)

    async def ask():
        desk = InferenceBatcher(memoryless(policy), np.random.default_rng(0))
        legal = np.zeros(ACTIONS, bool)
        legal[[2, 5]] = True
        seats = [desk.seat(player) for player in (0, 1, 0, 0)]
        return await asyncio.gather(*(desk.decide(seat, np.zeros(3, np.float32), legal) for seat in seats))

    assert set(asyncio.run(ask())) <= {2, 5}
    assert sorted(calls) == [(0, 3), (1, 1)]


def test_a_record_so_far_counts_the_pairs_that_are_complete():
    so_far = Record.so_far({5: 1.0, 4: 1.0, 0: -1.0, 3: None, 2: 1.0})
    assert so_far[:4] == (3, 0, 1, 1)
    assert (so_far.score, so_far.pairs) == (1.0, 1)
    assert Record.so_far({}).pairs == 0


def test_a_record_counts_pairs_and_unfinished_matches_apart():
    record = Record.of([1.0, -1.0, 1.0, None, 0.0, 1.0])
    assert record[:5] == (3, 1, 1, 1, 0.625)
    assert record.low < 0.625 < record.high
    assert str(record).startswith("won 3, tied 1, lost 1, unfinished 1: 62.5%")
    assert str(record).endswith("in 2 pairs")


@pytest.mark.parametrize("path", ["Nobody", "no.such.module:Player", "pathlib:Path"])
def test_unknown_players_are_refused_with_the_choices(path):
    with pytest.raises(ValueError, match=r"poke-env player|not a class derived"):
        PokeEnvContestant.named(path)


def test_addresses_and_accounts_are_checked(monkeypatch):
    assert server_at("8123").websocket_url == "ws://127.0.0.1:8123/showdown/websocket"
    with pytest.raises(ValueError, match="official"):
        server_at("http://example.org")
    monkeypatch.delenv("SHOWDOWN_USERNAME", raising=False)
    with pytest.raises(LoginFailed, match="SHOWDOWN_USERNAME"):
        Account.from_environment()
