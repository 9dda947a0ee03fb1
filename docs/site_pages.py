"""The pages that `build_site.py` draws from the code: each meta-solver, oracle and game, and the public interface."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import inspect
import io
import re
import sys
import textwrap
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pyspiel
from matplotlib.figure import Figure

import pokespiel
import pokespiel.adapters
from pokespiel.core.help import attribute_docs, values_of
from pokespiel.core.registry import Registry
from pokespiel.game.loading import openspiel_names
from pokespiel.game.names import GAMES, PLAYERS
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
USES = {
    "meta-solvers": "pokespiel psro --game leduc_poker --meta-solver {name} --iterations 10 --run runs/{name}",
    "oracles": "pokespiel psro --game kuhn_poker --oracle {name} --help-all",
    "games": "pokespiel psro --game {name} --help",
}
KINDS: Mapping[str, tuple[str, Registry, str]] = {
    "meta-solvers": ("Meta-solvers", METASOLVERS, "A callable from payoffs to mixtures, named by `--meta-solver`."),
    "oracles": ("Oracles", ORACLES, "What learns or computes a response to the others' mixture, named by `--oracle`."),
    "games": ("Games", GAMES, "Games of this package, named by `--game`; OpenSpiel's are below."),
}


def generated_pages(written: Mapping[str, str]) -> tuple[dict[str, str], list[Any]]:
    """Texts by name in the site, and their part of the menu."""
    pages: dict[str, str] = {}
    menu: list[Any] = []
    for folder, (title, registry, about) in KINDS.items():
        for name in sorted(registry):
            pages[f"{folder}/{name}.md"] = plugin_page(folder, name, registry)
        pages[f"{folder}/index.md"] = overview(folder, title, about, registry)
        menu.append({title: [f"{folder}/index.md", *(f"{folder}/{name}.md" for name in sorted(registry))]})
    pages["api.md"] = api_page()
    return pages, [*menu, {"API": "api.md"}]


def overview(folder: str, title: str, about: str, registry: Registry) -> str:
    """A table of a registry's names."""
    rows = [f"| [{name}]({name}.md) | {escaped(registry.describe(name)[0])} |" for name in sorted(registry)]
    text = "\n".join([f"# {title}", "", about, "", "| name | what it is |", "|---|---|", *rows, ""])
    if folder == "games":
        text += f"\n## OpenSpiel's games\n\nParameters as in `leduc_poker(players=3)`.\n\n{openspiel_table()}\n"
    return text


def openspiel_table() -> str:
    """OpenSpiel's games with their players and parameters; those in Python have no listed parameters."""
    types = {kind.short_name: kind for kind in pyspiel.registered_games()}
    rows = ["| name | game | players | parameters and defaults |", "|---|---|---|---|"]
    for name in sorted(set(openspiel_names()) - set(GAMES)):
        if name not in types:
            rows.append(f"| `{name}` | written in Python | | |")
            continue
        kind = types[name]
        fewest, most = kind.min_num_players, kind.max_num_players
        given = ", ".join(f"`{key}={_brief(value)}`" for key, value in sorted(kind.parameter_specification.items()))
        players = fewest if fewest == most else f"{fewest} to {most}"
        rows.append(f"| `{name}` | {escaped(kind.long_name)} | {players} | {given} |")
    return "\n".join(rows)


def _brief(value: Any) -> str:
    """A parameter's default on one line; those that would break a table are left out."""
    text = str(value)
    return text if len(text) <= 24 and text.isprintable() and not set(text) & set("|`") else "..."


def players_table(name: str) -> str:
    """A game's scripted players."""
    roster = PLAYERS[name]
    rows = [f"| `{player}` | {escaped(roster.describe(player)[0])} |" for player in sorted(roster)]
    return "\n".join(["| player | what it does |", "|---|---|", *rows])


def plugin_page(folder: str, name: str, registry: Registry) -> str:
    """What a plug-in is, its source, its options, how to use it, and its kept curve."""
    plugin = registry[name]
    _, reference = registry.describe(name)
    about = inspect.getdoc(plugin) or ""
    module = inspect.getdoc(sys.modules[plugin.__module__]) or ""
    parts = [f"# {name}", prose(about), "" if about in module else prose(module)]
    parts += [escaped(reference) if reference and reference not in " ".join(module.split()) else ""]
    parts += [f"```console\n{USES[folder].format(name=name)}\n```", "## Options", options_table(plugin)]
    parts += ["## Scripted players", players_table(name)] if folder == "games" and name in PLAYERS else []
    parts += ["## Curve", *drawings] if (drawings := list(curves(folder, name))) else []
    return "\n\n".join(filter(None, parts)) + "\n"


def options_table(plugin: type) -> str:
    """The fields of a dataclass with their types, defaults and docstrings."""
    hints, docs = typing.get_type_hints(plugin), attribute_docs(plugin)
    rows = []
    for field in dataclasses.fields(plugin):
        default = "" if field.default is dataclasses.MISSING else str(field.default)
        shown = f"`{default}`" if default and len(default) < 60 else ""
        values = values_of(hints[field.name]) or "true or false"
        rows.append(f"| `{field.name}` | {escaped(values)} | {shown} | {escaped(docs.get(field.name, ''))} |")
    return "\n".join(["| option | values | default | meaning |", "|---|---|---|---|", *rows]) if rows else "None."


# Curves -------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Kept:
    """Where benchmarks keep their curves, one CSV file for each case and seed, and what made them."""

    folder: str
    pattern: str
    """Of the files of a name, with the case as its first group."""
    caption: str


KEPT = {
    "meta-solvers": (
        Kept(
            "psro",
            r"{name}(?:[_-](lowest_ties|no_tremble|sampled_payoffs|CE|CCE))?-\d+",
            "PSRO on Leduc poker with exact responses and payoffs, mean over seeds 0 to 4: "
            "`python benchmarks/psro.py curves` ([details](../benchmarks.md#psro-on-leduc-poker)).",
        ),
    ),
    "oracles": (
        Kept(
            "learning/kuhn_poker",
            r"psro-{name}\+(nash|prd|alpharank|uniform)-\d+",
            "PSRO on Kuhn poker under four meta-solvers, mean over five seeds: `python benchmarks/learning.py psro "
            "--game kuhn_poker --seeds 11 12 13 14 15 --minutes 2 --iterations 12` ([details](../benchmarks.md#kuhn)).",
        ),
        Kept(
            "curves",
            r"{name}(?:_(.+))?-\d+",
            "Exact self-play on Leduc poker: `python benchmarks/curves.py --only {name}` (without random numbers).",
        ),
    ),
    "games": (
        Kept(
            "curves",
            r"{name}(?:_(.+))?-\d+",
            "PSRO with `nash` and exact responses, until it is exact: `python benchmarks/curves.py --only {name}` "
            "(without random numbers).",
        ),
    ),
}
EXACT = 1e-9
"""An exploitability below this is rounding, and not drawn."""


def kept_curves(kept: Kept, name: str) -> dict[str, list[Path]]:
    """The kept results of a plug-in: one file per seed, by case."""
    found: dict[str, list[Path]] = {}
    for path in sorted((RESULTS / kept.folder).glob("*.csv")):
        if match := re.fullmatch(kept.pattern.format(name=name), path.stem):
            found.setdefault((match[1] or "").replace("_", " "), []).append(path)
    return found


def curves(folder: str, name: str) -> Iterator[str]:
    """The exploitability by iteration of what is kept, as pictures with the commands that made them."""
    for kept in KEPT[folder]:
        if found := kept_curves(kept, name):
            yield f"{picture(drawn(name, found))}\n\n{kept.caption.format(name=name)}"


def drawn(name: str, found: Mapping[str, list[Path]]) -> Figure:
    """One line per case, the mean of its seeds."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for case, paths in found.items():
        runs = [rows_of(path) for path in paths]
        length = min(map(len, runs))
        iterations = [float(row["iteration"]) for row in runs[0][:length]]
        values = np.array([[float(row["exploitability"]) for row in run[:length]] for run in runs]).mean(axis=0)
        axes.semilogy(iterations, np.where(values > EXACT, values, np.nan), label=", ".join(filter(None, [name, case])))
    axes.set_xlabel("iteration")
    axes.set_ylabel("exploitability")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def rows_of(path: Path) -> list[dict[str, str]]:
    """A kept CSV's rows; lines that begin with "#" say what made it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def picture(figure: Any) -> str:
    """A figure as SVG in the page."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "pokespiel", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    svg = buffer.getvalue()
    return '<div class="curve">' + re.sub(r"\s*\n\s*", " ", svg[svg.index("<svg") :]) + "</div>"


# The public interface -----------------------------------------------------------------------------------------------


def api_page() -> str:
    """Every public name with its signature and docstring."""
    parts = ["# API", prose(inspect.getdoc(pokespiel) or "")]
    for module in (pokespiel, pokespiel.adapters):
        parts.append(f"## {module.__name__}")
        for name in sorted(module.__all__, key=str.lower):
            parts += entry(name, getattr(module, name))
    return "\n\n".join(filter(None, parts)) + "\n"


def entry(name: str, thing: Any) -> Iterator[str]:
    """One name of the interface."""
    yield f"### `{name}`"
    if isinstance(thing, Registry):
        yield f"By name: {', '.join(f'`{one}`' for one in sorted(thing))}."
    elif callable(thing):
        yield f"```python\n{signature(name, thing)}\n```\n\n{origin(thing)}"
        yield prose(inspect.getdoc(thing) or "")
    else:
        yield f"`{thing!r}`"


def origin(thing: Any) -> str:
    return f"From `{thing.__module__}`."


def signature(name: str, thing: Any) -> str:
    """As Python writes it, without the quotes of annotations that are not evaluated."""
    try:
        text = str(inspect.signature(thing)).replace("'", "")
    except (TypeError, ValueError):
        text = "(...)"
    return "class " * inspect.isclass(thing) + name + text


def prose(docstring: str) -> str:
    """A docstring as Markdown: indented parts are code or, after "Args:", a list; nothing else is markup."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", docstring.strip("\n")):
        lines = block.split("\n")
        if all(line.startswith(("    ", "\t")) for line in lines):
            out.append("```text\n" + textwrap.dedent(block) + "\n```")
        elif lines[0].strip() in ("Args:", "Returns:", "Raises:"):
            items = re.split(r"\n(?! )", textwrap.dedent("\n".join(lines[1:])))
            out.append(f"**{lines[0].strip()}**")
            out.append("\n".join(f"- {escaped(' '.join(item.split()))}" for item in items))
        else:
            out.append(escaped(block))
    return "\n\n".join(out)


def escaped(text: str) -> str:
    """Plain text whose backticks alone are markup, for any place in a page."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else re.sub(r"([\\*_<>\[\]|#])", r"\\\1", part)
        for part in parts
    )


for _module in ("pokespiel.adapters.gym", "pokespiel.adapters.gym_vector", "pokespiel.adapters.pettingzoo"):
    importlib.import_module(_module)
