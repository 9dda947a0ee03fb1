"""Public replays as datasets: ten of our own with the reports on them, damaged ones by reason, and rows as played."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.recorded import ACTION, Recorded, record_battles
from pokespiel.game.gen1.replay import replay_page, write_replay
from pokespiel.game.gen1.teams import load_pool
from pokespiel.learning.datasets import Dataset
from pokespiel.showdown.replays import columns_of_replays, read_replay, read_replays, replay_files

COUNT = 10
NAMES = ("Ann", "Bob")


@pytest.fixture(scope="module")
def battles() -> list[Recorded]:
    game = load_game("gen1ou(pool=competitive)")
    players = [BASELINES.build(name) for name in ("expert", "random", "gym_leader")]
    rows = np.array([[seed % 3, (seed + seed // 3) % 3] for seed in range(COUNT)])
    rng = np.random.default_rng(0)
    return record_battles(game, [players, players], rows, np.arange(COUNT), rng, NAMES)


def text_of(battle: Recorded, place: int = 0) -> str:
    """The battle's public log, in each file format in turn."""
    lines = battle.log()
    ways = ("\n".join(lines), json.dumps({"id": f"gen1ou-{place}", "log": "\n".join(lines)}), replay_page(lines, "x"))
    return ways[place % 3]


def test_ten_replays_are_read_as_they_were_played(battles):
    shown = hidden = 0
    for place, battle in enumerate(battles):
        account, match = read_replay(text_of(battle, place), f"{place}.json")
        assert account.reason == "", account
        assert match is not None
        assert (account.winner, account.players, account.ended) == (
            battle.battle.winner or 0,
            NAMES,
            "played out",
        )
        assert account.turns == battle.battle.turn
        assert account.rows == sum(map(len, match.decisions))
        assert 0.2 < account.revealed <= 1
        assert account.rows > 0.7 * (account.rows + account.hidden)
        shown, hidden = shown + account.rows, hidden + account.hidden
        for side, played in zip(match.decisions, zip(*battle.choices, strict=True), strict=True):
            kinds = [ACTION[one.choice] >= 4 for one in side]
            assert sum(kinds) <= sum(choice.startswith("switch") for choice in played)
    assert shown > 400
    assert hidden < 0.2 * (shown + hidden)


def test_the_order_of_moves_and_members_does_not_give_the_future_away(battles):
    """The reader lists moves by first use, so that a slot would say what is used next."""
    firsts = []
    for battle in battles:
        _, match = read_replay(text_of(battle), "x")
        moves = [ACTION[one.choice] for side in match.decisions for one in side[:3] if one.choice.startswith("move")]
        firsts += [action == 0 for action in moves]
    assert len(firsts) >= 20
    assert np.mean(firsts) < 0.55


def test_a_known_team_gives_the_players_own_choices(battles):
    """With the pool of the teams that were played, rows name the slots that were chosen."""
    teams, same, count = load_pool("competitive").teams, 0, 0
    for battle in battles[:5]:
        account, match = read_replay(text_of(battle), "x", teams)
        bare, _ = read_replay(text_of(battle), "x")
        assert account.revealed >= bare.revealed
        if account.revealed < 1:
            continue
        for side, played in zip(match.decisions, zip(*battle.choices, strict=True), strict=True):
            left = iter(played)
            count, same = count + len(side), same + sum(one.choice in left for one in side)
    assert count > 100
    assert same == count, "the rows' choices are a subsequence of those played"


def test_rows_are_whole_matches_in_order(battles):
    matches = [match for _, match in (read_replay(text_of(one), "x") for one in battles[:3]) if match]
    columns, names = columns_of_replays(matches)
    assert names == ("ann", "bob")
    assert columns["legal"][np.arange(len(columns["action"])), columns["action"]].all()
    assert (columns["legal"].sum(axis=1) > 1).all()
    order = np.lexsort((columns["step"], columns["seat"], columns["match"]))
    assert (order == np.arange(len(order))).all()
    assert columns["last"].sum() == 6
    for row, battle in enumerate(battles[:3]):
        utility = 2 * battle.score - 1
        assert columns["match_utilities"][row].tolist() == [utility, -utility]
        first = (columns["match"] == row) & (columns["seat"] == 0)
        assert columns["reward"][first].sum() == utility


def spoiled(lines: list[str]) -> dict[str, tuple[str, str]]:
    """Logs that are left out, with reason and detail, by name."""
    moves = [place for place, line in enumerate(lines) if line.startswith("|move|p1a")]
    faint = next(place for place, line in enumerate(lines) if line.startswith("|faint|p1a"))
    actor = lines[faint].split("|")[2]
    unknown, other = list(lines), list(lines)
    unknown[moves[0]] = f"|move|{lines[moves[0]].split('|')[2]}|Moonblast|p2a: X"
    other[moves[1]] = f"|move|{lines[moves[1]].split('|')[2]}|Transform|p2a: X"
    five = [f"|move|{actor}|{name}|p2a: X" for name in ("Surf", "Fly", "Cut", "Strength", "Ice Beam")]
    tier = [line if not line.startswith("|tier|") else "|tier|[Gen 1] Ubers" for line in lines]
    tier = tier if tier != lines else ["|tier|[Gen 1] Ubers", *lines]
    return {
        "cut": ("\n".join(lines[: len(lines) // 2]), "no result"),
        "stranger": ("\n".join([*lines[:-1], "|win|Carol"]), "no result"),
        "text": ("hello", "unreadable"),
        "json": ('{"log": 3}', "unreadable"),
        "generation": ("|gen|4\n|switch|p1a: A|Tauros|100/100\n|turn|1\n|win|x", "unreadable"),
        "tier": ("\n".join(tier), "another format"),
        "move": ("\n".join(unknown), "contradiction"),
        "ghost": ("\n".join([*lines[: faint + 1], f"|move|{actor}|Surf|p2a: X", *lines[faint + 1 :]]), "contradiction"),
        "five moves": ("\n".join([*lines[:faint], *five, *lines[faint:]]), "contradiction"),
    }


def test_what_cannot_be_trusted_is_left_out_with_its_reason(battles):
    battle = next(one for one in battles if any(line.startswith("|faint|p1a") for line in one.log()))
    for name, (text, reason) in spoiled(battle.log()).items():
        account, match = read_replay(text, name)
        assert (account.reason, match) == (reason, None), account
        assert account.detail


def test_forfeits_and_timers_are_results_of_their_own(battles):
    lines = [line for line in battles[0].log() if not line.startswith(("|win|", "|tie"))]
    for said, ended in (("Bob forfeited.", "forfeit"), ("Bob lost due to inactivity.", "timer")):
        account, _ = read_replay("\n".join([*lines, f"|-message|{said}", "|win|Ann"]), "x")
        assert (account.reason, account.ended, account.winner) == ("", ended, 1)


def test_the_command_writes_a_dataset_and_leaves_copies_out(battles, tmp_path, capsys):
    folder, out = tmp_path / "replays", tmp_path / "data"
    for place, battle in enumerate(battles[:3]):
        write_replay(folder / f"{place}.html", battle.log(), "x")  # with its log beside it: a copy
    (folder / "bad.txt").write_bytes(b"\xff\xfe\x00")
    assert len(replay_files(folder)) == 7
    assert [account.reason for account, _ in read_replays(replay_files(folder))] == ["", "copy"] * 3 + ["unreadable"]
    assert main(["replays", str(folder), "--out", str(out), "--part", "2"]) == 0
    assert "3 of 7 files used; left out: 3 copy, 1 unreadable" in capsys.readouterr().out
    dataset = Dataset(out)
    assert len(dataset.parts()) == 2
    count = dataset.count()
    assert main(["replays", str(folder), "--out", str(out), "--quiet"]) == 0
    assert "0 of 7 files used" in capsys.readouterr().out
    assert dataset.count() == count > 100
    assert main(["replays", str(tmp_path / "data"), "--out", str(out)]) == 2
    assert "no replays in" in capsys.readouterr().err
