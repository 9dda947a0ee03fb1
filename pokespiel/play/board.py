"""The analysis board's requests; they are commands of the lobby, whose messages `lobby.py` describes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pokespiel.core.policy import Policy
from pokespiel.game.gen1.endgames.solution import EndgameDecision
from pokespiel.game.gen1.public_logs import FilledSet
from pokespiel.play.advice import has_critic
from pokespiel.play.answers import Answer, text_of, whole_number
from pokespiel.play.endings import exact_worths
from pokespiel.play.judging import judged
from pokespiel.play.lineups import pasted
from pokespiel.play.lookahead import worths
from pokespiel.play.review import Review
from pokespiel.play.session import BattleSession, BattleSetup, NotPossible
from pokespiel.play.sight import sight

if TYPE_CHECKING:
    from pokespiel.play.lobby import Lobby

MOST_REVIEWS = 20
ESTIMATE, EXACT = "estimate", "exact"
"""Where the values of choices come from: the adviser's critic, or a solution of the rest of the battle. A page says
which; exact values of small endings replace estimates in `worth`."""

SOLVING = "solving"
ASSUMED = "parts of the teams are assumed"


def study(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """Open a finished battle of this server (`battle`), or the `text` of a log, on the board."""
    if "battle" in asked:
        _, table = lobby.table(asked)
        if not table.session.ended:
            raise NotPossible("the battle is not over yet")
        text = table.session.record_text()
    else:
        text = text_of(asked, "text")
    return Answer(_shown(lobby, lay(lobby, Review.read(text))))


def lay(lobby: Lobby, review: Review) -> str:
    """Add a review; returns its name."""
    while len(lobby.reviews) >= MOST_REVIEWS:
        del lobby.reviews[next(iter(lobby.reviews))]
    name = secrets.token_urlsafe(12)
    lobby.reviews[name] = review
    return name


def reopen(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """The current state of a battle on the board, after a reload."""
    return Answer(_shown(lobby, _named(lobby, asked)[0]))


def give_team(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """Set the team that a player of a public log had, instead of the assumed one."""
    name, review = _named(lobby, asked)
    lobby.reviews[name] = review.with_team(whole_number(asked, "player", 1, 2), pasted(text_of(asked, "paste")))
    return Answer(_shown(lobby, name))


def look(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """A player's view at one decision."""
    name, review, player, index = _place(lobby, asked)
    one = review.decision(player, index)
    return Answer(
        {"is": "look", "review": name, "player": player, "index": index, "sight": sight(one.features, one.legal)}
    )


def worth(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """The value of each choice at one decision, and the loss of the choice played: its value below the best.

    Exact if the rest of the battle is solved: `exact` has the value and both equilibria. Else the adviser's estimate
    one step ahead, and `ending` is "solving", which tells a page to ask again, or why there is no solution.
    """
    name, review, player, index = _place(lobby, asked)
    battle, chosen = review.battle(player, index), review.decision(player, index).choice
    ending = lobby.endings.look(battle) if review.exact else ASSUMED
    exact = exact_worths(ending, battle, player) if isinstance(ending, EndgameDecision) else None
    found = exact["worths"] if exact else worths(lobby.policy(lobby.adviser), battle, player)
    cost = max(found.values()) - found[chosen] if found and chosen in found else None
    said = {"source": EXACT, "exact": exact} if exact else {"source": ESTIMATE, "ending": ending or SOLVING}
    place = {"review": name, "player": player, "index": index}
    return Answer({"is": "worth", **place, "worths": found, "cost": cost, **said})


def position(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """Both sides at one decision, to be changed and played from."""
    name, review, player, index = _place(lobby, asked)
    return Answer({"is": "position", "review": name, **review.standing(player, index)})


def branch(lobby: Lobby, asked: Mapping[str, Any]) -> Answer:
    """A new battle from one decision on, as its player, against an opponent; with `changes` from a changed position."""
    _, review, player, index = _place(lobby, asked)
    opponent = str(asked.get("opponent", lobby.opponents[0]))[:200]
    policy, seed = lobby.policy(opponent), lobby.next_seed(asked)
    changes = asked.get("changes")
    names = review.names if player == 1 else review.names[::-1]
    setup = BattleSetup(review.teams, seed, player, names)
    if changes is None:
        start = review.battle(player, index)
    elif isinstance(changes, dict):
        start = review.arranged(player, index, changes, setup.words)
    else:
        raise ValueError("changes: expected an object")
    return lobby.changed(lobby.open(BattleSession(setup, policy, opponent, start=start)))


BOARD_COMMANDS: tuple[Callable[[Lobby, Mapping[str, Any]], Answer], ...] = (
    *(study, reopen, give_team, look, worth, position, branch),
)


def _named(lobby: Lobby, asked: Mapping[str, Any]) -> tuple[str, Review]:
    name = asked.get("review")
    if not isinstance(name, str) or name not in lobby.reviews:
        raise ValueError("this battle is not on the board; open its log again")
    return name, lobby.reviews[name]


def _place(lobby: Lobby, asked: Mapping[str, Any]) -> tuple[str, Review, int, int]:
    name, review = _named(lobby, asked)
    return name, review, whole_number(asked, "player", 1, 2), whole_number(asked, "index", 0, 10_000)


def _shown(lobby: Lobby, name: str) -> dict[str, Any]:
    """The whole board as plain data."""
    review = lobby.reviews[name]
    policy = lobby.policy(lobby.adviser)
    return {
        "is": "review",
        "review": name,
        "by": lobby.adviser,
        "critic": has_critic(policy),
        "names": review.names,
        "exact": review.exact,
        "winner": review.winner,
        "turns": review.turns,
        "told": review.told(),
        "sides": {str(player): _side(review, policy, player) for player in (1, 2)},
        "teams": None if review.origins is None else [_origins(team) for team in review.origins],
    }


def _side(review: Review, policy: Policy, player: int) -> list[dict[str, Any]]:
    found = judged(policy, player, review.decisions[player])
    return [{**one._asdict(), "heard": heard} for one, heard in zip(found, review.heard[player], strict=True)]


def _origins(team: tuple[FilledSet, ...]) -> list[dict[str, Any]]:
    return [
        {
            "species": one.set.species,
            "origin": one.origin._asdict(),
            "moves": [
                {"name": name, **origin._asdict()} for name, origin in zip(one.set.moves, one.moves, strict=True)
            ],
        }
        for one in team
    ]
