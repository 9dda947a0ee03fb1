"""The card of an agent, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def markdown(card: Mapping[str, Any]) -> str:
    """The whole card (see `shipping.ship`) as a Markdown page."""
    parts = [_mixture(card)]
    if card["strengths"]:
        parts.append(_strengths(card["strengths"]))
    if card["arenas"]:
        parts.append(_arenas(card["arenas"]))
    parts.append(_exploitability(card["exploitability"]))
    if card["distilled"]:
        parts.append(_distilled(card["name"], card["distilled"]))
    parts += [_head_to_head(card["head_to_head"]), _training(card["training"], card["note"])]
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def _mixture(card: Mapping[str, Any]) -> Iterator[str]:
    name = card["name"]
    yield f"# The agent `{name}`"
    yield ""
    yield (
        f"`pokespiel.runs.agents.load_agent('{name}')` draws one of these for each match; alone they are "
        f"`{name}/NAME`. In half precision they take {card['bytes'] / 2**20:.1f} MiB. "
        "Members of the run's mixture that are left out "
        f"weighed {card['dropped']:.4f} together."
    )
    yield ""
    rows = [[name, label, f"{card['mixture'].get(name, 0):.4f}"] for name, label in card["labels"].items()]
    yield from markdown_table(("name", "policy of the run", "weight"), rows)


def _strengths(strengths: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    yield "## Against scripted players"
    yield ""
    yield "Score in % (ties half) over seat-swapped pairs of matches, with its 95 % interval from pair means."
    for agent, rows in strengths.items():
        yield ""
        yield f"`{agent}`:"
        yield ""
        shown = [[one["opponent"], one["teams"], _score(one), str(one["matches"])] for one in rows]
        yield from markdown_table(("opponent", "teams", "score", "matches"), shown)


def _arenas(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Over a Showdown server"
    yield ""
    yield "Seat-swapped pairs of matches over a real local server; score and interval as above."
    yield ""
    rows = [
        [
            one["second"]["name"],
            f"{one['pool']['name']}, {one['pool']['teams']} teams",
            _score(one),
            *(str(one[name]) for name in ("won", "tied", "lost", "unfinished")),
            one["server"],
        ]
        for one in records
    ]
    yield from markdown_table(("opponent", "teams", "score", "won", "tied", "lost", "unfinished", "server"), rows)


def _exploitability(measured: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Exploitability"
    yield ""
    if not measured:
        yield "Not measured."
        return
    yield (
        "`win_rate_exploitability`: a trained exploiter's score on fresh matches less a half, a lower bound of the "
        "stated budget. Unresolved figures are provisional; those not of this agent are of its run's earlier mixtures."
    )
    yield ""
    rows = []
    for one in measured:
        figure, verdict = one["win_rate_exploitability"], one["verdict"]
        value = (
            "unfinished" if figure is None else f"{figure['value']:.4f} ({figure['low']:.4f} to {figure['high']:.4f})"
        )
        status = "" if verdict is None else verdict["status"]
        status += f", < {verdict['below']:.4f}" if verdict and verdict["below"] is not None else ""
        of = "this agent" if one["of_this_agent"] else one["measurement"]
        rows.append([of, value, f"{one['decisions']:,}", str(len(one["exploiters"])), status, one["game"]])
    yield from markdown_table(
        ("mixture", "value, 95 % interval", "decisions each", "exploiters", "verdict", "game"), rows
    )
    reasons: dict[str, list[str]] = {}
    for one in measured:
        for reason in (one["verdict"] or {}).get("reasons", ()):
            reasons.setdefault(reason, []).append(one["measurement"])
    if reasons:
        yield ""
        yield "Why a figure is unresolved:"
        yield ""
        yield from (f"- {reason} ({', '.join(where)})" for reason, where in reasons.items())


def _distilled(name: str, about: Mapping[str, Any]) -> Iterator[str]:
    yield "## Distilled"
    yield ""
    score = about["against_mixture"]
    yield (
        f"`{name}/distilled` learnt from {about['decisions']:,} decisions of the mixture: cross-entropy "
        f"{about['cross_entropy']:.4f} nats, KL from the drawn members {about['divergence']:.4f}, score against the "
        f"mixture {_score(score)} over {score['matches']} matches."
    )


def _head_to_head(rates: Mapping[str, Any]) -> Iterator[str]:
    yield "## Head to head in training"
    yield ""
    yield "Win rates in % (ties half) of the members against the run's whole population."
    yield ""
    rows = [
        [opponent, *(f"{100 * row[column]:.1f}" for row in rates["win_rates"])]
        for column, opponent in enumerate(rates["opponents"])
    ]
    yield from markdown_table(("against", *rates["members"]), rows)


def _training(runs: Sequence[Mapping[str, Any]], note: str) -> Iterator[str]:
    yield "## How they were trained"
    yield ""
    if note:
        yield note
        yield ""
    rows = [
        [
            one["run"],
            str(one["options"]["seed"]),
            str(one["iterations"]),
            f"{one['decisions']:,}",
            f"{one['hours']:.2f}",
        ]
        for one in runs
    ]
    yield from markdown_table(("run", "seed", "iterations", "decisions", "hours"), rows)
    for one in runs:
        for session in one["sessions"]:
            yield ""
            yield f"    {session['command']}"
            yield ""
            yield f"{session['session']}, {session['machine']}, commit {session['commit']}"


def _score(one: Mapping[str, Any]) -> str:
    return f"{100 * one['score']:.1f} ({100 * one['low']:.1f}-{100 * one['high']:.1f})"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
