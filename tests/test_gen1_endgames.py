"""Exact endgames: compared with figures derived by hand, the engine's whole turns, and played battles."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import linprog

from pokespiel.core.registry import BadOption
from pokespiel.game.gen1._engine import solve_matrix
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.endgames.library import read_positions
from pokespiel.game.gen1.endgames.positions import EndgamePosition, Fighter, read_position
from pokespiel.game.gen1.endgames.solution import TooLarge
from pokespiel.game.gen1.endgames.solver import solve_endgame
from pokespiel.game.gen1.endgames.writing import described
from pokespiel.game.gen1.positions import reseeded
from pokespiel.game.gen1.teams.legality import legality_facts
from pokespiel.game.gen1.teams.sets import PokemonSet, TeamError

HIT = 255 / 256
MISS = 1 - HIT
LAST_HIT = HIT / (1 - MISS**2)
"""If any hit knocks out, whoever strikes first wins with this chance: V = HIT + MISS * MISS * V."""


def test_the_mirror_of_two_tauros_has_its_published_figures():
    solved = solve_endgame("Tauros: Body Slam, Hyper Beam vs Tauros: Body Slam, Hyper Beam", every_hp=True)
    assert solved.value == pytest.approx(0.5, abs=1e-12)
    assert solved.native.count_mixed() == (448, 353**2)
    for hp, value in ((258, 0.8091), (300, 0.5601)):
        text = f"Tauros @ 353: Body Slam, Hyper Beam vs Tauros @ {hp}: Body Slam, Hyper Beam"
        assert solved.at(read_position(text).battle()).value == pytest.approx(value, abs=5e-5)
        assert solve_endgame(text).value == pytest.approx(solved.at(read_position(text).battle()).value, abs=1e-12)
    assert solved.seconds < 10
    assert solved.residual < 1e-9


@pytest.mark.parametrize(
    ("position", "value"),
    [
        ("Starmie @ 1: Surf vs Tauros @ 1: Body Slam", LAST_HIT),
        ("Starmie @ 1: Swift vs Tauros @ 1: Body Slam", 1),
        ("Electrode @ 1: Explosion vs Tauros @ 1: Body Slam", HIT / 2),
        ("Tauros @ 1: Body Slam vs Tauros @ 1: Body Slam", 0.5),
        ("Alakazam @ 100: Seismic Toss vs Chansey @ 200: Seismic Toss", HIT * MISS * LAST_HIT / (1 - MISS**2)),
        ("Alakazam @ 100: Seismic Toss vs Chansey @ 100 slp 1: Seismic Toss", HIT + MISS * LAST_HIT),
        ("Alakazam @ 100: Seismic Toss vs Chansey @ 200 frz: Seismic Toss", 1),
        ("Chansey @ 1: Pound vs Chansey @ 100 par: Splash", 1),
    ],
)
def test_short_endings_come_out_as_by_hand(position, value):
    solved = solve_endgame(position)
    assert solved.value == pytest.approx(value, abs=1e-12)


def test_situations_that_no_play_tells_apart_are_one():
    """Agility changes the order once; Speeds of +2 to +6 act alike."""
    text = "Dragonite: Agility, Blizzard vs Tauros: Body Slam, Hyper Beam"
    merged, apart = (solve_endgame(text, merge=merge) for merge in (True, False))
    assert merged.value == pytest.approx(apart.value, abs=1e-9)
    assert 2 * merged.states < apart.states


def test_sweeps_from_either_end_bound_the_value():
    """They close in on it, and hold where sweeps end early: with no time at all, or with a wide tolerance."""
    text = "Starmie @ 200 par: Recover, Psychic vs Tauros @ 200: Body Slam, Hyper Beam"
    value = solve_endgame(text).value
    for limits, width in (({"most_seconds": 0.0}, 1.0), ({"tolerance": 1e-1}, 0.5), ({"tolerance": 1e-10}, 1e-7)):
        low, high = (solve_endgame(text, start_value=start, **limits).value for start in (0.0, 1.0))
        assert low - 1e-9 <= value <= high + 1e-9
        assert high - low < width


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
def test_a_battle_that_nobody_can_end_stays_worth_what_sweeps_start_with(start):
    for text in (
        "Magikarp: Splash vs Magikarp: Splash",
        "Magikarp: Splash vs Chansey par: Splash, Soft-Boiled",
        "Gengar: Lick vs Snorlax: Body Slam, Tackle",
    ):
        assert solve_endgame(text, start_value=start).value == start


def test_a_tie_by_stalling_is_taken_where_it_beats_losing():
    """Explosion does nothing to Gengar."""
    assert solve_endgame("Golem: Explosion, Splash vs Gengar: Splash").value == pytest.approx(0.5, abs=1e-12)
    assert solve_endgame("Golem: Explosion vs Gengar: Splash").value == pytest.approx(0, abs=1e-12)


def test_sides_that_change_places_change_the_value_with_them():
    """Rows run over the HP of the side that does not recover, whichever it is."""
    one, other = "Starmie @ 150 par: Recover, Surf", "Tauros @ 180: Body Slam, Hyper Beam"
    assert solve_endgame(f"{one} vs {other}").value == pytest.approx(
        1 - solve_endgame(f"{other} vs {one}").value, abs=1e-7
    )


def test_sleep_is_as_long_as_players_can_know():
    """Asleep for one, two or three turns, equally likely: the value is the mean of those with known lengths."""
    text = "Alakazam @ 100: Seismic Toss vs Chansey @ 300 slp {}: Seismic Toss"
    known = [_whole_turns(read_position(text.format(turns)).battle()) for turns in (1, 2, 3)]
    assert solve_endgame(text.format(3)).value == pytest.approx(np.mean(known), abs=1e-9)
    assert known[0] < known[1] < known[2]


def test_recovery_against_a_hit_is_a_cycle_that_is_solved():
    """A third of the time (ignoring critical hits) nothing happens; the value is accurate to the residual."""
    solved = solve_endgame("Starmie @ 200 par: Recover, Psychic vs Tauros @ 200: Body Slam, Hyper Beam")
    assert 0 < solved.value < 1
    assert solved.residual <= 1e-9
    assert solved.sweeps > 1


def _fighter(rng: random.Random) -> Fighter:
    species = rng.choice([one.name for one in legality_facts().species.values()])
    odd = ("Metronome", "Mirror Move", "Mimic", "Transform", "Struggle", "Recover", "Soft-Boiled", "Bide")
    moves = rng.sample([name for name in legality_facts().moves.values() if name not in odd], 2)
    chosen = PokemonSet(species, tuple(moves), rng.choice((3, 5, 8)))
    status = rng.choice(("", "", "", "par", "slp", "frz"))
    return Fighter(chosen, rng.randint(3, chosen.stats.hp), status, rng.randint(1, 7))


@pytest.mark.parametrize("pp", ["unlimited", "exact"])
def test_kernels_and_the_engine_have_the_same_outcomes(pp):
    """Random pairs of weak Pokémon with any moves: once with shared kernels of damage, once the engine at every HP."""
    rng, compared = random.Random(7), 0
    while compared < 150:
        one, other = _fighter(rng), _fighter(rng)
        if pp == "exact":
            one, other = (
                Fighter(**{**vars(each), "pp": (rng.randint(0, 2), rng.randint(0, 2))}) for each in (one, other)
            )
        position = EndgamePosition((one,), (other,))
        try:
            by_hp = solve_endgame(position, pp=pp, by_hp=True, merge=False, most_situations=4_000)
            shared = solve_endgame(position, pp=pp, merge=False, most_situations=4_000)
        except TooLarge:
            continue
        compared += 1
        np.testing.assert_allclose(shared.decision.matrix, by_hp.decision.matrix, atol=2e-8, err_msg=str(position))
        assert shared.states == by_hp.states
        merged = solve_endgame(position, pp=pp, most_situations=4_000)
        np.testing.assert_allclose(merged.decision.matrix, by_hp.decision.matrix, atol=2e-8, err_msg=str(position))
        assert merged.states <= shared.states


def _whole_turns(start: Battle, strategies=None) -> float:
    """The first side's value by whole turns of the engine and linear programmes; or against one side's `strategies`."""
    rows: dict[bytes, int] = {}
    todo, turns = [start], []
    rows[_lasting(start)] = 0
    for battle in todo:
        cells = {}
        for first in battle.choices(1):
            for second in battle.choices(2):
                cells[first, second] = [
                    (float(p), _row(after, rows, todo)) for p, after in battle.outcomes(first, second)
                ]
        turns.append((battle.choices(1), battle.choices(2), cells))
    values = np.full(len(todo), 0.5)
    fixed = None if strategies is None else [strategies(battle) for battle in todo]
    for _ in range(2_000):
        before = values.copy()
        for row in reversed(range(len(todo))):
            first, second, cells = turns[row]
            matrix = np.array([[_worth(cells[a, b], values) for b in second] for a in first])
            values[row] = _value(matrix) if fixed is None else _answered(matrix, *fixed[row])
        if np.abs(values - before).max() < 1e-13:
            return float(values[0])
    raise AssertionError("the values do not settle")


def _lasting(battle: Battle) -> bytes:
    state = np.frombuffer(battle.native.state(), np.uint8).copy()
    state[:14] = 0
    for side in (24, 272):
        state[side + 24 : side + 26] = 0  # the cached Speed
        state[side + 43 : side + 48] = 0  # PP, the last move
        state[side + 80 : side + 84] = 0
        state[side + 240 : side + 245] = 0  # what was selected and used
    return state.tobytes()


def _row(battle: Battle, rows: dict[bytes, int], todo: list[Battle]) -> int | float:
    """Its row, or the value of its end (a float)."""
    if battle.ended:
        return {1: 1.0, 2: 0.0, 0: 0.5}[battle.winner]
    key = _lasting(battle)
    if key not in rows:
        rows[key] = len(todo)
        todo.append(battle)
    return rows[key]


def _worth(outcomes, values) -> float:
    return sum(p * (to if isinstance(to, float) else values[to]) for p, to in outcomes)


def _value(matrix: np.ndarray) -> float:
    low, high = matrix.min(axis=1).max(), matrix.max(axis=0).min()
    if high - low < 1e-15:
        return float(low)
    rows, columns = matrix.shape
    found = linprog(
        [*np.zeros(rows), -1],
        A_ub=np.hstack([-matrix.T, np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=[[*np.ones(rows), 0]],
        b_eq=[1],
        bounds=[(0, 1)] * rows + [(None, None)],
    )
    return -found.fun


def _answered(matrix: np.ndarray, player: int, probabilities: np.ndarray) -> float:
    return float((probabilities @ matrix).min() if player == 1 else (matrix @ probabilities).max())


WEAK = "Tauros L8 @ {}: Body Slam, Hyper Beam vs Tauros L8 @ {}: Body Slam, Hyper Beam"


@pytest.mark.parametrize(
    "position",
    [
        WEAK.format(28, 24),
        "Starmie L6 @ 20 par: Recover, Psychic vs Tauros L6 @ 20: Body Slam, Hyper Beam",
        "Golem L5 @ 14: Explosion, Rock Slide vs Jolteon L5 @ 18: Double-Edge, Thunder Wave",
        "Chansey L4 @ 30 brn: Submission, Substitute vs Gengar L4 @ 12, leech seed: Night Shade, Mega Drain",
    ],
)
def test_whole_turns_give_the_same_value_and_no_answer_gains(position):
    solved = solve_endgame(position)
    start = solved.start
    assert _whole_turns(start) == pytest.approx(solved.value, abs=1e-8)
    for player in (1, 2):

        def right(battle: Battle, player: int = player) -> tuple[int, np.ndarray]:
            decision = solved.at(battle)
            return player, decision.first if player == 1 else decision.second

        answered = _whole_turns(start, right)
        assert (solved.value - answered if player == 1 else answered - solved.value) < 1e-8


def test_played_battles_end_as_often_as_the_value_says():
    """2,000 battles of both equilibria; benchmarks/endgames.py plays 200,000. The chance of a false alarm is 1e-4."""
    solved = solve_endgame("Tauros @ 353: Body Slam, Hyper Beam vs Tauros @ 300: Body Slam, Hyper Beam")
    rng, won, count = np.random.default_rng(11), 0, 2_000
    for _ in range(count):
        battle = reseeded(solved.start, int(rng.integers(1 << 63)))
        while not battle.ended:
            here = solved.at(battle)
            battle.choose(rng.choice(here.choices[0], p=here.first), rng.choice(here.choices[1], p=here.second))
        won += battle.winner == 1
    square = (won - count * solved.value) ** 2 / (count * solved.value * (1 - solved.value))
    assert square < 15.1


def test_matrix_games_have_no_better_answer():
    rng = np.random.default_rng(3)
    for _ in range(2_000):
        shape = rng.integers(1, 10, 2)
        matrix = rng.random(shape) if rng.random() < 0.7 else rng.integers(0, 3, shape) / 2
        value, row, column = solve_matrix(matrix)
        assert sum(row) == pytest.approx(1)
        assert sum(column) == pytest.approx(1)
        assert (row @ matrix).min() == pytest.approx(value, abs=1e-11)
        assert (matrix @ column).max() == pytest.approx(value, abs=1e-11)


def test_matrix_games_of_nearly_equal_choices_have_no_better_answer():
    """Rows and columns that differ by 1e-3 to 1e-6, some only in places."""
    rng = np.random.default_rng(4)
    for _ in range(20_000):
        rows, columns = rng.integers(2, 5, 2)
        matrix = rng.random((rows, columns))
        for _ in range(2):
            near = 10.0 ** -rng.integers(3, 7)
            matrix[rng.integers(rows)] = matrix[rng.integers(rows)] + near * rng.integers(0, 2, columns)
            matrix[:, rng.integers(columns)] = matrix[:, rng.integers(columns)] + near * rng.integers(0, 2, rows)
        value, row, column = solve_matrix(matrix)
        assert (row @ matrix).min() == pytest.approx(value, abs=1e-9)
        assert (matrix @ column).max() == pytest.approx(value, abs=1e-9)


def test_a_pokemon_behind_enters_where_that_is_right():
    """By hand: one hit knocks out each of the second side, any hit the first side; a switch would only waste a turn."""
    solved = solve_endgame("Alakazam @ 1: Seismic Toss vs Chansey @ 100: Pound & Snorlax @ 100: Pound")
    assert solved.value == pytest.approx(LAST_HIT**2, abs=1e-12)
    assert solved.decision.choices == (("move 1",), ("move 1", "switch 2"))
    immune = solve_endgame("Tauros @ 1: Body Slam vs Chansey @ 1: Seismic Toss & Gengar @ 1: Night Shade")
    assert immune.value == pytest.approx(0, abs=1e-12), "a Ghost is out of reach"


def test_a_large_ending_is_refused_with_its_size():
    with pytest.raises(TooLarge, match=r"situations at up to 703 x 703 HP, which take \d+ MB; the limit is 20 MB"):
        solve_endgame("Chansey: Ice Beam, Soft-Boiled vs Chansey: Ice Beam, Soft-Boiled", most_bytes=20_000_000)
    with pytest.raises(TooLarge, match="more than 100 situations"):
        solve_endgame("Chansey: Sing, Substitute vs Chansey: Sing, Substitute", most_situations=100)


def test_exact_pp_run_out():
    """Ghosts without PP cannot hurt each other: the battle ends as a tie."""
    text = "Gengar @ 300: Night Shade/1 vs Gengar @ 200: Night Shade/1"
    assert solve_endgame(text, pp="exact").value == pytest.approx(0.5, abs=1e-12)
    assert solve_endgame(text).value > 0.9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tauros and Tauros", "expected two sides with 'vs' between them"),
        ("Toros vs Tauros", "did you mean 'Tauros'"),
        ("Tauros @ 400 vs Tauros", "it has 1 to 353 HP"),
        ("Tauros boo vs Tauros", "unknown condition 'boo'"),
        ("Tauros +2 strength vs Tauros", "unknown stage 'strength'"),
        ("Tauros: Body Slim vs Tauros", "did you mean 'Body Slam'"),
        ("Tauros: Body Slam/99 vs Tauros", "expected a number from 0 to 63"),
        ("Tauros @ 353 brn vs Tauros", "at most 331 HP"),
        ("Magikarp vs Tauros", "give its moves"),
        ("Tauros @ 1.2.3 vs Tauros", "expected a number, got '1.2.3'"),
        ("Tauros +7 attack vs Tauros", "expected a stage from -6 to [+]6"),
        ("Tauros slp 0 vs Tauros", "expected a number from 1 to 7"),
        ("Tauros par brn @ 20 vs Tauros", "more than one status"),
        ("Tauros @ 5 @ 10 vs Tauros", "more than one HP"),
        ("Tauros +1 attack, -1 Attack vs Tauros", "more than one stage of attack"),
        ("Tauros L50 L60 vs Tauros", "more than one level"),
        ("Tauros reflect, reflect vs Tauros", "more than one reflect"),
        ("Tauros: Body Slam, bodyslam vs Tauros", "has Body Slam twice"),
        ("Tauros: Body Slam/ vs Tauros", "expected a number from 0 to 63"),
        ("Tauros: Body Slam,, Rest vs Tauros", "a move is missing"),
        ("Tauros & vs Tauros", "expected a species"),
        ("Tauros vs Tauros & Snorlax +2 attack", "in reserve: it cannot have '[+]2 attack'"),
        ("Tauros vs Tauros & Snorlax confused", "in reserve: it cannot have 'confused'"),
        ("Tauros vs Tauros & Snorlax sub 40", "in reserve: it cannot have 'sub 40'"),
        ("Tauros vs Tauros & Snorlax @ 9 tox 2", "in reserve: it cannot have 'tox 2'"),
    ],
)
def test_bad_positions_say_what_was_expected(text, expected):
    with pytest.raises(TeamError, match=expected):
        read_position(text).battle()


def test_capital_letters_of_a_position_do_not_matter():
    plain = "Tauros @ 50% par, l50, light screen: Body Slam vs Snorlax slp 3, confused, sub 40, +1 attack: Rest"
    assert read_position(plain.upper()).battle().native.state() == read_position(plain).battle().native.state()


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"[]", "expected a list of positions"), (b"\xff\xfe", "is not a text in UTF-8"), (b"- a: b: c", "is not YAML")],
)
def test_bad_files_of_positions_are_refused_by_name(tmp_path, content, expected):
    path = tmp_path / "positions.yaml"
    path.write_bytes(content)
    with pytest.raises(BadOption, match=f"positions.yaml.* {expected}|positions.yaml: {expected}"):
        read_positions(path, "unlimited")


def test_a_position_holds_what_its_text_says():
    battle = read_position(
        "Chansey @ 200 tox 3, confused, sub 40, -1 speed: Sing/2 vs Mr. Mime @ 50% slp 2, light screen: Psychic"
    ).battle()
    state = battle.native.state()
    first, second = state[24:272], state[272:520]
    assert int.from_bytes(first[64:66], "little") == 200
    assert (first[86], int.from_bytes(first[28:30], "little"), first[48], first[49]) == (6, 3, 40, 5)
    assert first[43] == 2
    assert np.frombuffer(first[30:36], np.int8).tolist() == [0, 0, -1, 0, 0, 0]
    assert (second[86], second[87]) == (1, 2)


def test_the_answer_is_readable():
    text = described(solve_endgame("Tauros @ 353: Body Slam, Hyper Beam vs Tauros @ 258: Body Slam, Hyper Beam"))
    assert "The first side wins with probability 0.8091" in text
    assert "Hyper Beam    0.00%  costs 0.2640" in text
    last = text.splitlines()[-1]
    assert last.startswith("30,084 states, ")
    assert last.endswith(" s, 1 sweep, residual 0e+00")
