"""Open a lobby with its page, a review, or a battle in the terminal, from names: the code behind the commands."""

from __future__ import annotations

import itertools
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.registry import unknown
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.loading import load_game
from pokespiel.play import terminal
from pokespiel.play.advice import has_critic
from pokespiel.play.board import lay
from pokespiel.play.lineups import TeamRefused, pasted, pool_named
from pokespiel.play.lobby import Lobby, log_name, offered
from pokespiel.play.review import Review
from pokespiel.play.server import PageServer
from pokespiel.play.session import BattleSession, BattleSetup
from pokespiel.runs import agents
from pokespiel.runs.initial import policies_named

GAME = "gen1ou"
DEFAULT = "shipped"


def load_policy_named(name: str) -> Policy:
    """A policy that plays Gen 1 OU; an error lists the choices."""
    return policies_named([name], load_game(GAME))[name]


def lobby_for(opponent: str, adviser: str | None, keep: Path | None, seed: int | None) -> Lobby:
    """A lobby whose default opponent is `opponent`, which is loaded; pages may also choose the scripted players and
    agents."""
    loaded = {opponent: load_policy_named(opponent)}
    advises = adviser or (opponent if has_critic(loaded[opponent]) or DEFAULT not in agents.names() else DEFAULT)

    def load(name: str) -> Policy:
        return loaded[name] if name in loaded else load_policy_named(name)

    others = (*agents.names()[:1], *sorted(BASELINES), *agents.names()[1:])
    lobby = Lobby(load, offered(opponent, others), advises, keep, seed)
    if adviser is not None:
        lobby.policy(adviser)  # report an unknown name now
    return lobby


def serve_page(lobby: Lobby, port: int, browser: bool, path: str = "") -> None:
    """Print the page's address and serve it until Ctrl-C; `path` is appended to the address, such as "#battle=ID"."""
    with PageServer(lobby, port).running() as server:
        print(f"{server.address}{path}\nOpen this address in a browser of this machine; interrupt to stop.", flush=True)
        if browser:
            webbrowser.open(server.address + path)
        lobby.warm_up()
        threading.Event().wait()


def review_at(path: Path, side: int, team: Path | None) -> Review:
    """The battle of a log; `team` is the file of the team that `side` had, if the log does not show it."""
    try:
        review = Review.read(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return review if team is None else review.with_team(side, team_at(team))


def serve_review(review: Review, policy: str, side: int, port: int, browser: bool) -> None:
    """Print the address of a page with the review and serve it until Ctrl-C."""
    lobby = lobby_for(policy, None, None, None)
    serve_page(lobby, port, browser, f"#review={lay(lobby, review)}&side={side}")


def review_lines(review: Review, policy: str) -> Iterator[str]:
    """The review as text: each decision with the policy's opinion, and the loss of each choice by its own estimate."""
    lobby = lobby_for(policy, None, None, None)
    adviser = lobby.policy(lobby.adviser)
    yield from terminal.review(review, adviser)


def play_in_terminal(lobby: Lobby, team: str, pool: str, side: int) -> Iterator[Path | None]:
    """Play battles in the terminal until the person has had enough; yields the path of each one's record, None if the
    person quit before its end or the lobby keeps none."""
    adviser = lobby.policy(lobby.adviser)

    def new() -> BattleSession:
        return _session(lobby, team, pool, side)

    session: BattleSession | None = new()
    while session is not None:
        setup = session.setup
        print(f"You are player {setup.side} against {session.opponent}, seed {setup.seed}. {terminal.KEYS}")
        if not terminal.play(session, adviser, input, print):
            yield None
            return
        yield session.save(lobby.keep, _unused(lobby.keep, f"battle-{setup.seed}")) if lobby.keep else None
        session = terminal.another(session, new, lambda: lobby.next_seed({}), input, print)


def _session(lobby: Lobby, team: str, pool: str, side: int) -> BattleSession:
    """A battle against the lobby's default opponent."""
    seed = lobby.next_seed({})
    rng = np.random.default_rng((seed, 2))
    own, foe = team_named(team, pool, rng), team_named("random", pool, rng)
    opponent = lobby.opponents[0]
    setup = BattleSetup((own, foe) if side == 1 else (foe, own), seed, side, ("You", log_name(opponent)))
    return BattleSession(setup, lobby.policy(opponent), opponent)


def _unused(folder: Path, name: str) -> str:
    """The name, with a number if the folder has a record of that name: one seed can lead to many battles."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(one for one in names if not (folder / f"{one}.log.json").exists())


def team_named(name: str, pool: str, rng: np.random.Generator) -> Team:
    """A team from a file, a pool's by name, or a drawn one (`random`)."""
    teams = pool_named(pool)
    if name == "random":
        return teams[int(rng.integers(len(teams)))]
    if name in teams.names:
        return teams[teams.names.index(name)]
    if not Path(name).is_file():
        raise unknown(f"team of {pool}", name, ["random", *teams.names], f"Name a file, random, or a team of {pool}.")
    return team_at(Path(name))


def team_at(path: Path) -> Team:
    """The one legal team in a file."""
    try:
        return pasted(path.read_text(encoding="utf-8"))
    except TeamRefused as refused:
        raise ValueError(f"{path} may not play: {refused}") from refused
    except UnicodeError as error:
        raise ValueError(f"{path}: {error}") from error
