"""One battle from Python: choices, log, requests, bytes, copies, chance nodes, and refusals."""

import json
import pickle
from fractions import Fraction

import numpy as np
import pytest

from pokespiel.game.gen1 import Battle, Entrant, PokemonSet, read_team
from pokespiel.game.gen1.battle import ROLLS, Roll
from pokespiel.game.gen1.teams import TeamError, as_json, export_team, pack

FIRST = "Tauros\n- Body Slam\n- Rest\n- Explosion\n\nGengar\n- Hypnosis\n- Night Shade\n\nExeggutor\n- Sleep Powder"
SECOND = "Snorlax\n- Metronome\n- Amnesia\n- Splash\n\nStarmie\n- Surf\n- Wrap"


def play(battle, seed, turns=1000):
    rng = np.random.default_rng(seed)
    for _ in range(turns):
        if battle.ended:
            break
        battle.choose(*(rng.choice(options) if options else "" for options in map(battle.choices, (1, 2))))
    return battle


def test_teams_as_export_text_packed_text_and_sets_are_the_same_battle():
    sets = read_team(FIRST)
    forms = (FIRST, export_team(sets), pack(sets), sets, [as_json(one) for one in sets], [Entrant(one) for one in sets])
    battles = [Battle(form, SECOND) for form in forms]
    assert len({battle.to_bytes() for battle in battles}) == 1
    assert len(set(battles)) == 1


def test_choices_are_showdowns_own_words_and_waiting_is_empty():
    battle = Battle("Electrode\n- Explosion\n\nAbra\n- Teleport", "Gastly\n- Splash\n\nOnix\n- Splash")
    assert battle.choices(1) == ["move 1", "switch 2"]
    assert battle.turn == 1
    assert battle.winner is None
    battle = Battle("Golem\n- Explosion\n\nAbra\n- Teleport", "Onix\n- Splash")
    battle.choose("move 1", "move 1")
    assert battle.choices(1) == ["switch 2"]
    assert battle.choices(2) == []
    assert json.loads(battle.request(1))["forceSwitch"] == [True]
    assert json.loads(battle.request(2))["wait"] is True
    battle.choose("switch 2", "")
    assert battle.turn == 2


def test_illegal_choices_name_the_legal_ones_and_change_nothing():
    battle = Battle(FIRST, SECOND)
    before = battle.to_bytes()
    for choices in (
        ("move 4", "move 1"),
        ("move 1", "switch 3"),
        ("", "move 1"),
        ("move 1", "tackle"),
        ("Move 1", "move 1"),
    ):
        with pytest.raises(ValueError, match='its choices: "move 1", "move 2", "move 3", "switch 2"'):
            battle.choose(*choices)
    assert battle.to_bytes() == before


def test_an_ended_battle_refuses_choices_and_names_its_winner():
    battle = play(Battle(FIRST, SECOND), 0)
    assert battle.ended
    assert battle.choices(1) == battle.choices(2) == []
    assert battle.request(1) == ""
    assert battle.log()[-1] == {1: "|win|P1", 2: "|win|P2", 0: "|tie"}[battle.winner]
    with pytest.raises(ValueError, match="ended"):
        battle.choose("", "")


def test_players_are_sent_exact_hp_of_their_own_side_only():
    battle = Battle(FIRST, SECOND)
    battle.choose("move 1", "move 3")
    whole, first, second, spectator = battle.log(), battle.log(1), battle.log(2), battle.log(0)
    assert [line for line in first if line.startswith("|-damage|")] == ["|-damage|p2a: Snorlax|75/100"]
    assert [line for line in second if line.startswith("|-damage|")] == ["|-damage|p2a: Snorlax|390/523"]
    assert [line for line in spectator if line.startswith("|-damage|")] == ["|-damage|p2a: Snorlax|75/100"]
    assert "|split|p2" in whole
    assert not any(line.startswith("|split|") for line in first + second + spectator)


def test_the_seed_reads_as_showdown_writes_it_and_decides_everything():
    battle = Battle(FIRST, SECOND, seed=(1, 2, 3, 4))
    assert battle.seed == (1, 2, 3, 4)
    one, two, other = (play(Battle(FIRST, SECOND, seed=seed), 5) for seed in ((9, 2, 3, 4), (9, 2, 3, 4), (1, 2, 3, 5)))
    assert one.to_bytes() == two.to_bytes()
    assert one.log() != other.log()


def test_copies_and_bytes_go_on_alike_and_apart():
    battle = play(Battle(FIRST, SECOND), 3, turns=4)
    copies = [battle.copy(), Battle.from_bytes(battle.to_bytes()), pickle.loads(pickle.dumps(battle))]
    before = battle.to_bytes()
    played = [play(copy, 11).to_bytes() for copy in copies]
    assert len(set(played)) == 1
    assert battle.to_bytes() == before != played[0]


def test_equality_leaves_out_generator_and_log():
    one, two = Battle(FIRST, SECOND, seed=(1, 1, 1, 1)), Battle(FIRST, SECOND, seed=(2, 2, 2, 2), names=("Ann", "Bob"))
    assert one == two
    assert hash(one) == hash(two)
    assert one.to_bytes() != two.to_bytes()
    two.choose("move 2", "move 3")
    assert one != two
    assert one != "something else"


@pytest.mark.parametrize("damage", [b"", b"x", b"PG1\n", b"PG2\n" + bytes(3000)])
def test_other_bytes_are_refused(damage):
    with pytest.raises(ValueError, match="not a saved battle"):
        Battle.from_bytes(damage)


def test_cut_extended_and_impossible_bytes_are_refused():
    data = Battle(FIRST, SECOND).to_bytes()
    for length in range(0, len(data), 97):
        with pytest.raises(ValueError, match="not a saved battle"):
            Battle.from_bytes(data[:length])
    with pytest.raises(ValueError, match="follow its end"):
        Battle.from_bytes(data + b"\0")
    with pytest.raises(ValueError, match="version 9"):
        Battle.from_bytes(data[:4] + b"\x09" + data[5:])


def test_changed_bytes_are_refused_or_play_on():
    data = play(Battle(FIRST, SECOND), 2, turns=6).to_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(1000):
        changed = bytearray(data)
        changed[rng.integers(5, 525)] ^= 1 << rng.integers(8)
        try:
            battle = Battle.from_bytes(bytes(changed))
        except ValueError:
            refused += 1
        else:
            play(battle, 1, turns=20)
    assert refused > 300


def test_changed_knowledge_is_refused_or_seen():
    """After the state's bytes come the players' knowledge, of which no value may lead outside a table."""
    data = play(Battle(FIRST, SECOND), 2, turns=6).to_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(3000):
        changed = bytearray(data)
        changed[rng.integers(525, min(len(data), 525 + 1400))] = rng.integers(256)
        try:
            battle = Battle.from_bytes(bytes(changed))
        except ValueError:
            refused += 1
        else:
            assert np.isfinite([battle.features(1), battle.features(2)]).all()
    assert refused > 300


@pytest.mark.parametrize(
    ("team", "message"),
    [
        ("Taurs\n- Body Slam", "did you mean 'tauros'"),
        ("Tauros\n- Body Slm", "did you mean 'bodyslam'"),
        ([PokemonSet("Tauros", ("Body Slam",), level=101)], "level 101, expected 1 to 100"),
        ([PokemonSet("Tauros", ())], "0 moves, expected 1 to 4"),
        ([PokemonSet("Tauros", ("Body Slam",))] * 7, "expected 1 to 6 Pokémon, got 7"),
        ([], "expected 1 to 6 Pokémon, got 0"),
        ([Entrant(PokemonSet("Tauros", ("Body Slam",)), status="sleepy")], "unknown status 'sleepy'"),
        ([Entrant(PokemonSet("Tauros", ("Body Slam",)), pp=(1, 2))], "pp"),
        ([Entrant(PokemonSet("Tauros", ("Body Slam",)), hp=10**30)], "expected 0 to 1023"),
        ([{"species": "Tauros"}], "0 moves, expected 1 to 4"),
        ([{"moves": ["bodyslam"]}], "Gen 1 has no species ''"),
        ([{"species": "Tauros", "moves": ["moonblast"]}], "Gen 1 has no move 'moonblast'"),
    ],
)
def test_bad_teams_say_what_was_expected(team, message):
    with pytest.raises(TeamError, match=message):
        Battle(team, SECOND)


def test_a_nickname_cannot_write_lines_of_its_own():
    """Like the server, a battle replaces characters that would break a line by blanks."""
    for nickname, kept in (("A\n|win|A", "A win A"), ("A\0B", "AB"), ("|\x7f", "Tauros")):
        battle = Battle([{"species": "Tauros", "moves": ["bodyslam"], "name": nickname}], SECOND)
        assert any(line.startswith(f"|switch|p1a: {kept}|Tauros|") for line in battle.log(0))


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": (1, 2, 3)},
        {"seed": (1, 2, 3, 65536)},
        {"names": ("A", "A")},
        {"names": ("A",)},
        {"turn": 1000},
        {"names": ("A", "B\n|win|B")},
    ],
)
def test_other_bad_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="expected"):
        Battle(FIRST, SECOND, **arguments)


@pytest.mark.parametrize("team", [None, 5, [None], [{"species": "Tauros", "moves": ["surf"], "level": "high"}]])
def test_what_is_no_team_is_refused(team):
    with pytest.raises(TypeError, match="expected"):
        Battle(team, SECOND)


def test_entrants_begin_in_their_condition():
    lead = Entrant(PokemonSet("Tauros", ("Body Slam", "Rest")), hp=10, status="slp", sleep=3, pp=(2, 0))
    battle = Battle([lead], SECOND, turn=989)
    shown = json.loads(battle.request(1))
    assert shown["side"]["pokemon"][0]["condition"] == "10/353 slp"
    assert shown["active"][0]["moves"] == [{"move": "Fight", "id": "fight"}]
    assert "|turn|990" in battle.log()


def test_outcomes_sum_to_one_and_are_what_rolls_lead_to():
    battle = Battle(FIRST, SECOND)
    outcomes = battle.outcomes("move 1", "move 3")
    assert sum(probability for probability, _ in outcomes) == 1
    assert len({situation for _, situation in outcomes}) == len(outcomes)
    assert battle == Battle(FIRST, SECOND)
    hits = {situation: Fraction(0) for _, situation in outcomes}

    def follow(prefix, probability):
        found = battle.roll("move 1", "move 3", prefix)
        if isinstance(found, Roll):
            assert sum(found.weights) == found.denominator
            for index, weight in enumerate(found.weights):
                follow([*prefix, index], probability * Fraction(weight, found.denominator))
        else:
            hits[found] += probability

    follow([], Fraction(1))
    assert hits == {situation: probability for probability, situation in outcomes}


def test_a_roll_to_the_end_writes_the_log():
    battle = Battle(FIRST, SECOND)
    prefix = []
    while isinstance(found := battle.roll("move 1", "move 3", prefix), Roll):
        assert found.name in ROLLS
        prefix.append(0)
    assert "|move|p1a: Tauros|Body Slam|p2a: Snorlax" in found.log()
    assert len(battle.log()) < len(found.log())
    assert found.seed == battle.seed
    with pytest.raises(ValueError, match="rolls"):
        battle.roll("move 1", "move 3", [*prefix, 0])


def test_scripted_rolls_decide_and_must_fit():
    battle = Battle("Tauros\n- Body Slam", "Shellder\n- Splash")
    hit = [("hit", 1), ("critical", 0), ("damage", 255), ("secondary", 1), ("paralysis", 0)]
    assert "|-status|p2a: Shellder|par" in battle.scripted("move 1", "move 1", hit).log()
    missed = battle.scripted("move 1", "move 1", [("hit", 0)])
    assert "|-miss|p1a: Tauros" in missed.log()
    with pytest.raises(ValueError, match="damage"):
        battle.scripted("move 1", "move 1", [("hit", 1), ("critical", 0), ("hit", 1)])
    with pytest.raises(ValueError, match="not used"):
        battle.scripted("move 1", "move 1", [("hit", 0), ("damage", 255)])
    with pytest.raises(ValueError, match="did you mean 'critical'"):
        battle.scripted("move 1", "move 1", [("crit", 0)])
