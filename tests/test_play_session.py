"""Battles against a policy without a page: sessions, what a player sees, advice, and the lobby's answers."""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.policy import Mixture, Observations, members_of, memoryless
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.narration import narrated
from pokespiel.game.gen1.teams import load_pool
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play import terminal
from pokespiel.play.advice import as_shares, has_critic, opinions
from pokespiel.play.judging import judged
from pokespiel.play.lineups import TeamRefused, pasted
from pokespiel.play.lobby import COMMANDS, MOST_BATTLES, Lobby
from pokespiel.play.opening import load_policy_named, lobby_for
from pokespiel.play.session import BattleSession, BattleSetup, NotPossible, as_validated
from pokespiel.play.sight import effect_words, moves_by_number, sight
from pokespiel.runs import agents
from pokespiel.showdown.install import node
from pokespiel.showdown.recording import Recording

POOL = load_pool("competitive")
TEAMS = POOL[0], POOL[7]
ILLEGAL = "Mewtwo\n- Psychic\n\nTauros\n- Body Slam\n- Fissure\n"


def session(policy: str = "max_damage", **setup) -> BattleSession:
    return BattleSession(BattleSetup(TEAMS, **{"seed": 3, **setup}), BASELINES.build(policy), policy)


def played(one: BattleSession, seed: int = 0) -> BattleSession:
    rng = random.Random(seed)
    while not one.ended:
        one.choose(rng.choice(one.choices()))
    return one


# Sessions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, 2])
def test_the_same_seed_and_choices_are_the_same_battle(side):
    first, second = (played(session("random", side=side)) for _ in range(2))
    assert first.log(None) == second.log(None)
    assert first.ended
    assert first.winner in (0, 1, 2)
    other = played(session("random", side=side, seed=4))
    assert other.log(None) != first.log(None)


def test_the_session_is_the_engines_own_battle():
    one = played(session(side=2))
    battle = Battle(*TEAMS, seed=one.setup.words, names=("Opponent", "You"))
    for pair in one._inputs:
        battle.choose(*pair)
    assert battle.log(None) == one.log(None)
    assert [told.text for told in one.told()] == [told.text for told in narrated(battle.log(2), 2)]


def test_decisions_are_what_both_players_knew_and_chose():
    one = played(session())
    battle = Battle(*TEAMS, seed=one.setup.words, names=one.setup.players)
    rest = list(one.decisions)
    for pair in one._inputs:
        for player, choice in enumerate(pair, 1):
            if choice:
                decision = rest.pop(0)
                assert (decision.turn, decision.player, decision.choice) == (battle.turn, player, choice)
                assert np.array_equal(decision.features, battle.features(player))
                assert [ACTION_NAMES[i] for i in np.flatnonzero(decision.legal)] == battle.choices(player)
        battle.choose(*pair)
    assert rest == []


def test_an_illegal_choice_changes_nothing_and_names_the_legal_ones():
    one, twin = session("random"), session("random")
    for wrong in ("move 9", "switch 1", "", "move 1; move 2", "team 1"):
        with pytest.raises(NotPossible, match="expected one of: move 1, move 2"):
            one.choose(wrong)
    assert one.log(None) == twin.log(None)
    one.choose("move 1")
    twin.choose("move 1")
    assert one.log(None) == twin.log(None), "the policy's draws were not spent either"


def test_a_forfeit_ends_the_battle_for_the_other_player():
    one = session(side=2)
    one.choose(one.choices()[0])
    one.forfeit()
    assert one.ended
    assert (one.winner, one.choices(), one.legal(2).any()) == (1, [], False)
    assert one.log(0)[-1] == "|win|Opponent"
    assert one.told()[-1].text == "Opponent won the battle."
    for late in (one.forfeit, lambda: one.choose("move 1")):
        with pytest.raises(NotPossible, match="over"):
            late()


def test_rematches():
    one = session(seed=9)
    assert one.again().setup == one.setup
    swapped = one.again(swap=True)
    assert (swapped.setup.teams, swapped.side, swapped.setup.seed) == (one.setup.teams, 2, 9)
    assert swapped.log(2)[1:3] == ["|player|p1|Opponent||", "|player|p2|You||"]
    assert one.rematch(seed=10).setup.words != one.setup.words


def test_the_policy_is_not_asked_where_it_has_no_choice():
    class Counting:
        memory_size = 1

        def __init__(self):
            self.asked = []

        def start(self, n, rng):
            return np.zeros((n, 1), np.float32)

        def __call__(self, observations, memory):
            self.asked.append((observations.player, int(observations.legal.sum()), float(memory[0, 0])))
            return observations.legal / observations.legal.sum(axis=1, keepdims=True), memory + 1

    policy = Counting()
    one = played(BattleSession(BattleSetup(TEAMS, seed=1), policy, "counting"))
    forced = [d for d in one.decisions if d.player == 2 and d.legal.sum() == 1]
    assert forced
    assert len(policy.asked) == sum(d.player == 2 for d in one.decisions) - len(forced)
    assert all(player == 1 and legal > 1 for player, legal, _ in policy.asked)
    assert [memory for *_, memory in policy.asked] == list(range(len(policy.asked))), "memory is carried on"


def test_records_are_what_a_server_keeps(tmp_path):
    one = played(session(side=2))
    path = one.save(tmp_path / "new", "first")
    recording = Recording.read(path)
    assert recording.names == ("Opponent", "You")
    assert recording.teams == tuple(map(as_validated, TEAMS))
    *_, last = (battle.log(None) for battle in recording.replay())
    assert last == one.log(None)
    page = path.with_name("first.html").read_text(encoding="utf-8")
    assert "battle-log-data" in page
    assert path.with_name("first.log").read_text(encoding="utf-8").splitlines() == one.log(0)


IN_SHOWDOWN = """
const {BattleStream, getPlayerStreams} = require(process.argv[1] + '/dist/sim');
const stream = new BattleStream(), lines = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
const all = getPlayerStreams(stream).spectator;
(async () => {
  for (const line of lines) await stream.write(line);
  await stream.writeEnd();
  let text = '';
  for await (const chunk of all) text += chunk + '\\n';
  process.stdout.write(text);
})();
"""
"""Plays an input log in the Showdown at the given folder and writes what a spectator is sent."""


@pytest.mark.parametrize("side", [1, 2])
def test_showdown_plays_the_record_to_the_same_lines(showdown, side):
    one = played(session("expert", side=side, seed=21))
    given = json.dumps(one.record()["inputLog"])
    command = [str(node()), "-e", IN_SHOWDOWN, str(showdown)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("|") and not line.startswith("|t:|")]
    assert told == one.log(0)


# What a player sees ---------------------------------------------------------------------------------------------------


def test_sight_is_what_the_request_says():
    one, rng = session("expert"), random.Random(1)
    while not one.ended:
        shown = sight(one.features(1), one.legal(1))
        request = json.loads(one.battle.request(1))
        assert [a["choice"] for a in shown["actions"] if a["legal"]] == one.choices()
        assert shown["turn"] == one.battle.turn
        for mine, real in zip(shown["own"], request["side"]["pokemon"], strict=True):
            points, _, rest = real["condition"].partition("/")
            assert mine["species"] == real["details"]
            assert mine["fainted"] == points.endswith("fnt")
            if not mine["fainted"]:
                assert (mine["hp"], mine["full_hp"]) == (int(points), int(rest.split()[0]))
                assert mine["status"] == (rest.split()[1] if " " in rest else "")
        for active in request.get("active", ()):
            for action, move in zip(shown["actions"], active["moves"], strict=False):
                assert action["label"] == move["move"]
                assert action["pp"] == move.get("pp") or "pp" not in move
        one.choose(rng.choice(one.choices()))


def test_sight_needs_nothing_but_the_lines_a_player_is_sent():
    one, tracker = session(), Tracker()
    for _ in range(12):
        one.choose(one.choices()[0])
    for line in one.battle.log(1):
        tracker.read(line)
    tracker.request(one.battle.request(1))
    assert sight(tracker.features(), tracker.legal()) == sight(one.features(1), one.legal(1))


def test_a_sight_hides_what_the_player_does_not_know():
    one = session()
    shown = sight(one.features(1), one.legal(1))
    assert [foe["species"] for foe in shown["foe"]] == [TEAMS[1][0].species, "", "", "", "", ""]
    assert all(foe["hp"] is None and foe["moves"] == [] for foe in shown["foe"])


def test_every_move_has_its_words():
    plain = {
        row["id"]
        for number, row in moves_by_number().items()
        if not effect_words(number) and row["category"] == "Status"
    }
    assert plain == {"splash", "teleport", "roar", "whirlwind"}


# Advice ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    if "shipped" not in agents.names():
        pytest.skip("no agent is shipped")
    return agents.load_agent("shipped")


def test_opinions_are_the_policys_own(shipped):
    one = played(session())
    mine = [d for d in one.decisions if d.player == 1]
    features, legal = np.stack([d.features for d in mine]), np.stack([d.legal for d in mine])
    (network, _), *_ = members_of(shipped)
    found = opinions(network, 0, features, legal)
    seen = Observations(0, features, legal, np.full(len(legal), -1, np.int64))
    memory = network.start(len(legal), np.random.default_rng(0))
    chances, values = network(seen, memory)[0], network.values(seen, memory)
    for opinion, row, value, allowed in zip(found, chances, values, legal, strict=True):
        assert np.allclose(opinion.probabilities, row)
        assert not opinion.probabilities[~allowed].any()
        assert opinion.win_chance == pytest.approx(np.clip((1 + value) / 2, 0, 1))
    shares = as_shares(found[0], one.battle.choices(1) or list(ACTION_NAMES))
    assert sum(shares.values()) == pytest.approx(1)


def test_a_mixtures_opinion_is_its_members(shipped):
    (network, _), *_ = members_of(shipped)
    one = session()
    features, legal = one.features(1)[None], one.legal(1)[None]
    scripted = BASELINES.build("max_damage")
    alone, other = opinions(network, 0, features, legal)[0], opinions(scripted, 0, features, legal)[0]
    both = opinions(Mixture([network, scripted], [0.25, 0.75]), 0, features, legal)[0]
    assert np.allclose(both.probabilities, 0.25 * alone.probabilities + 0.75 * other.probabilities)
    assert both.win_chance == pytest.approx(alone.win_chance), "only the member with a critic has a say"
    assert other.win_chance is None
    assert (has_critic(network), has_critic(scripted)) == (True, False)


def test_choices_tell_which_member_of_a_mixture_plays():
    """One member takes the first legal action, the other the last: the choices so far identify the member."""
    one = session()
    features, legal = np.repeat(one.features(1)[None], 3, axis=0), np.repeat(one.legal(1)[None], 3, axis=0)
    places = [np.flatnonzero(legal[0])[place] for place in (0, -1)]
    first, last = (
        memoryless(lambda seen, place=place: np.eye(len(ACTION_NAMES))[[place] * len(seen.legal)]) for place in places
    )
    mixture = Mixture([first, last], [0.25, 0.75])
    other = next(name for place, name in enumerate(ACTION_NAMES) if place not in places)
    for played, after in (
        ([None], 0.25),
        ([ACTION_NAMES[places[0]]], 1.0),
        ([ACTION_NAMES[places[1]], None], 0.0),
        ([other], 0.25),
    ):
        found = opinions(mixture, 0, features, legal, played)
        assert [one.probabilities[places[0]] for one in found] == pytest.approx([0.25, after, after])


def test_the_win_chance_knows_a_won_battle_from_a_lost_one(shipped):
    """Against a random player the shipped agent wins and predicts it."""
    wins = []
    for seed in range(4):
        one = BattleSession(BattleSetup(TEAMS, seed=seed), shipped, "shipped")
        played(one, seed)
        own, foe = (judged(shipped, player, one.decisions)[-1].win_chance for player in (1, 2))
        wins.append((one.winner, own, foe))
    assert [winner for winner, *_ in wins] == [2] * 4
    assert all(own < 0.2 and foe > 0.8 for _, own, foe in wins)


# The lobby ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lobby(tmp_path) -> Lobby:
    return Lobby(load_policy_named, ("max_damage", "random"), "expert", tmp_path / "kept", seed=5)


def ask(lobby: Lobby, **message) -> dict:
    return lobby.answer(json.dumps(message)).data


def test_a_whole_battle_by_messages(lobby):
    state = ask(lobby, do="begin", re=1)
    assert (state["is"], state["re"], state["seed"], state["side"]) == ("battle", 1, 5, 1)
    told, rng, times = list(state["told"]), random.Random(2), []
    while state["outcome"] is None:
        choices = [a["choice"] for a in state["sight"]["actions"] if a["legal"]]
        began = time.perf_counter()
        state = ask(lobby, do="choose", battle=state["battle"], choice=rng.choice(choices), step=state["step"])
        times.append(time.perf_counter() - began)
        assert state["from"] == len(told)
        told += state["told"]
    table = lobby.tables[state["battle"]]
    assert told == table.session.told() == ask(lobby, do="resume", battle=state["battle"])["told"]
    assert Recording.read(Path(state["saved"])).names == ("You", "max_damage")
    account = ask(lobby, do="account", battle=state["battle"])
    assert len(account["own"]) + len(account["foe"]) == len(table.session.decisions)
    assert statistics.median(times) < 0.1
    again = ask(lobby, do="rematch", battle=state["battle"], same=True, swap=True)
    assert (again["seed"], again["side"], again["step"]) == (5, 2, 0)
    assert ask(lobby, do="rematch", battle=state["battle"])["seed"] == 6


def test_a_choice_is_meant_for_one_step(lobby):
    state = ask(lobby, do="begin")
    first = ask(lobby, do="choose", battle=state["battle"], choice="move 1", step=0)
    second = ask(lobby, do="choose", battle=state["battle"], choice="move 1", step=0)
    assert (first["step"] > 0, second["is"]) == (True, "error")
    assert "the choice was for another one" in second["text"]


def test_hints_and_accounts_do_not_tell_too_early(lobby):
    state = ask(lobby, do="begin", team={"pool": "competitive", "team": POOL.names[0]})
    hints = ask(lobby, do="hints", battle=state["battle"])
    assert set(hints["shares"]) == {a["choice"] for a in state["sight"]["actions"] if a["legal"]}
    assert ask(lobby, do="account", battle=state["battle"])["is"] == "error"
    assert ask(lobby, do="forfeit", battle=state["battle"])["outcome"] == "lost"
    assert ask(lobby, do="hints", battle=state["battle"])["is"] == "error"
    assert ask(lobby, do="account", battle=state["battle"])["is"] == "account"


def test_a_pasted_team_plays_or_is_refused_with_the_validators_reasons(lobby):
    refused = ask(lobby, do="begin", team={"paste": ILLEGAL})
    assert refused["is"] == "refused"
    assert any("is banned" in reason for reason in refused["reasons"])
    assert any("faints in one hit" in reason for reason in refused["reasons"])
    begun = ask(lobby, do="begin", team={"paste": "Bully (Tauros)\n- Body Slam\n"})
    assert begun["sight"]["own"][0]["name"] == "Bully"
    with pytest.raises(TeamRefused, match="at most 20,000"):
        pasted("x" * 20_001)


HOSTILE = ["", "null", "[]", "1", '"a"', "{", "[" * 50_000, "{}", '{"do": 1}', '{"do": "choose"}', '{"do": "open"}']


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_question_gets_an_error(lobby, text):
    for given in (text, text.encode()):
        assert lobby.answer(given).data["is"] == "error"


def test_random_messages_get_an_answer_each_and_harm_no_battle(lobby):
    state = ask(lobby, do="begin")
    rng = random.Random(11)
    before = lobby.tables[state["battle"]].session.log(None)
    values = [
        None,
        True,
        -1,
        3.5,
        10**30,
        "",
        "x" * 300,
        [],
        {},
        {"paste": "ä" * 30_000},
        {"pool": "../.."},
        [[[]]],
        "\0",
    ]
    values += [{"pool": 3}, {"paste": None}, {"pool": "competitive", "team": 4}, "\ud800"]
    text = "\n".join(lobby.tables[state["battle"]].session.log(0))
    review = ask(lobby, do="study", text=text)["review"]
    values += [
        {"sides": [{}, {}]},
        {"sides": [{"front": 1, "party": [{}]}, {"stages": {"attack": 0.5}}]},
        text[:900],
        1,
        2,
    ]
    keys = ["battle", "choice", "step", "team", "foe_team", "opponent", "side", "seed", "swap", "re", "since"]
    keys += ["player", "index", "text", "paste", "changes"]
    kinds = set()
    for _ in range(1000):
        message = {key: rng.choice(values) for key in rng.sample(keys, rng.randrange(len(keys)))}
        message["do"] = rng.choice([*COMMANDS, "nonsense", 7])
        message["battle"] = rng.choice([state["battle"], "no such", 5, None])
        message["review"] = rng.choice([review, "no such", []])
        if message["do"] == "study" and rng.random() < 0.9:
            message.pop("battle")
        if rng.random() < 0.5:
            message |= {"player": rng.choice([1, 2]), "index": rng.choice([0, 1, 50])}
        if message["do"] in ("choose", "forfeit") and message["battle"] == state["battle"]:
            message |= {"do": "choose", "choice": rng.choice(values), "step": rng.choice([0, *values])}
        kinds.add(lobby.answer(json.dumps(message)).data["is"])
    assert kinds >= {"error", "battle", "welcome", "review", "position", "look"}
    assert lobby.tables[state["battle"]].session.log(None) == before
    assert len(lobby.tables) <= MOST_BATTLES
    assert ask(lobby, do="choose", battle=state["battle"], choice="move 1", step=0)["is"] == "battle"


def test_a_mistake_of_the_server_is_an_answer_too(lobby, caplog):
    lobby.load = lambda name: 1 / 0  # type: ignore[assignment]
    assert "its log says why" in ask(lobby, do="begin")["text"]
    assert "ZeroDivisionError" in caplog.text


def test_the_oldest_battle_that_is_over_makes_room(lobby, monkeypatch):
    monkeypatch.setattr("pokespiel.play.lobby.MOST_BATTLES", 3)
    names = [ask(lobby, do="begin")["battle"] for _ in range(3)]
    ask(lobby, do="forfeit", battle=names[1])
    ask(lobby, do="begin")
    assert [name in lobby.tables for name in names] == [True, False, True]


def test_a_record_that_cannot_be_kept_does_not_stop_the_end(lobby, tmp_path):
    lobby.keep = tmp_path / "file" / "folder"
    (tmp_path / "file").write_text("")
    state = ask(lobby, do="begin")
    ended = ask(lobby, do="forfeit", battle=state["battle"])
    assert (ended["outcome"], ended["saved"]) == ("lost", "")
    assert "could not be kept" in ended["trouble"]


def test_pages_name_no_files_as_opponents(lobby):
    for name in ("/etc/passwd", "expert.safetensors", "gym_leader"):
        assert "unknown opponent" in ask(lobby, do="begin", opponent=name)["text"]


# The terminal ---------------------------------------------------------------------------------------------------------


def test_a_battle_in_the_terminal():
    one, said = session(), []
    rng = random.Random(0)

    def answer(prompt: str) -> str:
        words = rng.choice(one.choices())
        return rng.choice([words, words.replace("move ", "").replace("switch ", "s"), "h", "t", "what?"])

    assert terminal.play(one, BASELINES.build("expert"), answer, said.append)
    text = "\n".join(said)
    assert all(told.text in text for told in one.told())
    assert "is not possible; expected one of" in text
    assert "The foe's team" in text
    assert text.count("Choose who comes in:\n  s") == sum(
        not one.legal[:4].any() for one in one.decisions if one.player == 1
    )
    assert "what the adviser thought likeliest" in text


def lines_from(lines: Iterable[str]) -> Callable[[str], str]:
    """A person who types these lines and then stops."""
    rest = iter(lines)

    def ask(prompt: str) -> str:
        line = next(rest, None)
        if line is None:
            raise EOFError
        return line

    return ask


def test_the_terminal_ends_with_a_forfeit_a_quit_or_the_last_line():
    adviser = BASELINES.build("expert")
    for lines, finished, forfeited in ((["1", "f"], True, True), (["q"], False, False), (["1"], False, False)):
        one = session()
        assert terminal.play(one, adviser, lines_from(lines), lambda line: None) == finished
        assert one.forfeited == forfeited


def test_play_text_on_the_command_line(tmp_path, monkeypatch, capsys):
    team = tmp_path / "team.txt"
    team.write_text("Tauros\n- Body Slam\n", encoding="utf-8")
    command = [
        "play",
        "--text",
        "--opponent",
        "max_damage",
        "--adviser",
        "expert",
        "--seed",
        "4",
        "--keep",
        str(tmp_path),
    ]
    monkeypatch.setattr("builtins.input", lines_from(["h", "1", "f"]))
    assert main([*command, "--team", str(team)]) == 0
    said = capsys.readouterr().out
    assert "Your Tauros" in said
    first = (tmp_path / "battle-4.log.json").read_bytes()
    assert Recording.read(tmp_path / "battle-4.log.json").teams[0][0].species == "Tauros"
    monkeypatch.setattr("builtins.input", lines_from(["f"]))
    assert main([*command, "--team", str(team)]) == 0
    assert (tmp_path / "battle-4.log.json").read_bytes() == first, "another battle of this seed replaces no record"
    assert Recording.read(tmp_path / "battle-4-2.log.json").forfeit == 1
    team.write_bytes(b"\xff\xfe")
    capsys.readouterr()
    assert main([*command, "--team", str(team)]) == 2
    assert str(team) in capsys.readouterr().err, "the message names the file that is no text"
    team.write_text(ILLEGAL, encoding="utf-8")
    assert main([*command, "--team", str(team)]) == 2
    assert "may not play" in capsys.readouterr().err
    assert main([*command, "--team", "nobody's"]) == 2
    assert main(["play", "--opponent", "expret"]) == 2
    assert "did you mean 'expert'?" in capsys.readouterr().err


def test_what_is_played_next_in_the_terminal():
    seeds = iter(range(50, 60))
    one, new, said = session(seed=9), session(seed=1), []
    for word, seed, side in (("r", 50, 1), ("rs", 51, 2), ("s", 9, 1), ("ss", 9, 2)):
        ask = lines_from(["again!", word])
        found = terminal.another(one, lambda: new, lambda: next(seeds), ask, said.append)
        assert (found.setup.seed, found.side, found.setup.teams) == (seed, side, one.setup.teams)
    assert terminal.another(one, lambda: new, seeds.__next__, lines_from(["n"]), said.append) is new
    for lines in (["q"], []):
        assert terminal.another(one, lambda: new, seeds.__next__, lines_from(lines), said.append) is None
    assert said.count(f"\n{terminal.AGAIN}") == len(said) == 11


def test_battles_in_a_row_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", lines_from(["1", "f", "ss", "f", "r", "f", "n", "q"]))
    assert (
        main(
            [*["play", "--text", "--opponent", "random", "--adviser", "expert", "--seed", "4", "--keep"], str(tmp_path)]
        )
        == 0
    )
    said = capsys.readouterr().out
    begun = re.findall(r"You are player (.) against random, seed (.)", said)
    assert begun == [("1", "4"), ("2", "4"), ("2", "5"), ("1", "6")]
    kept = [Recording.read(tmp_path / f"battle-{name}.log.json") for name in ("4", "4-2", "5")]
    assert [one.forfeit for one in kept] == [1, 2, 2]
    assert kept[0].teams == kept[1].teams == kept[2].teams
    assert said.splitlines()[-1] == "not finished, so not kept"


def test_who_advises(shipped, tmp_path):
    assert lobby_for("max_damage", None, tmp_path, None).adviser == "shipped"
    assert lobby_for("shipped", None, tmp_path, None).adviser == "shipped"
    lobby = lobby_for("max_damage", "expert", None, 1)
    assert (lobby.adviser, lobby.opponents[0]) == ("expert", "max_damage")
    assert set(lobby.opponents) >= {*BASELINES, *agents.names()}
    assert load_game("gen1ou").num_actions == 9
