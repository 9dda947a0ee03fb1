"""Policies by name, and a run's initial policies: the only module that knows every kind of policy name.

uniform, a scripted player of the game (`expert` of Gen 1 OU), an agent that ships with the package (`shipped`), a
policy file, the folder of a run or tournament (its mixture), a user's own (`python:path/to/file.py:Name`)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pokespiel.core.policy import Policy, Uniform
from pokespiel.core.policy_files import load_policy, read_about
from pokespiel.core.registry import BadOption, is_own, unknown
from pokespiel.game.loading import load_game
from pokespiel.game.own_policy import OwnPolicy
from pokespiel.game.protocols import Game
from pokespiel.game.scripted import expanded, players
from pokespiel.learning.datasets import policy_name
from pokespiel.psro import InitialPopulations
from pokespiel.runs import agents
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import PSROConfig, RunFolder, RunState, population_names, settled


def policy_named(name: str, game: Game | None = None) -> Policy:
    """The policy with this name; scripted players are those of `game`. An error lists the choices."""
    scripted, shipped = players(game), agents.names()
    if name == "uniform":
        return Uniform()
    if name in scripted:
        return scripted[name].build(name)
    if name in shipped:
        return agents.load_agent(name)
    if is_own(name):
        return OwnPolicy(name)
    if Path(name).is_dir():
        return _mixture_of(Path(name))
    if Path(name).suffix:
        return load_policy(name)
    whole = [agent for agent in shipped if "/" in name or "/" not in agent]  # else too many to name them all
    raise unknown(
        "policy",
        name,
        ["uniform", *scripted, *whole],
        also="a policy's file, a run's folder, your own, as python:path/to/file.py:Name",
    )


def policies_named(names: Sequence[str], game: Game) -> dict[str, Policy]:
    """The policies with these names, where `baselines` means all scripted players; a `BadOption` if one cannot play
    `game`."""
    policies = {name: policy_named(name, game) for name in expanded(names, game)}
    for name, policy in policies.items():
        _check_plays(policy, name, game)
    return policies


def _mixture_of(path: Path) -> Policy:
    """The support of a run's answer, or of a tournament's Nash mixture, as one policy that draws a member per match."""
    from pokespiel.runs.tournament.folder import Tournament
    from pokespiel.runs.tournament.results import tournament_results

    if Tournament.at(path):
        tournament = Tournament(path)
        populations, strategy = tournament.populations(), tournament_results(tournament, draws=1).strategy
    else:
        state = finished(RunFolder(path)).state
        populations, strategy = state.populations, state.strategy
    if len(populations) > 1:
        raise ValueError(f"{path} has one population per seat, so no one mixture; name one of its policies' files")
    return mixture_of(populations[0], strategy.marginals[0])


def beginning(config: PSROConfig, game: Game) -> InitialPopulations:
    """A run's initial populations: the final ones of the run it starts from, and its named policies that are not among
    them."""
    names = config.population or (() if config.start else ("uniform",))
    named = InitialPopulations.of(game, policies_named(names, game))
    if config.start is None:
        return named
    before = end_of(config.start, game)
    members, origins = [], []
    for old, joining, *sources in zip(
        before.populations, named.populations, before.origins, named.origins, strict=True
    ):
        new = _new(old, joining)
        members.append((*old, *(joining[index] for index in new)))
        origins.append((*sources[0], *(sources[1][index] for index in new)))
    return InitialPopulations(tuple(members), tuple(origins), before.table)


def _new(old: Sequence[Policy], joining: Sequence[Policy]) -> list[int]:
    """Indices of the joining policies whose saved form differs from that of every old one."""
    known = {policy_name(policy) for policy in old}
    return [index for index, policy in enumerate(joining) if policy_name(policy) not in known]


def end_of(path: Path, game: Game) -> InitialPopulations:
    """The populations and payoffs of a finished run or a tournament; a `ValueError` if it is of another game."""
    from pokespiel.runs.tournament.folder import Tournament

    if Tournament.at(path):
        tournament = Tournament(path)
        _check_same_game(path, tournament.config().game, game)
        names = tuple(tuple({"name": name} for name in population) for population in tournament.names())
        return InitialPopulations(tournament.populations(), names, tournament.table())
    run = RunFolder(path)
    _check_same_game(path, run.config().game, game)
    state = finished(run).state
    origins = tuple(
        tuple(read_about(run.policy_file(name, index)) for index in range(len(population)))
        for name, population in zip(population_names(state), state.populations, strict=True)
    )
    return InitialPopulations(state.populations, origins, state.table)


def _check_same_game(path: Path, name: str, game: Game) -> None:
    if load_game(name).name != game.name:
        raise ValueError(f"{path} is of {name}, not of {game.name}")


def finished(run: RunFolder) -> RunState:
    """The final state of a run that has made all iterations or finds nothing new; a `ValueError` if it is
    unfinished."""
    standing, config = run.standing(), run.config()
    done, wanted = standing.state.iteration if standing else 0, config.iterations
    if standing is None or (done < wanted and not settled(config, standing.state)):
        raise ValueError(
            f"{run.path} stands at iteration {done} of {wanted}: finish it with --resume, or end it there with "
            f"--resume --iterations {done}"
        )
    return standing


def _check_plays(policy: Policy, name: str, game: Game) -> None:
    """Check that the policy can decide at the start of a match."""
    rng = np.random.default_rng(0)
    matches = game.start([0])
    for player in range(game.num_players):
        awaiting, observations = matches.observe(player)
        if len(awaiting):
            try:
                policy(observations, policy.start(len(awaiting), rng))
            except (ValueError, IndexError, KeyError) as error:
                raise BadOption(f"{name!r} cannot play {game.name}: {error}") from error
