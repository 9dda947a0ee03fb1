"""Whether a team may play Gen 1 OU: every reason against it, as Showdown 0.11.11's `TeamValidator("gen1ou")` finds
them.

The rules come from four sources: the format (team size, levels, bans, clauses), the Gen 1 learnsets (a move must be
known at the set's level, by the species or a pre-evolution), availability in the games (no Charizard below 36, no Pay
Day Fearow outside Japan, no combination that no game allows), and Showdown's checks for mistakes (all EVs at zero).

If Showdown accepts a set after silently repairing it, this refuses it: IVs outside 0-31, level 0, and names of
Gigantamax formes. It never accepts a set that Showdown refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pokespiel.game.gen1.teams.legality import Facts, find_move, find_species, legality_facts, to_id
from pokespiel.game.gen1.teams.origins import Problem, combination_problems, origin_problems
from pokespiel.game.gen1.teams.sets import STAT_NAMES, PokemonSet, Team, TeamError, hp_dv, kept_name, quote_text

REASONS = {
    "team_size": "no Pokémon, or more than six",
    "species_clause": "two of one species",
    "nickname_clause": "two of one nickname",
    "unknown_species": "no Pokémon of this name",
    "later_species": "a species or forme of a later generation",
    "banned_species": "Mewtwo and Mew",
    "nickname_length": "a nickname of more than 18 characters",
    "nickname_species": "the name of another species as nickname",
    "level": "a level outside 1-100",
    "level_50": "level 50 with EVs that look like an oversight",
    "met_level": "below the level at which the games give it",
    "evolution_level": "below the level at which it evolves",
    "item": "an item: Gen 1 has none",
    "no_moves": "no move",
    "too_many_moves": "more than four moves",
    "repeated_move": "one move twice",
    "unknown_move": "no move of this name",
    "later_move": "a move of a later generation",
    "banned_move": "Dig, Fly, Double Team and Minimize",
    "ohko_move": "Fissure, Guillotine and Horn Drill",
    "unlearnable": "a move that it cannot learn, or not by this level",
    "event": "a move given at an event whose terms the set does not meet",
    "combination": "moves that no single game gives together",
    "hp_dv": "an HP DV that does not follow from the others",
    "iv_range": "an IV outside 0-31",
    "ev_range": "an EV outside 0-255",
    "no_evs": "all EVs zero, which looks like an oversight",
    "modern_evs": "508 or 510 EVs in all, which looks like a later generation's limit",
}
"""Every code of a `TeamRefusal`, with its meaning."""


_SHOWN = 6
"""Maximum refusals of one team shown in an error."""


@dataclass(frozen=True)
class TeamRefusal:
    """One reason against a team."""

    code: str
    """A key of `REASONS`."""
    message: str
    slot: int | None = None
    """Position of the set it concerns, from 0; None for the team as a whole."""

    def __str__(self) -> str:
        return self.message


def validate(team: Sequence[PokemonSet]) -> tuple[TeamRefusal, ...]:
    """All reasons against `team`; empty if it may play gen1ou."""
    known = legality_facts()
    least, most = known.team_size
    refusals = []
    if not least <= len(team) <= most:
        refusals.append(TeamRefusal("team_size", f"a team has {least} to {most} Pokémon, this one {len(team)}"))
    for slot, one in enumerate(team):
        name = one.species if find_species(one.species) else quote_text(one.species)
        refusals += [
            TeamRefusal(code, f"Pokémon {slot + 1} ({name}): {text}", slot) for code, text in _set_problems(one, known)
        ]
    return (*refusals, *_clauses(team))


def require_legal(team: Team, what: str = "team") -> Team:
    """The team itself, or a `TeamError` that names `what` and the reasons against it."""
    if refusals := validate(team):
        raise TeamError(f"{what} is not legal in gen1ou: {summary(refusals)}")
    return team


def summary(refusals: Sequence[TeamRefusal]) -> str:
    """The first few refusals in one line."""
    more = f"; and {len(refusals) - _SHOWN} more" if len(refusals) > _SHOWN else ""
    return "; ".join(map(str, refusals[:_SHOWN])) + more


def _clauses(team: Sequence[PokemonSet]) -> Iterator[TeamRefusal]:
    species = Counter(find_species(one.species) or to_id(one.species) for one in team)
    for name in sorted(name for name, count in species.items() if count > 1):
        yield TeamRefusal(
            "species_clause", f"{quote_text(name)} is on the team {species[name]} times; each species once"
        )
    nicknames = Counter(filter(None, map(_own_nickname, team)))
    for name in sorted(name for name, count in nicknames.items() if count > 1):
        yield TeamRefusal(
            "nickname_clause", f"{nicknames[name]} Pokémon are nicknamed {quote_text(name)}; each nickname once"
        )


def _set_problems(one: PokemonSet, known: Facts) -> Iterator[Problem]:
    species = find_species(one.species)
    yield from _nickname_problems(one, species)
    yield from _level_problems(one, known)
    yield from _spread_problems(one)
    if one.item:
        yield "item", f"holds {quote_text(one.item)}; Gen 1 has no items"
    moves = tuple(filter(None, (find_move(name) for name in one.moves)))
    yield from _move_problems(one, moves, known)
    if species is None:
        if one.species.strip().lower() in known.named:
            yield "later_species", "is of a later generation; expected one of the 151 of Gen 1"
        else:
            yield "unknown_species", "no Pokémon of this name; expected one of the 151 of Gen 1"
        return
    if species in known.banned_species:
        yield "banned_species", "is banned"
    yield from combination_problems(species, moves)
    if known.level[0] <= one.level <= known.level[1]:
        yield from origin_problems(species, moves, one.level)


# --- names ------------------------------------------------------------------------------------------------------------


def _nickname_problems(one: PokemonSet, species: str | None) -> Iterator[Problem]:
    length = len(one.nickname.encode("utf-16-le", "surrogatepass")) // 2
    if length > 18:
        yield "nickname_length", f"nickname {quote_text(one.nickname)} has {length} characters (in UTF-16); at most 18"
    owner = legality_facts().named.get(kept_name(one.nickname).lower(), species)
    if species and owner != species:
        yield "nickname_species", f"is nicknamed {quote_text(one.nickname)}, which is another Pokémon's name"


def _own_nickname(one: PokemonSet) -> str:
    """The nickname as Showdown shows it; empty if it only repeats the species' name."""
    name = kept_name(one.nickname)
    species = find_species(one.species)
    return "" if species and legality_facts().named.get(name.lower()) == species else name


# --- numbers ----------------------------------------------------------------------------------------------------------


def _level_problems(one: PokemonSet, known: Facts) -> Iterator[Problem]:
    least, most = known.level
    if not least <= one.level <= most:
        yield "level", f"level {one.level}; expected {least} to {most}"


def _spread_problems(one: PokemonSet) -> Iterator[Problem]:
    for name, ev in zip(STAT_NAMES, one.evs, strict=True):
        if not 0 <= ev <= 255:
            yield "ev_range", f"{ev} {name} EVs; expected 0 to 255"
    for name, iv in zip(STAT_NAMES, one.ivs, strict=True):
        if not 0 <= iv <= 31:
            yield "iv_range", f"{iv} {name} IVs; expected 0 to 31"
    if one.dvs.hp != hp_dv(one.dvs):
        yield "hp_dv", f"HP DV {one.dvs.hp}; the other DVs make it {hp_dv(one.dvs)} (IVs are twice the DV)"
    total = sum(one.evs) - one.evs.spd + one.evs.spa
    if total == 0 and one.level > 1:
        yield "no_evs", "all EVs are 0; write 1 EV if that is meant"
    elif total in (508, 510):
        yield "modern_evs", f"{total} EVs in all; Gen 1 has no such limit: write 1 EV more if that is meant"
    if one.level == 50 and total % 4 == 0:
        yield "level_50", "is level 50 of 100; write 1 EV more if that is meant"


# --- moves ------------------------------------------------------------------------------------------------------------


def _move_problems(one: PokemonSet, moves: tuple[str, ...], known: Facts) -> Iterator[Problem]:
    """Problems of the moves that do not depend on the species."""
    given = [name for name in one.moves if name]
    if not given:
        yield "no_moves", "knows no move; expected one to four"
    if len(given) > known.max_moves:
        yield "too_many_moves", f"knows {len(given)} moves; expected at most {known.max_moves}"
    for name, count in Counter(find_move(name) or to_id(name) for name in given).items():
        if count > 1:
            yield "repeated_move", f"knows {known.moves.get(name) or quote_text(name)} {count} times"
    for name in given:
        if find_move(name) is None and to_id(name) in known.other_moves:
            yield "later_move", f"{quote_text(name)} is a move of a later generation"
        elif find_move(name) is None:
            yield "unknown_move", f"no move is called {quote_text(name)}"
    for move in moves:
        if move in known.banned_moves:
            yield "banned_move", f"{known.moves[move]} is banned"
        if move in known.ohko_moves:
            yield "ohko_move", f"{known.moves[move]} is banned: it faints in one hit"
