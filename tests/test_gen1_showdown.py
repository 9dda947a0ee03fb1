"""The engine plays the same battles as Pokémon Showdown: live if Node is installed, and from recorded battles
anywhere."""

import json
from itertools import islice
from pathlib import Path

import pytest

from pokespiel.game.gen1 import Battle, canonical
from pokespiel.showdown import reference as oracle
from pokespiel.showdown.reference import coverage, differential, golden

DATA = Path(__file__).parent / "data"
LIVE = {"ou": 600, "random": 600, "wild": 900, "gadget": 900}


@pytest.fixture(scope="session")
def golden_battles():
    return list(golden.unpack_battles((DATA / "gen1_golden.xz").read_bytes()))


def check(battles):
    differences = [mismatch.explain() for battle in battles if (mismatch := differential.compare_battles(battle))]
    assert not differences, f"{len(differences)} battles differ; the first:\n{differences[0]}"


@pytest.mark.parametrize("kind", LIVE)
def test_live_battles_are_equal(showdown, kind):
    check(oracle.stream(kind, 0, LIVE[kind]))


def test_recorded_battles_are_equal(golden_battles):
    assert len(golden_battles) > 300
    check(golden_battles)


def test_recorded_battles_reach_every_move_hint_line_and_condition(showdown, golden_battles):
    seen = coverage.Coverage()
    for battle in (*golden_battles, *golden.unpack_battles((DATA / "gen1_regressions.xz").read_bytes())):
        seen.add((point.log for point in battle.points), (point.state for point in battle.points))
    assert seen.missing(showdown) == []


def test_earlier_differences_stay_mended(showdown):
    records = [json.loads(path.read_text()) for path in sorted((DATA / "gen1_regressions").glob("*.json"))]
    check(oracle.replay_in_showdown(records))


def test_recorded_earlier_differences_stay_mended():
    check(golden.unpack_battles((DATA / "gen1_regressions.xz").read_bytes()))


def test_replaying_choices_gives_the_same_stream(showdown):
    battles = list(oracle.stream("gadget", 50, 5))
    assert list(oracle.replay_in_showdown([battle.record for battle in battles])) == battles


def test_every_recorded_state_is_saved_and_loaded(golden_battles):
    for battle in golden_battles:
        engine = differential.battle_of(battle.setup)
        for point in battle.points[1:]:
            engine.choose(*(choice.decode() for choice in point.choices))
            data = engine.to_bytes()
            assert Battle.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize("part", ["options", "seed", "state", "log", "requests"])
def test_a_difference_is_found_and_named(golden_battles, part):
    battle = next(battle for battle in golden_battles if len(battle.points) > 10)
    value = getattr(battle.points[7], part)
    changed = (value[0], b"none") if isinstance(value, tuple) else bytes([value[0] ^ 1]) + value[1:]
    points = [*battle.points]
    points[7] = points[7]._replace(**{part: changed})
    mismatch = differential.compare_battles(oracle.RecordedBattle(battle.setup, tuple(points), "", digested=True))
    assert mismatch is not None
    assert mismatch.point == 7
    assert len(mismatch.record["choices"]) == 7
    named = {"options": "options of p2", "requests": "request of p2"}.get(part, part)
    assert f"-- {named}" in mismatch.explain()


def test_differing_fields_are_named():
    place, size = canonical.PLACES["p2.active.bide.damage"]
    state = bytearray(canonical.SIZE)
    state[place] = 7
    assert size == 4
    assert canonical.differences(bytes(canonical.SIZE), bytes(state)) == ["p2.active.bide.damage: expected 0, got 7"]


def test_every_hint_of_the_source_is_looked_for(showdown):
    hints = coverage.wanted_hints(showdown)
    assert len(hints) >= 24
    assert all(hint.startswith(("In Gen 1", "Desync", "Pokemon Showdown")) for hint in hints)


def test_oracle_numbers_name_battles(showdown):
    later = list(oracle.stream("wild", 3, 1))
    assert list(islice(oracle.stream("wild", 0, 4), 3, None)) == later


def test_comparison_resumes_from_its_report(showdown, tmp_path):
    report = tmp_path / "report.json"
    for battles in (3, 5):
        options = differential.DifferentialOptions(
            battles, kind="wild", report=report, mismatches=tmp_path / "mismatches", chunk=2
        )
        assert differential.main(options) == 0
    summary = json.loads(report.read_text())
    assert summary["next"] == 5
    assert summary["battles"] == {"wild": 5}
    assert summary["points"] == sum(len(battle.points) for battle in oracle.stream("wild", 0, 5))
    assert not (tmp_path / "mismatches").exists()


def test_a_difference_is_kept_as_a_record_that_plays_again(showdown, golden_battles, tmp_path):
    battle = golden_battles[3]
    points = [*battle.points]
    points[5] = points[5]._replace(seed=bytes(8))
    mismatch = differential.compare_battles(oracle.RecordedBattle(battle.setup, tuple(points), "", digested=True))
    [name] = differential.save([mismatch], tmp_path)
    assert "-- seed" in (tmp_path / f"{name}.txt").read_text()
    kept = json.loads((tmp_path / f"{name}.json").read_text())
    again = next(oracle.replay_in_showdown([kept]))
    assert [point[:5] for point in again.points] == [point[:5] for point in battle.points[:6]]
    assert differential.replay_record(kept) is None
