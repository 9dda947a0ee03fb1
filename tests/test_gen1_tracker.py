"""The tracker on lines that real servers send, and on lines that none should send."""

import json
from pathlib import Path

import numpy as np
import pytest
from gen1_teams import seen_by

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.showdown import reference as oracle
from pokespiel.showdown.reference import golden
from pokespiel.showdown.reference.differential import battle_of

DATA = Path(__file__).parent / "data"
LIVE = {"ou": 60, "random": 60, "wild": 120, "gadget": 120}


def pp_at_start(setup):
    """The PP of both teams if the recording does not start with full ones."""
    return [[list(member.get("pp") or []) for member in team] for team in setup["teams"]]


def has_twins(setup):
    """Two of a kind under one name, which lines cannot tell apart (the clauses of gen1ou forbid them)."""
    looks = [
        [(member["species"], member.get("name"), member.get("level")) for member in team] for team in setup["teams"]
    ]
    return any(len(set(team)) < len(team) for team in looks)


def compare(recorded):
    """Follow Showdown's own lines (and its requests, if recorded) and compare each decision with the engine."""
    if recorded.error or has_twins(recorded.setup):
        return 0
    battle = battle_of(recorded.setup)
    trackers = [Tracker(start_pp=pp) for pp in pp_at_start(recorded.setup)]
    decisions = 0
    for index, point in enumerate(recorded.points):
        if index:
            battle.choose(*(choice.decode() for choice in point.choices))
        lines = point.log.decode().split("\n") if point.log else []
        for player, tracker in enumerate(trackers):
            for line in seen_by(lines, player):
                tracker.read(line)
            request = battle.request(player + 1).encode() if recorded.digested else point.requests[player]
            if battle.ended or not request:
                continue
            tracker.request(request)
            told, own = tracker.compact(), battle.native.compact(player)
            wrong = [view.compact_names()[i] for i in np.flatnonzero(told != own)]
            assert not wrong, (recorded.setup["kind"], recorded.setup["number"], battle.turn, player, wrong)
            options = [name for name, legal in zip(view.ACTION_NAMES, tracker.legal(), strict=True) if legal]
            assert options == [option for option in point.options[player].decode().split(",") if option]
            decisions += 1
    return decisions


@pytest.mark.parametrize("kind", LIVE)
def test_showdowns_own_lines_give_the_engines_features(showdown, kind):
    decisions = sum(compare(recorded) for recorded in oracle.stream(kind, 500_000, LIVE[kind]))
    assert decisions > 10 * LIVE[kind]


def test_recorded_lines_of_showdown_give_the_engines_features():
    battles = golden.unpack_battles((DATA / "gen1_golden.xz").read_bytes())
    assert sum(compare(recorded) for recorded in battles) > 5_000


TEAM = [{"species": "Tauros", "moves": ["bodyslam", "hyperbeam"]}, {"species": "Starmie", "moves": ["surf"]}]


def ready_tracker():
    """A tracker at the first decision of a battle, with the battle."""
    battle = Battle(TEAM, TEAM, names=("A", "B"))
    tracker = Tracker()
    for line in battle.log(1):
        tracker.read(line)
    tracker.request(battle.request(1))
    return tracker, battle


CHATTER = (
    "", "|", ">battle-gen1ou-12", "hello there", "|t:|1700000000", "|j|☆someone", "|c|☆someone|move p1a: X",
    "|inactive|30 seconds", "|raw|<b onclick='x()'>hi</b>", "|-hint|In Gen 1, ...", "|html|<script>",
    "|-message|text", "|bigerror|You will auto-tie", "|n|someone|else", "|deinit", "|title|A vs. B", "|rated|",
    "|rule|Freeze Clause Mod", "|-activate||move: Struggle", "|player|p1|", "|player|p1|A|266|1000", "|clearpoke",
    "|request|", "|error|[Invalid choice]", "|debug|x", "|seed|", "||",
)  # fmt: skip


def test_lines_without_meaning_for_the_battle_change_nothing():
    tracker, _ = ready_tracker()
    before = tracker.compact()
    for line in CHATTER:
        tracker.read(line)
    assert (tracker.compact() == before).all()


HOSTILE = (
    "|move|p3a: X|Surf|p1a: Y", "|move|p1a: X", "|move|p1a: X|Moonblast|p2a: Y", "|move|p1: X|Surf", "|move||Surf|",
    "|move|p1a: X|Surf|p2a: Y|[from] Dancer", "|switch|p2a: X|Pikablu|100/100", "|switch|p2a: X|Tauros|100",
    "|switch|p2a: X|Tauros", "|switch|p2a: X|Tauros, L101|100/100", "|switch|p2a: X|Tauros|101/100",
    "|switch|p2a: X|Tauros|100/48", "|switch|p1a: X|Mewtwo|353/353", "|switch|p2a: X|Tauros|100/100 slept",
    "|-damage|p1a: X|-5/353", "|-damage|p1a: X|9e9/353", "|-damage|p1a: X|",
    "|-damage|p1a: X|99999999999999999999/353", "|-status|p1a: X|ill", "|-curestatus|p1a: X|",
    "|-boost|p1a: X|luck|1", "|-boost|p1a: X|atk|99", "|-boost|p1a: X|atk", "|turn|0", "|turn|1001", "|turn|x",
    "|turn|", "|cant|p1a: X|homework", "|gen|9", "|gametype|doubles", "|teamsize|p2|7", "|teamsize|p3|6",
    "|player|p9|X", "|win|Nobody", "|split|p1", "|-start|p1a: X|Disable", "|-start|p1a: X|Disable|Moonblast",
    "|-start|p1a: X|typechange|Fairy", "|faint|", "|-prepare|p1a: X|Nothing", "|-heal|p1a: X|1/0", "a\nb",
)  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE)
def test_lines_that_cannot_be_are_refused_and_change_nothing(line):
    tracker, battle = ready_tracker()
    before = tracker.compact()
    with pytest.raises(ValueError, match=r"line|expected|unknown|missing"):
        tracker.read(line)
    assert (tracker.compact() == before).all()
    battle.choose("move 1", "move 1")
    for heard in battle.log(1)[len(Battle(TEAM, TEAM, names=("A", "B")).log(1)) :]:
        tracker.read(heard)
    tracker.request(battle.request(1))
    assert (tracker.compact() == battle.native.compact(0)).all()


@pytest.mark.parametrize(
    "line", [b"|move|p1a: X|\xff\xfe|", b"|c|\xc0\x80", b"|\xed\xa0\x80", "|raw|" + "x" * (1 << 21)]
)
def test_broken_text_is_refused(line):
    tracker, _ = ready_tracker()
    with pytest.raises(ValueError, match=r"UTF-8|bytes"):
        tracker.read(line)


def requests_gone_wrong():
    """A real request with one impossible value."""
    good = json.loads(Battle(TEAM, TEAM).request(1))

    def changed(change):
        copy = json.loads(json.dumps(good))
        change(copy)
        return json.dumps(copy)

    pokemon = good["side"]["pokemon"]
    yield changed(lambda r: r["side"].update(id="p3"))
    yield changed(lambda r: r["side"].update(pokemon=[]))
    yield changed(lambda r: r["side"].update(pokemon=pokemon * 4))
    yield changed(lambda r: r["side"].update(pokemon="x"))
    yield changed(lambda r: r["side"]["pokemon"][0].update(details="Pikablu"))
    yield changed(lambda r: r["side"]["pokemon"][0].update(ident="Tauros"))
    yield changed(lambda r: r["side"]["pokemon"][0].update(condition="353"))
    yield changed(lambda r: r["side"]["pokemon"][0].update(condition="400/353"))
    yield changed(lambda r: r["side"]["pokemon"][0].update(condition="1/353 ill"))
    yield changed(lambda r: r["side"]["pokemon"][0]["stats"].update(atk=-1))
    yield changed(lambda r: r["side"]["pokemon"][0].update(stats=None))
    yield changed(lambda r: r["side"]["pokemon"][0].update(moves=["surf"] * 5))
    yield changed(lambda r: r["side"]["pokemon"][0].update(moves=["moonblast"]))
    yield changed(lambda r: r["active"][0].update(moves=[]))
    yield changed(lambda r: r["active"][0]["moves"][0].update(id="moonblast"))
    yield changed(lambda r: r["active"][0]["moves"][0].update(pp=1e9))
    yield changed(lambda r: r["active"][0]["moves"][0].update(pp=1.5))
    yield changed(lambda r: r.update(active=r["active"] * 2))
    yield changed(lambda r: r.pop("active"))
    yield changed(lambda r: r.pop("side"))
    yield from (
        "{",
        "[]",
        '"x"',
        "1",
        "{}",
        '{"a":1}}',
        "[" * 100_000,
        '{"side":' * 9000,
        '"\\ud800"',
        '{"a":"\x01"}',
        "nul",
    )


@pytest.mark.parametrize("text", list(requests_gone_wrong()))
def test_requests_that_cannot_be_are_refused_and_change_nothing(text):
    tracker, _ = ready_tracker()
    before = tracker.compact()
    with pytest.raises(ValueError, match="request"):
        tracker.request(text)
    assert (tracker.compact() == before).all()
    with pytest.raises(ValueError, match="request"):
        Tracker().request(text)


def test_another_party_than_before_is_refused():
    tracker, _ = ready_tracker()
    for party in ([TEAM[0]], [TEAM[0], {"species": "Jynx", "moves": ["surf"]}]):
        with pytest.raises(ValueError, match="the party has"):
            tracker.request(Battle(party, TEAM).request(1))


def test_nothing_is_known_before_the_first_request():
    tracker = Tracker()
    assert not tracker.ready
    assert not tracker.legal().any()
    with pytest.raises(ValueError, match="no request has come"):
        tracker.features()


def test_a_request_for_the_other_player_is_refused():
    tracker = Tracker(1)
    with pytest.raises(ValueError, match="other player"):
        tracker.request(Battle(TEAM, TEAM).request(1))


def test_random_bytes_never_crash():
    rng = np.random.default_rng(0)
    tracker, battle = ready_tracker()
    lines = [line.encode() for line in battle.log(1)] + [b"|request|" + battle.request(1).encode()]
    refused = 0
    for _ in range(20_000):
        line = bytearray(lines[rng.integers(len(lines))])
        for _ in range(rng.integers(1, 4)):
            at = rng.integers(len(line) + 1)
            if rng.random() < 0.5:
                line[at:at] = bytes(rng.integers(0, 256, rng.integers(1, 5), np.uint8))
            else:
                del line[at : at + rng.integers(1, 6)]
        try:
            tracker.read(bytes(line))
        except ValueError:
            refused += 1
    assert refused > 1000
    assert np.isfinite(tracker.features()).all()


def test_a_refused_line_before_the_first_request_is_told_and_left_out():
    battle = Battle(TEAM, TEAM, names=("A", "B"))
    tracker = Tracker()
    tracker.read("|move|p1a: X|Moonblast|p2a: Y")
    for line in battle.log(1):
        tracker.read(line)
    with pytest.raises(ValueError, match="unknown move in line"):
        tracker.request(battle.request(1))
    assert tracker.ready
    assert (tracker.compact() == battle.native.compact(0)).all()


def test_a_party_that_no_line_brought_to_the_field_gives_features():
    tracker = Tracker()
    tracker.request(Battle(TEAM, TEAM).request(1))
    assert np.isfinite(tracker.features()).all()
