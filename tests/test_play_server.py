"""The page's server: which requests are served, answers to hostile frames, and speed."""

from __future__ import annotations

import http.client
import json
import random
import socket
import statistics
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pokespiel.commands.main import main
from pokespiel.play.lobby import COMMANDS, Lobby
from pokespiel.play.opening import load_policy_named
from pokespiel.play.server import LARGEST_FRAME, STATIC, PageServer


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    lobby = Lobby(load_policy_named, ("max_damage", "random"), "expert")
    with PageServer(lobby).running() as serving:
        yield serving


def get(server: PageServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()


def talk(server: PageServer, path: str | None = None, **options) -> ClientConnection:
    path = f"/{server.token}/ws" if path is None else path
    return connect(f"ws://127.0.0.1:{server.port}{path}", max_size=None, **options)


def ask(line: ClientConnection, **message) -> dict:
    line.send(json.dumps(message))
    return json.loads(line.recv(timeout=20))


def test_the_page_and_its_modules_come_with_the_token_alone(server):
    for file in STATIC.iterdir():
        path = "" if file.name == "index.html" else file.name
        status, headers, body = get(server, f"/{server.token}/{path}")
        assert (status, body) == (200, file.read_bytes())
        assert "default-src 'none'" in headers["content-security-policy"]
        assert (headers["referrer-policy"], headers["cross-origin-resource-policy"]) == ("no-referrer", "same-origin")
    for path in (
        "/",
        "/x/",
        f"/{server.token[:-1]}/",
        f"/{server.token}x/",
        f"//{server.token}/",
        f"/%2e/{server.token}/",
    ):
        status, _, body = get(server, path)
        assert (status, b"token" in body, b"<html" in body) == (403, True, False), path
    for path in ("../session.py", "%2e%2e/session.py", "..%2fsession.py", "none.js", "battles/x.log", "battles/x"):
        assert get(server, f"/{server.token}/{path}")[0] == 404, path


def test_a_target_that_is_no_path_is_refused(server):
    for target in ("*", "x", ""):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
            line.sendall(f"OPTIONS {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
            assert int(line.recv(100).split()[1]) in (400, 403), target


def test_no_other_host_and_no_other_origin_is_served(server):
    page = f"/{server.token}/"
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1:{server.port + 1}", ""):
        assert get(server, page, Host=host)[0] in (400, 403), host
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{server.port}"):
        assert get(server, page, Origin=origin)[0] == 403, origin
        with pytest.raises(InvalidStatus) as refused, talk(server, origin=origin):
            pass
        assert refused.value.response.status_code == 403
    own = f"http://localhost:{server.port}"
    assert get(server, page, Host=own.removeprefix("http://"), Origin=own)[0] == 200
    with talk(server, origin=f"http://127.0.0.1:{server.port}") as line:
        assert ask(line, do="welcome")["is"] == "welcome"


def test_a_socket_needs_the_token(server):
    for path in ("/ws", "/wrong/ws", "/", f"/{server.token[::-1]}/ws"):
        with pytest.raises(InvalidStatus) as refused, talk(server, path):
            pass
        assert refused.value.response.status_code == 403


def test_only_this_machine_can_connect(server):
    assert server._socket.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_named_with_the_way_out(server, capsys):
    for command in (["play"], ["review", "none.log"]):
        assert main([*command, "--port", "65536"]) == 2
        assert "port must be at least 0 and at most 65535" in capsys.readouterr().err
    assert main(["play", "--opponent", "random", "--no-browser", "--port", str(server.port)]) == 2
    said = f"port {server.port} cannot be used: Address already in use; name another, or 0 for any free one"
    assert said in capsys.readouterr().err


def test_hostile_frames_get_an_answer_each_and_harm_no_battle(server):
    rng = random.Random(3)
    with talk(server) as line:
        state = ask(line, do="begin", seed=1)
        before = server.lobby.tables[state["battle"]].session.log(None)
        for _ in range(1000):
            size = rng.choice([0, 1, 5, 40, 400])
            text = "".join(rng.choice('{}[]",:do battle\u2603\0é') for _ in range(size))
            line.send(rng.choice([text, text.encode(), bytes(rng.randrange(256) for _ in range(size))]))
            assert json.loads(line.recv(timeout=20))["is"] == "error"
        for text in ('{"do": "choose"', "NaN", '{"do":"choose","battle":"' + "a" * 190_000 + '"}'):
            line.send(text)
            assert json.loads(line.recv(timeout=20))["is"] == "error"
        huge = ask(line, do="begin", team={"paste": "Tauros\n" * 20_000})
        assert huge["is"] == "refused"
        assert "characters" in huge["reasons"][0]
        assert "characters" in ask(line, do="begin", team={"paste": "Tauros\n" * 130_000})["text"]
        for field in ("re", "do", "battle", "opponent"):
            line.send(json.dumps({"do": "welcome", field: "\ud800"}))
            assert json.loads(line.recv(timeout=20))["is"] in ("error", "welcome"), "half a character harms no line"
        assert "expected 1 or 2" in ask(line, do="begin", side=1.0)["text"]
        for choice in ("move 7", "switch 1", "forfeit", "move 1\nmove 1", {"move": 1}):
            assert ask(line, do="choose", battle=state["battle"], choice=choice, step=0)["is"] == "error"
        assert server.lobby.tables[state["battle"]].session.log(None) == before
        assert ask(line, do="choose", battle=state["battle"], choice="move 1", step=0)["is"] == "battle"


def test_a_frame_beyond_all_measure_closes_its_own_connection_only(server):
    with talk(server) as other, talk(server) as line:
        state = ask(other, do="begin", seed=2)
        line.send("x" * (LARGEST_FRAME + 1))
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=20)
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
        assert ask(other, do="resume", battle=state["battle"])["step"] == 0


def test_tabs_that_show_one_battle_hear_of_its_choices(server):
    with talk(server) as first, talk(server) as second:
        state = ask(first, do="begin", seed=3)
        assert ask(second, do="resume", battle=state["battle"])["step"] == 0
        after = ask(second, do="choose", battle=state["battle"], choice="move 1", step=0, re=7)
        heard = json.loads(first.recv(timeout=20))
        assert "re" not in heard
        assert heard == {key: value for key, value in after.items() if key != "re"}


def test_a_choice_is_answered_within_a_tenth_of_a_second(server, capsys):
    times = []
    with talk(server) as line:
        state = ask(line, do="begin", seed=4, opponent="max_damage")
        while state["outcome"] is None:
            choice = next(a["choice"] for a in state["sight"]["actions"] if a["legal"])
            began = time.perf_counter()
            state = ask(line, do="choose", battle=state["battle"], choice=choice, step=state["step"])
            times.append(time.perf_counter() - began)
    with capsys.disabled():
        print(f"\nanswer to a choice: median {1000 * statistics.median(times):.1f} ms of {len(times)}")
    assert statistics.median(times) < 0.1


def test_records_are_offered_once_a_battle_is_over(server):
    with talk(server) as line:
        battle = ask(line, do="begin", seed=5)["battle"]
        path = f"/{server.token}/battles/{battle}"
        assert get(server, f"{path}.log")[0] == 404, "it would tell the foe's choices"
        ask(line, do="forfeit", battle=battle)
    session = server.lobby.tables[battle].session
    assert get(server, f"{path}.log")[2].decode().splitlines() == session.log(0)
    assert json.loads(get(server, f"{path}.log.json")[2]) == session.record()
    assert b"battle-log-data" in get(server, f"{path}.html")[2]
    assert get(server, f"{path}.exe")[0] == 404


def test_every_command_has_a_line_that_says_what_it_does():
    assert all(command.__doc__ for command in COMMANDS.values())
