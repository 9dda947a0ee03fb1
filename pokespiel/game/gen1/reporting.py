"""What policies do in Gen 1 OU, for a report: matches are played and counted, and one is written as a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.progress import Watch, watch
from pokespiel.game.gen1.oddities import OddityTally, lengths_table, oddity_table
from pokespiel.game.gen1.recorded import Recorded, oddities_of, record_battles
from pokespiel.game.gen1.replay import write_replay
from pokespiel.game.gen1.usage import SpeciesUsage, usage
from pokespiel.game.protocols import Paper

if TYPE_CHECKING:
    from pokespiel.game.gen1.game import Gen1Game

SPECIES = 25
"""Maximum number of species listed, the most used."""
MOVES = 5
"""Maximum number of moves listed for each."""
STEP = 400
"""Number of matches played side by side: each turn evaluates a policy once, which costs a small network as much for one
match as for a hundred."""


class Battles:
    """The report's section on Gen 1 OU: what is used when chance draws the teams, and oddities in the battles."""

    def of_mixture(
        self, page: Paper, game: Gen1Game, policy: Policy, matches: int, rng: np.random.Generator, replay: Path
    ) -> None:
        """What the policy uses against itself, and one match to watch."""
        page.heading("What the mixture plays")
        if game.team_choice == "chance":
            battles(page, game, policy, replay, matches, rng)
        else:
            page.text("This is counted in matches whose teams chance draws; here the players choose them.")

    def of_members(
        self,
        page: Paper,
        game: Gen1Game,
        policies: Mapping[str, Policy],
        mixture: Policy,
        matches: int,
        rng: np.random.Generator,
    ) -> None:
        """The oddities of each policy."""
        if game.team_choice == "chance":
            compare(page, game, policies, mixture, matches, rng)


def battles(page: Paper, game: Gen1Game, policy: Policy, replay: Path, matches: int, rng: np.random.Generator) -> None:
    """Play `matches` of the policy against itself, add to the page what it used, and write one match to `replay`."""
    with watch("matches of the mixture against itself", matches) as bar:
        rows = np.zeros((matches, 2), np.int64)
        recorded = _recorded(game, [[policy], [policy]], rows, rng, bar, names=("Mixture 1", "Mixture 2"))
    found = usage(recorded)
    page.text(
        f"{matches} matches of the mixture against itself: {found.turns:.0f} turns on average, {found.ties} ties; it "
        f"switched at {100 * found.switch_rate:.1f} % of the decisions between moves and switches."
    )
    page.table(
        ["species", "fielded by, %", "score when fielded, %", "moves"],
        [
            [one.name, f"{100 * one.fielded / found.sides:.1f}", f"{100 * one.won:.1f}", _moves(one)]
            for one in found.species[:SPECIES]
        ],
        f"Species by the share of sides that took them into the field ({SPECIES} at most), how those sides scored, "
        f"ties half, and the {MOVES} moves that each used most.",
    )
    page.table(
        ["team", "sides", "score, %"],
        [
            [one.name, one.sides, f"{100 * one.score:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]"]
            for one in found.teams
        ],
        "Score by team, ties half, over the opponents that chance drew, with 95 % intervals.",
    )
    sample = min(recorded, key=lambda match: abs(match.battle.turn - found.turns))
    write_replay(replay, sample.log(), f"Gen 1 OU: {sample.teams[0]} against {sample.teams[1]}")
    page.links(
        "A match of about that length, as a page that plays it in Pokémon Showdown's replay viewer (which it fetches "
        "from Showdown) and as a log:",
        [replay, replay.with_suffix(".log")],
        replay.parent,
    )
    _oddities(page, {"mixture": oddities_of(recorded)}, "the mixture against itself")


def compare(
    page: Paper,
    game: Gen1Game,
    policies: Mapping[str, Policy],
    opponent: Policy,
    matches: int,
    rng: np.random.Generator,
) -> None:
    """Play `matches` of each policy against the opponent, in alternating seats, and add the policies' oddities."""
    members = np.repeat(np.arange(len(policies)), matches)
    seats = np.arange(len(members)) % matches % 2
    rows = np.full((len(members), 2), len(policies))
    rows[np.arange(len(members)), seats] = members
    with watch("matches against the mixture", len(members)) as bar:
        recorded = _recorded(game, [[*policies.values(), opponent]] * 2, rows, rng, bar)
    tallies = {
        name: oddities_of([recorded[index] for index in own], seats[own])
        for member, name in enumerate(policies)
        for own in [np.flatnonzero(members == member)]
    }
    _oddities(page, tallies, "each against the mixture")


def _recorded(
    game: Gen1Game,
    populations: Sequence[Sequence[Policy]],
    rows: np.ndarray,
    rng: np.random.Generator,
    bar: Watch,
    names: Sequence[str] = ("P1", "P2"),
) -> list[Recorded]:
    """Matches of `rows`, played by `record_battles` some at a time; `bar` counts them."""
    recorded: list[Recorded] = []
    for start in range(0, len(rows), STEP):
        some = rows[start : start + STEP]
        recorded += record_battles(game, populations, some, rng.integers(2**63, size=len(some)), rng, names=names)
        bar.update(len(recorded), "")
    return recorded


def _oddities(page: Paper, tallies: Mapping[str, OddityTally], who: str) -> None:
    page.heading("What a person would laugh at")
    sides = next(iter(tallies.values())).sides
    page.text(
        f"Blunders on {sides} sides (one player of one battle), {who}, judged from what the player was shown when it "
        "chose. The module pokespiel.game.gen1.oddities defines them; what looks odd may be right against an opponent "
        "who expects it."
    )
    page.table(
        *oddity_table(tallies), "Oddities as shares of the choices that they are counted among, with both counts."
    )
    page.table(*lengths_table(tallies), "Score by the length of the battle, ties half, with the number of sides.")


def _moves(one: SpeciesUsage) -> str:
    total = max(1, sum(count for _, count in one.moves))
    return ", ".join(f"{name} {100 * count / total:.0f} %" for name, count in one.moves[:MOVES])
