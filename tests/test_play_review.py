"""The analysis board without a browser: recordings, public logs, values of choices, positions to play from."""

from __future__ import annotations

import json
import random
import time

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.policy import Observations
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle, Entrant
from pokespiel.game.gen1.endgames.positions import read_position
from pokespiel.game.gen1.endgames.solution import EndgameDecision, EndgameLimits, solve_battle
from pokespiel.game.gen1.teams import PokemonSet, export_team, load_pool
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play import endings as endings_module
from pokespiel.play import terminal
from pokespiel.play.endings import Endings
from pokespiel.play.judging import judged
from pokespiel.play.lobby import Lobby
from pokespiel.play.lookahead import worths
from pokespiel.play.opening import load_policy_named
from pokespiel.play.review import Review
from pokespiel.play.session import BattleSession, BattleSetup, as_validated
from pokespiel.play.sight import sight
from pokespiel.runs import agents
from pokespiel.showdown.recording import Recording

POOL = load_pool("competitive")


@pytest.fixture(scope="module")
def session() -> BattleSession:
    """A battle that has ended: a random player 2 against a scripted one."""
    one = BattleSession(BattleSetup((POOL[3], POOL[9]), seed=6, side=2), BASELINES.build("expert"), "expert")
    rng = random.Random(1)
    while not one.ended:
        one.choose(rng.choice(one.choices()))
    return one


@pytest.fixture(scope="module")
def recorded(session) -> Review:
    return Review.read(session.record_text())


@pytest.fixture(scope="module")
def public(session) -> Review:
    return Review.read("\n".join(session.log(0)))


@pytest.fixture(scope="module")
def shipped():
    if "shipped" not in agents.names():
        pytest.skip("no agent is shipped")
    return agents.load_agent("shipped")


@pytest.fixture
def lobby() -> Lobby:
    return Lobby(load_policy_named, ("max_damage", "random"), "shipped" if agents.names() else "expert", seed=5)


def ask(lobby: Lobby, **message) -> dict:
    return lobby.answer(json.dumps(message)).data


def test_a_recording_is_the_battle_that_was_played(session, recorded):
    assert recorded.exact
    assert (recorded.names, recorded.winner) == (session.setup.players, session.winner)
    assert recorded.teams == tuple(map(as_validated, session.setup.teams))
    assert list(recorded.lines) == session.log(0)
    for player in (1, 2):
        real = [one for one in session.decisions if one.player == player]
        for mine, true in zip(recorded.decisions[player], real, strict=True):
            assert (mine.turn, mine.choice) == (true.turn, true.choice)
            assert np.array_equal(mine.features, true.features)
            assert np.array_equal(mine.legal, true.legal)


def test_a_forfeit_is_known_to_the_recording(session):
    one = BattleSession(session.setup, session.policy, session.opponent)
    one.choose(one.choices()[0])
    one.forfeit()
    review = Review.read(one.record_text())
    assert review.winner == 1
    assert Recording.parse(one.record_text()).forfeit == 2


def test_a_public_log_has_the_same_decisions_and_says_what_it_hides(session, recorded, public):
    assert not public.exact
    assert public.winner == session.winner
    for player in (1, 2):
        assert [d.turn for d in public.decisions[player]] == [d.turn for d in recorded.decisions[player]]
        for mine, true in zip(public.decisions[player], recorded.decisions[player], strict=True):
            labels = [judged(BASELINES.build("random"), player, [one])[0].label for one in (mine, true)]
            assert labels[0] in ("hidden", labels[1])
    assert recorded.origins is None
    assert {origin.source for team in public.origins for one in team for origin in one.moves} == {"revealed", "assumed"}
    given = public.with_team(1, session.setup.teams[0])
    assert {origin.source for one in given.origins[0] for origin in one.moves} <= {"revealed", "given"}
    assert public.origins[0] != given.origins[0], "the review itself is not changed"
    with pytest.raises(ValueError, match="it is a recording"):
        recorded.with_team(1, session.setup.teams[0])


def test_lines_heard_go_with_the_decisions(recorded, public):
    for review in (recorded, public):
        for player in (1, 2):
            for one, heard in zip(review.decisions[player], review.heard[player], strict=True):
                turns = [line for line in review.lines[:heard] if line.startswith("|turn|")]
                assert turns[-1] == f"|turn|{one.turn}"
    assert {line for *_, line in recorded.told()} <= set(range(len(recorded.lines)))


def test_a_position_is_both_sides_as_they_stand(recorded):
    for index in range(0, len(recorded.decisions[1]), 5):
        battle = recorded.battle(1, index)
        standing = recorded.standing(1, index)
        for player, side in enumerate(standing["sides"], 1):
            members = json.loads(battle.request(player))["side"]["pokemon"]
            for one, real in zip(side["party"], members, strict=True):
                points = real["condition"].split()[0].partition("/")[0]
                assert (one["species"], one["hp"]) == (real["details"], int(points))
            assert side["front"] == members[0]["details"]


def test_a_position_set_up_from_a_recording_looks_as_the_battle_does(recorded):
    """Of what a position keeps: parties, HP, status, PP, stages, what was seen of the foe."""
    compared = 0
    for player in (1, 2):
        for index, one in enumerate(recorded.decisions[player]):
            mine, true = (
                sight(battle.features(player), one.legal)
                for battle in (recorded.arranged(player, index, {}), recorded.battle(player, index))
            )
            kept = ("species", "hp", "percent", "status", "fainted", "active")
            for side in ("own", "foe"):
                assert sorted(str([m[key] for key in kept]) for m in mine[side]) == sorted(
                    str([m[key] for key in kept]) for m in true[side]
                )
                assert mine[f"{side}_active"]["boosts"] == true[f"{side}_active"]["boosts"]
            if not true["own_active"]["conditions"] and not true["foe_active"]["conditions"]:
                assert [m["moves"] for m in mine["own"]] == [m["moves"] for m in true["own"]]
            seen = [{m["species"]: {move["name"] for move in m["moves"]} for m in one["foe"]} for one in (mine, true)]
            assert seen[0] == seen[1]
            compared += 1
    assert compared > 20


def test_changes_of_a_position_are_made_and_checked(recorded):
    standing = recorded.standing(1, 4)
    bench = next(one for one in standing["sides"][1]["party"][1:] if one["hp"])
    change = {
        "sides": [
            {"party": [{"species": standing["sides"][0]["front"], "hp": 77, "status": "par"}], "stages": {"speed": 2}},
            {"front": bench["species"], "party": [{"species": bench["species"], "hp": 9}], "conditions": ["Reflect"]},
        ]
    }
    battle = recorded.arranged(1, 4, change)
    shown = sight(battle.features(1), recorded.decisions[1][4].legal)
    assert (shown["own"][0]["hp"], shown["own"][0]["status"]) == (77, "par")
    assert shown["own_active"]["boosts"] == {"speed": 2}
    assert shown["foe"][0]["species"] == bench["species"]
    assert "Reflect" in shown["foe_active"]["conditions"]
    assert battle.turn == recorded.decisions[1][4].turn
    nobody = [{"species": one["species"], "hp": 0} for one in standing["sides"][0]["party"]]
    for wrong, message in (
        ({"sides": 3}, "those of both players"),
        ({"sides": [{}, 3]}, "expected an object"),
        ({"sides": [{"front": "Mew"}, {}]}, "expected one of"),
        ({"sides": [{"party": [{"species": "Mew"}]}, {}]}, "expected one of"),
        ({"sides": [{"front": ["Mew"]}, {}]}, "expected one of"),
        ({"sides": [{"party": [{"species": ["Mew"]}]}, {}]}, "expected one of"),
        ({"sides": [{"party": [{"species": bench["species"], "hp": 10**6}]}, {}]}, "expected"),
        ({"sides": [{}, {"party": [{"species": bench["species"], "hp": 10**6}]}]}, "expected 0 to"),
        ({"sides": [{}, {"party": [{"species": bench["species"], "status": "dizzy"}]}]}, "expected one of slp"),
        ({"sides": [{"stages": {"luck": 1}}, {}]}, "no condition or stage"),
        ({"sides": [{"stages": {"speed": 9}}, {}]}, "no condition or stage"),
        ({"sides": [{"stages": [1]}, {}]}, "whole numbers by name"),
        ({"sides": [{"conditions": [1]}, {}]}, "expected some of"),
        ({"sides": [{"party": nobody}, {}]}, "no Pokémon left"),
    ):
        with pytest.raises(ValueError, match=message):
            recorded.arranged(1, 4, wrong)


def test_worths_are_means_of_what_comes_next(recorded, shipped):
    """If a choice certainly ends the battle, its worth is the result."""
    last = len(recorded.decisions[recorded.winner]) - 1
    found = worths(shipped, recorded.battle(recorded.winner, last), recorded.winner, samples=16)
    legal = recorded.battle(recorded.winner, last).choices(recorded.winner)
    assert list(found) == legal
    assert all(0 <= value <= 1 for value in found.values())
    assert found[recorded.decisions[recorded.winner][last].choice] > 0.8
    again = worths(shipped, recorded.battle(recorded.winner, last), recorded.winner, samples=16)
    assert found == again
    assert worths(BASELINES.build("random"), recorded.battle(1, 0), 1) is None


def test_worths_count_ties_half_and_results_in_full():
    """A Pokémon that faints the last foe for sure is worth 1, one that faints both 0.5, by any critic."""

    class Blind:
        """Always sees a win chance of a half."""

        memory_size = 0

        def start(self, n, rng):
            return np.zeros((n, 0), np.float32)

        def __call__(self, observations: Observations, memory):
            return observations.legal / observations.legal.sum(axis=1, keepdims=True), memory

    user = Entrant(PokemonSet("Mewtwo", ("Swift", "Explosion", "Splash")))
    victim = Entrant(PokemonSet("Magikarp", ("Splash",)), hp=1)
    found = worths(Blind(), Battle((user,), (victim,)), 1, samples=8)
    assert found is None, "after Splash the battle goes on, and this policy has no critic"
    user = Entrant(PokemonSet("Mewtwo", ("Swift",)))
    assert worths(Blind(), Battle((user,), (victim,)), 1, samples=8) == {"move 1": 1.0}
    assert worths(Blind(), Battle((user,), (victim,)), 2, samples=8) == {"move 1": 0.0}


# Exact endings ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def duel() -> BattleSession:
    """One Tauros against another, to the end."""
    team = (PokemonSet("Tauros", ("Body Slam", "Hyper Beam")),)
    one = BattleSession(BattleSetup((team, team), seed=3, side=1), BASELINES.build("max_damage"), "max_damage")
    while not one.ended:
        one.choose(one.choices()[0])
    return one


def _exact(lobby: Lobby, **place) -> dict:
    """The board's answer once nothing is being solved."""
    deadline = time.monotonic() + 60
    while (answer := ask(lobby, do="worth", **place)).get("ending") == "solving":
        assert answer["source"] == "estimate", "the page has an answer at once"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def test_a_small_ending_has_exact_values_on_the_board(lobby, duel):
    """Each decision's values and equilibria are those of the ending solved from there; the played choice's cost too."""
    data = ask(lobby, do="study", text=duel.record_text())
    review, compared = lobby.reviews[data["review"]], 0
    for player in (1, 2):
        for index, one in enumerate(review.decisions[player]):
            if one.legal.sum() < 2:
                continue
            found = _exact(lobby, review=data["review"], player=player, index=index)
            assert found["source"] == "exact"
            right = solve_battle(review.battle(player, index)).decision
            value = right.value if player == 1 else 1 - right.value
            assert found["exact"]["value"] == pytest.approx(value, abs=1e-9)
            assert max(found["worths"].values()) == pytest.approx(value, abs=1e-9)
            cost = right.costs(player)[right.choices[player - 1].index(one.choice)]
            assert found["cost"] == pytest.approx(cost, abs=1e-9)
            for who, shares in (("own", player), ("foe", 3 - player)):
                mixed = dict(found["exact"][who])
                expected = right.first if shares == 1 else right.second
                assert sorted(mixed.values()) == pytest.approx(sorted(expected), abs=1e-9)
            compared += 1
    assert compared >= 4


def test_one_solution_serves_the_turns_after_it(duel, monkeypatch):
    solved = []

    def counted(*args):
        solved.append(args)
        return solve_battle(*args)

    monkeypatch.setattr(endings_module, "solve_battle", counted)
    endings, review = Endings(), Review.read(duel.record_text())
    for index in range(len(review.decisions[1])):
        assert isinstance(endings.look(review.battle(1, index), wait=True), EndgameDecision)
    assert len(solved) == 1


def test_what_cannot_be_solved_says_why(lobby, recorded, session):
    assert Endings().look(recorded.battle(1, 3)) == "more than one Pokémon is left on a side"
    data = ask(lobby, do="study", text="\n".join(session.log(0)))
    assert (
        ask(lobby, do="worth", review=data["review"], player=1, index=3)["ending"] == "parts of the teams are assumed"
    )
    asleep = read_position("Tauros: Body Slam vs Chansey slp 3: Ice Beam").battle()
    assert "neither player knows how long the sleep" in Endings().look(asleep)
    large = read_position("Chansey: Ice Beam, Soft-Boiled vs Chansey: Ice Beam, Soft-Boiled").battle()
    assert str(Endings(EndgameLimits(most_seconds=0.2)).look(large, wait=True)).startswith("too large to solve here: ")


def test_values_that_do_not_stand_are_not_exact(monkeypatch):
    monkeypatch.setattr("pokespiel.play.endings.TOLERANCE", -1.0)
    small = read_position("Tauros @ 20: Body Slam vs Tauros @ 30: Body Slam").battle()
    assert "values change by" in str(Endings().look(small, wait=True))


def test_the_text_review_marks_exact_values(duel):
    lines = list(terminal.review(Review.read(duel.record_text()), BASELINES.build("max_damage")))
    assert any(line.endswith("% exact") for line in lines)
    assert "        exact: 50.0% if both play right, Body Slam 100.0%" in lines


# The lobby's commands -------------------------------------------------------------------------------------------------


def test_the_board_by_messages(lobby, session):
    data = ask(lobby, do="study", text=session.record_text())
    assert (data["is"], data["exact"], data["turns"]) == ("review", True, session.battle.turn)
    assert sum(len(data["sides"][side]) for side in ("1", "2")) == len(session.decisions)
    place = {"review": data["review"], "player": 2, "index": 3}
    assert ask(lobby, do="look", **place)["sight"]["turn"] == data["sides"]["2"][3]["turn"]
    weighed = ask(lobby, do="worth", **place)
    if weighed["worths"]:
        played = data["sides"]["2"][3]["choice"]
        assert weighed["cost"] == pytest.approx(max(weighed["worths"].values()) - weighed["worths"][played])
    assert ask(lobby, do="reopen", review=data["review"])["told"] == data["told"]
    for wrong in ({"player": 3}, {"index": -1}, {"index": 10**4}, {"review": "x"}, {"player": True}, {"index": "0"}):
        for command in ("look", "worth", "position", "branch"):
            assert ask(lobby, do=command, **{**place, **wrong})["is"] == "error"


def test_another_choice_is_played_on_from_the_very_battle(lobby, session):
    data = ask(lobby, do="study", text=session.record_text())
    mine = [one for one in session.decisions if one.player == 2]
    index = next(index for index, one in enumerate(mine) if index > 5 and one.legal.sum() > 2)
    state = ask(lobby, do="branch", review=data["review"], player=2, index=index)
    opened, decision = lobby.tables[state["battle"]].session, mine[index]
    assert np.array_equal(opened.features(2), decision.features)
    assert (state["side"], state["names"]) == (2, session.setup.names)
    other = next(choice for choice in opened.choices() if choice != decision.choice)
    after = ask(lobby, do="choose", battle=state["battle"], choice=other, step=0)
    assert after["is"] == "battle"
    assert opened.log(0)[: len(opened.start.log(0))] == opened.start.log(0), "the log goes on where it stood"
    assert "inputLog" not in opened.record(), "no server could play it from its beginning"
    again = ask(lobby, do="rematch", battle=state["battle"], same=True, swap=True)
    assert (again["side"], again["step"]) == (1, 0)
    assert list(again["names"]) == list(session.setup.players)


def test_a_changed_position_is_played_on_from(lobby, session):
    data = ask(lobby, do="study", text="\n".join(session.log(0)))
    assert data["teams"][0][0]["origin"] == {"source": "revealed", "turn": 0}
    place = {"review": data["review"], "player": 1, "index": 3}
    position = ask(lobby, do="position", **place)
    position["sides"][1]["party"][0]["hp"] = 1
    position["sides"][0]["stages"] = {"attack": 6}
    state = ask(lobby, do="branch", **place, changes={"sides": position["sides"]})
    assert state["is"] == "battle", state
    assert state["sight"]["foe"][0]["percent"] == 1
    assert state["sight"]["own_active"]["boosts"] == {"attack": 6}
    while state["outcome"] is None:
        choice = next(a["choice"] for a in state["sight"]["actions"] if a["legal"])
        state = ask(lobby, do="choose", battle=state["battle"], choice=choice, step=state["step"])
    review = ask(lobby, do="study", battle=state["battle"])
    assert (review["is"], review["exact"]) == ("review", False)


def test_every_decision_of_a_public_log_is_played_on_from(public):
    """Replacements of fainted Pokémon included; the choices are those that the log's decision had, but for locks."""
    replacements = 0
    for player in (1, 2):
        for index, one in enumerate(public.decisions[player]):
            battle = public.battle(player, index)
            replacements += not one.legal[:4].any()
            choices, had = battle.choices(player), [ACTION_NAMES[action] for action in np.flatnonzero(one.legal)]
            if one.legal.sum() > 1:
                assert [name for name in choices if "switch" in name] == [name for name in had if "switch" in name]
            assert one.legal[:4].any() == any("move" in name for name in choices)
            assert battle.turn == one.turn
    assert replacements > 3


def test_a_foe_that_has_fainted_is_replaced_first(lobby, session):
    data = ask(lobby, do="study", text="\n".join(session.log(0)))
    place = {"review": data["review"], "player": 1, "index": 3}
    position = ask(lobby, do="position", **place)
    position["sides"][1]["party"][0]["hp"] = 0
    state = ask(lobby, do="branch", **place, changes={"sides": position["sides"]})
    assert [one["fainted"] for one in state["sight"]["foe"][:2]].count(True) == 1
    assert not next(one for one in state["sight"]["foe"] if one["active"])["fainted"]
    assert any(action["choice"] == "move 1" for action in state["sight"]["actions"])
    own = [{"species": one["species"], "hp": 0} for one in position["sides"][0]["party"][:1]]
    both = ask(lobby, do="branch", **place, changes={"sides": [{"party": own}, position["sides"][1]]})
    assert all(action["choice"].startswith("switch") for action in both["sight"]["actions"])


def test_a_team_is_given_and_refused_where_it_cannot_be(lobby, session):
    data = ask(lobby, do="study", text="\n".join(session.log(0)))
    given = ask(lobby, do="give_team", review=data["review"], player=2, paste=export_team(session.setup.teams[1]))
    assert {move["source"] for one in given["teams"][1] for move in one["moves"]} <= {"revealed", "given"}
    wrong = ask(lobby, do="give_team", review=data["review"], player=2, paste="Tauros\n- Body Slam\n")
    assert wrong["is"] == "error"
    assert ask(lobby, do="give_team", review=data["review"], player=2, paste="Mewtwo\n- Psychic\n")["is"] == "refused"


def test_a_battle_is_studied_when_it_is_over(lobby):
    state = ask(lobby, do="begin")
    assert "not over" in ask(lobby, do="study", battle=state["battle"])["text"]
    ask(lobby, do="choose", battle=state["battle"], choice="move 1", step=0)
    ask(lobby, do="forfeit", battle=state["battle"])
    review = ask(lobby, do="study", battle=state["battle"])
    assert (review["exact"], review["winner"]) == (True, 2)
    for text in ("", "{}", "nothing", "|gen|1"):
        assert ask(lobby, do="study", text=text)["is"] == "error"


def test_review_on_the_command_line(tmp_path, session, capsys):
    path = session.save(tmp_path, "battle")
    team = tmp_path / "team.txt"
    team.write_text(export_team(session.setup.teams[1]), encoding="utf-8")
    told = {}
    for name, more in (
        ("battle.log.json", []),
        ("battle.log", ["--side", "2", "--team", str(team)]),
        ("battle.html", []),
    ):
        assert main(["review", str(path.with_name(name)), "--text", "--policy", "expert", *more]) == 0
        told[name] = capsys.readouterr().out
    assert told["battle.log"].count("hidden") == told["battle.html"].count("hidden") > 0
    assert "hidden" not in told["battle.log.json"]
    assert len(told["battle.log.json"].splitlines()) == len(session.decisions) + 4
    (tmp_path / "other.log").write_text("nothing\n", encoding="utf-8")
    assert main(["review", str(tmp_path / "other.log"), "--text"]) == 2
    assert "no battle in this text" in capsys.readouterr().err
    assert main(["review", str(tmp_path / "none.log"), "--text"]) == 2
