"""Progress: the current work and its remaining time, in a line at least at the given interval."""

from __future__ import annotations

import re
import time

import pytest

from pokespiel.commands.main import main
from pokespiel.core import progress
from pokespiel.core.progress import Lines, Stage, heartbeat, stage, watch


@pytest.fixture
def clock(monkeypatch):
    """Seconds, set by the test."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def said(capsys) -> list[str]:
    return capsys.readouterr().err.splitlines()


def until(capsys, number: int, seconds: float = 5.0) -> list[str]:
    """Wait for at least this many lines."""
    lines: list[str] = []
    end = time.monotonic() + seconds
    while len(lines) < number and time.monotonic() < end:
        time.sleep(0.01)
        lines += said(capsys)
    assert len(lines) >= number
    return lines


@pytest.mark.parametrize(
    ("done", "seconds", "left"),
    [(0, None, None), (50, None, 10.0), (50, 14.0, 4.0), (0, 14.0, 4.0), (50, 100.0, 10.0), (50, 5.0, 0.0)],
    ids=["nothing-done", "pace", "limit-first", "limit-alone", "pace-first", "late"],
)
def test_the_time_left_is_what_pace_and_limit_say(clock, done, seconds, left):
    one = Stage("work", 100, 0, seconds)
    clock[0] = 10.0
    one.update(done)
    assert one.left == left


def test_a_step_that_takes_longer_than_its_like_is_not_promised_at_once(clock):
    one = Stage("matches", 1000)
    clock[0] = 10.0
    one.update(999)
    assert one.told() == "matches 999/1,000, nearly done"
    one.update(1000)
    assert one.told() == "matches 1,000/1,000"


def test_what_ends_by_time_finishes_its_step(clock):
    one = Stage("work", 100, 0, 10.0)
    one.update(5)
    clock[0] = 12.0
    assert one.told() == "work 5, time is up, finishing"
    assert Stage("matches", 100).told() == "matches 0/100", "nothing is said where nothing is known"


def test_no_steps_at_all_are_done_at_once(capsys):
    with watch("run", 0) as lines:
        lines.update(0, "")
    assert said(capsys) == ["run 0/0"]


def test_the_pace_counts_from_where_the_work_was_taken_up(clock):
    one = Stage("work", 100, 80)
    clock[0] = 5.0
    one.update(90)
    assert one.left == 5.0


def test_silence_is_broken_with_what_goes_on_inside(capsys):
    with Lines("tournament", 1000, 0, every=0.02) as lines:
        lines.update(0, "20 cells")
        assert said(capsys)[0] == "tournament 0/1,000  20 cells"
        with stage("matches", 2048) as told:
            told.update(512)
            assert "; matches 512/2,048, " in until(capsys, 1)[0]
    time.sleep(0.1)
    assert len(said(capsys)) <= 1  # one may have come at the end


def test_updates_that_come_often_make_few_lines(capsys):
    with Lines("training", 1000, 0) as lines:
        for done in range(0, 1001, 10):
            lines.update(done, "")
    assert [line.split()[1] for line in said(capsys)] == ["0/1,000", "1,000/1,000"]


def test_library_code_that_nobody_watches_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    with stage("matches", 10) as told:
        told.update(5)
        time.sleep(0.1)
    assert said(capsys) == []


def test_a_command_without_progress_of_its_own_is_heard_of(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SILENCE", 0.02)
    with heartbeat("pokespiel report"), stage("matches", 400) as told:
        told.update(100)
        assert until(capsys, 1)[0].startswith("matches 100/400")
    with heartbeat("pokespiel report"):
        assert until(capsys, 1)[0].startswith("pokespiel report")


def test_a_watch_outside_a_terminal_is_lines_and_may_have_an_end(capsys, clock):
    with watch("run", 100, 0, 60.0) as lines:
        clock[0] = 20.0
        lines.update(1, "")
        clock[0] = 30.0
        lines.update(100, "")
    assert said(capsys) == ["run 1  20 s, 40 s left", "run 100/100  30 s"]


def test_a_long_tournament_tells_how_far_it_is(capsys, monkeypatch, tmp_path):
    """Its matches wait for the line, so the test takes long enough on every machine."""
    lines: list[str] = []
    update, wanted = Stage.update, re.compile(r"gen1ou 2 policies 0/2  .*; matches [1-4]/4(, |$)")

    def slowly(told: Stage, done: int, note: str = "") -> None:
        update(told, done, note)
        end = time.monotonic() + 60
        while told.what == "matches" and not any(map(wanted.match, lines)) and time.monotonic() < end:
            lines.extend(until(capsys, 1, seconds=60.0))

    monkeypatch.setattr(progress, "SILENCE", 0.02)
    monkeypatch.setattr(Stage, "update", slowly)
    command = ["tournament", "random", "max_damage", "--folder", str(tmp_path), "--units", "2"]
    assert main([*command, "--game", "gen1ou(pool=one)"]) == 0
    assert any(map(wanted.match, lines)), lines
