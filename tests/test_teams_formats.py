"""The set type and Showdown's formats: what is written reads back, and bad text says what is wrong."""

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
    export,
    export_teams,
    hp_dv,
    ivs_of,
    load_pool,
    pack,
    read_team,
    read_teams,
    unpack,
)
from pokespiel.game.gen1.teams.legality import facts
from pokespiel.game.gen1.teams.spoil import WAYS
from pokespiel.showdown import install

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
    species=st.sampled_from(sorted(one.name for one in facts().species.values())),
    moves=st.lists(st.sampled_from(sorted(facts().moves.values())), max_size=4).map(tuple),
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
    assert read_team(export(team)) == team
    two = [NamedTeam("one", "gen1ou", team), NamedTeam("two/of three", "gen1ou", team)]
    assert read_teams(export_teams(two)) == two


@settings(max_examples=200, deadline=None)
@given(names)
def test_nicknames_survive_both_formats(name):
    team = (PokemonSet("Tauros", ("Body Slam",), nickname="" if name == "Tauros" else name),)
    assert unpack(pack(team)) == team
    assert read_team(export(team)) == team


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
        ("=== [gen1ou\nTauros", "line 1: .*no header"),
        ("Tauros\nLevel: many", "line 2: Level: expected a whole number, got 'many'"),
        ("Tauros\nLevel: 1e2", "line 2: Level: expected a whole number"),
        ("Tauros\nEVs: 252 Strength", "line 2: EVs: '252 Strength'; expected a number and one of HP, Atk"),
        ("Tauros\nEVs: 252 Atk / 1 Atk", "line 2: EVs: Atk is given twice"),
        ("Tauros\nIVs: x Atk", "line 2: IVs: expected a whole number, got 'x'"),
        ("Tauros\nTera Type: Water", "line 2: .*later generation"),
        ("Tauros\nHidden Power: Fire", "line 2: .*later generation"),
        ("Tauros\nhello", "line 2: 'hello' is no line of a set; expected a move"),
        ("()\n- Body Slam", "expected the name of a species"),
        ("Tauros\n- Body Slam\n\nTauros\nrm -rf /", "line 5: 'rm -rf /' is no line"),
        ("|||", "line 1: set 1: 4 fields; expected the 12 of nickname"),
        ("|||||||||||", "expected a species"),
        ("Tauros||||bodyslam||1,2|||||", "EVs: '1,2'; expected six numbers"),
        ("Tauros||||bodyslam||||1,2,3,4,5,6.5||||", "13 fields"),
        ("Tauros||||bodyslam||||1,2,3,4,5,6.5|||", "IVs: expected a whole number, got '6.5'"),
        ("Tauros||||bodyslam||||||ninety|", "level: expected a whole number"),
        ("Tauros||||bodyslam|||||||,fire", "later generation"),
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
    broken = (PokemonSet("Tauros", ("Body Slam",), nickname="a|b"),)
    with pytest.raises(TeamError, match="cannot be packed"):
        pack(broken)
    for nickname in ("a\nb", "a @ b"):
        with pytest.raises(TeamError, match="cannot be written"):
            export((PokemonSet("Tauros", ("Body Slam",), nickname=nickname),))


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
    written = json.dumps([export(team) for team in teams])
    done = subprocess.run(command, input=written, capture_output=True, text=True, encoding="utf-8", check=True)
    theirs = json.loads(done.stdout)
    assert [packed for packed, _ in theirs] == [pack(team) for team in teams]
    assert [text for _, text in theirs] == [export(team) for team in teams]
