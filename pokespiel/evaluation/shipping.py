"""A folder of agents to ship: a run's mixture and its members in half precision, and a card that describes them.

    0007-ppo.safetensors, ...  the members: their names in the run, after their indices where several share a name
    distilled.safetensors      one network that replaces them, if it was made
    card.json                  weights, training, strengths, exploitability
    CARD.md                    the same for people

Everything on the card is read from the run, the runs it started from, their measurements, or measured here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.core.intervals import share
from pokespiel.core.options import to_plain
from pokespiel.core.policy import Policy
from pokespiel.core.policy_files import save_policy
from pokespiel.core.provenance import facts
from pokespiel.evaluation.cards import markdown
from pokespiel.evaluation.deploy import Agent, standing_of
from pokespiel.evaluation.strength import Strength
from pokespiel.learning.datasets import policy_name
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.psro import PSROState
from pokespiel.runs.agents import FORMAT, card
from pokespiel.runs.chain import Phase, chain_of
from pokespiel.runs.run import RunFolder, labels
from pokespiel.runs.tournament.folder import plain_name
from pokespiel.showdown.record import read_record

KEPT = ("game", "victim", "decisions", "exploiters", "chosen", "set_b", "win_rate_exploitability", "verdict")
"""Fields of an exploitability measurement that the card shows."""
DISTILLED = "distilled"
_FOLDERS = re.compile(r'(?<![\w.~-])/(?:[^/\s"+(){}@,=:]+/)+')
"""The folders of an absolute path: the card shows files of the machine it was written on only by name."""


def ship(
    folder: Path,
    run: RunFolder,
    agent: Agent,
    *,
    strengths: Mapping[str, Iterable[Strength]],
    distilled: tuple[Policy, Mapping[str, Any]] | None = None,
    exploits: Sequence[Mapping[str, Any]] = (),
    arenas: Sequence[Mapping[str, Any]] = (),
    population: int = 0,
    note: str = "",
) -> None:
    """Write the folder; files of a former agent there are removed. A `FileExistsError` if it holds something else.

    Args:
        population: minimum number of the run's policies to ship: the mixture's, then its newest networks.
        strengths: of the agents by name (the folder's, such as "shipped", and "shipped/distilled").
        distilled: the network and its description.
        exploits: results of `exploit_of`, in addition to those in the folders of the run and its predecessors.
        arenas: results of `arena_of`.
        note: what the runs do not tell of the training, such as that of the policies that they started from.
    """
    former = files_of(folder)
    found = [exploit_of(path, agent) for path in _measurements(run)]
    state = standing_of(run).state
    labelled = labels(state.origins[0])
    chosen = _chosen(state.populations[0], agent.indices, population)
    names = _file_names([str(origin["name"]) for origin in state.origins[0]], chosen)
    for index, name in names.items():
        save_policy(folder / f"{name}.safetensors", state.populations[0][index], {"label": labelled[index]}, half=True)
    if distilled is not None:
        save_policy(folder / f"{DISTILLED}.safetensors", distilled[0], distilled[1], half=True)
    made = {folder / f"{name}.safetensors" for name in (*names.values(), *([DISTILLED] if distilled else []))}
    told = {
        "format": FORMAT,
        "name": folder.name,
        "note": note,
        "mixture": {names[i]: float(w) for i, w in zip(agent.indices, agent.policy.weights, strict=True)},
        "labels": {name: labelled[index] for index, name in names.items()},
        "dropped": agent.dropped,
        "bytes": sum(path.stat().st_size for path in made),
        "training": [_training(phase) for phase in chain_of(run).phases],
        "head_to_head": _head_to_head(state, chosen),
        "arenas": list(arenas),
        "strengths": {name: [_row(one) for one in rows] for name, rows in strengths.items()},
        "exploitability": [*found, *exploits],
        "distilled": dict(distilled[1]) if distilled else None,
    }
    told = json.loads(_FOLDERS.sub("", json.dumps(told)))
    write_text(folder / "card.json", json.dumps(told, indent=1) + "\n")
    write_text(folder / "CARD.md", markdown(told))
    for path in former - made:
        path.unlink(missing_ok=True)


def files_of(folder: Path) -> set[Path]:
    """The policy files of the agent in `folder`, empty if it is new; a `FileExistsError` if it holds something else."""
    if not folder.exists() or not any(folder.iterdir()):
        return set()
    try:
        card(folder)
    except (FileNotFoundError, ValueError) as error:
        raise FileExistsError(f"{folder} holds something other than shipped agents; choose another folder") from error
    return set(folder.glob("*.safetensors"))


def arena_of(path: Path, agent: Agent) -> dict[str, Any]:
    """The agent's record on a Showdown server, for the card; a `ValueError` if another policy was the first player."""
    found = read_record(path)
    if found["first"]["hash"] != policy_name(agent.policy):
        raise ValueError(f"{path} is the record of {found['first']['name']}, another policy than this agent")
    return {name: value for name, value in found.items() if name not in ("format", "first", "environment")}


def exploit_of(path: Path, agent: Agent) -> dict[str, Any]:
    """A measurement of exploitability, for the card; a `ValueError` if the file is something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        own = found["victim"].get("hash") == policy_name(agent.policy)
        kept = {name: found[name] for name in KEPT}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a measurement of exploitability: {error!r}") from error
    return {"measurement": f"{path.parent.parent.parent.name}/{path.parent.name}", "of_this_agent": own} | kept


def _training(phase: Phase) -> dict[str, Any]:
    """The training of one run: its options, duration and machine."""
    run, standing = phase.run, phase.standing
    learnt = sum(value for row in standing.rows for name, value in row.items() if name.endswith("/decisions"))
    return {
        "run": run.path.name,
        "options": to_plain(run.config()),
        "iterations": phase.iterations,
        "policies": phase.policies,
        "decisions": int(learnt),
        "hours": round(standing.seconds / 3600, 3),
        "sessions": [_session(session) for session in run.sessions()],
    }


def _session(session: Mapping[str, Any]) -> dict[str, Any]:
    """Time and place of a session, with the command as typed."""
    program, *arguments = session["command"]
    program = "pokespiel" if Path(program).name == "cli.py" else Path(program).name
    return facts(session) | {"command": " ".join([program, *arguments])}


def _chosen(population: Sequence[Policy], mixture: Sequence[int], least: int) -> list[int]:
    """The members of the mixture and, until there are `least`, the newest other networks."""
    newest = [index for index in reversed(range(len(population))) if isinstance(population[index], NetworkPolicy)]
    others = [index for index in newest if index not in mixture]
    return sorted([*mixture, *others[: max(0, least - len(mixture))]])


def _file_names(names: Sequence[str], chosen: Iterable[int]) -> dict[int, str]:
    """The names of the chosen policies' files by index: their own, after the index where that is not unique."""
    plain = [plain_name(name) for name in names]
    taken = {name for name in plain if plain.count(name) > 1} | {DISTILLED}
    return {index: f"{index:04d}-{plain[index]}" if plain[index] in taken else plain[index] for index in chosen}


def _head_to_head(state: PSROState, chosen: Sequence[int]) -> dict[str, Any]:
    """The run's payoffs of the shipped policies against the whole population, as win rates with ties half."""
    rates = share(state.table.payoffs[0])
    names = labels(state.origins[0])
    return {
        "members": [names[index] for index in chosen],
        "opponents": names,
        "win_rates": np.round(rates[list(chosen)], 4).tolist(),
    }


def _measurements(run: RunFolder) -> list[Path]:
    return [path for phase in chain_of(run).phases for path in sorted(phase.run.path.glob("exploit/*/exploit.json"))]


def _row(one: Strength) -> dict[str, Any]:
    return {"teams": one.teams, "opponent": one.opponent, **one.score._asdict()}
