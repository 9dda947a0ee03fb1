"""Public logs: each player's views and choices, rebuilt without requests, compared with the engine's own knowledge."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from test_gen1_old_logs import battles as battles_of_old_servers
from test_gen1_old_logs import lines_of

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.public_lines import NotAPublicLog
from pokespiel.game.gen1.public_logs import GivenTeamMismatch, Origin, PublicLog
from pokespiel.game.gen1.public_views import in_points
from pokespiel.game.gen1.replay import replay_page
from pokespiel.game.gen1.teams import PokemonSet, load_pool
from pokespiel.game.gen1.teams.formats import read_team
from pokespiel.game.gen1.teams.words import move_name, species_name
from pokespiel.game.gen1.tracker import decisions
from pokespiel.play.judging import Chosen
from pokespiel.play.session import BattleSession, BattleSetup

POOLS = {name: load_pool(name) for name in ("competitive", "variety")}
HP = ("own.hp", "global.own_health", "own_active.last_damage", "threats.knock_out")
"""Columns that depend on the player's own HP in points, which a spectator's log has in percent."""


def battles(pool: str, count: int) -> Iterator[BattleSession]:
    """Battles of a random player against scripted ones."""
    teams = POOLS[pool].teams
    for seed in range(count):
        rng = random.Random(seed)
        name = ("expert", "random", "gym_leader")[seed % 3]
        setup = BattleSetup((rng.choice(teams), rng.choice(teams)), seed=seed, names=("Ann", "Bob"))
        one = BattleSession(setup, BASELINES.build(name), name)
        while not one.ended:
            one.choose(rng.choice(one.choices()))
        yield one


def known(one: BattleSession, player: int) -> list[Chosen]:
    return [decision for decision in one.decisions if decision.player == player]


@pytest.mark.parametrize(("pool", "least"), [("competitive", 1.0), ("variety", 0.99)])
def test_a_players_log_without_requests_gives_the_engines_own_features(pool, least):
    """Given the player's team, from the lines sent to the player; `least`: the minimum share of decisions."""
    same = count = hidden = 0
    for one in battles(pool, 15):
        for player in (1, 2):
            log = PublicLog.of(one.log(player)).with_team(player, one.setup.teams[player - 1])
            found, real = list(log.decisions(player)), known(one, player)
            assert [decision.turn for decision in found] == [decision.turn for decision in real]
            for mine, true in zip(found, real, strict=True):
                count += 1
                same += np.array_equal(mine.features, true.features) and np.array_equal(mine.legal, true.legal)
                hidden += mine.choice is None
                assert mine.choice in (None, true.choice)
    assert count > 800
    assert same >= least * count
    assert hidden < 0.2 * count


def test_a_spectators_log_differs_in_the_own_hp_alone():
    names = np.array(view.feature_names())
    worst = 0.0
    for one in battles("competitive", 8):
        for player in (1, 2):
            log = PublicLog.of(one.log(0)).with_team(player, one.setup.teams[player - 1])
            for mine, true in zip(log.decisions(player), known(one, player), strict=True):
                assert np.array_equal(mine.legal, true.legal)
                different = [name.replace("[", ".").partition(".") for name in names[mine.features != true.features]]
                assert {f"{block}.{rest.rpartition('.')[2]}" for block, _, rest in different} <= set(HP)
                shares = view.column(mine.features, "own", "hp") - view.column(true.features, "own", "hp")
                worst = max(worst, float(np.abs(shares).max()))
    assert worst <= 0.0101, "HP are known to a whole percent"


def test_old_servers_logs_give_what_their_requests_gave():
    """Logs of 2021 and 2022 with their requests, read by the tracker, and without them.

    Old servers offered all moves to a Pokémon that could not act, where today's offer Fight: only there do they differ.
    """
    same = helpless = 0
    for messages, team, player in old_battles():
        lines = lines_of(messages)
        log = PublicLog.of(lines).with_team(player, team)
        real = [(one.turn, one.features(), one.legal()) for one in decisions(lines)]
        found = list(log.decisions(player))
        assert [one.turn for one in found] == [turn for turn, *_ in real]
        for mine, (_, features, legal) in zip(found, real, strict=True):
            if any(view.column(features, "own", status)[0] for status in ("asleep", "frozen")):
                helpless += 1
                assert np.array_equal(rows_without_request(mine.features), rows_without_request(features))
            else:
                same += 1
                assert np.array_equal(mine.features, features)
                assert np.array_equal(mine.legal, legal)
    assert (same, helpless) == (427, 55)


def old_battles() -> Iterator[tuple[list[str], tuple[PokemonSet, ...], int]]:
    """What each player of the usual teams was sent, the player's team as the first request has it, and the player."""
    for battle in battles_of_old_servers():
        for player in (1, 2) if battle["kind"] == "teams" else ():
            messages = battle[f"p{player}"]
            first = next(json.loads(text[9:]) for text in messages if text.startswith('|request|{"active"'))
            yield messages, tuple(map(set_of_request, first["side"]["pokemon"])), player


def set_of_request(told: dict) -> PokemonSet:
    """The set with these moves and Attack; every other stat is the highest."""
    one = PokemonSet(species_name(told["details"]), tuple(map(move_name, told["moves"])))
    fits = [
        replace(one, ivs=one.ivs._replace(atk=iv), evs=one.evs._replace(atk=ev)) for iv in range(32) for ev in (0, 252)
    ]
    return next(candidate for candidate in fits if candidate.stats.attack == told["stats"]["atk"])


def rows_without_request(features: np.ndarray) -> np.ndarray:
    """The columns that do not depend on a request's menu."""
    left = features.copy()
    for name in ("global", "moves"):
        left[view.block(name).start : view.block(name).stop] = 0
    return left


def test_what_the_log_hides_is_filled_in_and_marked():
    (one,) = battles("competitive", 1)
    log = PublicLog.of(one.log(0))
    for player in (1, 2):
        real = {own.species: own for own in one.setup.teams[player - 1]}
        filled = log.teams[player - 1]
        assert len(filled) == 6
        assert len({own.set.species for own in filled}) == 6
        assert filled[0].origin == Origin("revealed", 0)
        for own in filled:
            assert len(own.moves) == len(own.set.moves)
            for move, origin in zip(own.set.moves, own.moves, strict=True):
                if origin.source == "revealed":
                    assert move in real[own.set.species].moves
                    assert any(f"|{move}|" in line for line in log.lines)
                else:
                    assert origin == Origin("assumed")
            if own.origin.source == "revealed":
                assert own.set.species in real
        assert any(origin.source == "assumed" for own in filled for origin in own.moves)


def test_a_given_team_must_be_the_one_of_the_log():
    (one,) = battles("competitive", 1)
    log = PublicLog.of(one.log(0))
    given = log.with_team(1, one.setup.teams[0])
    assert {own.set for own in given.teams[0]} == set(one.setup.teams[0])
    assert all(origin.source in ("revealed", "given") for own in given.teams[0] for origin in own.moves)
    assert given.teams[1] == log.teams[1]
    with pytest.raises(GivenTeamMismatch, match="which is not in the given team"):
        log.with_team(1, read_team("Mew\n- Psychic\n"))
    shown = log.teams[0][0]
    other = "Splash" if "Splash" not in shown.set.moves else "Growl"
    with pytest.raises(GivenTeamMismatch, match="does not know"):
        log.with_team(1, (read_team(f"{shown.set.species}\n- {other}\n")[0], *one.setup.teams[0][1:]))


def test_every_way_to_write_a_log_is_the_same_log():
    (one,) = battles("competitive", 1)
    bare = PublicLog.of(one.log(0))
    texts = {
        "lines": "\n".join(one.log(0)),
        "all": "\r\n".join(one.log(None)),
        "replay": json.dumps({"id": "gen1ou-1", "log": "\n".join(["|c|x|<b>hi</b>", *one.log(0), "|raw|<p>"])}),
        "list": json.dumps({"log": one.log(None)}),
        "page": replay_page(one.log(0), "A battle"),
    }
    for name, text in texts.items():
        assert PublicLog.read(text) == bare, name
    assert bare.names == ("Ann", "Bob")
    assert bare.winner == one.winner
    assert PublicLog.of(one.log(0)[:-1]).winner is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no battle in this text"),
        ("hello", "no battle in this text"),
        ("{", "not the JSON of a replay"),
        ('{"id": 1}', 'no "log"'),
        ("|gen|2\n|switch|p1a: A|Ampharos|100/100\n|turn|1", "another generation"),
        ("|gen|1\n|switch|p1a: A|Ampharos|100/100\n|turn|1", "no Pokémon of Gen 1 is called 'Ampharos'"),
        ("|gen|1\n|switch|p1b: A|Tauros|100/100\n|turn|1", "expected a singles battle"),
    ],
)
def test_what_is_no_log_is_refused_in_a_sentence(text, message):
    with pytest.raises(NotAPublicLog, match=message):
        list(PublicLog.read(text).teams)


def test_random_lines_raise_value_errors_alone():
    (one,) = battles("competitive", 1)
    lines, rng = one.log(0), random.Random(4)
    for _ in range(120):
        spoiled = list(lines)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(spoiled))
            words = spoiled[place].split("|")
            words[rng.randrange(len(words))] = rng.choice(
                ["", "x", "p1a: X", "-1", "0 fnt", "7/0", "Tauros", "slp", "p3"]
            )
            spoiled[place] = rng.choice(["|".join(words), "", "|", lines[rng.randrange(len(lines))]])
        try:
            log = PublicLog.of(spoiled)
            for player in (1, 2):
                list(log.decisions(player))
        except ValueError:
            continue


def test_percent_in_points_and_back():
    for full in (251, 353, 703):
        for hp in range(1, full + 1):
            shown = 100 if hp == full else min(99, -(-100 * hp // full))
            points = int(in_points(f"{shown}/100 par", full).partition("/")[0])
            again = 100 if points == full else min(99, -(-100 * points // full))
            assert again == shown
            assert abs(points - hp) <= full / 100 + 1
    assert in_points("0 fnt", 353) == "0 fnt"
    assert in_points("200/353 slp", 353) == "200/353 slp"
    assert in_points("24/48", 353) == "176/353", "the pixels of old replays"


def test_moves_that_are_copied_or_called_are_not_the_teams():
    lines = """|player|p1|Ann||
|player|p2|Bob||
|gen|1
|start
|switch|p1a: Ditto|Ditto|100/100
|switch|p2a: Mew|Mew|100/100
|turn|1
|move|p2a: Mew|Metronome|p1a: Ditto
|move|p2a: Mew|Surf|p1a: Ditto|[from]Metronome
|-damage|p1a: Ditto|60/100
|move|p1a: Ditto|Transform|p2a: Mew
|-transform|p1a: Ditto|p2a: Mew
|turn|2
|move|p2a: Mew|Psychic|p1a: Ditto
|-damage|p1a: Ditto|40/100
|move|p1a: Ditto|Soft-Boiled|p1a: Ditto
|turn|3""".splitlines()
    log = PublicLog.of(lines)
    shown = [
        {move for move, origin in zip(one.set.moves, one.moves, strict=True) if origin.source == "revealed"}
        for one in (log.teams[0][0], log.teams[1][0])
    ]
    assert shown == [{"Transform"}, {"Metronome", "Psychic"}]
