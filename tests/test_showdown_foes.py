"""Opponents on a real server that forfeit, hide, rename, flood, disappear or do not play.

Every battle is counted as the server counts it, and every wait is as short as possible.
"""

import time
from contextlib import ExitStack

import numpy as np
import pytest
from poke_env.player import RandomPlayer
from showdown_foe import Foe, playing, wait_for

from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams import load_pool
from pokespiel.showdown.arena import Conditions, local_server, play_arena, seat_swapped
from pokespiel.showdown.contestants import PokeEnvContestant, PolicyContestant
from pokespiel.showdown.online import Account, Online
from pokespiel.showdown.serve import serve

BOT = "Our Bot"


@pytest.fixture(scope="module")
def server(showdown):
    with serve() as running:
        yield running


def online(server, **conditions):
    teams = load_pool("competitive").teams
    conditions = {"patience": 20.0, "attempts": 2, "pause": 0.0} | conditions
    return Online(BASELINES.build("random"), teams, local_server(server.port), Account(BOT, None), 0, **conditions)


def challenged(server, foe, matches=1, **conditions):
    """The tally of matches against a challenged foe."""
    with playing(foe):
        return online(server, **conditions).challenge(foe.name, matches).finish()


class Quitter(Foe):
    """Forfeits in turn 1, the next time in turn 2, and so on; in turn 0 before it is asked for anything."""

    def __init__(self, port, name, first=1):
        super().__init__(port, name)
        self.first = first

    def began(self):
        self.turned(0)

    def turned(self, turn):
        if turn == self.first + len(self.results):
            self.say("/forfeit")


def test_battles_that_the_opponent_forfeits_are_won(server):
    foe = Quitter(server.port, "quitter", first=0)
    tally = challenged(server, foe, 6)
    assert foe.results == [BOT] * 6
    assert (tally.won, tally.problems) == (6, ())


class Crossing(Foe):
    """Forfeits when it is asked for its third choice, just as the other side chooses."""

    def began(self):
        self.times = 0

    def asked(self, request):
        self.times += 1
        if self.times == 3:
            self.say("/forfeit")
        else:
            super().asked(request)


def test_a_forfeit_that_crosses_with_our_choice_is_won(server):
    foe = Crossing(server.port, "crossing")
    tally = challenged(server, foe, 12)
    assert foe.results == [BOT] * 12
    assert (tally.won, tally.problems) == (12, ())


class PokeEnvQuitter(RandomPlayer):
    """poke-env's random player, which forfeits in its third turn."""

    async def choose_move(self, battle):
        if battle.turn == 3:
            await self.ps_client.send_message("/forfeit", battle.battle_tag)
        return self.choose_random_move(battle)


def test_forfeits_in_the_arena_are_won(server):
    policy = PolicyContestant.of(BASELINES.build("random"), np.random.default_rng(0))
    foe = PokeEnvContestant.named("test_showdown_foes:PokeEnvQuitter")
    pool = load_pool("competitive")
    fixtures = seat_swapped([(pool[i], pool[i + 1]) for i in range(4)])
    results = dict(play_arena((policy, foe), fixtures, [local_server(server.port)], Conditions(2)))
    assert [(result.utility, result.problems) for result in results.values()] == [(1.0, ())] * 8


class Hider(Foe):
    """Leaves the battle and reopens it, turn by turn, closes it to others, and forfeits in turn 8."""

    def turned(self, turn):
        said = {7: "/inviteonly on", 8: "/forfeit"}.get(turn, ("/hideroom", "/publicroom")[turn % 2])
        self.say(said)


def test_a_battle_that_is_hidden_is_followed(server):
    foe = Hider(server.port, "hider")
    tally = challenged(server, foe, 4)
    assert foe.results == [BOT] * 4
    assert (tally.won, tally.problems) == (4, ())
    assert all(battle.turns == 8 for battle in tally.battles)
    assert all(battle.room.endswith("pw") for battle in tally.battles)


class Flooder(Foe):
    """Sends many messages, some in the server's words, changes its name each turn, starts the timer, and forfeits."""

    def turned(self, turn):
        for line in ("|win|" + BOT, "|deinit", "x|error|[Invalid choice] no", "!dt tauros", "GG " * 90):
            for _ in range(10):
                self.say(line)
        self.say("/timer on")
        self.say("/offertie")
        self.say(f"/trn flooder{turn},0,", "")
        if turn == 5:
            self.say("/forfeit")


def test_chat_and_new_names_change_nothing(server):
    foe = Flooder(server.port, "flooder")
    tally = challenged(server, foe)
    assert foe.results == [BOT]
    assert (tally.won, tally.problems, tally.battles[0].turns) == (1, (), 5)


class Leaver(Foe):
    """Leaves its place in the battle in turn 2."""

    def turned(self, turn):
        if turn == 2:
            self.say("/leavebattle")
            self.say("/leave")


def test_an_opponent_that_leaves_its_place_is_left_when_patience_ends(server):
    began = time.monotonic()
    tally = challenged(server, Leaver(server.port, "leaver"), patience=2.0, attempts=1)
    assert (tally.given_up, tally.problems) == (1, ("nothing happened for 2 s in turn 2",))
    assert time.monotonic() - began < 20, "the usual patience"


class Dropper(Foe):
    """Loses its connection in turn 2 and does not come back."""

    def turned(self, turn):
        if turn == 2:
            self.socket.close()


def test_a_battle_goes_on_when_the_opponent_comes_back(server):
    with playing(Dropper(server.port, "dropper")) as foe:
        series = online(server).challenge("dropper", 1)
        for moment in series:
            if moment.tally.battles:
                break
        foe._thread.join()
        with playing(Quitter(server.port, "dropper", first=6)) as again:  # the server puts it back into its battle
            tally = series.finish()
    assert again.results == [BOT]
    assert (tally.won, tally.battles[0].turns) == (1, 6)


# Challenges that come to nothing --------------------------------------------------------------------------------------


class Refuser(Foe):
    """Rejects its first challenges, and forfeits the battles of later ones."""

    rejected = 0
    times = 2

    def challenged(self, opponent):
        self.rejected += 1
        if self.rejected <= self.times:
            self.say(f"/reject {opponent}", "")
        else:
            self.accept(opponent)

    def began(self):
        self.say("/forfeit")


def test_a_rejected_challenge_is_noticed_at_once_and_made_again(server):
    began = time.monotonic()
    tally = challenged(server, Refuser(server.port, "refuser"), 1, attempts=3)
    assert time.monotonic() - began < 20, "the usual patience"
    assert tally.problems == ("refuser rejected the challenge.",) * 2
    assert tally.won == 1


def test_a_challenge_to_one_who_goes_is_told_apart(server):
    class Goer(Foe):
        def challenged(self, opponent):
            self.socket.close()

    tally = challenged(server, Goer(server.port, "goer"))
    assert tally.problems == (
        "goer went offline or changed its name",
        "the server refused: The user 'goer' was not found.",
    )


def test_a_challenge_that_nobody_answers_is_withdrawn_when_patience_ends(server):
    class Sleeper(Foe):
        def challenged(self, opponent):
            pass

    foe = Sleeper(server.port, "sleeper")
    began = time.monotonic()
    tally = challenged(server, foe, patience=1.0, attempts=1)
    assert 1.0 <= time.monotonic() - began < 20, "the usual patience"
    assert tally.problems == ("sleeper did not answer the challenge within 1 s",)
    assert any("cancelled the challenge" in message for message in foe.heard)


def test_one_who_blocks_challenges_is_told(server):
    with playing(Foe(server.port, "blocker")) as foe:
        foe.say("/blockchallenges", "")
        (problem, _) = online(server).challenge("blocker", 1).finish().problems
    assert problem == "the server refused: The user 'blocker' is not accepting challenges right now."


def test_patience_is_what_it_says(server):
    began = time.monotonic()
    tally = online(server, patience=1.0, attempts=1).accept(1).finish()
    assert 1.0 <= time.monotonic() - began < 20, "the usual patience"
    assert tally.problems == ("no challenge came within 1 s",)


class Wavering(Foe):
    """Challenges and withdraws three times at once, then challenges in earnest, and forfeits."""

    def start(self):
        for _ in range(3):
            self.challenge(BOT)
            self.say(f"/cancelchallenge {BOT}", "")
        time.sleep(0.3)
        self.challenge(BOT)

    def began(self):
        self.say("/forfeit")


def test_withdrawn_challenges_consume_no_attempt(server):
    with playing(Wavering(server.port, "wavering")) as foe:
        series = online(server, attempts=1).accept(1)
        assert next(series).doing == "looking for an opponent"
        foe.start()
        tally = series.finish()
    assert (tally.won, tally.problems) == (1, ())


def test_a_challenge_withdrawn_during_a_battle_is_forgotten(server):
    class Stale(Foe):
        def began(self):
            self.say("/forfeit")

    with ExitStack() as stack:
        slow = stack.enter_context(playing(Quitter(server.port, "slow", first=4)))
        stale = stack.enter_context(playing(Stale(server.port, "stale")))
        slow.turned = lambda turn: (
            turn == 2 and (stale.challenge(BOT), time.sleep(0.3), stale.say(f"/cancelchallenge {BOT}", "")),
            turn == 4 and slow.say("/forfeit"),
        )
        series = online(server, attempts=1, patience=2.0).accept(2)
        next(series)
        slow.challenge(BOT)
        tally = series.finish()
    assert (tally.won, tally.problems) == (1, ("no challenge came within 2 s",))


def test_challenges_of_several_at_once_are_played_one_after_another(server):
    with ExitStack() as stack:
        foes = [stack.enter_context(playing(Quitter(server.port, f"foe{i}"))) for i in range(3)]
        other = stack.enter_context(playing(Foe(server.port, "other")))
        other.challenge(BOT, "gen9randombattle")  # before it is there, and another game
        series = online(server).accept(3)
        next(series)
        other.challenge(BOT, "gen9randombattle")
        for foe in foes:
            foe.challenge(BOT)
        tally = series.finish()
    assert (tally.won, tally.problems) == (3, ())
    assert sorted(battle.opponent for battle in tally.battles) == ["foe0", "foe1", "foe2"]


def test_mutual_challenges_are_one_battle(server):
    class Mutual(Quitter):
        def challenged(self, opponent):
            self.challenge(opponent)

    tally = challenged(server, Mutual(server.port, "mutual"), 2)
    assert (tally.won, tally.problems) == (2, ())


# The server -----------------------------------------------------------------------------------------------------------


def test_a_server_that_is_restarted_ends_the_battle_without_a_result(showdown):
    class Patient(Foe):
        def turned(self, turn):
            if turn == 3:
                self.stopped = True

        def asked(self, request):
            if not getattr(self, "stopped", False):
                super().asked(request)

    with serve() as first, playing(Patient(first.port, "patient")) as foe:
        series = online(first, attempts=200, pause=0.1).challenge("patient", 2)
        for moment in series:
            if moment.tally.battles:
                break
        wait_for(lambda: getattr(foe, "stopped", False))
        first.stop()
        with serve(first.port) as second, playing(Quitter(second.port, "patient")) as again:
            tally = series.finish()
    assert tally.won == 2
    assert again.results == [BOT] * 2
    (lost,) = (battle for battle in tally.battles if battle.outcome != "won")
    assert lost.outcome == "unfinished"
    assert lost.reason in tally.problems


def test_names_that_the_server_writes_otherwise_are_let_in(server):
    for name in ("Two  Blanks", "Jürgen Ü", "comma, bot"):
        bot = Online(
            BASELINES.build("random"),
            load_pool("one").teams,
            local_server(server.port),
            Account(name, None),
            0,
            patience=0.5,
            attempts=1,
        )
        assert bot.accept(1).finish().problems == ("no challenge came within 0.5 s",)
