"""Messages of hostile, broken or different servers: they give an unfinished match, never a false result or an endless
wait."""

import json

import pytest
from showdown_liar import lying

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown import player
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.online import Account, Online

ROOM = ">battle-gen1ou-1\n"
TEAMS = load_pool("one").teams
PATIENCE = 0.7
"""Seconds to wait for something that must not happen."""


def battle_begun(*more, request=None):
    """A real beginning of a battle, then `more` in its room."""
    battle = Battle(TEAMS[0], TEAMS[0], names=("victim", "liar"))
    lines = "\n".join(battle.log(1))
    return [
        f"{ROOM}|init|battle\n|title|victim vs. liar\n|j|☆victim",
        f"{ROOM}{lines}",
        f"{ROOM}|request|{battle.request(1) if request is None else request}",
        *(ROOM + line if isinstance(line, str) else line for line in more),
    ]


def changed_request(**changes):
    """A real request with other values of its active Pokémon's first move."""
    request = json.loads(Battle(TEAMS[0], TEAMS[0]).request(1))
    request["active"][0]["moves"][0].update(changes)
    return json.dumps(request)


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    """These servers never confirm a forfeit."""
    monkeypatch.setattr(player, "GRACE", 0.1)


def play(lines, patience=20.0):
    """One match on a server that sends `lines`: the tally and what the server received."""
    with lying(lines) as liar:
        policy, account = BASELINES.build("expert"), Account("victim", None)
        tally = Online(policy, TEAMS, local_server(liar.port), account, 0, patience, 1).ladder(1).finish()
    return tally, liar.heard


NOT_OURS = (
    [""],
    ["\n\n", "|", "||", ">", ">\n", "|\x00|\x01", "no bars", "|updateuser|", "|pm|", "|updatechallenges|{", "|popup"],
    [">battle-gen1ou-9\n|turn|3", ">battle-gen1ou-9\n|win|victim"],
    [">battle-gen9ou-1\n|init|battle", ">battle-gen9ou-1\n|win|victim"],
    [">battle-gen1ou\n|init|battle", ">game-bestof3-gen1ou-1\n|init|game"],
    [">lobby\n|init|chat\n|title|Lobby\n|raw|<script>", "|html|<img onerror=x>", "|openpage|https://example.org"],
    ["|formats" + "|x" * 100_000, "|raw|" + "x" * 900_000],
    ["|queryresponse|userdetails|{", "|pm| a| victim|/challenge gen9ou", "|pm| a| victim|/error no"],
)  # fmt: skip


@pytest.mark.parametrize("lines", NOT_OURS)
def test_what_is_no_battle_of_ours_is_passed_over(lines):
    tally, heard = play(lines, PATIENCE)
    assert tally.finished == 0
    assert tally.problems == (f"nobody was found within {PATIENCE:g} s",)
    assert not any("/choose" in message or "/forfeit" in message for message in heard)


LIES = {
    "a number too large": battle_begun("|-damage|p1a: Tauros|99999999999999999999/353"),
    "no number": battle_begun("|turn|NaN"),
    "a missing field": battle_begun("|turn"),
    "an unknown move": battle_begun("|move|p2a: X|Moonblast|p1a: Y"),
    "an unknown species": battle_begun("|switch|p2a: X|Pikablu|100/100"),
    "another generation": battle_begun("|gen|9"),
    "another game": battle_begun("|gametype|doubles"),
    "a third player": battle_begun("|faint|p3a: X"),
    "a winner who does not play": battle_begun("|win|Nobody"),
    "no winner": battle_begun("|win"),
    "the log of both": battle_begun("|split|p1"),
    "a refused choice": battle_begun("|error|[Invalid choice] Can't move: it is asleep"),
    "no JSON": battle_begun(request="{"),
    "a deep request": battle_begun(request='{"side":' * 9000),
    "another version's move": battle_begun(request=changed_request(id="moonblast")),
    "too many PP": battle_begun(request=changed_request(pp=1e9)),
    "another version's PP": battle_begun(request=changed_request(pp="8")),
    "a request for nobody": battle_begun(request="{}"),
    "the other player's request": battle_begun(
        "|request|" + Battle(TEAMS[0], TEAMS[0], names=("victim", "liar")).request(2)
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_the_match_unfinished(lie):
    tally, heard = play(LIES[lie])
    assert tally.finished == 0
    (problem,) = tally.problems
    assert any(word in problem for word in ("line", "request", "refused a choice")), problem
    assert len(problem) < 400
    assert any(message == "battle-gen1ou-1|/forfeit" for message in heard)


def test_a_true_battle_that_ends_is_counted():
    tally, heard = play(battle_begun(..., "|win|victim"))
    assert (tally.won, tally.problems) == (1, ())
    assert any(message.startswith("battle-gen1ou-1|/choose move") for message in heard)


NO_CHOICE = "|error|[Invalid choice] There's nothing to choose"
ENDINGS = {
    "an error before": (NO_CHOICE, "|win|victim"),
    "an error after": ("|win|victim", NO_CHOICE, "|error|[Invalid choice] Can't do anything: The game is over"),
    "a refusal after": ("|win|victim", "|error|[Invalid choice] Can't move: Your Tauros doesn't have a move 5"),
    "one message": (f"{NO_CHOICE}\n|win|victim\n|error|[Invalid choice] Can't move: it is asleep",),
    "another winner after": ("|win|victim", "|win|liar", "|tie"),
    "the room closed after": ("|win|victim", "|deinit", "|expire|", "|noinit|nonexistent|no such room"),
    "the connection lost after": ("|win|victim", None),
    "out of the room before": ("|deinit", "|win|victim"),
    "a new name before": ("|noinit|rename|battle-gen1ou-1-pw|victim vs. liar", "|win|victim"),
    "told again": ("|win|victim", "|init|battle\n|win|victim"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_battle_that_the_server_has_ended_counts_once_as_it_says(ending):
    tally, heard = play(battle_begun(..., *ENDINGS[ending]))
    assert (tally.won, tally.finished, tally.problems) == (1, 1, ())
    assert not any("/forfeit" in message for message in heard)


@pytest.mark.parametrize("lines", [[None], [b"\xff\xfe|broken"], ["|raw|" + "x" * 9_000_000], [*battle_begun(), None]])
def test_a_server_that_hangs_up_for_good_is_left(lines):
    tally, _ = play(lines, PATIENCE)
    assert tally.finished == 0
    assert len(tally.problems) == 1


@pytest.mark.parametrize("name", ["victim", "victim,", "Vic  tim", "|[Víctim]|"])
def test_a_name_is_compared_as_servers_compare_them(name):
    with lying([]) as liar:
        online = Online(BASELINES.build("random"), TEAMS, local_server(liar.port), Account(name, None), 0, PATIENCE, 1)
        (problem,) = online.ladder(1).finish().problems
    assert problem.startswith("nobody was found")  # it was let in
