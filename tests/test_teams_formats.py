"""The set type and Showdown's formats: written teams read back, and errors say what is wrong."""

import json
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokespiel.game.gen1.teams import (
    NamedTeam,
    PokemonSet,
    Spread,
    Stats,
    TeamError,
    as_json,
    export_team,
    export_teams,
    hp_dv,
    ivs_of,
    load_pool,
    pack,
    read_team,
    read_teams,
    unpack,
    validate,
)
from pokespiel.game.gen1.teams.legality import legality_facts
from pokespiel.showdown import install
from pokespiel.showdown.reference.spoil import WAYS

EXPORTED = """
Bull (Tauros) (M)  
Ability: No Ability  
Level: 98  
EVs: 252 HP / 252 Atk / 252 Def / 252 SpA / 252 SpD / 252 Spe  
Serious Nature  
- Body Slam  
- Hyper Beam  

Chansey  
EVs: 252 HP / 252 Def / 252 SpA / 252 SpD / 252 Spe  
IVs: 2 Atk  
- Soft-Boiled  
- Ice Beam  

Mr. Mime  
- Psychic  
"""  # noqa: W291
PACKED = (
    "Bull|Tauros||NoAbility|BodySlam,HyperBeam|Serious|252,252,252,252,252,252|M|||98|]"
    "Chansey||||SoftBoiled,IceBeam||252,,252,252,252,252||,2,,,,|||]"
    "Mr. Mime||||Psychic||252,252,252,252,252,252|||||"
)

numbers = st.integers(0, 255)
spreads = st.builds(Spread, *[numbers] * 6)
names = st.text("abcdefghijklmnopqrstuvwxyzABC .'-é()0", min_size=1, max_size=18).map(str.strip).filter(bool)
sets = st.builds(
    PokemonSet,
    species=st.sampled_from(sorted(one.name for one in legality_facts().species.values())),
    moves=st.lists(st.sampled_from(sorted(legality_facts().moves.values())), max_size=4).map(tuple),
    level=st.integers(0, 100),
    evs=spreads,
    ivs=st.builds(Spread, *[st.integers(0, 31)] * 6),
    gender=st.sampled_from(["", "M", "F"]),
    shiny=st.booleans(),
    happiness=st.integers(0, 255),
)
teams = st.lists(sets, min_size=1, max_size=6).map(tuple)


def test_reads_export_text_and_packed_lines_alike():
    team = read_team(EXPORTED)
    assert team == unpack(PACKED) == read_team(PACKED)
    bull, chansey, mime = team
    assert (bull.name, bull.species, bull.level, bull.gender) == ("Bull", "Tauros", 98, "M")
    assert chansey.evs == Spread(252, 0, 252, 252, 252, 252)
    assert chansey.ivs.atk == 2
    assert mime.moves == ("Psychic",)


def test_missing_evs_mean_full_and_a_written_line_leaves_the_rest_at_zero():
    assert read_team("Tauros\n- Body Slam")[0].evs == Spread(*[252] * 6)
    assert read_team("Tauros\nEVs: 4 Spe\n- Body Slam")[0].evs == Spread(0, 0, 0, 0, 0, 4)
    assert unpack("Tauros||||bodyslam|||||||")[0].evs == Spread(*[252] * 6)


@settings(max_examples=200, deadline=None)
@given(teams)
def test_every_team_survives_both_formats(team):
    assert unpack(pack(team)) == team
    assert read_team(export_team(team)) == team
    two = [NamedTeam("one", "gen1ou", team), NamedTeam("two/of three", "gen1ou", team)]
    assert read_teams(export_teams(two)) == two


@settings(max_examples=200, deadline=None)
@given(names)
def test_nicknames_survive_both_formats(name):
    team = (PokemonSet("Tauros", ("Body Slam",), nickname="" if name == "Tauros" else name),)
    assert unpack(pack(team)) == team
    assert read_team(export_team(team)) == team


def test_ids_aliases_and_symbols_become_names():
    assert read_team("tauros\n- bodyslam\n- EQ")[0].moves == ("Body Slam", "Earthquake")
    assert read_team("zam\n- Psychic")[0].species == "Alakazam"
    assert read_team("Nidoran♂\n- Blizzard")[0].species == "Nidoran-M"


def test_stats_at_level_100_and_below():
    # Tauros: base 75/100/95/70/110. HP (150 + 30 + 63 + 100) + 10, Attack (200 + 30 + 63) + 5.
    assert PokemonSet("Tauros", ()).stats == Stats(353, 298, 288, 238, 318)
    # Without stat experience at level 50: HP (150 + 30 + 100) // 2 + 10, Attack (200 + 30) // 2 + 5.
    assert PokemonSet("Tauros", (), level=50, evs=Spread(*[0] * 6)).stats == Stats(150, 120, 115, 90, 130)
    # An even and an odd IV are one DV.
    assert PokemonSet("Chansey", (), ivs=Spread(31, 2, 31, 31, 31, 31)).dvs.attack == 1
    assert PokemonSet("Chansey", (), ivs=Spread(30, 3, 30, 30, 30, 30)).stats.attack == 10 + 2 + 63 + 5


def test_the_hp_dv_follows_from_the_others():
    assert hp_dv(Stats(0, 15, 15, 15, 15)) == 15
    assert ivs_of(attack=0) == Spread(14, 0, 31, 31, 31, 31)
    assert ivs_of(attack=1, special=14) == Spread(28, 2, 31, 28, 28, 31)
    with pytest.raises(TeamError, match="0 to 15"):
        ivs_of(speed=16)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "text is empty"),
        (" \n\n", "text is empty"),
        ("=== [gen1ou] lonely ===\n", "'lonely' has a header and no sets"),
        ("=== [gen1ou\nTauros", "line 1: .*not a header"),
        ("Tauros\nLevel: many", "line 2: Level: expected a whole number, got 'many'"),
        ("Tauros\nLevel: 1e2", "line 2: Level: expected a whole number"),
        ("Tauros\nEVs: 252 Strength", "line 2: EVs: '252 Strength'; expected a number and one of HP, Atk"),
        ("Tauros\nEVs: 252 Atk / 1 Atk", "line 2: EVs: Atk is given twice"),
        ("Tauros\nIVs: x Atk", "line 2: IVs: expected a whole number, got 'x'"),
        ("Tauros\nEVs: 252+Atk", r"line 2: EVs: '252\+Atk'; expected a number and one of HP"),
        ("Tauros\nEVs: 25x2 Atk", "line 2: EVs: expected a whole number, got '25x2'"),
        ("Tauros\nhello", "line 2: 'hello' is not a line of a set; expected a move"),
        ("Tauros\nTera Type", "line 2: 'Tera Type' is not a line of a set; expected a move"),
        ("()\n- Body Slam", "expected the name of a species"),
        ("Tauros\n- Body Slam\n\nTauros\nrm -rf /", "line 5: 'rm -rf /' is not a line"),
        ("|||", "line 1: set 1: 4 fields; expected the 12 of nickname"),
        ("|||||||||||", "expected a species"),
        ("Tauros||||bodyslam||1,2|||||", "EVs: '1,2'; expected six numbers"),
        ("Tauros||||bodyslam||||1,2,3,4,5,6.5||||", "13 fields"),
        ("Tauros||||bodyslam||||1,2,3,4,5,6.5|||", "IVs: expected a whole number, got '6.5'"),
        ("Tauros||||bodyslam||||||ninety|", "level: expected a whole number"),
        ("Tauros||||bodyslam|||||||,,,,,,", "in the last field; expected happiness and at most Hidden Power"),
        ("[]", r"line 1: '\[\]' is not a team: expected a list of objects"),
        ("[1]", "line 1: set 1: expected an object with species and moves, got '1'"),
        ("[{}]", "set 1: expected a species, got ''"),
        ('{"species": "Tauros"}', "is not a team: expected a list of objects"),
        ('[{"species": "Tauros",}]', "line 1: .*is not JSON"),
        ('[{"species": "Tauros", "name": "\\ud800"}]', "set 1: name: expected a text"),
        ('[{"species": 5}]', "set 1: species: expected a text, got '5'"),
        ('[{"species": "Tauros", "moves": "surf"}]', "set 1: moves: expected a list of names, got 'surf'"),
        ('[{"species": "Tauros", "moves": [7]}]', "set 1: moves: expected a list of names"),
        ('[{"species": "Tauros", "level": "ninety"}]', "set 1: level: expected a whole number, got 'ninety'"),
        ('[{"species": "Tauros", "level": 9.5}]', "set 1: level: expected a whole number, got '9.5'"),
        ('[{"species": "Tauros", "level": true}]', "set 1: level: expected a whole number, got 'True'"),
        ('[{"species": "Tauros", "evs": [252, 252]}]', "set 1: evs: expected an object of stats"),
        ('[{"species": "Tauros", "evs": {"atk": null, "str": 1}}]', "set 1: evs: unknown stat 'str'; expected hp, atk"),
        ('[{"species": "Tauros", "ivs": {"atk": 1e400}}]', "set 1: ivs: atk: expected a whole number, got 'inf'"),
        (json.dumps([{"species": "Tauros"}] * 25), "25 sets: expected at most 6"),
        (json.dumps([{"species": "Tauros", "moves": ["Rest"] * 25}]), "set 1: moves: expected a list of names"),
        ("Tauros||||bodyslam|||||||]", "set 2: 1 fields"),
        ("]".join(["Tauros||||bodyslam|||||||"] * 25), "25 packed sets: expected at most 6"),
        ("Tauros\n" + "- Body Slam\n" * 25, "line 26: move 25"),
        ("Tauros\n\n" * 25, "line 49: set 25"),
    ],
)
def test_malformed_text_is_refused_with_its_place(text, message):
    with pytest.raises(TeamError, match=message):
        read_teams(text)


def test_names_that_would_break_a_format_are_not_written():
    for broken in (PokemonSet("Tau|ros", ("Rest",)), PokemonSet("Tauros", ("Re]st",))):
        with pytest.raises(TeamError, match="cannot be packed"):
            pack([broken])
    for nickname in ("a\nb", "a @ b"):
        with pytest.raises(TeamError, match="cannot be written"):
            export_team((PokemonSet("Tauros", ("Body Slam",), nickname=nickname),))


def test_the_set_type_refuses_other_shapes():
    with pytest.raises(TypeError, match="expected a sequence of names"):
        PokemonSet("Tauros", "Body Slam")
    with pytest.raises(TypeError, match="evs: expected six whole numbers"):
        PokemonSet("Tauros", (), evs=(252, 252))
    with pytest.raises(TeamError, match="no stats for 'Lucario'"):
        _ = PokemonSet("Lucario", ()).stats


def test_both_formats_are_written_as_showdown_writes_them():
    """Showdown reads our export text, packs it and exports it again: both must be ours, letter by letter."""
    rng = np.random.default_rng(4)
    ways = ("idle_fields", "level", "nickname", "evs", "ivs", "another_move", "another_species", "holding_item")
    teams = [team for name in ("competitive", "variety") for team in load_pool(name)]
    teams += [WAYS[ways[index % len(ways)]](team, rng) for index, team in enumerate(teams)]
    teams = [team for team in teams if all(one.nickname != " " and one.gender in ("", "M", "F") for one in team)]
    script = (
        "const {Teams} = require(process.argv[1]);"
        "const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(texts.map((text) => {"
        "  const team = Teams.import(text); return [Teams.pack(team), Teams.export(team)];"
        "})))"
    )
    try:
        command = [str(install.node()), "-e", script, str(install.install())]
    except install.ShowdownMissing as error:
        pytest.skip(str(error))
    written = json.dumps([export_team(team) for team in teams])
    done = subprocess.run(command, input=written, capture_output=True, text=True, encoding="utf-8", check=True)
    theirs = json.loads(done.stdout)
    assert [packed for packed, _ in theirs] == [pack(team) for team in teams]
    assert [text for _, text in theirs] == [export_team(team) for team in teams]


def test_whatever_validates_can_be_packed():
    """A nickname is packed as Showdown stores it, and the other unused fields without separators."""
    for nickname, kept in (
        ("a]b", "a b"),
        ("a|b", "a b"),
        ("]]", ""),
        ("x\ny]", "x y"),
        ("[a, b]", "a b"),
        ("ß]ü", "ß ü"),
    ):
        idle = {"ability": "x]y|", "nature": "Hardy]", "gender": "|"}
        team = (PokemonSet("Tauros", ("Body Slam",), nickname=nickname, **idle), PokemonSet("Chansey", ("Ice Beam",)))
        assert validate(team) == ()
        read = unpack(pack(team))
        assert [one.species for one in read] == ["Tauros", "Chansey"]
        assert read[0].nickname == kept
        assert validate(read) == ()
    assert read_team("a]b (Tauros)\n- Body Slam")[0].nickname == "a]b"


IDLE = (
    *("Tera Type: Water", "Tera Type: Stellar", "Pokeball: Cherish Ball", "Hidden Power: Dark", "Dynamax Level: 5"),
    *("Gigantamax: Yes", "Shiny", "Shiny: No", "(Hardy)", "(Adamant)", "Nature: Hardy", "Gender: M"),
)
PLAYED = (
    *(
        "Ability: Intimidate",
        "Trait: Intimidate",
        "Shiny: Yes",
        "Happiness: 3",
        "Hardy Nature",
        "Adamant nature",
        "Level: 99",
    ),
    *("EVs: 252+ Atk / 252 HP", "EVs: 252- Atk / 252 HP", "EVs: 252 +Atk / 252 HP", "EVs: +252 Atk / 252 HP"),
    *(
        "EVs: 252 Atk/252 HP /",
        "EVs: 252 Spc / 4 [SpD]",
        "EVs: 252 Spd",
        "IVs: 30 Atk / 30 Def",
        "IVs: 0 HP / 0 Atk / 0 Def / 0 SpA / 0 Spe",
    ),
)


@pytest.mark.parametrize("line", IDLE)
def test_lines_that_showdown_passes_over_are_left_out_with_a_note(line):
    (team,) = read_teams(f"Gengar\n{line}\n- Psychic")
    assert team.team == read_team("Gengar\n- Psychic")
    assert team.notes == (f"line 2: {line!r} has no effect in Gen 1 and is left out",)
    assert read_teams("Gengar\n- Psychic")[0].notes == ()


def test_later_fields_of_packed_and_json_teams_are_left_out_with_a_note(caplog):
    plain = read_team("Tauros\n- Body Slam")
    (packed,) = read_teams("Tauros||||bodyslam|||||||,Dark,cherishball,G,5,Water")
    assert packed.team == plain
    expected = ("Hidden Power: Dark", "Pokeball: cherishball", "Gigantamax: G", "Dynamax Level: 5", "Tera Type: Water")
    assert packed.notes == tuple(f"line 1: set 1: {what!r} has no effect in Gen 1 and is left out" for what in expected)
    (written,) = read_teams('[{"species": "Tauros", "moves": ["Body Slam"], "teraType": "Water", "gigantamax": false}]')
    assert written.team == plain
    assert written.notes == ("line 1: set 1: 'teraType: Water' has no effect in Gen 1 and is left out",)
    assert not caplog.records
    read_team("Tauros\nShiny\n- Body Slam")
    assert [record.getMessage() for record in caplog.records] == [
        "line 2: 'Shiny' has no effect in Gen 1 and is left out"
    ]


@settings(max_examples=100, deadline=None)
@given(teams)
def test_every_team_survives_json(team):
    objects = [as_json(one) for one in team]
    assert read_team(json.dumps(objects)) == team
    assert read_team(json.dumps(objects, indent=1)) == team
    if len(team) > 1:
        assert [one.team for one in read_teams(f"{json.dumps(objects)}\n\n{json.dumps(objects[:1])}\n")] == [
            team,
            team[:1],
        ]


def test_a_nickname_in_brackets_is_no_json():
    assert read_team("[x] (Tauros)\n- Body Slam")[0].nickname == "[x]"
    assert read_team('[\n{"species": "Tauros", "moves": ["Rest"]}\n]') == read_team("Tauros\n- Rest")


def test_json_teams_may_leave_out_what_is_usual():
    assert read_team('[{"name": "Tauros", "moves": ["bodyslam"]}]') == read_team("Tauros\n- Body Slam")
    (one,) = read_team(
        '[{"species": "zam", "name": "Z", "moves": ["Psychic"], "evs": {"atk": "4"}, "ivs": {"atk": 2.0}}]'
    )
    assert (one.species, one.nickname) == ("Alakazam", "Z")
    assert one.evs == Spread(0, 4, 0, 0, 0, 0)
    assert one.ivs == Spread(31, 2, 31, 31, 31, 31)


def test_a_dash_without_a_move_is_no_move():
    assert read_team("Tauros\n- \n- Body Slam\n~\n-") == read_team("Tauros\n- Body Slam")


def test_line_ends_blanks_and_marks_of_copied_text_change_nothing():
    whole = read_team(EXPORTED)
    for odd in (
        EXPORTED.replace("\n", "\r\n"),
        EXPORTED.replace("\n", "\r"),
        "\ufeff" + EXPORTED,
        EXPORTED.replace(" ", "\u00a0"),
        EXPORTED.replace("  \n", "\t\n").replace("\n", "\n\t\u200b"),
        EXPORTED.replace("\n\n", "\n---\n"),
    ):
        assert read_team(odd) == whole
    assert read_team(PACKED + "\r\n") == whole
    assert read_team(f"\n{PACKED}\n\n") == whole


def test_showdown_plays_the_same_on_every_line_that_is_accepted():
    """Compares Showdown's own import of each line with ours, and asks its validator."""
    script = (
        "const {Teams, TeamValidator} = require(process.argv[1]); const judge = new TeamValidator('gen1ou');"
        "const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(texts.map((text) => {"
        "  const team = Teams.import(text); const {evs, ivs, level, moves} = team[0];"
        "  return [evs, ivs, level, moves, judge.validateTeam(team)];"
        "})))"
    )
    evs = "EVs: 252 HP / 252 Atk / 252 Def / 252 SpA / 252 SpD / 252 Spe"
    texts = [
        f"Gengar\n{line}\n- Psychic" if "EVs" in line else f"Gengar\n{line}\n{evs}\n- Psychic" for line in IDLE + PLAYED
    ]
    try:
        command = [str(install.node()), "-e", script, str(install.install())]
    except install.ShowdownMissing as error:
        pytest.skip(str(error))
    done = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, encoding="utf-8", check=True
    )
    for text, (their_evs, _, level, moves, problems) in zip(texts, json.loads(done.stdout), strict=True):
        (own,) = read_team(text)
        assert problems is None, text
        assert validate((own,)) == (), text
        ours = own.evs._replace(spd=own.evs.spa)._asdict()  # the one Special
        assert (list(ours.values()), own.level, list(own.moves)) == (list(their_evs.values()), level, moves), text
