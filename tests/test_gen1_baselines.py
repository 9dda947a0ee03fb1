"""Scripted Gen 1 players: each behaves as documented in constructed positions, and the expert beats the others."""

from __future__ import annotations

import numpy as np
import pytest

from pokespiel.core.policy import POLICIES, Observations, Uniform, sample_actions, take
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.registry import BadOption
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.damage import damages
from pokespiel.game.gen1.baselines.facts import effectiveness, moves, species
from pokespiel.game.gen1.baselines.likely import likely_moves
from pokespiel.game.gen1.baselines.trainer_ai import TrainerAI
from pokespiel.game.gen1.batch import BattleBatch
from pokespiel.game.gen1.battle import Entrant
from pokespiel.game.gen1.teams import PokemonSet
from pokespiel.game.gen1.view import action_of
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import interval

RANDOM = Uniform()


def member(species: str, *names: str, **condition) -> Entrant:
    return Entrant(PokemonSet(species, names), **condition)


def position(own, foe, plays=(), seed=1) -> Observations:
    """What the first player sees after `plays`, pairs of choices; "" where a player is not asked."""
    batch = BattleBatch(1, [own, foe])
    batch.restart([0], np.array([[0, 1]]), [seed])
    for pair in plays:
        batch.step(np.array([[action_of(choice) if choice else 0] for choice in pair]))
    battles, features, legal = batch.observation(0)
    assert len(battles) == 1, "the first player has no choice here"
    return Observations(0, features, legal, np.full(1, -1))


def choices(name: str, seen: Observations, **options) -> set[str]:
    """The moves (by id) and switches (">species") that a baseline plays in a position."""
    board = Board(seen)
    probabilities = BASELINES.build(name, options).probabilities(seen)[0]
    move_names = {number: move for move, number in moves().number.items()}
    names = {number: kind for kind, number in species().number.items()}
    return {
        move_names[board.moves.move[0, action]] if action < 4 else ">" + names[board.own.species[0, action - 3]]
        for action in np.flatnonzero(probabilities)
    }


TAUROS = member("Tauros", "Body Slam", "Hyper Beam", "Earthquake", "Blizzard")
SNORLAX = member("Snorlax", "Body Slam", "Reflect", "Rest", "Self-Destruct")
CHANSEY = member("Chansey", "Ice Beam", "Thunder Wave", "Soft-Boiled", "Sing")
EXEGGUTOR = member("Exeggutor", "Sleep Powder", "Psychic", "Explosion", "Stun Spore")
RHYDON = member("Rhydon", "Earthquake", "Rock Slide", "Body Slam", "Substitute")
STARMIE = member("Starmie", "Surf", "Thunderbolt", "Blizzard", "Recover")
JOLTEON = member("Jolteon", "Thunderbolt", "Thunder Wave", "Double Kick", "Pin Missile")


@pytest.fixture(scope="module")
def game():
    return load_game("gen1ou(pool=competitive)")


@pytest.fixture(scope="module")
def situations(game) -> list[Observations]:
    """Situations of both seats from battles of the expert and random play, mixed."""
    rng = np.random.default_rng(5)
    matches, expert = game.start(np.arange(48)), BASELINES.build("expert")
    seen = []
    for step in range(60):
        actions = np.zeros((2, 48), int)
        for player in (0, 1):
            awaiting, observations = matches.observe(player)
            if len(awaiting) == 0:
                continue
            seen.append(take(observations, np.arange(len(awaiting))))
            policy = expert if (step + player) % 3 else RANDOM
            actions[player, awaiting] = sample_actions(policy.probabilities(observations), rng)
        matches.step(actions)
    return seen


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_are_legal_and_sum_to_one_in_either_seat(name, situations):
    policy = BASELINES.build(name)
    seats = set()
    for seen in situations:
        probabilities, _ = policy(seen, policy.start(len(seen.legal), np.random.default_rng(0)))
        seats.add(seen.player)
        assert np.isfinite(probabilities).all()
        assert (probabilities >= 0).all()
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(seen.legal)))
        assert not probabilities[~seen.legal].any()
    assert seats == {0, 1}


@pytest.mark.parametrize("name", BASELINES)
def test_a_row_does_not_depend_on_the_batch_around_it(name, situations):
    policy, seen = BASELINES.build(name), situations[40]
    whole = policy.probabilities(seen)
    for row in range(0, len(whole), 7):
        assert policy.probabilities(take(seen, np.array([row])))[0] == pytest.approx(whole[row])


@pytest.mark.parametrize("name", BASELINES)
def test_is_saved_and_loaded_with_its_options(name, tmp_path, situations):
    options = {"expert": {"future": 0.3}, "gym_leader": {"low": 0.9}}.get(name, {})
    policy = BASELINES.build(name, options)
    assert POLICIES["gen1_" + name] is BASELINES[name]
    assert policy.kind == "gen1_" + name
    save_policy(tmp_path / "policy.safetensors", policy)
    loaded = load_policy(tmp_path / "policy.safetensors")
    assert loaded == policy
    assert (loaded.probabilities(situations[30]) == policy.probabilities(situations[30])).all()


@pytest.mark.parametrize("name", BASELINES)
def test_any_team_will_do_where_the_players_choose_their_teams(name):
    game = load_game("gen1ou(pool=competitive,team_choice=player)")
    matches = game.start(range(3))
    _, seen = matches.observe(0)
    probabilities = BASELINES.build(name).probabilities(seen)
    assert probabilities == pytest.approx(seen.legal / seen.legal.sum(axis=1, keepdims=True))
    matches.step(np.ones((2, 3), int))
    _, seen = matches.observe(0)
    probabilities = BASELINES.build(name).probabilities(seen)
    assert probabilities.shape == seen.legal.shape
    assert not probabilities[~seen.legal].any()


def test_other_games_are_refused():
    game = load_game("leduc_poker")
    _, seen = game.start([0]).observe(0)
    with pytest.raises(ValueError, match="do they play gen1ou"):
        BASELINES.build("max_damage").probabilities(seen)
    with pytest.raises(BadOption, match="future"):
        BASELINES.build("expert", {"futur": 0.3})


# ---- the parts ------------------------------------------------------------------------------------------------------


def test_type_factors_are_those_of_the_first_generation():
    numbers = species().number
    types = {name: moves().type[moves().number[move]] for name, move in (("ice", "blizzard"), ("ghost", "lick"))}
    assert effectiveness(types["ice"], numbers["dragonite"]) == 4
    assert effectiveness(types["ice"], numbers["starmie"]) == 0.5
    assert effectiveness(types["ghost"], numbers["alakazam"]) == 0  # Gen 1's famous mistake


def test_likely_moves_shrink_to_what_was_seen():
    number, tauros = moves().number, np.array([species().number["tauros"]])
    candidates, probability = likely_moves(tauros, np.zeros((1, 4), int))
    assert probability.sum() == pytest.approx(4, abs=1e-6)
    assert probability[candidates == number["bodyslam"]] == pytest.approx(1)
    seen = np.array([[number["bodyslam"], number["thunderbolt"], 0, 0]])
    candidates, probability = likely_moves(tauros, seen)
    assert not probability[np.isin(candidates, seen)].any()
    assert probability.sum() <= 2 + 1e-6
    assert probability[candidates == number["blizzard"]] < 0.2  # those who carry Thunderbolt do not
    full = np.array([[number[move] for move in ("bodyslam", "hyperbeam", "earthquake", "blizzard")]])
    assert likely_moves(tauros, full)[1].sum() == 0
    assert likely_moves(np.array([0]), np.zeros((1, 4), int))[1].sum() == 0


def test_worked_out_damages_agree_with_the_engines(situations):
    differences = []
    for seen in situations:
        board = Board(seen)
        expected, _ = damages(board, board.threats.move)
        there = board.foe.on_field[:, :1] & board.own.on_field[:, :1] & (board.threats.deals < 1.9)
        differences.append((expected[:, 0] - board.threats.deals)[there & (board.threats.move > 0)])
        bench = np.where((board.threats.move > 0)[:, None], expected, 0).max(axis=2)[:, 1:]
        alive = (board.own.hp > 0)[:, 1:] & board.foe.on_field[:, :1] & (bench < 1.9)
        differences.append((bench - board.own.takes[:, 1:])[alive])
    differences = np.abs(np.concatenate(differences))
    assert len(differences) > 5_000
    assert np.quantile(differences, 0.98) < 0.01


# ---- what each one does ---------------------------------------------------------------------------------------------


def test_max_damage_takes_the_highest_expected_damage(situations):
    assert choices("max_damage", position([STARMIE], [RHYDON])) == {"surf"}
    assert choices("max_damage", position([JOLTEON], [STARMIE])) == {"thunderbolt"}
    for seen in situations:
        board = Board(seen)
        played = BASELINES.build("max_damage").probabilities(seen)[~board.replaces]
        usable = np.where(seen.legal[:, :4], board.moves.deals, -1)[~board.replaces]
        assert ((played[:, :4] > 0) == (usable >= usable.max(axis=1, keepdims=True) - 1e-9) & (usable >= 0)).all()


def test_max_damage_replaces_by_the_one_that_deals_most():
    fallen = position([member("Exeggutor", "Explosion"), CHANSEY, STARMIE], [RHYDON, TAUROS], [("move 1", "move 1")])
    assert Board(fallen).replaces.all()
    assert choices("max_damage", fallen) == {">starmie"}


def test_type_switcher_leaves_bad_matchups_only():
    bad = position([RHYDON, JOLTEON, TAUROS], [STARMIE])
    assert choices("type_switcher", bad, stay=1) == {">jolteon"}
    assert choices("type_switcher", bad) == {"earthquake"}  # it has just come in
    assert choices("type_switcher", position([TAUROS, JOLTEON], [STARMIE]), stay=1) == {"hyperbeam"}


def test_trainer_ai_follows_its_three_modifications():
    paralyzed = member("Tauros", "Body Slam", status="par")
    dragonite = member("Dragonite", "Thunder Wave", "Agility", "Surf", "Body Slam")
    first, again = position([dragonite], [TAUROS]), position([dragonite], [TAUROS], [("move 4", "move 1")])
    assert choices("trainer_ai", first) == {"thunderwave", "agility", "surf", "bodyslam"}
    assert choices("trainer_ai", position([dragonite], [paralyzed])) == {"agility", "surf", "bodyslam"}
    assert choices("trainer_ai", again) == {"agility"}
    assert choices("trainer_ai", position([dragonite], [RHYDON])) == {"surf"}
    assert "bodyslam" not in choices("trainer_ai", position([dragonite], [member("Gengar", "Hypnosis")]))
    assert TrainerAI().probabilities(first)[0, :4] == pytest.approx(0.25)


def test_gym_leader_knocks_out_heals_cripples_sets_up_and_attacks_in_that_order():
    low = member("Chansey", "Ice Beam", "Thunder Wave", "Soft-Boiled", "Sing", hp=150)
    assert choices("gym_leader", position([low], [TAUROS])) == {"softboiled"}
    assert choices("gym_leader", position([low], [member("Tauros", "Body Slam", hp=20)])) == {"icebeam"}
    assert choices("gym_leader", position([CHANSEY], [TAUROS])) == {"sing"}
    assert choices("gym_leader", position([CHANSEY], [member("Tauros", "Body Slam", status="par")])) == {"icebeam"}
    assert choices("gym_leader", position([SNORLAX], [RHYDON])) == {"reflect"}
    assert choices("gym_leader", position([TAUROS], [RHYDON])) == {"blizzard"}


@pytest.mark.parametrize("name", ["gym_leader", "expert"])
def test_sleep_is_not_repeated_under_the_sleep_clause(name):
    asleep = member("Rhydon", "Earthquake", status="slp", sleep=7)
    own = [member("Exeggutor", "Sleep Powder", "Psychic"), SNORLAX]
    fresh = position(own, [SNORLAX, asleep])
    assert choices(name, fresh) == {"sleeppowder"}
    clause = position(own, [asleep, SNORLAX], [("move 2", "switch 2")])
    assert Board(clause).whole.own_sleep_clause.all()
    assert not Board(clause).foe.any_status()[0, 0]
    assert "sleeppowder" not in choices(name, clause)


@pytest.mark.parametrize("name", ["gym_leader", "expert"])
def test_thunder_wave_is_spared_those_that_it_cannot_paralyze(name):
    own = [member("Chansey", "Thunder Wave", "Ice Beam")]
    assert choices(name, position(own, [TAUROS])) == {"thunderwave"}
    assert choices(name, position(own, [RHYDON])) == {"icebeam"}
    assert choices(name, position(own, [member("Tauros", "Body Slam", status="psn")])) == {"icebeam"}


def test_damage_switcher_leaves_a_lost_exchange_for_a_won_one():
    slowbro = member("Slowbro", "Surf", "Psychic")
    seen = position([slowbro, RHYDON, STARMIE], [JOLTEON], [("move 2", "move 1")])
    assert choices("damage_switcher", seen, stay=1) == {">rhydon"}
    assert choices("damage_switcher", position([RHYDON, slowbro], [JOLTEON], [("move 3", "move 1")])) == {"earthquake"}


def test_expert_takes_a_sure_knock_out():
    dying = member("Chansey", "Ice Beam", "Soft-Boiled", hp=20)
    assert choices("expert", position([TAUROS, SNORLAX], [dying, SNORLAX])) <= {"bodyslam", "earthquake"}
    faster = position([JOLTEON, SNORLAX], [member("Starmie", "Surf", hp=90), TAUROS])
    assert choices("expert", faster) <= {"thunderbolt", "pinmissile"}


def test_expert_saves_hyper_beam_for_the_end():
    own = [TAUROS, SNORLAX]
    assert choices("expert", position(own, [member("Snorlax", "Body Slam", "Rest"), STARMIE])) == {"bodyslam"}
    worn = member("Starmie", "Surf", "Recover", hp=130)
    seen = position(own, [worn, SNORLAX])
    assert choices("max_damage", seen) == {"hyperbeam"}
    assert choices("expert", seen) == {"hyperbeam"}


def test_expert_explodes_when_little_is_left_to_lose():
    own = [member("Exeggutor", "Psychic", "Explosion", hp=20), TAUROS]
    assert choices("expert", position(own, [member("Tauros", "Body Slam", "Hyper Beam"), SNORLAX])) == {"explosion"}
    whole = [member("Exeggutor", "Psychic", "Explosion"), TAUROS]
    assert "explosion" not in choices("expert", position(whole, [CHANSEY, SNORLAX]))
    assert "explosion" not in choices("expert", position(own, [member("Gengar", "Hypnosis"), SNORLAX]))


def test_expert_heals_while_it_can_keep_up():
    foe = [member("Chansey", "Seismic Toss", "Ice Beam"), TAUROS]
    assert choices("expert", position([member("Starmie", "Recover", "Surf", hp=120)], foe)) == {"recover"}
    assert choices("expert", position([member("Starmie", "Recover", "Surf")], foe)) == {"surf"}  # nothing is missing


def test_expert_does_not_send_in_sleepers():
    asleep = member("Starmie", "Surf", "Thunderbolt", status="slp", sleep=7)
    fallen = [member("Exeggutor", "Explosion"), asleep, CHANSEY, TAUROS]
    seen = position(fallen, [RHYDON, SNORLAX], [("move 1", "move 1")])
    assert Board(seen).replaces.all()
    assert ">starmie" not in choices("expert", seen)
    awake = [member("Exeggutor", "Explosion"), STARMIE, CHANSEY, TAUROS]
    assert choices("expert", position(awake, [RHYDON, SNORLAX], [("move 1", "move 1")])) == {">starmie"}


# ---- strength -------------------------------------------------------------------------------------------------------


def win_rates(game, first: str, second: str, pairs: int) -> tuple[float, float]:
    """Limits of a 99 % interval for the first one's win rate, ties half."""
    both = [BASELINES.build(first), BASELINES.build(second)]
    table = SampledPayoffs(units=pairs)(game, [both], None, np.random.default_rng(11))
    low, high = interval(table, game.utility_range, confidence=0.99)
    return (1 + low[0, 0, 1]) / 2, (1 + high[0, 0, 1]) / 2


@pytest.mark.parametrize("other", [name for name in BASELINES if name != "expert"])
def test_expert_beats_every_other_by_a_clear_margin(game, other):
    low, _ = win_rates(game, "expert", other, pairs=80)
    assert low > 0.6


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "random"])
def test_random_play_loses_to_everyone(game, name):
    low, _ = win_rates(game, name, "random", pairs=40)
    assert low > 0.75
