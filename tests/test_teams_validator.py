"""The validator gives reasons why a team may not play gen1ou, and agrees with Showdown's own verdicts."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pokespiel.game.gen1.teams import (
    POOLS,
    REASONS,
    PokemonSet,
    Spread,
    TeamError,
    load_pool,
    pack,
    require_legal,
    unpack,
    validate,
)
from pokespiel.game.gen1.teams.legality import DATA, legality_facts
from pokespiel.showdown import install
from pokespiel.showdown.reference.spoil import WAYS, spoil
from pokespiel.showdown.reference.teams import disagreement, reasons, showdown_verdicts

VERDICTS = json.loads((Path(__file__).parent / "data/team_verdicts.json").read_text(encoding="utf-8"))
TAUROS = PokemonSet("Tauros", ("Body Slam", "Hyper Beam", "Earthquake", "Blizzard"))
CHANSEY = PokemonSet("Chansey", ("Ice Beam", "Soft-Boiled"))


@pytest.fixture(scope="module")
def showdown():
    """Node and the installed package, as the arguments that `showdown_verdicts` takes."""
    try:
        return {"node": install.node(), "package": install.install()}
    except install.ShowdownMissing as error:
        pytest.skip(str(error))


def codes(*team):
    return [refusal.code for refusal in validate(team)]


def tauros(**changes):
    return replace(TAUROS, **changes)


# --- rule by rule -----------------------------------------------------------------------------------------------------


def test_a_plain_team_is_legal():
    assert validate((TAUROS, CHANSEY)) == ()
    assert require_legal((TAUROS,)) == (TAUROS,)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (tauros(species="Taurus"), "unknown_species"),
        (tauros(species="Lucario"), "later_species"),
        (tauros(species="Raichu-Alola"), "later_species"),
        (PokemonSet("Mewtwo", ("Psychic",)), "banned_species"),
        (PokemonSet("Mew", ("Psychic",)), "banned_species"),
        (tauros(level=101), "level"),
        (tauros(level=0), "level"),
        (tauros(level=20), "met_level"),  # the Safari Zone has it from 21
        (tauros(level=50), "level_50"),
        (PokemonSet("Charizard", ("Cut",), level=35), "evolution_level"),
        (tauros(item="Leftovers"), "item"),
        (tauros(nickname="x" * 19), "nickname_length"),
        (tauros(nickname="lucario"), "nickname_species"),
        (tauros(moves=()), "no_moves"),
        (tauros(moves=("Toxic", "Rest", "Bide", "Surf", "Rage")), "too_many_moves"),
        (tauros(moves=("Toxic", "toxic")), "repeated_move"),
        (tauros(moves=("Body Slamm",)), "unknown_move"),
        (tauros(moves=("Close Combat",)), "later_move"),
        (PokemonSet("Alakazam", ("Dig",)), "banned_move"),
        (PokemonSet("Chansey", ("Minimize",)), "banned_move"),
        (tauros(moves=("Horn Drill",)), "ohko_move"),
        (tauros(moves=("Surf",)), "unlearnable"),
        (tauros(moves=("Thrash",)), "unlearnable"),  # a later generation's Tauros learns it
        (PokemonSet("Jynx", ("Thrash",), level=46), "unlearnable"),  # at 47
        (PokemonSet("Fearow", ("Pay Day",)), "event"),  # given in Japan alone
        (PokemonSet("Psyduck", ("Amnesia",), level=14), "event"),  # given at 15
        (PokemonSet("Exeggutor", ("Stomp", "Sleep Powder")), "combination"),
        (tauros(ivs=Spread(31, 0, 31, 31, 31, 31)), "hp_dv"),
        (tauros(ivs=Spread(31, 31, 31, 31, 31, 32)), "iv_range"),
        (tauros(evs=Spread(252, 252, 252, 252, 252, 256)), "ev_range"),
        (tauros(evs=Spread(0, 0, 0, 0, 0, -4)), "ev_range"),
        (tauros(evs=Spread(*[0] * 6)), "no_evs"),
        (tauros(evs=Spread(252, 252, 6, 0, 0, 0)), "modern_evs"),
    ],
)
def test_each_rule_has_its_reason(one, code):
    refusals = validate((one,))
    assert code in [refusal.code for refusal in refusals]
    assert all(refusal.slot == 0 and one.species in str(refusal) for refusal in refusals)
    with pytest.raises(TeamError, match=r"team 'x' is not legal in gen1ou: Pokémon 1"):
        require_legal((one,), "team 'x'")


def test_rules_of_the_whole_team():
    assert codes() == ["team_size"]
    assert "team_size" in codes(*[TAUROS] * 7)
    assert codes(TAUROS, TAUROS) == ["species_clause"]
    assert codes(tauros(nickname="Bo"), replace(CHANSEY, nickname="Bo")) == ["nickname_clause"]


@pytest.mark.parametrize(
    "one",
    [
        tauros(level=50, evs=Spread(252, 252, 252, 252, 252, 253)),
        tauros(evs=Spread(1, 0, 0, 0, 0, 0)),
        tauros(ivs=Spread(14, 0, 31, 31, 31, 31)),
        tauros(ivs=Spread(31, 31, 31, 31, 0, 31)),  # Special Defense's own number counts for nothing in Gen 1
        tauros(nickname="TAUROS"),
        tauros(nickname="x" * 18),
        tauros(gender="F", ability="Nonsense", nature="Nonsense", shiny=True),
        PokemonSet("Golduck", ("Amnesia", "Surf")),  # Psyduck's event
        PokemonSet("Raichu", ("Surf", "Thunderbolt")),
        PokemonSet("Dragonite", ("Wrap",), level=55),
        PokemonSet("Vaporeon", ("Surf",), level=1, evs=Spread(*[0] * 6)),  # stones ask for no level
        PokemonSet("alakazam", ("psychic", "TWAVE")),
    ],
)
def test_what_looks_wrong_and_is_not(one):
    assert validate((one,)) == ()


def test_every_reason_is_described_and_reached():
    reached = {refusal.code for team, _ in VERDICTS["spoiled"] for refusal in validate(_unpack(team))}
    assert reached == set(REASONS)


# --- Showdown's verdicts ----------------------------------------------------------------------------------------------


def test_shipped_pools_are_the_ones_that_showdown_accepted():
    assert VERDICTS["accepted"] == {name: load_pool(name).hash for name in POOLS}


def test_spoiled_teams_are_judged_as_showdown_judged_them():
    assert len(VERDICTS["spoiled"]) == sum(len(load_pool(name)) for name in POOLS)
    differences = [disagreement(_unpack(team), sentences) for team, sentences in VERDICTS["spoiled"]]
    assert [text for text in differences if text] == []
    legal = sum(not sentences for _, sentences in VERDICTS["spoiled"])
    assert 50 < legal < len(VERDICTS["spoiled"]) - 200


def test_showdown_still_says_what_the_verdicts_hold(showdown):
    teams = [_unpack(team) for team, _ in VERDICTS["spoiled"]]
    pools = [team for name in POOLS for team in load_pool(name)]
    verdicts = showdown_verdicts(teams + pools, **showdown)
    assert [sorted(sentences) for sentences in verdicts[: len(teams)]] == [held for _, held in VERDICTS["spoiled"]]
    assert not any(verdicts[len(teams) :])


def test_agrees_with_showdown_on_newly_spoiled_teams(showdown):
    rng = np.random.default_rng(1)
    pool = load_pool("variety")
    teams = [spoil(team, rng, 1 + int(rng.integers(2)))[0] for team in pool for _ in range(3)]
    verdicts = showdown_verdicts(teams, **showdown)
    assert [text for team, told in zip(teams, verdicts, strict=True) if (text := disagreement(team, told))] == []


def test_every_species_may_learn_what_showdown_lets_it_learn(showdown):
    """All 151 x 165 pairs of species and move at level 100, and both sides of every level that matters."""
    sets = [
        PokemonSet(one.name, (move,))
        for one in legality_facts().species.values()
        for move in legality_facts().moves.values()
    ]
    for one in legality_facts().species.values():
        marks = [(move, level) for move, level in one.learns.items() if level > 1]
        marks += [("tackle", level) for level in (one.met_at, one.evolves_at) if level]
        marks += [(move, event.level) for event in one.events.values() for move in event.moves]
        sets += [
            PokemonSet(one.name, (legality_facts().moves[move],), level=at)
            for move, level in marks
            for at in (level - 1, level)
            if at > 0
        ]
    teams = [(one,) for one in sets]
    verdicts = showdown_verdicts(teams, **showdown)
    assert [text for team, told in zip(teams, verdicts, strict=True) if (text := disagreement(team, told))] == []


def test_pairs_of_moves_agree_with_showdown(showdown):
    """Every pair of moves of the species that events or impossible combinations concern."""
    concerned = {owner for owner, _ in legality_facts().combinations} | {
        k for k, one in legality_facts().species.items() if one.event_moves
    }
    teams = []
    for species in sorted(concerned):
        entry = legality_facts().species[species]
        moves = sorted({*entry.learns, *entry.event_moves})
        teams += [((PokemonSet(entry.name, (first, second))),) for first in moves for second in moves if first < second]
    verdicts = showdown_verdicts(teams, **showdown)
    assert [text for team, told in zip(teams, verdicts, strict=True) if (text := disagreement(team, told))] == []


def test_legality_facts_are_those_of_the_installed_package(showdown):
    command = [str(showdown["node"]), str(DATA / "legality.cjs"), str(showdown["package"])]
    fresh = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert (DATA / "legality.json").read_text(encoding="utf-8") == fresh


def test_stats_are_those_that_showdown_computes(showdown):
    rng = np.random.default_rng(2)
    names = sorted(one.name for one in legality_facts().species.values())
    sets = [
        PokemonSet(
            names[index % len(names)],
            ("Rest",),
            level=int(rng.integers(1, 101)),
            evs=Spread(*map(int, rng.integers(0, 256, 6))),
            ivs=Spread(*map(int, rng.integers(0, 32, 6))),
        )
        for index in range(600)
    ]
    script = (
        "const {Battle, Teams} = require(process.argv[1]);"
        "const teams = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(teams.map((packed) => {"
        "  const battle = new Battle({formatid: 'gen1customgame'});"
        "  battle.setPlayer('p1', {team: Teams.unpack(packed)});"
        "  const one = battle.p1.pokemon[0], stats = one.baseStoredStats;"
        "  return [one.maxhp, stats.atk, stats.def, stats.spa, stats.spe];"
        "})))"
    )
    command = [str(showdown["node"]), "-e", script, str(showdown["package"])]
    packed = json.dumps([pack((one,)) for one in sets])
    done = subprocess.run(command, input=packed, capture_output=True, text=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout) == [list(one.stats) for one in sets]


def test_a_new_sentence_of_showdown_is_not_taken_for_a_known_one():
    with pytest.raises(ValueError, match="not among ours"):
        reasons(["Tauros is too angry."])


def test_spoiling_is_reproducible():
    team = load_pool("one")[0]
    first, second = (spoil(team, np.random.default_rng(5), 3) for _ in range(2))
    assert first == second
    assert set(first[1]) <= set(WAYS)


def _unpack(packed):
    return unpack(packed) if packed else ()
