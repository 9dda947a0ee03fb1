"""Showdown's own verdict on teams, from the installed package, translated to our validator's reasons."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from pokespiel.game.gen1.teams.formats import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.teams.validator import validate

_SCRIPT = Path(__file__).with_name("validator.cjs")
_CODES = {
    r"Hidden Power|Acupressure is banned": "later_move",
    r"at least \d+ Pokémon|may only bring up to": "team_size",
    r"by Species Clause": "species_clause",
    r"must have different nicknames": "nickname_clause",
    r"^The Pokemon .* does not exist": "unknown_species",
    r"nickname .* is too long": "nickname_length",
    r"nicknamed a different": "nickname_species",
    r"(minimum|maximum) level of": "level",
    r"is level 50": "level_50",
    r"not obtainable at levels below": "met_level",
    r"to be evolved": "evolution_level",
    r"needs to (hold|know)|must be male|transforms in-battle|must start the battle|cannot Gigantamax": "later_species",
    r"'s item .* does not exist|is an invalid item": "item",
    r"has no moves": "no_moves",
    r"moves, which is more than": "too_many_moves",
    r"multiple copies": "repeated_move",
    r"is an invalid move": "unknown_move",
    r"'s move .* does not exist in": "later_move",
    r"'s move .* is banned": "banned_move",
    r"banned by OHKO Clause": "ohko_move",
    r"is tagged Uber": "banned_species",
    r"has the combination of": "combination",
    r"can't learn|can't be (transferred|Sketched)|is learned at level": "unlearnable",
    r"HP DV of": "hp_dv",
    r"less than 0|more than 255": "ev_range",
    r"exactly 0 EVs": "no_evs",
    r"exactly 5(08|10) EVs": "modern_evs",
    r"Japan-only|only available from|from an evolution|are incompatible|event": "event",
    r"does not exist in|not obtainable without": "later_species",
}
_DETAILS = r"^\(|only one of several|must be at least level \d+ (to be from an event|to be underleveled)"
"""Sentences that continue the previous one."""


def showdown_verdicts(teams: Iterable[Team], *, node: Path, package: Path) -> list[tuple[str, ...]]:
    """For each team the sentences in which Showdown refuses it; empty for a legal one.

    `node` is the executable and `package` the folder of `pokemon-showdown` (see `pokespiel.showdown.install`).
    """
    lines = "".join(pack(team) + "\n" for team in teams)
    command = [str(node), str(_SCRIPT), str(package)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"Showdown's validator failed: {done.stderr.strip()[-2000:]}")
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def reasons(sentences: Iterable[str]) -> frozenset[str]:
    """Showdown's sentences as keys of `validator.REASONS`; `ValueError` for an unknown sentence."""
    return frozenset(_reason(sentence) for sentence in sentences if not re.search(_DETAILS, sentence))


def disagreement(team: Team, sentences: Iterable[str]) -> str:
    """How our verdict on `team` differs from Showdown's, in words; empty if both agree.

    We list every reason, while Showdown stops at some. So each of its reasons must be among ours, and each of ours
    among its, unless it stopped, or we refuse something that it silently repairs.
    """
    theirs = reasons(sentences)
    refusals = validate(team)
    ours = {refusal.code for refusal in refusals}
    implied = {code for refusal in ours for code in _IMPLIED.get(refusal, ())}
    if missing := theirs - ours - implied:
        return f"Showdown also refuses for {', '.join(sorted(missing))}: {'; '.join(sentences)}"
    extra = ours - theirs - ({"event"} if "unlearnable" in theirs else set())
    if extra and not theirs & _STOPS and not repaired(team):
        return (
            f"only ours: {', '.join(sorted(extra))}: {'; '.join(map(str, refusals))}; Showdown: {'; '.join(sentences)}"
        )
    return ""


def repaired(team: Team) -> bool:
    """Whether the team has something that Showdown silently repairs and we refuse."""
    out_of_range = any(one.level == 0 or min(one.ivs) < 0 or max(one.ivs) > 31 for one in team)
    return out_of_range or any(one.species.lower().endswith("-gmax") for one in team)


_STOPS = {"team_size", "unknown_species", "later_species", "item", "unknown_move", "too_many_moves"}
"""Reasons after which Showdown stops checking a set or team; after an unlearnable move it only stops checking moves."""
_IMPLIED = {
    "iv_range": ("hp_dv",),
    "level": ("met_level", "evolution_level", "unlearnable", "event"),
    "later_move": ("unlearnable", "banned_move", "ohko_move"),
    "later_species": (
        *("species_clause", "nickname_species", "nickname_clause", "nickname_length", "banned_species"),
        *("unlearnable", "event", "met_level", "evolution_level"),
    ),
    "unknown_species": ("species_clause", "nickname_clause"),
}
"""Further sentences of Showdown that one of our refusals makes redundant."""


def _reason(sentence: str) -> str:
    for pattern, code in _CODES.items():
        if re.search(pattern, sentence):
            return code
    raise ValueError(f"Showdown gives a reason that is not among ours: {sentence}")
