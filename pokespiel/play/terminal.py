"""A battle in a terminal: the same session as the page's, in text.

1 to 4          the move of that number
s2 to s6        switch to the Pokémon in that slot
h, t, f, q      hints, both teams, forfeit, quit without finishing
r, s, n         after the battle: a rematch, the same battle again (rs, ss: with sides swapped), new teams
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pokespiel.core.policy import Policy
from pokespiel.game.gen1.endgames.solution import EndgameDecision
from pokespiel.play.endings import Endings, exact_worths
from pokespiel.play.judging import judged, labels_of
from pokespiel.play.lookahead import worths
from pokespiel.play.review import Review
from pokespiel.play.session import BattleSession, NotPossible

KEYS = "1-4 move, s2-s6 switch, h hints, t teams, f forfeit, q quit"
AGAIN = "r rematch, s same teams and seed again, rs or ss with sides swapped, n new teams, q quit"
_BAR = 20
"""Characters of a full HP bar."""


def play(session: BattleSession, adviser: Policy, ask: Callable[[str], str], say: Callable[[str], None]) -> bool:
    """Play one battle: `ask` returns the person's next line, `say` shows one. Returns False if the person quits before
    the end.

    An `EOFError` from `ask`, when there are no more lines, also quits.
    """
    heard = 0
    while not session.ended:
        heard = _catch_up(session, heard, say)
        say(board(session))
        if not _take(session, adviser, ask, say):
            return False
    _catch_up(session, heard, say)
    say("\n".join(account(session, adviser)))
    return True


def _catch_up(session: BattleSession, heard: int, say: Callable[[str], None]) -> int:
    told = session.told()
    for kind, text in told[heard:]:
        say(f"\n== {text} ==" if kind == "turn" else text)
    return len(told)


def _take(session: BattleSession, adviser: Policy, ask: Callable[[str], str], say: Callable[[str], None]) -> bool:
    """Ask until there is a choice or a forfeit; returns False if the person quits."""
    while True:
        word = _word(ask)
        if word == "q":
            return False
        if word == "f":
            session.forfeit()
            return True
        if word in ("h", "t"):
            say("\n".join(hints(session, adviser) if word == "h" else teams(session)))
            continue
        try:
            session.choose(choice_of(word))
            return True
        except NotPossible:
            keys = ", ".join(key_of(choice) for choice in session.choices())
            say(f"{word!r} is not possible; expected one of: {keys}, h, t, f, q\n{KEYS}")


def _word(ask: Callable[[str], str]) -> str:
    """The person's next line; "q" if there are no more."""
    try:
        return ask("> ").strip().lower()
    except EOFError:
        return "q"


def another(
    session: BattleSession,
    new: Callable[[], BattleSession],
    next_seed: Callable[[], int],
    ask: Callable[[str], str],
    say: Callable[[str], None],
) -> BattleSession | None:
    """The battle that the person chooses after one that has ended; None = none. `new` makes one with new teams."""
    while True:
        say(f"\n{AGAIN}")
        word = _word(ask)
        if word == "q":
            return None
        if word == "n":
            return new()
        if word in ("r", "rs"):
            return session.rematch(seed=next_seed(), swap=word == "rs")
        if word in ("s", "ss"):
            return session.again(swap=word == "ss")


def choice_of(word: str) -> str:
    """Showdown's word for a typed one: "1", "s2", "move 1", "switch 2"; other words are returned unchanged."""
    if found := re.fullmatch(r"(?:m|move)? ?([1-4])", word):
        return f"move {found[1]}"
    if found := re.fullmatch(r"(?:s|switch) ?([2-6])", word):
        return f"switch {found[1]}"
    return word


def key_of(choice: str) -> str:
    """What a person types for a choice: "1" for "move 1", "s2" for "switch 2"."""
    return choice.removeprefix("move ").replace("switch ", "s")


def board(session: BattleSession) -> str:
    """Both sides on the field and the available choices."""
    shown = session.seen()
    lines = [""]
    for who, name in (("foe", session.setup.names[1]), ("own", session.setup.names[0])):
        left = sum(not one["fainted"] for one in shown[who])
        front = next((one for one in shown[who] if one["active"]), shown[who][0])
        active = shown[f"{who}_active"]
        stages = [f"{stat} {stages:+d}" for stat, stages in active["boosts"].items()]
        extras = ", ".join([*stages, *active["conditions"]])
        lines.append(f"{name:<18} {_line(front)}   {left} left{f'   [{extras}]' if extras else ''}")
    if shown["kind"] == "switch":
        lines.append("Choose who comes in:")
    lines += [_action(action, shown) for action in shown["actions"]]
    return "\n".join(lines)


def _line(one: dict[str, Any]) -> str:
    full = round(_BAR * one["percent"] / 100)
    bar = "#" * full + "." * (_BAR - full)
    points = f"{one['hp']}/{one['full_hp']}" if one["hp"] is not None else f"{one['percent']:.0f} %"
    state = "fainted" if one["fainted"] else one["status"]
    return f"{one['name']:<12} [{bar}] {points:>8} {state:<3}".rstrip()


def _action(action: dict[str, Any], shown: dict[str, Any]) -> str:
    if "place" in action:
        return f"  {key_of(action['choice'])}  {_line(shown['own'][action['place']])}"
    damage = action["damage"]
    does = f"deals {_range(damage['least'], damage['most'])} %" if damage and damage["most"] else ""
    points = f"{action['pp']}/{action['full_pp']} PP" if action["pp"] is not None else ""
    power = f"{action['power']} power" if action.get("power") else ""
    chance = f"{action['chance']:.0f} % to hit" if action.get("accuracy") else ""
    blocked = "" if action["legal"] else "  not now"
    facts = f"{action['type']:<9}{power:<11}{chance:<14}{points:<10}{does:<16}{action['effect']}"
    return f"  {key_of(action['choice'])}   {action['label']:<14}{facts}{blocked}".rstrip()


def _range(least: float, most: float) -> str:
    low, high = f"{least:.0f}", f"{most:.0f}"
    return low if low == high else f"{low}-{high}"


def hints(session: BattleSession, adviser: Policy) -> list[str]:
    """The adviser's probabilities in the person's position."""
    opinion, legal = session.advice(adviser), session.legal(session.side)
    labels = list(labels_of(session.features(session.side), legal).values())
    ranked = sorted(zip(labels, opinion.probabilities[legal], strict=True), key=lambda one: -one[1])
    lines = [f"  {share:5.0%}  {label}" for label, share in ranked]
    return lines if opinion.win_chance is None else [f"win chance {opinion.win_chance:.0%}", *lines]


def teams(session: BattleSession) -> Iterator[str]:
    """Both teams as far as the person knows them."""
    shown = session.seen()
    for title, who in (("The foe's team", "foe"), ("Your team", "own")):
        yield title
        for one in shown[who]:
            if one["species"]:
                moves = ", ".join(f"{move['name']} {move['pp']} PP" for move in one["moves"])
                yield f"  {_line(one)}   {moves}"
        if hidden := sum(not one["species"] for one in shown[who]):
            yield f"  {hidden} not seen yet"


def account(session: BattleSession, adviser: Policy) -> Iterator[str]:
    """After the battle: each side's choices, the adviser's own, and the win chance at each."""
    for name, side in zip(session.setup.names, (session.side, 3 - session.side), strict=True):
        yield from ("", f"{name}: turn, choice, what the adviser thought likeliest, win chance")
        for one in judged(adviser, side, session.decisions):
            _, label, share = one.shares[0]
            chance = "" if one.win_chance is None else f"{one.win_chance:4.0%}"
            yield f"  {one.turn:>4}  {one.label:<14} {label:<14} {share:4.0%}  {chance}".rstrip()


def review(found: Review, adviser: Policy) -> Iterator[str]:
    """A finished battle: each side's decisions with the adviser's opinion, and the loss of each choice."""
    endings = Endings()
    for player in (1, 2):
        yield from (
            "",
            f"{found.names[player - 1]}: turn, choice, what the adviser thought likeliest, win chance, cost",
        )
        for index, one in enumerate(judged(adviser, player, found.decisions[player])):
            _, label, share = one.shares[0]
            chance = "" if one.win_chance is None else f"{one.win_chance:4.0%}"
            ending = _ending(found, endings, player, index)
            if isinstance(ending, dict):
                cost = f"{max(ending['worths'].values()) - ending['worths'][one.choice]:5.1%} exact"
            else:
                cost = _cost(found, adviser, player, index)
            yield f"  {one.turn:>4}  {one.label:<14} {label:<14} {share:4.0%}  {chance:>4}  {cost}".rstrip()
            if isinstance(ending, dict):
                yield f"        exact: {ending['value']:.1%} if both play right, {_mixed(ending['own'])}"
            elif "too large" in ending:
                yield f"        no exact value: {ending}"


def _ending(found: Review, endings: Endings, player: int, index: int) -> dict[str, Any] | str:
    """The solved rest of the battle as the player sees it, or why there is none."""
    if not found.exact or found.decision(player, index).legal.sum() < 2:
        return ""
    battle = found.battle(player, index)
    decision = endings.look(battle, wait=True)
    return exact_worths(decision, battle, player) if isinstance(decision, EndgameDecision) else str(decision)


def _mixed(shares: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{label} {share:.1%}" for label, share in shares if share > 0.0005)


def _cost(found: Review, adviser: Policy, player: int, index: int) -> str:
    one = found.decision(player, index)
    if one.legal.sum() < 2 or not one.choice:
        return ""
    worth = worths(adviser, found.battle(player, index), player)
    return "" if worth is None else f"{max(worth.values()) - worth[one.choice]:5.1%}"
