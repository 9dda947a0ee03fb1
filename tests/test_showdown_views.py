"""A player's view on a real server equals the engine's own, and a difference would be noticed."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown.arena import Conditions, Fixture, local_server, play_arena
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.recording import NotARecording, Recording, recordings
from pokespiel.showdown.serve import serve
from pokespiel.showdown.views import Comparison, WitnessContestant, compare_views, lines_witness, played, views_witness

PLAYERS = ("random", "gym_leader")
BATTLES = 8


def some_teams(count):
    """Pairs of teams, every second pair with unusual ones."""
    pools = load_pool("competitive"), load_pool("variety")
    draws = np.random.default_rng(1).integers(24, size=(count, 2))
    return [(pools[i % 2][int(own)], pools[i % 2][int(foe)]) for i, (own, foe) in enumerate(draws)]


@pytest.fixture(scope="module")
def served(showdown, tmp_path_factory):
    """Recordings of battles over a server, and what both players saw in them."""
    folder, rng = tmp_path_factory.mktemp("record"), np.random.default_rng(0)
    contestants = [WitnessContestant(InferenceBatcher(BASELINES.build(name), rng)) for name in PLAYERS]
    contestants[1] = replace(contestants[1], views=contestants[0].views)
    fixtures = [Fixture(teams, index % 2) for index, teams in enumerate(some_teams(BATTLES))]
    with serve(record=folder) as server:
        results = dict(play_arena(tuple(contestants), fixtures, [local_server(server.port)], Conditions(4)))
        deadline = time.monotonic() + 20
        while sum(map(is_whole, folder.rglob("*.log.json"))) < BATTLES and time.monotonic() < deadline:
            time.sleep(0.05)
    assert all(result.utility is not None for result in results.values())
    return list(recordings(folder)), contestants[0].views


def is_whole(path):
    """Whether the server has written all of a log."""
    return path.read_text(encoding="utf-8").rstrip().endswith("}")


def compare_with(recording, views):
    return compare_views(recording.replay(), [views_witness(views[recording.room, side], side) for side in (0, 1)])


def test_views_over_a_server_are_the_engines(served):
    kept, views = served
    found = Comparison()
    for recording in kept:
        found += compare_with(recording, views)
    assert found.differences == []
    assert found.battles == BATTLES
    assert found.decisions == sum(map(len, views.values())) > 40 * BATTLES


def test_views_of_told_battles_are_the_engines():
    rng, found = np.random.default_rng(2), Comparison()
    for teams in some_teams(BATTLES):
        battle = Battle(*teams, seed=rng.integers(1 << 16, size=4))
        policies = [BASELINES.build(name) for name in PLAYERS]
        found += compare_views(played(battle, policies, rng), [lines_witness(0), lines_witness(1)])
    assert found.differences == []
    assert found.decisions > 40 * BATTLES


def test_another_battle_than_was_seen_is_told(served):
    kept, views = served
    recording = kept[0]
    tampered = list(views[recording.room, 0])
    tampered[3] = tampered[3]._replace(legal=~tampered[3].legal)
    found = compare_views(recording.replay(), [views_witness(tampered, 0), views_witness(views[recording.room, 1], 1)])
    assert len(found.differences) == 1
    assert "shown the choices" in found.differences[0]
    fewer = compare_views(recording.replay(), [views_witness(views[recording.room, 0], 0), lambda battle: None])
    assert len(fewer.differences) == len(views[recording.room, 1])


def test_a_recording_holds_the_battle(served):
    for recording in served[0]:
        *_, last = recording.replay()
        assert last.ended
        assert set(recording.names) == {line.split("|")[3] for line in last.log() if line.startswith("|player|")}


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"inputLog": 3}', '{"roomid": "x", "inputLog": [">start {"]}', '{"inputLog": [">start {}"]}'],
)
def test_other_files_are_no_recordings(content, tmp_path):
    path = tmp_path / "x.log.json"
    path.write_text(content)
    with pytest.raises(NotARecording, match=r"x\.log\.json: expected the log of a gen1ou battle"):
        Recording.read(path)


@pytest.mark.parametrize(
    "start", [{"formatid": "gen9ou", "seed": "1,2,3,4"}, {"formatid": "gen1ou", "seed": "sodium,ab"}]
)
def test_other_battles_are_no_recordings(start, tmp_path):
    path = tmp_path / "x.log.json"
    path.write_text(json.dumps({"roomid": "battle-1", "inputLog": [f">start {json.dumps(start)}"]}))
    with pytest.raises(NotARecording):
        Recording.read(path)
