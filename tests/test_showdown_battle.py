"""A battle from a server's lines: the result is the one that the server reports, whatever comes before or after it."""

import asyncio
from itertools import permutations

import numpy as np
import pytest
from poke_env import ServerConfiguration

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown.battle import LiveBattle
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.player import PolicyPlayer
from pokespiel.showdown.protocol import battle_number, messages, popup_text, user_id
from pokespiel.showdown.tally import NOTHING, PlayedBattle

TEAM = load_pool("one")[0]
ROOM = "battle-gen1ou-7"
HIDDEN = f"{ROOM}-k3jpw"
NO_CHOICE = "|error|[Invalid choice] There's nothing to choose"
GAME_OVER = "|error|[Invalid choice] Can't do anything: The game is over"
HARMLESS = (
    NO_CHOICE,
    GAME_OVER,
    "|error|[Invalid choice] Sorry, too late to make a different move; the next turn has already started",
    "|error|[Invalid choice] Can't undo: A trapping/disabling effect would cause undo to leak information",
    "|error|[Unavailable choice] Can't switch: The active Pokémon is trapped",
    "|error|The timer is already on.",
    "|error|You are muted and cannot talk in this room.",
    "|bigerror|You will auto-tie if you don't end the game in 100 turns (on turn 1000).",
    "|c|☆foe|nice|win|foe",
    "|c|☆foe||deinit",
    "|inactive|foe disconnected and has 300 seconds to reconnect!",
    "|player|p2|",
    "|j| watcher",
)


def beginning():
    battle = Battle(TEAM, TEAM, names=("Our Bot", "Foe"))
    return [*battle.log(1), f"|request|{battle.request(1)}"]


def test_an_opponents_rating_is_the_one_that_the_server_shows():
    assert battle_begun("|player|p2|Foe|1|1432").opponent_rating == 1432
    assert battle_begun("|player|p2|Foe|1|").opponent_rating is None
    assert battle_begun("|player|p1|ourbot|1|1500", "|player|p2|Foe|1|").opponent_rating is None


def battle_begun(*lines):
    battle = LiveBattle(ROOM, "ourbot")
    assert battle.hear(beginning()) is not None
    for line in lines:
        battle.hear([line])
    return battle


@pytest.mark.parametrize(("end", "utility"), [("|win|Our Bot", 1.0), ("|win|Foe", -1.0), ("|tie", 0.0), ("|tie|", 0.0)])
@pytest.mark.parametrize("error", [*HARMLESS, "|error|[Invalid choice] Can't move: it is asleep", "|win|Foe", "|tie"])
def test_what_follows_an_end_changes_nothing(end, utility, error):
    battle = battle_begun(end, error)
    assert (battle.utility, battle.trouble, battle.gone) == (utility, "", "")
    assert PlayedBattle.of(battle).outcome == {1.0: "won", -1.0: "lost", 0.0: "tied"}[utility]


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless_lines_leave_the_battle_running(line):
    battle = battle_begun(line)
    assert not battle.over.is_set()
    assert battle.awaits


@pytest.mark.parametrize(
    "line",
    [
        "|error|[Invalid choice] The battle crashed",
        "|bigerror|The simulator process crashed. We've been notified and will fix this ASAP.",
    ],
)
def test_a_broken_battle_has_no_result(line):
    battle = battle_begun(line)
    assert battle.over.is_set()
    assert (PlayedBattle.of(battle).outcome, battle.utility) == ("unfinished", None)
    assert "crashed" in PlayedBattle.of(battle).reason


def test_a_refused_choice_is_given_up_and_the_end_is_still_the_servers():
    refused = "|error|[Invalid choice] Can't move: Your Tauros doesn't have a move matching surf"
    battle = battle_begun(refused)
    assert not battle.over.is_set()
    assert "matching surf" in battle.trouble
    assert PlayedBattle.of(battle_begun(refused, "|win|Foe")).outcome == "given up"
    assert PlayedBattle.of(battle_begun(refused, "|win|Our Bot")).outcome == "won"
    assert PlayedBattle.of(battle_begun(refused, "|tie")).outcome == "tied"


def test_a_win_counts_although_the_counting_of_blunders_fails(monkeypatch, caplog):
    battle = battle_begun()
    monkeypatch.setattr(battle.watch, "see", lambda *_: 1 / 0)
    battle.hear(["|win|Our Bot"])
    assert battle.utility == 1.0
    assert battle.over.is_set()
    assert "was not counted" in caplog.text


def test_an_opponent_may_change_its_name():
    battle = battle_begun("|player|p2|New Foe|1|", "|win|New Foe")
    assert (battle.utility, battle.opponent) == (-1.0, "New Foe")
    assert battle_begun("|player|p2|New Foe|1|", "|player|p2|Foe|1|").opponent == "Foe"


# Rooms ----------------------------------------------------------------------------------------------------------------


class Silent(PolicyPlayer):
    """A player without a server: what it would say is kept."""

    def __init__(self):
        desk = InferenceBatcher(BASELINES.build("random"), np.random.default_rng(0))
        super().__init__(desk, name="Our Bot", server=ServerConfiguration("", ""))
        self.said = []
        self.connection.say = self.say

    async def say(self, text, room=""):
        self.said.append((room, text))

    def hear(self, room, *lines):
        self._hear(room, list(lines))

    def hear_begin(self, room=ROOM):
        self.hear(room, "|init|battle", "|title|Our Bot vs. Foe", *beginning())
        return self.battles[-1]


def told(*script):
    """A player after a script of (room, line ...), each with time to answer."""

    async def play():
        player = Silent()
        player.hear_begin()
        await asyncio.sleep(0.005)
        for room, *lines in script:
            player.hear(room, *lines)
            await asyncio.sleep(0.005)
        await player.close()
        return player

    return asyncio.run(play())


CLOSED = ("|noinit|nonexistent|The room does not exist.", "|noinit|joinfailed|You are banned.", "|expire|")


@pytest.mark.parametrize("order", list(permutations(["|win|Our Bot", NO_CHOICE, "|deinit", CLOSED[0], CLOSED[2]])))
def test_in_whichever_order_a_room_closes_a_win_that_was_told_counts(order):
    player = told(*((ROOM, line) for line in order))
    (battle,) = player.battles
    closed = min(order.index(CLOSED[0]), order.index(CLOSED[2]))
    assert PlayedBattle.of(battle).outcome == ("won" if order.index("|win|Our Bot") < closed else "unfinished")
    assert battle.trouble == ""
    assert (ROOM, "/forfeit") not in player.said


@pytest.mark.parametrize("line", CLOSED)
def test_a_room_that_is_closed_ends_the_battle_at_once(line):
    (battle,) = told((ROOM, line)).battles
    assert battle.over.is_set()
    assert PlayedBattle.of(battle).reason.startswith("its room is closed")


def test_a_renamed_room_is_followed_and_the_last_choice_said_again():
    player = told((ROOM, f"|noinit|rename|{HIDDEN}|Our Bot vs. Foe"))
    (battle,) = player.battles
    assert battle.room == HIDDEN
    choices = [(room, text) for room, text in player.said if text.startswith("/choose")]
    assert [room for room, _ in choices][-1] == HIDDEN
    assert len({text for _, text in choices}) == 1


def test_the_new_name_of_a_room_is_the_one_that_counts():
    rename = f"|noinit|rename|{HIDDEN}|Our Bot vs. Foe"
    player = told((ROOM, rename), (ROOM, "|noinit|nonexistent|gone"), (ROOM, "|deinit"), (HIDDEN, "|win|Our Bot"))
    assert PlayedBattle.of(player.battles[0])[:4] == (HIDDEN, "", "Foe", "won")
    player = told((ROOM, rename), (HIDDEN, f"|noinit|rename|{ROOM}|Our Bot vs. Foe"), (ROOM, "|tie"))
    assert PlayedBattle.of(player.battles[0]).outcome == "tied"


def test_a_battle_is_told_again_and_answered_once():
    begin = beginning()
    player = told((HIDDEN, "|init|battle", *begin))  # the room was renamed while we were away
    (battle,) = player.battles
    assert battle.room == HIDDEN
    assert battle.decisions == 2  # these requests have no number, so nothing shows that they are the same
    numbered = [line.replace('{"', '{"rqid":5,"', 1) if line.startswith("|request|") else line for line in begin]
    player = told((ROOM, numbered[-1]), (HIDDEN, "|init|battle", *numbered))
    assert player.battles[0].decisions == 2
    assert [text for room, text in player.said if room == HIDDEN][-1].endswith("|5")


def test_thrown_out_of_the_room_we_ask_to_be_let_in_again_once():
    player = told((ROOM, "|deinit"), (ROOM, "|deinit"))
    assert player.said.count(("", f"/join {ROOM}")) == 1
    player = told((ROOM, "|deinit"), (ROOM, "|init|battle", *beginning(), "|win|Our Bot"))
    assert player.battles[0].utility == 1.0


def test_a_room_of_the_same_number_after_a_restart_is_another_battle():
    first = ["|t:|100", *beginning()]
    player = told((ROOM, "|t:|100"), (ROOM, "|init|battle", "|t:|200", *first[1:]))
    assert [PlayedBattle.of(battle).outcome for battle in player.battles] == ["unfinished", None]
    assert "restarted" in player.battles[0].gone


def test_a_battle_that_was_counted_is_not_counted_again():
    ended = [*beginning(), "|win|Our Bot"]
    player = told((ROOM, "|win|Our Bot"), (ROOM, "|init|battle", *ended), ("battle-gen1ou-9", "|init|battle", *ended))
    assert len(player.battles) == 1


# Names and counts -----------------------------------------------------------------------------------------------------


def test_names_and_messages_are_taken_apart_as_the_server_makes_them():
    assert [user_id(name) for name in ("Jürgen  B.", "  our BOT ", "‽", "K")] == ["jrgenb", "ourbot", "", "k"]
    assert battle_number(HIDDEN) == battle_number(ROOM) == ROOM
    assert [battle_number(room) for room in ("battle-gen1ou", "battle-gen9ou-1", "battle-gen1ou-1x", "lobby")] == [
        None
    ] * 4
    assert messages(">room\n|a|b\n") == ("room", ["|a|b", ""])
    assert messages("|a|b") == ("", ["|a|b"])
    assert (
        popup_text(["Your team was rejected:", "", "", "", "- Mew is banned", ""])
        == "Your team was rejected: - Mew is banned|"
    )


def test_a_tally_follows_a_battle_through_renames_and_keeps_what_has_ended():
    running = PlayedBattle(ROOM)
    tally = NOTHING.noting(running).noting(PlayedBattle(HIDDEN, "100", "Foe"))
    assert tally.battles == (PlayedBattle(HIDDEN, "100", "Foe"),)
    tally = tally.noting(PlayedBattle(ROOM, "100", "Foe", "won", 9))
    again = tally.noting(running)  # a restarted server gives the number again
    assert [battle.outcome for battle in again.battles] == ["won", None]
    assert again.noting(PlayedBattle(ROOM, "300", "Foe", "given up", 2, "why")).given_up == 1
    assert (again.won, again.finished, again.score()[0]) == (1, 1, 1.0)
