"""Public replays as datasets: ten of our own with the reports on them, damaged ones by reason, and rows as played."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES, facts
from pokespiel.game.gen1.baselines.facts import species
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.public_logs import PublicLog
from pokespiel.game.gen1.recorded import ACTION, Recorded, _words, record_battles
from pokespiel.game.gen1.replay import replay_page, write_replay
from pokespiel.game.gen1.row_usage import RowUsage
from pokespiel.game.gen1.seeds import mixed
from pokespiel.game.gen1.teams import load_pool, pack
from pokespiel.game.gen1.teams.legality import legality_facts
from pokespiel.game.gen1.teams.sets import PokemonSet, Team
from pokespiel.game.gen1.view import feature_names
from pokespiel.learning.datasets import Dataset
from pokespiel.learning.sifting import rows_of
from pokespiel.showdown.recording import Recording
from pokespiel.showdown.replays import columns_of_replays, read_replay, read_replays, replay_files

COUNT = 10
NAMES = ("Ann", "Bob")
HP = [place for place, name in enumerate(feature_names()) if re.fullmatch(r"(own|foe)\[.\]\.hp", name)]


@pytest.fixture(scope="module")
def battles() -> list[Recorded]:
    game = load_game("gen1ou(pool=competitive)")
    players = [BASELINES.build(name) for name in ("expert", "random", "gym_leader")]
    rows = np.array([[seed % 3, (seed + seed // 3) % 3] for seed in range(COUNT)])
    rng = np.random.default_rng(0)
    return record_battles(game, [players, players], rows, np.arange(COUNT), rng, NAMES)


def teams_of(battle: Recorded) -> list[Team]:
    game = load_game("gen1ou(pool=competitive)")
    return [game.teams[game.team_names.index(name)] for name in battle.teams]


def server_log(battle: Recorded, seed: str | None = None) -> dict:
    """The log that a server writes of the battle: both teams, all choices, and HP in points."""
    own = teams_of(battle)
    words = _words(mixed(np.asarray([battle.seed]), 0)[0][0])
    again = Battle(*own, seed=words, names=NAMES)
    inputs = [f">start {json.dumps({'formatid': 'gen1ou', 'seed': seed or ','.join(map(str, words))})}"]
    for side, (name, team) in enumerate(zip(NAMES, own, strict=True), 1):
        inputs.append(f">player p{side} {json.dumps({'name': name, 'team': pack(team)})}")
    for chosen in battle.choices:
        inputs += [f">p{side} {choice}" for side, choice in enumerate(chosen, 1) if choice]
        again.choose(*chosen)
    lines = again.log()
    shared = {place + 2 for place, line in enumerate(lines) if line.startswith("|split|")}
    log = [line for place, line in enumerate(lines) if place not in shared and not line.startswith("|split|")]
    return {"roomid": "battle-gen1ou-1", "inputLog": inputs, "log": log}


def truth(battle: Recorded) -> tuple[list, list]:
    """By seat, every decision between several actions: turn, features, legal actions, choice."""
    found: tuple[list, list] = ([], [])
    for point, chosen in Recording.parse(json.dumps(server_log(battle))).steps():
        for seat, choice in enumerate(chosen or ()):
            legal = point.legal(seat + 1)
            if legal.sum() > 1:
                found[seat].append((point.turn, np.array(point.features(seat + 1)), legal, choice))
    return found


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


def test_a_servers_log_gives_back_every_decision_bit_for_bit(battles):
    for battle in battles[:4]:
        plain = server_log(battle)
        account, match = read_replay(json.dumps(plain), "x")
        assert (account.reason, account.hidden, account.revealed, account.replayed) == ("", 0, 1, True), account
        for own, expected, chosen in zip(
            match.decisions, truth(battle), zip(*battle.choices, strict=True), strict=True
        ):
            assert len(own) == len(expected) > 10
            for one, (turn, features, legal, choice) in zip(own, expected, strict=True):
                assert (one.turn, one.choice) == (turn, choice)
                assert one.features.tobytes() == features.tobytes()
                assert (one.legal == legal).all()
            left = iter(chosen)
            assert all(one.choice in left for one in own), "the choices are those played, in their order"
        public = {"id": "gen1ou-1", "inputlog": "\n".join(plain["inputLog"]), "log": "\n".join(plain["log"])}
        account, again = read_replay(json.dumps(public), "y")
        assert (account.replayed, again.seed) == (True, match.seed)


def test_a_server_with_another_generator_still_tells_teams_and_hp(battles):
    """Without the rolls the reader follows the lines; what it takes from them is what the players knew."""
    same = []
    for battle in battles[:4]:
        account, match = read_replay(json.dumps(server_log(battle, seed="sodium,00ff")), "x")
        assert (account.reason, account.revealed, account.replayed) == ("", 1, False), account
        for own, expected in zip(match.decisions, truth(battle), strict=True):
            known = {features.tobytes(): choice for _, features, _, choice in expected}
            same += [known.get(one.features.tobytes()) == one.choice for one in own]
    assert np.mean(same) > 0.9


def test_copies_are_recognised_whoever_kept_them(battles, tmp_path):
    """A spectator sees HP in percent, a player the own in points, the server both; the server's log is the one read."""
    for name, player in (("a", 0), ("b", 1), ("c", 2)):
        (tmp_path / f"{name}.log").write_text("\n".join([*battles[0].battle.log(player), "|c|Ann|gg"]))
    (tmp_path / "z.log.json").write_text(json.dumps(server_log(battles[0])))
    accounts = [account for account, _ in read_replays(replay_files(tmp_path))]
    copies = [(f"{name}.log", "copy") for name in "abc"]
    assert [(one.file, one.reason) for one in accounts] == [("z.log.json", ""), *copies]


def test_an_input_log_that_tells_another_battle_is_left_out(battles):
    plain = server_log(battles[0])
    place = next(i for i, line in enumerate(plain["log"]) if line.startswith("|-damage|p1a"))
    plain["log"][place] = f"|-damage|{plain['log'][place].split('|')[2]}|1/353"
    account, match = read_replay(json.dumps(plain), "x")
    assert (account.reason, match) == ("contradiction", None)
    assert "the input log leads to" in account.detail


def test_what_the_rules_tell_is_not_hidden_and_nothing_is_guessed(battles):
    """Who could not act and has not switched has chosen a move: known if there was one, as in sleep, else hidden."""
    hidden = single = total = 0
    for battle in battles:
        log = PublicLog.of(battle.log())
        for player, team in enumerate(teams_of(battle), 1):
            read = [one for one in log.with_team(player, team).decisions(player) if one.legal.sum() > 1]
            for one, (turn, features, legal, choice) in zip(read, truth(battle)[player - 1], strict=True):
                assert one.turn == turn
                assert np.abs(one.features[HP] - features[HP]).max() <= 0.0101, "own and foe's HP, to a percent"
                assert (one.legal == legal).all()
                assert one.choice in (choice, None)
                total += 1
                single += one.legal[:4].sum() == 1
                if one.choice is None:
                    hidden += 1
                    assert one.legal[:4].sum() > 1
                    assert choice.startswith("move")
    assert single > 20
    assert 0 < hidden < 0.2 * total


TRAPPED = """|player|p1|Ann||
|player|p2|Bob||
|gen|1
|teamsize|p1|2
|teamsize|p2|2
|start
|switch|p1a: Dragonite|Dragonite|100/100
|switch|p2a: Snorlax|Snorlax|100/100
|turn|1
|move|p1a: Dragonite|Wrap|p2a: Snorlax
|-damage|p2a: Snorlax|95/100
|cant|p2a: Snorlax|partiallytrapped
|turn|2
|move|p1a: Dragonite|Wrap|p2a: Snorlax|[from] Wrap
|-damage|p2a: Snorlax|91/100
|turn|3
"""


@pytest.mark.parametrize(
    ("rest", "offered", "choice"),
    [
        ("|move|p1a: Dragonite|Blizzard|p2a: Snorlax", 4, "move 3"),
        ("|move|p1a: Dragonite|Wrap|p2a: Snorlax", 4, "move 2"),
        ("|move|p1a: Dragonite|Wrap|p2a: Snorlax|[from] Wrap", 1, "move 1"),
        ("|switch|p2a: Tauros|Tauros|100/100\n|move|p1a: Dragonite|Wrap|p2a: Tauros", 1, "move 1"),
    ],
)
def test_the_end_of_an_own_trap_is_told_by_the_next_move(rest, offered, choice):
    """No line says that a trap has ended; a trap goes on, without a mark, on a Pokémon that comes in."""
    log = PublicLog.of(f"{TRAPPED}{rest}\n|turn|4\n|win|Ann".split("\n"))
    moves = ("Agility", "Wrap", "Blizzard", "Hyper Beam")
    team = (PokemonSet("Dragonite", moves), PokemonSet("Chansey", ("Ice Beam",)))
    first, second, third, _ = log.with_team(1, team).decisions(1)
    assert [one.legal[:4].sum() for one in (first, second, third)] == [4, 1, offered]
    assert (first.choice, second.choice, third.choice) == ("move 2", "move 1", choice)


def spoiled(lines: list[str]) -> dict[str, tuple[str, str]]:
    """Logs that are left out, with reason and detail, by name."""
    moves = [place for place, line in enumerate(lines) if line.startswith("|move|p1a")]
    faint = next(place for place, line in enumerate(lines) if line.startswith("|faint|p1a"))
    actor = lines[faint].split("|")[2]
    unknown, other = list(lines), list(lines)
    unknown[moves[0]] = f"|move|{lines[moves[0]].split('|')[2]}|Moonblast|p2a: X"
    other[moves[1]] = f"|move|{lines[moves[1]].split('|')[2]}|Transform|p2a: X"
    told = "<summary><strong>1 custom rule:</strong></summary> !Sleep Clause Mod"
    custom = f'|raw|<div class="infobox"><details class="readmore" open>{told}</details></div>'
    clauses = [line for line in lines if not line.startswith("|rule|Sleep Clause")]
    winner = lines[-1].removeprefix("|win|")
    loser = NAMES[1 - NAMES.index(winner)]
    five = [f"|move|{actor}|{name}|p2a: X" for name in ("Surf", "Fly", "Cut", "Strength", "Ice Beam")]
    tier = [line if not line.startswith("|tier|") else "|tier|[Gen 1] Ubers" for line in lines]
    tier = tier if tier != lines else ["|tier|[Gen 1] Ubers", *lines]
    return {
        "cut": ("\n".join(lines[: len(lines) // 2]), "no result"),
        "stranger": ("\n".join([*lines[:-1], "|win|Carol"]), "no result"),
        "text": ("hello", "unreadable"),
        "json": ('{"log": 3}', "unreadable"),
        "generation": ("|gen|4\n|switch|p1a: A|Tauros|100/100\n|turn|1\n|win|x", "another format"),
        "doubles": ("\n".join(lines).replace("p1a: ", "p1b: "), "another format"),
        "custom rules": ("\n".join([custom, *lines]), "another format"),
        "fewer clauses": ("\n".join(clauses), "another format"),
        "one name": ("\n".join(lines).replace("|Bob", "|Ann"), "no result"),
        "two results": ("\n".join([*lines, f"|win|{loser}"]), "contradiction"),
        "the other side's result": ("\n".join([*lines[:-1], f"|win|{loser}"]), "contradiction"),
        "a turn twice": ("\n".join(lines).replace("|turn|3", "|turn|3\n|turn|3"), "contradiction"),
        "a turn missing": ("\n".join(line for line in lines if line != "|turn|4"), "contradiction"),
        "tier": ("\n".join(tier), "another format"),
        "move": ("\n".join(unknown), "contradiction"),
        "species": (re.sub(r"(\|switch\|p2a: [^|]*)\|[^|]*", r"\1|Miltank", "\n".join(lines)), "contradiction"),
        "no tier": ("\n".join(line for line in lines if not line.startswith("|tier|")), "another format"),
        "a game of doubles": ("\n".join(lines).replace("|gametype|singles", "|gametype|doubles"), "another format"),
        "ghost": ("\n".join([*lines[: faint + 1], f"|move|{actor}|Surf|p2a: X", *lines[faint + 1 :]]), "contradiction"),
        "five moves": ("\n".join([*lines[:faint], *five, *lines[faint:]]), "contradiction"),
    }


def test_what_cannot_be_trusted_is_left_out_with_its_reason(battles):
    battle = next(one for one in battles if any(line.startswith("|faint|p1a") for line in one.log()))
    for name, (text, reason) in spoiled(battle.log()).items():
        account, match = read_replay(text, name)
        assert (account.reason, match) == (reason, None), account
        assert account.detail


def test_how_a_battle_ended_is_told_apart(battles):
    lines = battles[0].log()
    early = lines[: lines.index("|turn|8")]
    for said, result, ended, winner in (
        ("|-message|Bob forfeited.", "|win|Ann", "forfeit", 1),
        ("|-message|Bob lost due to inactivity.", "|win|Ann", "timer", 1),
        ("|-message|Ann lost due to inactivity.", "|win|Bob", "timer", 2),
        ("Ann accepted the tie.", "|tie", "called off", 0),
        ("", "|win|Bob", "called off", 2),
    ):
        account, match = read_replay("\n".join([*early, said, result]), "x")
        assert (account.reason, account.ended, account.winner, account.turns) == ("", ended, winner, 7)
        utility = {1: 1, 2: -1, 0: 0}[winner]
        assert columns_of_replays([match])[0]["match_utilities"].tolist() == [[utility, -utility]]


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


# Usage ----------------------------------------------------------------------------------------------------------------


def test_usage_of_a_dataset_is_that_of_its_battles(battles, tmp_path, capsys):
    """Leads, species that took the field and their scores, counted from the lines."""
    some = [one for one in battles if one.battle.winner][:6]
    matches = [read_replay(json.dumps(server_log(one)), "x")[1] for one in some]
    columns, names = columns_of_replays(matches)
    counts = RowUsage()
    counts.add(columns)
    fielded, leads, chosen = defaultdict(list), Counter(), set()
    for match, battle in enumerate(some):
        shown, active = [{}, {}], ["", ""]
        for line in battle.log():
            kind, *words = line[1:].split("|")
            if kind == "switch":
                seat = int(words[0][1]) - 1
                active[seat] = words[1]
                shown[seat][words[1]] = (battle.score, 1 - battle.score)[seat]
            elif kind == "move" and len(words) < 4:
                seat = int(words[0][1]) - 1
                chosen.add((match, seat, active[seat], words[1]))
        for side in shown:
            leads[next(iter(side))] += 1
            for name, score in side.items():
                fielded[name].append(score)
    numbers = {number: legality_facts().species[one].name for one, number in species().number.items()}
    assert (counts.sides, counts.known_leads) == (12, 12)
    assert {numbers[who]: count for who, count in counts.leads.items()} == leads
    assert {numbers[who]: sorted(scores) for who, scores in counts.fielded.items()} == {
        name: sorted(scores) for name, scores in fielded.items()
    }
    moves = Counter((name, move) for _, _, name, move in chosen)
    names_of = {number: legality_facts().moves.get(one) for one, number in facts.moves().number.items()}
    told = {(numbers[who], names_of[move]): count for (who, move), count in counts.users.items()}
    assert all(told.get(pair, 0) >= count for pair, count in moves.items() if pair[1] not in ("Struggle", "Metronome"))
    assert sum(counts.uses.values()) <= (columns["action"] < 4).sum()
    one = np.flatnonzero((columns["action"] >= 4) & (columns["legal"].sum(axis=1) > 5))[0]
    single = RowUsage()
    single.add(rows_of(columns, np.arange(len(columns["action"])) == one))
    assert len(single.fielded) == 2, "the one on the field and the one sent in"
    Dataset(tmp_path / "data").append(columns, {"game": "gen1ou", "policies": names})
    assert main(["dataset", "usage", str(tmp_path / "data")]) == 0
    said = capsys.readouterr().out.splitlines()
    first, count = max(fielded.items(), key=lambda one: len(one[1]))
    assert "on 12 sides, 12 of them with a known lead" in said[0]
    assert said[2].split()[1] == str(len(count)), first
