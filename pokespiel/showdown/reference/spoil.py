"""Teams with deliberate errors, one rule at a time, to compare the validator with Showdown.

Each function takes a team and returns one that breaks, or nearly breaks, the rule it is named after. Some results are
legal on purpose: a validator must accept those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pokespiel.game.gen1.teams.legality import legality_facts, lineage, to_id
from pokespiel.game.gen1.teams.sets import FULL_EVS, Spread, Stats, Team, hp_dv

WAYS: dict[str, Callable[[Team, np.random.Generator], Team]] = {}
"""Name to spoiler."""


def spoil(team: Team, rng: np.random.Generator, times: int = 1) -> tuple[Team, tuple[str, ...]]:
    """The team changed `times` times in ways drawn by `rng`, and the names of those ways."""
    names = tuple(_draw(rng, sorted(WAYS)) for _ in range(times))
    for name in names:
        team = WAYS[name](team, rng) if team else team
    return team, names


def _way(spoiler: Callable[[Team, np.random.Generator], Team]) -> Callable[[Team, np.random.Generator], Team]:
    WAYS[spoiler.__name__] = spoiler
    return spoiler


def _draw(rng: np.random.Generator, choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _change(team: Team, rng: np.random.Generator, **changes: Any) -> Team:
    """The team with one set, drawn by `rng`, changed."""
    slot = int(rng.integers(len(team)))
    return (*team[:slot], replace(team[slot], **changes), *team[slot + 1 :])


def _change_move(team: Team, rng: np.random.Generator, name: str) -> Team:
    """The team with one move of one set replaced by `name`."""
    slot = int(rng.integers(len(team)))
    moves = list(team[slot].moves) or [""]
    moves[int(rng.integers(len(moves)))] = name
    return (*team[:slot], replace(team[slot], moves=tuple(moves)), *team[slot + 1 :])


def _move_names(rng: np.random.Generator, ids: Any, count: int) -> tuple[str, ...]:
    ids = sorted(ids)
    picked = rng.choice(len(ids), min(count, len(ids)), replace=False)
    return tuple(legality_facts().moves[ids[index]] for index in picked)


def _known_moves(species: str) -> set[str]:
    """Every move that any stage of its evolution line learns or was given at an event."""
    stages = [legality_facts().species[stage] for stage in lineage(species)]
    return {move for stage in stages for move in (*stage.learns, *stage.event_moves)}


# --- the team ---------------------------------------------------------------------------------------------------------


@_way
def too_many(team: Team, rng: np.random.Generator) -> Team:
    return (*team, *team)[: int(rng.integers(7, 12))]


@_way
def fewer(team: Team, rng: np.random.Generator) -> Team:
    return team[: int(rng.integers(len(team)))]


@_way
def same_species(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, species=_draw(rng, team).species)


# --- species and names ------------------------------------------------------------------------------------------------


@_way
def another_species(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, species=_draw(rng, [one.name for one in legality_facts().species.values()]))


@_way
def later_species(team: Team, rng: np.random.Generator) -> Team:
    others = sorted(name for name, key in legality_facts().named.items() if to_id(name) != key)
    return _change(team, rng, species=_draw(rng, others).title())


@_way
def unknown_species(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, species=_draw(rng, ["Tauross", "MewThree", "x", "123", "Ünïcode", "Body Slam", "Agumon"]))


@_way
def banned_species(team: Team, rng: np.random.Generator) -> Team:
    species = _draw(rng, sorted(legality_facts().banned_species))
    moves = _move_names(rng, legality_facts().species[species].learns, 4)
    return _change(
        team, rng, species=legality_facts().species[species].name, moves=moves, level=_draw(rng, [1, 4, 70, 100])
    )


@_way
def nickname(team: Team, rng: np.random.Generator) -> Team:
    names = ["x" * 18, "x" * 19, "é" * 18, "😀" * 9, "😀" * 10, "tauros", "Chansey", "LUCARIO", "Raichu-Alola", "Ho-Oh"]
    return _change(team, rng, nickname=_draw(rng, [*names, "Nidoran♂", "Mr. Mime", "a" + "\u0301" * 5, "zam", " "]))


@_way
def same_nickname(team: Team, rng: np.random.Generator) -> Team:
    name = _draw(rng, ["Bo", "Bo ", "bo", "Tauros"])
    return tuple(replace(one, nickname=name) for one in team)


@_way
def own_nickname(team: Team, rng: np.random.Generator) -> Team:
    formes = [(key, name) for name, key in sorted(legality_facts().named.items()) if key != "other"]
    key, name = _draw(rng, formes)
    return _change(team, rng, species=legality_facts().species[key].name, nickname=name)


@_way
def holding_item(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, item=_draw(rng, ["Leftovers", "Choice Band", "Berry", "No Such Thing"]))


@_way
def idle_fields(team: Team, rng: np.random.Generator) -> Team:
    idle = {"gender": ["M", "F", "N", "X"], "ability": ["Levitate", "Nonsense"], "nature": ["Jolly", "Nonsense"]}
    field = _draw(rng, sorted(idle))
    return _change(team, rng, **{field: _draw(rng, idle[field])}, shiny=True, happiness=int(rng.integers(256)))


# --- numbers ----------------------------------------------------------------------------------------------------------


@_way
def level(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, level=int(rng.integers(1, 101)))


@_way
def wrong_level(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, level=_draw(rng, [-100, -1, 0, 101, 255, 99999]))


@_way
def level_fifty(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, level=50, evs=FULL_EVS._replace(spe=int(rng.integers(250, 256))))


@_way
def evs(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, evs=Spread(*map(int, rng.integers(0, 256, 6))))


@_way
def wrong_evs(team: Team, rng: np.random.Generator) -> Team:
    spreads = [
        (0, 0, 0, 0, 0, 0),
        (0, 0, 0, 0, 252, 0),
        (1, 0, 0, 0, 0, 0),
        (252, 252, 6, 0, 0, 0),
        (252, 252, 4, 0, 9, 0),
        (4, 0, 0, 252, 0, 252),
        (0, 0, 0, 129, 0, 252),
        (-1, 252, 252, 252, 252, 252),
        (256, 252, 252, 252, 252, 252),
        (252, 252, 252, 252, -5, 252),
        (252, 252, 252, 252, 300, 252),
        (252, 252, 252, 252, 252, 999999),
    ]
    return _change(team, rng, evs=Spread(*_draw(rng, spreads)), level=_draw(rng, [1, 99, 100]))


@_way
def ivs(team: Team, rng: np.random.Generator) -> Team:
    """Any DVs, with or without the HP DV that follows from them."""
    attack, defense, special, speed = map(int, rng.integers(0, 16, 4))
    hp = hp_dv(Stats(0, attack, defense, special, speed)) if rng.random() < 0.5 else int(rng.integers(16))
    numbers = [2 * dv + int(rng.integers(2)) for dv in (hp, attack, defense, special, special, speed)]
    return _change(team, rng, ivs=Spread(*numbers))


@_way
def wrong_ivs(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, ivs=Spread(31, 31, 31, 31, _draw(rng, [0, 31]), _draw(rng, [-2, 32, 63, 1000, 31])))


# --- moves ------------------------------------------------------------------------------------------------------------


@_way
def another_move(team: Team, rng: np.random.Generator) -> Team:
    return _change_move(team, rng, _draw(rng, sorted(legality_facts().moves.values())))


@_way
def later_move(team: Team, rng: np.random.Generator) -> Team:
    return _change_move(team, rng, _draw(rng, sorted(legality_facts().other_moves)))


@_way
def unknown_move(team: Team, rng: np.random.Generator) -> Team:
    return _change_move(team, rng, _draw(rng, ["Body Slamm", "x", "Tauros", "0", "Poké Hug"]))


@_way
def banned_move(team: Team, rng: np.random.Generator) -> Team:
    move = _draw(rng, sorted(legality_facts().banned_moves | legality_facts().ohko_moves))
    learners = sorted(one.name for one in legality_facts().species.values() if move in one.learns)
    moves = (legality_facts().moves[move],)
    return _change(team, rng, moves=moves, **({"species": _draw(rng, learners)} if rng.random() < 0.8 else {}))


@_way
def repeated_move(team: Team, rng: np.random.Generator) -> Team:
    return _change(team, rng, moves=("Toxic", "Rest", _draw(rng, ["Toxic", "toxic", "TOXIC!", "Bide"])))


@_way
def number_of_moves(team: Team, rng: np.random.Generator) -> Team:
    species = _draw(rng, sorted(legality_facts().species))
    moves = _move_names(rng, _known_moves(species), int(rng.integers(0, 7)))
    return _change(team, rng, species=legality_facts().species[species].name, moves=moves)


# --- origins ----------------------------------------------------------------------------------------------------------


@_way
def fresh_set(team: Team, rng: np.random.Generator) -> Team:
    """Any species at any level with any moves of its line."""
    species = _draw(rng, sorted(legality_facts().species))
    moves = _move_names(rng, _known_moves(species), 4)
    return _change(
        team, rng, species=legality_facts().species[species].name, moves=moves, level=int(rng.integers(1, 101))
    )


@_way
def learned_set(team: Team, rng: np.random.Generator) -> Team:
    """Any species with any moves that it learns by its level; usually legal."""
    species = _draw(rng, sorted(legality_facts().species))
    stages = [legality_facts().species[stage] for stage in lineage(species)]
    level = int(rng.integers(max(stages[0].met_at, stages[0].evolves_at, 2), 101))
    moves = {move for stage in stages for move, least in stage.learns.items() if least <= level}
    moves -= legality_facts().banned_moves | legality_facts().ohko_moves
    names = _move_names(rng, moves, int(rng.integers(1, 5)))
    return _change(team, rng, species=stages[0].name, moves=names, level=level)


@_way
def young(team: Team, rng: np.random.Generator) -> Team:
    """A species near the level at which it evolves, is first found, or was given at an event."""
    species = _draw(rng, sorted(key for key, one in legality_facts().species.items() if one.evolves_at or one.met_at))
    entry = legality_facts().species[species]
    marks = [entry.evolves_at, entry.met_at, *(event.level for event in entry.events.values())]
    level = _draw(rng, [mark for mark in marks if mark]) + int(rng.integers(-2, 3))
    moves = _move_names(rng, [move for move, least in entry.learns.items() if least <= max(level, 1)], 2)
    return _change(team, rng, species=entry.name, moves=moves, level=max(1, level))


@_way
def combination(team: Team, rng: np.random.Generator) -> Team:
    """Moves that exclude each other, or nearly so."""
    species, together = _draw(rng, legality_facts().combinations)
    moves = {*together, _draw(rng, sorted(_known_moves(species)))}
    if rng.random() < 0.3:
        moves.remove(_draw(rng, sorted(moves)))
    return _change(team, rng, species=legality_facts().species[species].name, moves=_move_names(rng, moves, 4))


@_way
def event(team: Team, rng: np.random.Generator) -> Team:
    """An event's species, or one of its evolutions, with a move of the event."""
    givers = {key for key, one in legality_facts().species.items() if one.event_moves}
    owner = _draw(rng, sorted(key for key in legality_facts().species if givers & set(lineage(key))))
    gifts = sorted(move for stage in lineage(owner) for move in legality_facts().species[stage].event_moves)
    moves = {_draw(rng, gifts), *(_draw(rng, sorted(_known_moves(owner))) for _ in range(3))}
    level = int(_draw(rng, [1, 4, 5, 14, 15, 19, 20, 39, 40, 100]))
    return _change(
        team, rng, species=legality_facts().species[owner].name, moves=_move_names(rng, moves, 4), level=level
    )
