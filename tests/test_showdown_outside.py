"""Bots in their own processes on a real server: seats and teams, what they leave behind, and how they are counted."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from showdown_foe import wait_for

from pokespiel.commands.main import main
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown.arena import Conditions, _Table, local_server, play_arena
from pokespiel.showdown.contestants import PolicyContestant
from pokespiel.showdown.departures import Departure, departed
from pokespiel.showdown.fixtures import Fixture, Result, seat_swapped, team_swapped
from pokespiel.showdown.outside import outside
from pokespiel.showdown.processes import BotCommand
from pokespiel.showdown.record import read_record
from pokespiel.showdown.referee import TOLERATED, BotFailed, Referee, foreign
from pokespiel.showdown.serve import serve
from pokespiel.showdown.waiting import BotDied

EXAMPLE = Path(__file__).parents[1] / "examples" / "poke_env_process.py"
MISBEHAVING = Path(__file__).with_name("showdown_process.py")
TOLD = "--name {name} --password {password} --server {server} --team {team} --opponent {opponent}"
POOL = load_pool("competitive")
LEADS = {team[0].species: team for team in POOL.teams}
OWN, FOE, *_ = LEADS.values()
"""Two teams that begin with different Pokémon."""
BRINGS = POOL[-1]
"""The team of the misbehaving bot."""


@pytest.fixture(scope="module")
def server(showdown):
    with serve(arrange=True) as running:
        yield running


def command(kind):
    return f"{shlex.join([sys.executable, str(MISBEHAVING), kind])} --port {{port}} --name {{name}}"


def play(server, bot, fixtures, teams="dealt", folder=None, **conditions):
    """Results of the random policy against a bot, in the order of the fixtures."""
    first = PolicyContestant.of(BASELINES.build("random"), np.random.default_rng(0))
    with outside(BotCommand.of(bot), teams, 60.0, folder) as second:
        conditions = Conditions(1, **conditions)
        played = dict(play_arena((first, second), fixtures, [local_server(server.port)], conditions))
    return [played[number] for number in sorted(played)]


def seats(result):
    """(name of player 1, of player 2), and what they sent out first, of a match."""
    lines = [line.split("|") for line in result.log]
    names = {words[2]: words[3] for words in lines if words[1] == "player" and len(words) > 3 and words[3]}
    first_out = {}
    for words in lines:
        if words[1] == "switch":
            first_out.setdefault(words[2][:2], words[3].split(",")[0])
    return [(names[seat], first_out[seat]) for seat in ("p1", "p2")]


def test_a_poke_env_bot_plays_swapped_pairs(server, tmp_path):
    plays_swapped_pairs(server, f"{shlex.join([sys.executable, str(EXAMPLE)])} {TOLD}", tmp_path)


def test_seats_and_teams_are_swapped_in_a_pair(server, tmp_path):
    plays_swapped_pairs(server, command("plain"), tmp_path)


def plays_swapped_pairs(server, bot, tmp_path):
    """The policy and the bot play a pair; each sits in both seats, with both teams."""
    fixtures = team_swapped([(OWN, FOE)])
    one, other = play(server, bot, fixtures, folder=tmp_path)
    assert None not in (one.played, other.played)
    (us, ours), (bots_name, theirs) = seats(one)
    assert (ours, theirs) == (OWN[0].species, FOE[0].species)
    assert seats(other) == [(bots_name, OWN[0].species), (us, FOE[0].species)]
    assert [log.stem for log in tmp_path.glob("*.log")] == [bots_name], "one process played both"
    for fixture, result in zip(fixtures, (one, other), strict=True):
        Referee(gives_teams=True).see(fixture, result)


def test_a_bot_may_bring_its_own_team(server):
    one, other = play(server, command("plain"), seat_swapped([(OWN, ())]), "own")
    brought = BRINGS[0].species
    assert [lead for _, lead in seats(one)] == [OWN[0].species, brought]
    assert [lead for _, lead in seats(other)] == [brought, OWN[0].species]


def test_a_bot_that_reads_its_team_at_its_start_is_started_for_each_match(server, tmp_path):
    results = play(server, command("plain"), team_swapped([(OWN, BRINGS)]), "start", tmp_path)
    logs = [log.read_text() for log in sorted(tmp_path.glob("*.log"))]
    assert len(set(logs)) == 2, "two processes"
    assert [file.read_text().split()[0] for file in sorted(tmp_path.glob("*.team"))] == [
        BRINGS[0].species,
        OWN[0].species,
    ]
    fixture = team_swapped([(OWN, BRINGS)])[1]
    with pytest.raises(BotFailed, match=f"sent out {BRINGS[0].species}.* instead of {OWN[0].species}|sent out"):
        Referee(gives_teams=True).see(fixture, results[1])


def test_a_bot_that_ends_after_each_match_is_started_again(server, tmp_path):
    results = play(server, command("once"), team_swapped([(OWN, FOE)]), folder=tmp_path)
    assert [(result.departure, result.played is None) for result in results] == [(None, False)] * 2
    assert len(list(tmp_path.glob("*.log"))) == 2


@pytest.mark.parametrize(("seats", "turns", "blamed"), [(1, 0, True), (2, 0, False), (2, 3, True)])
def test_a_bot_that_ended_between_two_matches_has_not_left_the_second(seats, turns, blamed):
    participants = (SimpleNamespace(passive=False, seats=1), SimpleNamespace(passive=True, seats=seats))
    found = _Table.blamed(SimpleNamespace(participants=participants), BotDied("it ended"), turns)
    assert found == (Departure(1, "death") if blamed else None)


@pytest.mark.parametrize(
    ("kind", "departure", "utility", "told"),
    [
        ("forfeits", "forfeit", 1.0, ""),
        ("dies", "death", None, "ended with status 7; the end of its log:\nprocess"),
        ("hangs", "time-out", None, "nothing happened for 3 s in turn 3\nps"),
    ],
)
def test_what_a_bot_leaves_is_counted_apart(server, kind, departure, utility, told):
    (result,) = play(server, command(kind), team_swapped([(OWN, FOE)])[:1], stall=3.0)
    assert (result.departure, result.utility, result.played) == (Departure(1, departure), utility, None)
    assert (result.turns, result.attempts) == (3, 1), "it is not tried again"
    assert told in "".join(result.problems)
    if kind == "dies":
        assert result.problems[0].endswith("what a pity")


def arena(*more):
    return ["showdown", "arena", "--first", "random", "--matches", "4", *more]


@pytest.mark.parametrize(
    ("kind", "patience", "told"),
    [
        ("absent", 5, "did not sign in as ps[0-9]+ within 5 s: its process is still running; .*process [0-9]+$"),
        ("nonsense", 60, "did not sign in as ps[0-9]+: its process ended with status 2; .*invalid choice"),
    ],
)
def test_a_bot_that_never_signs_in_is_an_error_with_the_end_of_its_log(showdown, capsys, kind, patience, told):
    assert main(arena("--second", f"process:{command(kind)}", "--patience", str(patience))) == 2
    message = capsys.readouterr().err.strip().split("pokespiel: ")[-1]
    assert re.search(told, message, re.DOTALL), message


def test_a_bot_that_accepts_nothing_is_an_error_with_the_end_of_its_log(server):
    fixtures = team_swapped([(OWN, FOE)])[:1]
    (result,) = play(server, command("deaf"), fixtures, stall=4.0)
    with pytest.raises(BotFailed, match="no match began: nothing happened for 4 s and no battle began") as told:
        Referee(gives_teams=True).see(fixtures[0], result)
    assert str(told.value).endswith("not I")


def test_the_record_counts_forfeits_and_rate_reads_it(showdown, tmp_path, capsys):
    out = ["--out", str(tmp_path / "a.json"), "--replays", str(tmp_path / "replays"), "--second-name", "quitter"]
    assert main(arena("--second", f"process:{command('forfeits')}", *out)) == 0
    kept = read_record(tmp_path / "a.json")
    assert kept["forfeits"] == {"first": 0, "second": 4}
    assert [kept[name] for name in ("won", "tied", "lost", "unfinished", "pairs", "battles")] == [0, 0, 0, 0, 0, 4]
    assert kept["endings"] == ["forfeit second"] * 4
    assert kept["utilities"] == [None] * 4, "nothing was played out"
    assert kept["decided"] == {"score": 1.0, "pairs": 2}
    assert kept["pairs_swap"] == {"seats": True, "teams": True}
    assert kept["second"]["name"] == "quitter"
    assert kept["second"]["command"].startswith("process:")
    assert "forfeits 0 / 4" in capsys.readouterr().out
    assert (tmp_path / "replays/00004.html").is_file()
    assert list((tmp_path / "replays/logs").glob("*.log"))
    assert main(["showdown", "arena", "--first", "random", "--second", "expert", "--matches", "2", *out[:2]]) == 0
    assert main(["rate", str(tmp_path / "a.json"), "--draws", "5"]) == 0


def test_an_interrupt_ends_the_bot_and_its_children(showdown, tmp_path):
    words = [*arena("--second", f"process:{command('parent')}"), "--out", str(tmp_path / "a.json")]
    words += ["--replays", str(tmp_path / "replays")]
    with subprocess.Popen([sys.executable, "-m", "pokespiel", *words], stderr=subprocess.PIPE) as running:
        logs = tmp_path / "replays/logs"
        wait_for(lambda: any("child" in log.read_text() for log in logs.glob("*.log")), 60)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 130
    (log,) = logs.glob("*.log")
    for line in log.read_text().splitlines():
        assert gone(int(line.split()[1])), line


def gone(process):
    """Whether a process has ended, perhaps without being waited for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"


# Without a server -----------------------------------------------------------------------------------------------------


def test_words_and_placeholders():
    values = {"name": "a b", "server": "ws://x", "password": ""}
    bot = BotCommand.of("""sh -c 'echo "$1" {{name}} ${HOME}' x --name={name} {password} "{server}" """)
    assert bot.placeholders == {"name", "password", "server"}
    assert bot.filled(values) == ["sh", "-c", 'echo "$1" {name} ${HOME}', "x", "--name=a b", "", "ws://x"]


@pytest.mark.parametrize(
    ("bot", "told"),
    [
        ("", "names no command"),
        ("sh 'open", "cannot be split into words: No closing quotation"),
        ("no-such-program {name}", "there is no program 'no-such-program'"),
        ("sh {nome}", "unknown placeholder 'nome'; did you mean 'name'?"),
    ],
)
def test_commands_that_cannot_run_are_refused_before_a_server_starts(bot, told, capsys):
    assert main(arena("--second", f"process:{bot}")) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--second", "process:sh", "--second-teams", "mine"], "unknown --second-teams 'mine'"),
        (["--second", "process:sh {team}", "--second-teams", "own"], "remove {team} from its command"),
        (["--second", "process:sh", "--first", "poke-env:RandomPlayer"], "can only be --second"),
        (["--second", "random", "--first", "process:sh"], "can only be --second"),
        (["--second", "random", "--second-name", "x"], "--second-name names a bot"),
        (["--second", "random", "--second-teams", "own"], "--second-teams is for a bot"),
        (["--until-width", "1.5"], "until-width must be above 0 and below 1"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, told, capsys):
    assert main(arena(*options)) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_is_not_a_record_is_not_written_over(tmp_path, capsys):
    path = tmp_path / "notes.json"
    path.write_text('{"mine": 1}')
    assert main(arena("--second", "random", "--out", str(path))) == 2
    assert "notes.json is not a record of an arena" in capsys.readouterr().err
    assert path.read_text() == '{"mine": 1}'


def test_the_last_message_tells_how_a_battle_was_left():
    log = ["|turn|3", "|-message|Sleep Clause Mod activated.", "|-message|Bot forfeited.", "|win|Us"]
    assert departed(log, 1.0) == Departure(1, "forfeit")
    assert departed(log, -1.0) == Departure(0, "forfeit")
    assert departed([*log[:2], "|-message|Bot lost due to inactivity.", "|win|Us"], 1.0) == Departure(1, "time-out")
    assert departed([*log[:2], "|c|x|Bot forfeited.", "|win|Us"], 1.0) is None
    assert departed(log[:2] + log[3:], 1.0) is None


def test_a_team_that_was_not_given_is_noticed():
    log = [f"|switch|p2a: x|{OWN[0].species}, L100|100/100", f"|switch|p2a: y|{OWN[3].species}|100/100"]
    assert foreign(log, 2, OWN) == ""
    assert foreign(log, 1, ()) == ""
    assert foreign(log[1:], 2, OWN) == f"it sent out {OWN[3].species} first instead of {OWN[0].species}"
    assert foreign([log[0], "|switch|p2a: z|Mewtwo|100/100"], 2, OWN) == "it sent out Mewtwo"


def left(turns=9):
    return Result(None, turns, 1, ("it hung",), departure=Departure(1, "time-out"))


def test_the_referee_tolerates_some_departures():
    fixture = Fixture((OWN, FOE), 0)
    referee = Referee(gives_teams=False)
    for _ in range(3):
        for _ in range(TOLERATED - 1):
            referee.see(fixture, left(turns=0) if referee._played else left())
        referee.see(fixture, Result(1.0, 9, 1, ()))
    with pytest.raises(BotFailed, match="no match began: it hung"):
        Referee(gives_teams=False).see(fixture, left(turns=0))
    for _ in range(TOLERATED - 1):
        referee.see(fixture, left())
    with pytest.raises(BotFailed, match=f"{TOLERATED} matches in a row"):
        referee.see(fixture, left())


def test_a_process_group_ends_with_its_leader_gone(tmp_path):
    bot = BotCommand.of("sh -c 'sleep 600 & echo $!'").start({}, tmp_path / "log")
    wait_for(lambda: bot.ended)
    child = int((tmp_path / "log").read_text())
    assert not gone(child)
    bot.stop()
    until = time.monotonic() + 10
    while not gone(child):
        assert time.monotonic() < until
        time.sleep(0.05)
