"""Pools: the shipped ones, their split by line-up, their generation, and files that are not pools."""

import hashlib
import json
import os
import re

import numpy as np
import pytest

from pokespiel.game.gen1.teams import (
    POOLS,
    PokemonSet,
    TeamError,
    export_team,
    line_up,
    load_pool,
    pack,
    read_file,
    split_pool,
    team_hash,
    validate,
)
from pokespiel.game.gen1.teams.generate import generate, main
from pokespiel.game.gen1.teams.legality import DATA, legality_facts

TAUROS = PokemonSet("Tauros", ("Body Slam",))
CHANSEY = PokemonSet("Chansey", ("Ice Beam",))


@pytest.mark.parametrize("name", POOLS)
def test_shipped_teams_are_whole_legal_and_distinct(name):
    pool = load_pool(name)
    assert all(len(team) == (1 if name == "small" else 6) and validate(team) == () for team in pool)
    assert len(set(pool.hashes)) == len(set(pool.names)) == len(pool)
    assert pool.hash == load_pool(DATA / name).hash


def test_competitive_covers_the_archetypes():
    pool = load_pool("competitive")
    assert len(pool) >= 24
    leads = {team[0].species for team in pool}
    assert leads >= {"Starmie", "Jynx", "Alakazam", "Gengar", "Exeggutor", "Zapdos", "Chansey", "Jolteon"}
    everyone = {one.species for team in pool for one in team}
    assert everyone >= {
        "Rhydon",
        "Lapras",
        "Cloyster",
        "Slowbro",
        "Golem",
        "Persian",
        "Dragonite",
        "Victreebel",
        "Hypno",
    }
    assert len({line_up(team) for team in pool}) >= 30
    assert all(len(side) >= 10 for side in split_pool(pool))
    assert len(load_pool("one")) == 1
    assert len(load_pool("variety")) >= 300


def test_split_is_by_line_up_alone():
    pool = load_pool("variety")
    train, held_out = split_pool(pool)
    assert sorted((*train.names, *held_out.names)) == sorted(pool.names)
    assert not {line_up(team) for team in train} & {line_up(team) for team in held_out}
    for side, parity in ((train, 0), (held_out, 1)):
        for team in side:
            ids = ",".join(sorted(re.sub("[^a-z0-9]", "", one.species.lower()) for one in team))
            assert hashlib.sha256(ids.encode()).digest()[0] % 2 == parity
    assert line_up((TAUROS, CHANSEY)) == line_up((CHANSEY, TAUROS)) == ("chansey", "tauros")


def test_content_hashes_ignore_names_and_notice_everything_else(tmp_path):
    (tmp_path / "a.txt").write_text(f"=== [gen1ou] one ===\n\n{export_team((TAUROS,))}")
    (tmp_path / "b.txt").write_text(pack((TAUROS,)))
    assert load_pool(tmp_path / "a.txt").hash == load_pool(tmp_path / "b.txt").hash
    assert team_hash((TAUROS,)) != team_hash((PokemonSet("Tauros", ("Body Slam",), level=99),))
    assert team_hash((TAUROS, CHANSEY)) != team_hash((CHANSEY, TAUROS))


def test_variety_follows_from_its_weights(tmp_path):
    main([str(tmp_path)])
    for file in sorted((DATA / "variety").iterdir()):
        assert (tmp_path / file.name).read_text() == file.read_text(), file.name


def test_generated_teams_follow_the_stated_usage():
    usage = json.loads((DATA / "usage.json").read_text())
    rng = np.random.default_rng(3)
    teams = [generate(usage, rng) for _ in range(600)]
    share = {name: sum(name in {one.species for one in team} for team in teams) / 6 for name in usage["species"]}
    assert all(abs(share[name] - usage["species"][name]["usage"]) < 12 for name in ("Tauros", "Snorlax", "Chansey"))
    lead = {name: sum(team[0].species == name for team in teams) for name in ("Gengar", "Starmie", "Rhydon")}
    assert lead["Gengar"] > 60
    assert lead["Starmie"] > 50
    assert lead["Rhydon"] < 30
    low = [one for team in teams for one in team if one.ivs.atk == 2]
    assert low
    assert not any(
        legality_facts().physical & {move.lower().replace(" ", "").replace("-", "") for move in one.moves}
        for one in low
    )


def test_a_folder_names_teams_after_their_files(tmp_path):
    (tmp_path / "lone.txt").write_text(export_team((TAUROS,)))
    (tmp_path / "two.gen1ou_team").write_text(
        f"=== [gen1ou] a ===\n\n{export_team((TAUROS,))}\n=== b ===\n{export_team((CHANSEY,))}"
    )
    (tmp_path / "packed.txt").write_text(f"{pack((TAUROS,))}\ngen1ou]mine|{pack((CHANSEY,))}\n")
    (tmp_path / "notes.md").write_text("not a team")
    (tmp_path / ".hidden.txt").write_text("not a team")
    assert load_pool(tmp_path).names == ("lone", "packed/1", "packed/mine", "two/a", "two/b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "text is empty"),
        (b"\xff\xfeT\x00a\x00", "is not UTF-8 text: byte 0 is wrong"),
        (b"Tauros\n- Body Slam\n\xc3\x28", "is not UTF-8 text: byte 19"),
        (b"\x00" * 1000, r"1 of 1 teams are not legal in gen1ou\n.*no Pok.mon of this name"),
        (
            b"Lucario\n- Aura Sphere",
            "is of a later generation.*'Aura Sphere' is a move of a later|later move|later generation",
        ),
        (b"Agumon\n- Body Slam", "no Pok.mon of this name"),
        (b"=== [gen9ou] new ===\n\nTauros\n- Body Slam", "team 'new' is for gen9ou; expected gen1ou"),
        (b"Tauros\n- Surf", r"1 of 1 teams are not legal in gen1ou\n  pool: .*cannot learn Surf"),
        (b"=== a ===\nTauros\n- Rest\n=== a ===\nChansey\n- Rest", "'a' names two teams"),
        (b"<html><body>404</body></html>", "no Pok.mon of this name"),
        (b'[{"species":"Taurus","moves":["Body Slam"]}]', "no Pok.mon of this name"),
        (b'{"species":"Tauros","moves":["Body Slam"]}', "is not a team: expected a list of objects"),
        (b"[" * 1_000_000, "is not JSON"),
        (b"[" + b"1" * 1_000_000 + b"]", "is not JSON"),
        (b'[{"species":"Tauros","moves":["Body Slam"],"level":NaN}]', "NaN is not a number of JSON"),
        (b"a" * 1_000_000, "no Pok.mon of this name"),
        (b"Tauros\n" + b"- Body Slam\n" * 100_000, "move 25 of one set"),
        (b"Tauros\n- Rest\n\n" * 100_000, "set 25 of one team"),
        (b"|" * 1_000_000, "1000001 fields; expected the 12"),
        (b"]" * 1_000_000 + b"|", "packed sets: expected at most 6|fields; expected"),
        ("Tauros\n- Body Slam\u202e\n- \U0001f600".encode(), "no move is called"),
        (b"Tauros\nLevel: 99999999999999999999\n- Rest", "Level: expected a whole number"),
        (b"Tauros\nEVs: 252 HP / 252 HP\n- Rest", "HP is given twice"),
    ],
)
def test_what_is_no_pool_is_refused_clearly(tmp_path, content, message):
    file = tmp_path / "pool.txt"
    file.write_bytes(content)
    with pytest.raises(TeamError, match=message) as caught:
        load_pool(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_many_illegal_teams_are_counted_and_the_first_are_shown(tmp_path):
    teams = "\n".join(f"=== [gen1ou] {index} ===\n\nTauros\n- Surf\n" for index in range(50))
    (tmp_path / "bad.txt").write_text(teams)
    with pytest.raises(TeamError, match="50 of 50 teams are not legal") as caught:
        load_pool(tmp_path / "bad.txt")
    assert str(caught.value).endswith("and 45 more")


def test_what_is_not_there_or_no_file(tmp_path):
    message = r"unknown team pool 'competitve'; did you mean 'competitive'\? .*, or a file or folder of teams"
    with pytest.raises(LookupError, match=message):
        load_pool("competitve")
    with pytest.raises(TeamError, match="no team file or folder at"):
        load_pool(tmp_path / "nothing.txt")
    with pytest.raises(TeamError, match=r"holds no team file; expected files ending in .txt or .gen1ou_team"):
        load_pool(tmp_path)
    with pytest.raises(TeamError, match="is not a file"):
        read_file(tmp_path)


def test_devices_pipes_and_huge_files_are_not_read(tmp_path):
    with pytest.raises(TeamError, match="is not a file"):
        load_pool("/dev/zero")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(TeamError, match="is not a file"):
        load_pool(tmp_path)
    big = tmp_path / "big.txt"
    with open(big, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TeamError, match=r"1099511627776 bytes; a team file has at most"):
        load_pool(big)


def test_pools_are_put_together_and_split_by_name(tmp_path):
    (tmp_path / "own.txt").write_text(export_team((TAUROS,)))
    whole = load_pool("competitive")
    sides = [load_pool(f"competitive@{side}") for side in ("train", "held-out")]
    assert tuple(side.teams for side in sides) == tuple(side.teams for side in split_pool(whole))
    both = load_pool(f"one+competitive@train+{tmp_path / 'own.txt'}")
    assert both.teams == (*load_pool("one"), *sides[0], (TAUROS,))
    assert len(set(both.names)) == len(both)
    assert load_pool("3*competitive@train").teams == 3 * sides[0].teams
    with pytest.raises(TeamError, match="names two teams"):
        load_pool("one+one")
