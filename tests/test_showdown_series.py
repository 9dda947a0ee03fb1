"""A series of matches and its record: reported as it happens, stopped with no opponent left waiting, resumed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from poke_env import ServerConfiguration
from showdown_foe import Foe, playing, wait_for
from showdown_liar import lying

from pokespiel.commands.main import main
from pokespiel.commands.showdown import Showdown
from pokespiel.core.options import parse
from pokespiel.core.policy import Tabular
from pokespiel.core.policy_files import save_policy
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown import series as series_module
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.connection import LoginFailed, assertion_of
from pokespiel.showdown.journal import Journal
from pokespiel.showdown.online import Account, Online
from pokespiel.showdown.serve import serve
from pokespiel.showdown.tally import NOTHING, PlayedBattle

BOT = "Our Bot"
DOCUMENTATION = Path(__file__).parents[1] / "docs" / "showdown.md"


@pytest.fixture(scope="module")
def server(showdown):
    with serve() as running:
        yield running


class Holder(Foe):
    """Stops choosing in turn 3 until it is released, and forfeits in turn 5."""

    released = False
    reached = False

    def turned(self, turn):
        self.reached = self.reached or turn == 3
        if turn == 5:
            self.say("/forfeit")

    def began(self):
        self.reached = False

    def asked(self, request):
        if not self.reached or self.released:
            super().asked(request)

    def release(self):
        self.released = True
        self.say(f"/choose default|{self.request}")


def online(server, account=BOT, **conditions):
    teams = load_pool("one").teams
    conditions = {"patience": 20.0, "attempts": 2, "pause": 0.0} | conditions
    return Online(BASELINES.build("random"), teams, local_server(server.port), Account(account, None), 0, **conditions)


def test_a_series_that_is_stopped_gives_up_what_runs(server):
    with playing(Holder(server.port, "holder")) as foe:
        series = online(server).challenge("holder", 3)
        for moment in series:
            if moment.tally.battles:
                break
        wait_for(lambda: foe.reached)
        began = time.monotonic()
        last = series.stop()[-1]
        assert time.monotonic() - began < 15, "long before the patience of 20 seconds ends"
        wait_for(lambda: foe.results == ["holder"])
    assert (last.tally.given_up, last.tally.problems) == (1, ("the bot was stopped",))
    assert next(series, None) is None


def test_a_series_that_is_stopped_withdraws_its_challenge(server):
    class Sleeper(Foe):
        asked_for = False

        def challenged(self, opponent):
            self.asked_for = True

    with playing(Sleeper(server.port, "sleeper")) as foe:
        series = online(server).challenge("sleeper", 1)
        next(series)
        wait_for(lambda: foe.asked_for)
        series.stop()
        wait_for(lambda: any("cancelled the challenge" in message for message in foe.heard))
    assert series.tally == NOTHING


@pytest.mark.parametrize("runs", [True, False])
def test_a_battle_that_another_process_left_is_played_on_or_counted(server, runs):
    with playing(Holder(server.port, "holder")) as foe:
        left = online(server).challenge("holder", 1)
        for moment in left:
            if moment.tally.battles and moment.tally.battles[0].began:
                break
        wait_for(lambda: foe.reached)
        left._run.sign_out = left._run.player.close  # as a process that dies
        left.stop()
        if runs:
            foe.release()
        else:
            foe.say("/forfeit")
            wait_for(lambda: foe.results)
        tally = online(server).challenge("holder", 1, start=moment.tally).finish()
        assert foe.results == [BOT]
    assert (tally.won, tally.problems, len(tally.battles)) == (1, (), 1)
    assert tally.battles[0].turns == (5 if runs else 3)


def command(server, out, *more):
    arguments = f"showdown challenge --first random --opponent holder --server {server.port} --matches 2"
    return [sys.executable, "-m", "pokespiel.commands.main", *arguments.split(), "--out", str(out), *more]


@contextmanager
def process(server, out):
    environment = os.environ | {"SHOWDOWN_USERNAME": BOT}
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:  # a shell starts what it puts in the background with Ctrl-C ignored, and processes inherit that
        running = subprocess.Popen(
            command(server, out), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def kept(out):
    return json.loads(out.read_text())["battles"] if out.exists() else []


def test_a_command_is_interrupted_killed_and_gone_on_with(server, tmp_path):
    """Ctrl-C gives the battle up; a crash leaves it running, and the next process plays it to its end."""
    out = tmp_path / "live.json"
    with playing(Holder(server.port, "holder")) as foe:
        with process(server, out) as running:
            wait_for(lambda: kept(out) and foe.reached, 60)
            running.send_signal(signal.SIGINT)
            told, progress = running.communicate(timeout=60)
            assert running.returncode == 130
        assert foe.results == ["holder"]
        assert [battle["outcome"] for battle in kept(out)] == ["given up"]
        agent = json.loads(out.read_text())["agent"]
        assert (agent["name"], agent["hash"][:12]) == ("random", "gen1_random-")
        assert told.startswith("won 0, lost 0, tied 0, unfinished 1, of them given up 1")
        assert "giving up the battle in progress: against holder, turn 3" in progress
        assert "given up against holder in turn 3: the bot was stopped" in progress
        assert progress.endswith(f"interrupted; the record is in {out}, and the same command resumes it\n")

        with process(server, out) as running:
            wait_for(lambda: len(kept(out)) == 2 and foe.reached, 60)
        assert [battle["outcome"] for battle in kept(out)] == ["given up", None]

        foe.release()
        with process(server, out) as running:
            told, progress = running.communicate(timeout=60)
            assert running.returncode == 0, progress
    assert foe.results == ["holder", BOT, BOT]
    assert [battle["outcome"] for battle in kept(out)] == ["given up", "won", "won"]
    assert told.startswith("won 2, lost 0")
    pages = sorted(path.name for path in (tmp_path / "live").glob("*.html"))
    assert [page[:4] for page in pages] == ["0001", "0002", "0003"]
    assert "|win|Our Bot" in (tmp_path / "live" / pages[2]).read_text()


# The command ----------------------------------------------------------------------------------------------------------


def test_a_series_says_what_it_does_while_nothing_happens(server, monkeypatch):
    monkeypatch.setattr(series_module, "BEAT", 0.1)
    with playing(Holder(server.port, "holder")) as foe:
        series, doing = online(server).accept(1), []
        for moment in series:
            doing.append(moment.doing)
            if doing.count("looking for an opponent") == 4:
                foe.challenge(BOT)
            if doing.count("against holder, turn 3") == 4:
                foe.release()
    assert series.tally.won == 1
    assert next(said for said in doing if said != "signing in") == "looking for an opponent"
    assert doing.count("against holder, turn 3") >= 4
    after = doing[len(doing) - doing[::-1].index("against holder, turn 3") :]
    assert set(after) == {"signing out"}, "nobody is looked for once all matches are played"


def test_an_interruption_says_only_what_is_so(server, tmp_path):
    """No battle is in progress, and none was kept."""
    out = tmp_path / "live.json"
    with process(server, out) as running:
        wait_for(out.exists, 60)
        time.sleep(1)  # it signs in, or looks for an opponent
        running.send_signal(signal.SIGINT)
        _, progress = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "battle" not in progress
    assert progress.endswith("pokespiel: interrupted\n")


def test_each_battle_is_a_line(server, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    with playing(Holder(server.port, "holder")) as foe, ThreadPoolExecutor() as pool:
        foe.released = True
        arguments = f"showdown challenge --opponent HOLDER --first random --server {server.port} --matches 2"
        assert pool.submit(main, arguments.split()).result(timeout=30) == 0
    told = capsys.readouterr()
    assert told.out == "won 2, lost 0, tied 0, unfinished 0\n"
    lines = [line for line in told.err.splitlines() if line.startswith("won against holder in turn 5")]
    assert [line.partition("(")[2][:5] for line in lines] == ["won 1", "won 2"]


def test_fewer_matches_than_asked_for_is_a_failure(server, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    out = tmp_path / "none.json"
    arguments = f"showdown accept --first random --server {server.port} --matches 1 --patience 0.3 --out {out}"
    monkeypatch.setattr("pokespiel.commands.showdown_actions.Online", partial(Online, pause=0.0, attempts=2))
    assert main(arguments.split()) == 1
    assert capsys.readouterr().out.startswith("won 0, lost 0, tied 0, unfinished 2\n  no challenge came within 0.3 s")
    assert json.loads(out.read_text())["problems"] == ["no challenge came within 0.3 s"] * 2
    assert main(arguments.replace("accept", "ladder").split()) == 2
    assert "holds a series with another action" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("--matches 0", "matches must be at least 1"),
        ("--matches -1", "matches must be at least 1"),
        ("--patience nan", "patience must be above 0"),
        ("--patience 0", "patience must be above 0"),
        ("--patience inf", "patience must be above 0"),
        ("--opponent ‽", "names nobody"),
        ("--opponent Our..Bot", "is this account itself"),
        ("--replays there", "name its file with --out"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, said, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    opponent = "" if "opponent" in wrong else "--opponent x"
    assert main(f"showdown challenge --first random --server 1 {opponent} {wrong}".split()) == 2
    assert said in capsys.readouterr().err
    if opponent:
        assert main(f"showdown arena --first random --second random {wrong}".split()) == 2
        assert said in capsys.readouterr().err


def test_flags_of_other_actions_are_refused(monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    for wrong in ("ladder --opponent x", "arena --opponent x", "serve --out x.json", "install --out x.json"):
        assert main(["showdown", *wrong.split()]) == 2
        assert wrong.split()[1] in capsys.readouterr().err


def test_a_failure_of_the_command_leaves_nobody_waiting(server, tmp_path, monkeypatch, capsys):
    def full(self, moment):
        if moment.tally.battles and foe.reached:
            raise OSError("the disk is full")

    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    monkeypatch.setattr(Journal, "keep", full)
    monkeypatch.setattr(series_module, "BEAT", 0.1)
    with playing(Holder(server.port, "holder")) as foe:
        arguments = f"showdown challenge --opponent holder --first random --server {server.port} --matches 1"
        assert main([*arguments.split(), "--out", str(tmp_path / "x.json")]) == 2
        assert capsys.readouterr().err.endswith("pokespiel: the disk is full\n")
        wait_for(lambda: foe.results)
    assert foe.results == ["holder"]


def test_a_place_where_nothing_can_be_written_is_told_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    (tmp_path / "file").write_text("")
    arguments = f"showdown accept --first random --server 1 --out {tmp_path / 'file' / 'x.json'}"
    assert main(arguments.split()) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_policy_of_another_game_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    save_policy(tmp_path / "poker.safetensors", Tabular({0: np.full((12, 2), 0.5)}))
    for action in ("ladder", "arena"):
        assert main(f"showdown {action} --first {tmp_path / 'poker.safetensors'} --server 1".split()) == 2
        assert "cannot play gen1ou" in capsys.readouterr().err


def test_a_file_of_something_else_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHOWDOWN_USERNAME", BOT)
    for text in (
        "no JSON",
        "[]",
        '{"format": "pokespiel-arena-1"}',
        '{"format": "pokespiel-online-1", "battles": [1]}',
    ):
        (tmp_path / "x.json").write_text(text)
        assert main(f"showdown accept --first random --server 1 --out {tmp_path / 'x.json'}".split()) == 2
        assert "not a series of matches" in capsys.readouterr().err
        assert (tmp_path / "x.json").read_text() == text


def test_a_record_has_opponents_ratings_replays_and_our_own_rating(tmp_path):
    path = tmp_path / "live.json"
    journal = Journal(path, {}, {}, tmp_path / "live")
    assert json.loads(path.read_text())["rating"] is None
    tally = NOTHING
    for number, (outcome, rating) in enumerate([("won", 1400), ("won", 1400), ("lost", 1400), ("lost", None)], 1):
        ended = PlayedBattle(f"battle-gen1ou-{number}", str(number), "Foe", outcome, 9, "", rating)
        tally = tally.noting(ended)
        journal.keep(series_module.Moment(tally, "", ended, ("|turn|1",) if number < 3 else ()))
    kept = json.loads(path.read_text())
    assert [battle["opponent_rating"] for battle in kept["battles"]] == [1400, 1400, 1400, None]
    assert [battle["replay"] for battle in kept["battles"]] == [
        "0001-battle-gen1ou-1.html",
        "0002-battle-gen1ou-2.html",
        None,
        None,
    ]
    assert kept["rating"]["rating"] == pytest.approx(1400 + 400 * np.log10(2.5 / 1.5))
    assert kept["rating"]["low"] < 1400 < kept["rating"]["high"]
    assert kept["rating"]["matches"] == 3, "the opponent without a rating says nothing"
    assert Journal(path, {}, {}, tmp_path / "live").tally == tally, "the record is read again as it was"


def test_the_library_refuses_what_cannot_be_meant():
    with lying([]) as liar:
        for wrong in ({"patience": float("nan")}, {"patience": 0.0}, {"attempts": 0}, {"pause": -1.0}):
            with pytest.raises(ValueError, match=next(iter(wrong))):
                online(liar, **wrong)
        with pytest.raises(ValueError, match="matches"):
            online(liar).ladder(0)
        with pytest.raises(LoginFailed, match="no letter or digit"):
            online(liar, account="‽")


def test_the_commands_of_the_documentation_can_be_given():
    text = DOCUMENTATION.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\w+=\w+ )?pokespiel showdown (.+)$", text, re.MULTILINE)
    assert {line.split()[0] for line in lines} == {"install", "serve", "arena", "accept", "challenge", "ladder"}
    for line in lines:
        options = parse(Showdown, line.split(), "pokespiel showdown")
        assert options.first in ("expert", "shipped")
    code = re.findall(r"```python with-server\n(.*?)```", text, re.DOTALL)
    assert code
    for block in code:
        compile(block, "docs/showdown.md", "exec")
    assert Showdown("accept").patience is None, "the default is the library's"
    assert f"The default is {Online.patience:.0f}" in text


# Passwords ------------------------------------------------------------------------------------------------------------


@contextmanager
def login_server(answer):
    """A login server with a fixed answer; yields its address and the requests."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/action.php?", asked
        finally:
            http.shutdown()
            thread.join()


REFUSALS = {
    ']{"actionsuccess":false,"assertion":false}': "refused the password of 'Our Bot'",
    ']{"actionsuccess":false,"assertion":";;Wrong password."}': "refused the password of 'Our Bot': Wrong password.",
    ']{"actionerror":"Too many attempts."}': "refused the password of 'Our Bot': Too many attempts.",
    "]{}": "refused the password",
    "<html>": "is not understood",
    "]7": "is not understood",
}


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refused_password_is_said_to_be(answer):
    with login_server(answer) as (address, asked), lying([]) as liar:
        where = ServerConfiguration(local_server(liar.port).websocket_url, address)
        bot = Online(BASELINES.build("random"), load_pool("one").teams, where, Account(BOT, "secret"), 0)
        began = time.monotonic()
        with pytest.raises(LoginFailed, match=REFUSALS[answer]) as refused:
            bot.ladder(1).finish()
        assert time.monotonic() - began < 30, "long before waiting for the login ends"
    assert "act=login&name=Our+Bot&pass=secret&challstr=4%7Cabc" in asked
    assert "secret" not in str(refused.value)


def test_an_assertion_is_handed_on():
    with login_server(']{"actionsuccess":true,"assertion":"4,abc,ourbot,2:ff"}') as (address, _):
        assert assertion_of(address, BOT, "secret", "4|abc") == "4,abc,ourbot,2:ff"
    with login_server("4,abc,ourbot,1:ff") as (address, asked):
        assert assertion_of(address, BOT, None, "4|abc") == "4,abc,ourbot,1:ff"
    assert asked == ["act=getassertion&userid=ourbot&challstr=4%7Cabc"]
    with login_server(";") as (address, _), pytest.raises(LoginFailed, match="is registered: give its password"):
        assertion_of(address, BOT, None, "4|abc")
    assert assertion_of("", BOT, "unused here", "4|abc") == ""
    with pytest.raises(LoginFailed, match="did not answer"):
        assertion_of("http://127.0.0.1:9/", BOT, "secret", "4|abc")
    assert assertion_of("http://127.0.0.1:9/", BOT, None, "4|abc") == ""


def test_a_battle_in_words():
    assert str(PlayedBattle("r", "1", "Foe", "won", 12)) == "won against Foe in turn 12"
    assert str(PlayedBattle("r", "1", "", "unfinished", 0, "why")) == "unfinished in turn 0: why"
