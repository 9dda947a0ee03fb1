"""The report of a tournament on one HTML page: ranking, mixture with its spread, payoffs and response graph."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from pokespiel.game.protocols import Game, Reported
from pokespiel.metasolvers import SUPPORT, MetaStrategy
from pokespiel.payoffs.ratings import rate, rating_rows
from pokespiel.payoffs.sampling import one_for_all
from pokespiel.payoffs.tables import PayoffTable, per_seat
from pokespiel.report import sections
from pokespiel.report.page import Key, Page
from pokespiel.report.sections import Meta
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.pooling import tournament_meetings
from pokespiel.runs.tournament.folder import Tournament
from pokespiel.runs.tournament.results import Results, score_text, tournament_results

DRAWS = 200
"""Number of tables drawn for the spread of the weights."""
FILES = (
    "ranking.csv",
    "table.csv",
    "mixture.json",
    "matches.csv",
    "interaction_matrix.csv",
    "config.yaml",
    "environment.json",
    "policies",
)


COMPARED = 4
"""Number of policies, the strongest, in the game's own section."""


def write_tournament_report(tournament: Tournament, path: Path, matches: int = 400, seed: int = 0) -> None:
    """Write the report of `tournament` to `path`; if cells have no matches yet, with the payoffs that are known.

    Args:
        matches: if the game has a report section: total matches between the strongest policies and the mixture;
            0 = none.
        seed: of these matches.
    """
    config, game, names = tournament.config(), tournament.game(), tournament.names()
    page = Page(f"Tournament on {config.game.partition('(')[0]}", f"{tournament.path}: {config.game}")
    table = tournament.table()
    missing = int(table.missing().sum())
    if missing:
        page.lead(
            f"This tournament is unfinished: {missing} of {table.missing().size} cells of its table have no finished "
            "match yet, so there is no ranking. “pokespiel tournament --folder "
            f"{shlex.quote(str(tournament.path))}” plays them."
        )
        _keys(page, tournament)
        nobody = MetaStrategy(tuple(np.zeros(size) for size in table.sizes))
        meta = _meta(game, names, table, nobody)
        sections.payoff_section(
            page, meta, [np.arange(size) for size in table.sizes], "Policies in the order they joined"
        )
    else:
        found = tournament_results(tournament, draws=DRAWS)
        _opening(page, found)
        _keys(page, tournament)
        page.heading("Ranking")
        sections.ranking(page, found, DRAWS)
        _ratings(page, tournament, found)
        meta = _meta(game, names, table, found.strategy)
        strongest = [np.asarray(order) for order in per_seat(game, [each.order().tolist() for each in found.rankings])]
        sections.payoff_table(page, meta, strongest, "strongest")
        if matches:
            _played(page, tournament, found, matches, seed)
    made = [(tournament.path.name, tournament.sessions(), "")]
    sections.close(page, path, made, [tournament.path / name for name in FILES])


def _ratings(page: Page, tournament: Tournament, found: Results) -> None:
    """Ratings of a pool in a symmetric zero-sum game of two."""
    game = found.game
    if not (one_for_all(game, found.names) and game.zero_sum and game.num_players == 2):
        return
    page.heading("Ratings")
    page.text(
        "Elo is the maximum-likelihood estimate of the Bradley-Terry model, 1500 on average, with 95 % intervals from "
        "resampled pairs and one tie added for each policy. Glicko-1 and GXE follow Pokémon Showdown's ladder; “Nash "
        "average” is the score in % against the Nash mixture of greatest entropy, so copies of a policy do not count "
        "twice. Nash weight, alpha-Rank and score are in %."
    )
    pool = rate(tournament_meetings(tournament), np.random.default_rng(tournament.config().seed))
    header, *rows = rating_rows(pool)
    page.table(header, rows, "The policies by Elo.")


def _played(page: Page, tournament: Tournament, found: Results, matches: int, seed: int) -> None:
    """The game's own section, if it has one."""
    game = found.game
    if not isinstance(game, Reported) or game.section is None:
        return
    population = tournament.populations()[0]
    strongest = found.rankings[0].order()[:COMPARED]
    policies = {found.names[0][index]: population[index] for index in strongest}
    mixture, each = mixture_of(population, found.rankings[0].weight), -(-matches // len(policies))
    game.section.of_members(page, game, policies, mixture, each, np.random.default_rng(seed))


def _meta(game: Game, names: tuple[tuple[str, ...], ...], table: PayoffTable, strategy: MetaStrategy) -> Meta:
    known = table._replace(payoffs=np.nan_to_num(table.payoffs))
    as_rates = sections.in_win_rates(game, known)
    one = one_for_all(game, names)
    return Meta(per_seat(game, names), table, strategy, one, game.utility_range, as_rates)


def _opening(page: Page, found: Results) -> None:
    """The strongest policies, and the policies of the mixture."""
    parts = []
    for population, names, ranked in zip(found.populations, found.names, found.rankings, strict=True):
        best, heaviest, used = ranked.order()[0], ranked.weight.argmax(), int((ranked.weight > SUPPORT).sum())
        score = score_text(found, ranked.overall, best)
        score = score.replace(" [", " % [") if found.as_rates else f"a mean return of {score}"
        whose = "" if len(found.names) == 1 else f" as player {population}"
        plays = (
            f"{used} of {len(names)} policies, {names[heaviest]} with {100 * ranked.weight[heaviest]:.3g} % the most"
        )
        alone = f"{names[heaviest]} alone"
        parts.append(
            f"{names[best]} scores highest over all{whose}, {score}. The Nash mixture plays "
            f"{alone if used == 1 else plays}."
        )
    page.lead(" ".join(parts))


def _keys(page: Page, tournament: Tournament) -> None:
    config, counted = tournament.config(), tournament.counted()
    page.keys(
        [
            sections.policies([len(members) for members in config.populations.values()]),
            Key("Matches", f"{counted.matches:,}", f"in {counted.units:,} independent units"),
            Key("Seed", str(config.seed)),
        ]
    )
