"""Origins of a Pokémon: can one of its species and level know these moves together?

A species inherits the moves of its pre-evolutions. A move that no game teaches by its level may come from an event;
then the set must satisfy the conditions of one event that gave all such moves. A level below the one at which the games
provide the species, or at which it evolves, requires an event too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pokespiel.game.gen1.teams.legality import Species, legality_facts, lineage

Problem = tuple[str, str]
"""Code (a key of `validator.REASONS`) and text."""
Origin = tuple[str, int]
"""A species and the number of its distribution."""


def origin_problems(species: str, moves: Sequence[str], level: int) -> Iterator[Problem]:
    """Reasons why the games never provided a `species` (id) at `level` with `moves` (ids)."""
    known = legality_facts()
    if level < known.species[species].met_at:
        yield "met_level", f"level {level}; Gen 1 gives it from level {known.species[species].met_at}"
    for move in moves:
        yield from _learning_problem(species, move, level)
    yield from _event_problems(species, moves, level)


def combination_problems(species: str, moves: Sequence[str]) -> Iterator[Problem]:
    """Reasons for moves (ids) that no single game provides together on a `species` (id)."""
    known = legality_facts()
    for owner, together in known.combinations:
        if owner == species and together <= set(moves):
            names = " and ".join(sorted(known.moves[move] for move in together))
            yield "combination", f"{names} cannot be had together"


def _event_problems(species: str, moves: Sequence[str], level: int) -> Iterator[Problem]:
    entry = legality_facts().species[species]
    origins = _origins(species, moves, level)
    young = None if entry.met_at else _too_young(species, level)
    if young:
        given = [one for one in origins or _young_events(species, young, level) if one[0] in (species, young)]
        if any(_meets(one, level) for one in given):
            return
        yield "evolution_level", f"level {level}; evolves at level {legality_facts().species[young].evolves_at}"
    if origins is None and entry.event_only:
        origins = [(species, index) for index in entry.events]
    if origins is not None and not any(_meets(one, level) for one in origins):
        yield "event", _terms(origins)


def _learning_problem(species: str, move: str, level: int) -> Iterator[Problem]:
    line = [legality_facts().species[stage] for stage in lineage(species)]
    name = legality_facts().moves[move]
    needed = min((stage.learns[move] for stage in line if move in stage.learns), default=None)
    if any(move in stage.event_moves for stage in line) or (needed is not None and needed <= level):
        return
    if needed is None:
        yield "unlearnable", f"cannot learn {name}"
    else:
        yield "unlearnable", f"learns {name} at level {needed}, and is level {level}"


def _origins(species: str, moves: Sequence[str], level: int) -> list[Origin] | None:
    """The distributions that could have taught the moves it cannot learn otherwise; None if there are no such moves.

    A move that only a pre-evolution learns means that it was caught as one, which excludes a later stage's
    distribution.
    """
    known = legality_facts()
    line = lineage(species)
    origins: list[Origin] | None = None
    stage = 0
    for move in moves:
        ways = [_ways(known.species[name], name, move, level) for name in line]
        first = next((depth for depth, (free, events) in enumerate(ways) if free or events), None)
        if first is None:
            continue
        stage = max(stage, first)
        if not any(free for free, _ in ways):
            given = [origin for _, events in ways for origin in events]
            origins = given if origins is None else [origin for origin in origins if origin in given]
    if origins is None:
        return None
    return [origin for origin in origins if stage == 0 or origin[0] == line[stage]]


def _ways(entry: Species, name: str, move: str, level: int) -> tuple[bool, list[Origin]]:
    """Whether this stage learns `move` by `level` itself, and which distributions taught it."""
    free = entry.learns.get(move, 101) <= level
    return free, [(name, index) for index in entry.event_moves.get(move, ())]


def _too_young(species: str, level: int) -> str | None:
    """The stage of the evolution line whose level has not been reached."""
    return next((stage for stage in lineage(species) if level < legality_facts().species[stage].evolves_at), None)


def _young_events(species: str, young: str, level: int) -> list[Origin]:
    """Distributions of the stages from `species` down to `young` at a level up to this one."""
    line = lineage(species)
    stages = line[: line.index(young) + 1]
    events = [
        (stage, index, event.level)
        for stage in stages
        for index, event in legality_facts().species[stage].events.items()
    ]
    return [(stage, index) for stage, index, least in events if least <= level]


def _meets(origin: Origin, level: int) -> bool:
    species, index = origin
    event = legality_facts().species[species].events[index]
    return not event.japan and level >= event.level


def _terms(origins: Sequence[Origin]) -> str:
    known = legality_facts()
    if not origins:
        return "no single event gave these moves together"
    events = [(known.species[name].name, known.species[name].events[index]) for name, index in origins]
    terms = [f"{name} at level {event.level}{' in Japan alone' if event.japan else ''}" for name, event in events]
    return f"has a move that only an event gave ({', '.join(terms)}), whose terms it does not meet"
