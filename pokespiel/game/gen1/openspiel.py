"""Gen 1 OU as an OpenSpiel game: `pyspiel.load_game("gen1ou(pool=competitive,party=6)")` once pokespiel is imported.

Players move at once, except when only one side must replace a fainted Pokémon. Chance is explicit:

- `chance=rolls`: the rolls of a turn one after another, each a chance node with its true probabilities;
- `chance=seeds`: sixteen hexadecimal digits at the start, the generator's seed; the battle then follows Showdown's
  numbers.

Teams come from a pool, drawn by chance for each side (`team_choice=chance`) or picked by the players as their first,
hidden move (`team_choice=player`), and are cut to their first `party` members. Past `turn_limit` the match is a tie.

A state is plain bytes and small integers, so that it clones, pickles and serializes cheaply.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyspiel

from pokespiel.core.registry import build
from pokespiel.game.gen1.battle import Battle, Roll
from pokespiel.game.gen1.openspiel_type import DEFAULTS, LONGEST_TENSOR, PLAYERS, game_type
from pokespiel.game.gen1.parameters import SHORT_NAME, Gen1OU
from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.view import ACTION_NAMES, NUM_ACTIONS, NUM_FEATURES, action_of, feature_names

_SEED_DIGITS, _DIGIT = 16, 16
_MOST_OUTCOMES = 256
_MOST_ROLLS = 64  # per turn: a dozen is usual at most, and each call of Metronome adds one


@lru_cache(maxsize=256)
def _thawed(data: bytes) -> Battle:
    """The battle of a state's bytes; shared, so it must not be changed."""
    return Battle.from_bytes(data)


class Gen1OUGame(pyspiel.Game):
    """The game; see the module."""

    def __init__(self, params: dict[str, Any] | None = None):
        given = {**DEFAULTS, **(params or {})}
        self.parameters: Gen1OU = build(Gen1OU, given, f"game {SHORT_NAME!r}")
        self.teams = self.parameters.teams()
        picks = len(self.teams) if self.parameters.team_choice == "player" else 0
        info = pyspiel.GameInfo(
            num_distinct_actions=max(NUM_ACTIONS, picks),
            max_chance_outcomes=max(_MOST_OUTCOMES, len(self.teams)),
            num_players=PLAYERS,
            min_utility=-1.0,
            max_utility=1.0,
            utility_sum=0.0,
            max_game_length=self.longest,
        )
        super().__init__(game_type(self.parameters), info, given)

    @property
    def longest(self) -> int:
        """Maximum decisions of a match: the teams, one per turn, one per replacement."""
        return 1 + self.parameters.turn_limit + 2 * (self.parameters.party - 1)

    def max_chance_nodes_in_history(self) -> int:
        """The seed's digits or every turn's rolls, and the teams."""
        rolls = _SEED_DIGITS if self.parameters.chance == "seeds" else _MOST_ROLLS * self.longest
        return rolls + PLAYERS

    def new_initial_state(self) -> Gen1OUState:
        return Gen1OUState(self)

    def make_py_observer(
        self, iig_obs_type: pyspiel.IIGObservationType | None = None, params: Any = None
    ) -> Gen1OUObserver:
        kind = iig_obs_type or pyspiel.IIGObservationType(perfect_recall=False)
        return Gen1OUObserver(self, kind, params)


class Situation(NamedTuple):
    """The situation of a match. Immutable, so that copies of a state share it."""

    seed: tuple[int, ...] = ()
    """The generator's digits so far."""
    picks: tuple[int, ...] = ()
    """The teams of both sides, as drawn or chosen."""
    battle: bytes = b""
    """The battle before the choices whose rolls are open."""
    choices: tuple[str, str] | None = None
    """Both sides' choices in a turn whose rolls are open."""
    rolls: tuple[int, ...] = ()
    """The outcomes of those rolls so far."""
    actions: tuple[bytes, bytes] = (b"", b"")
    """Each player's own actions."""
    views: tuple[bytes, bytes] = (b"", b"")
    """Each player's views when it took its actions, float32, in games short enough for information state tensors."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Situation:
        return self


class Gen1OUState(pyspiel.State):
    """A situation in a match: the decisions of chance and the players so far, and the battle as bytes."""

    def __init__(self, game: Gen1OUGame):
        super().__init__(game)
        self._now = Situation()

    # OpenSpiel's interface

    def current_player(self) -> int:
        if self._seed_is_open() or self._now.choices:
            return pyspiel.PlayerId.CHANCE
        if len(self._now.picks) < PLAYERS:
            by_players = self.get_game().parameters.team_choice == "player"
            return pyspiel.PlayerId.SIMULTANEOUS if by_players else pyspiel.PlayerId.CHANCE
        if self.is_terminal():
            return pyspiel.PlayerId.TERMINAL
        asked = [player for player in range(PLAYERS) if self._thaw().choices(player + 1)]
        return asked[0] if len(asked) == 1 else pyspiel.PlayerId.SIMULTANEOUS

    def is_terminal(self) -> bool:
        return bool(self._now.battle) and not self._now.choices and (self._thaw().ended or self._out_of_turns())

    def returns(self) -> list[float]:
        winner = self._thaw().winner if self.is_terminal() else 0
        return {1: [1.0, -1.0], 2: [-1.0, 1.0]}.get(winner or 0, [0.0, 0.0])

    def chance_outcomes(self) -> list[tuple[int, float]]:
        if self._now.choices:
            roll = self._open_roll()
            return [(index, weight / roll.denominator) for index, weight in enumerate(roll.weights) if weight]
        many = _DIGIT if self._seed_is_open() else len(self.get_game().teams)
        return [(outcome, 1 / many) for outcome in range(many)]

    def _legal_actions(self, player: int) -> list[int]:
        if len(self._now.picks) < PLAYERS:
            return list(range(len(self.get_game().teams)))
        return [action for action, _ in self._legal(player)]

    def _apply_action(self, action: int) -> None:
        mover = self.current_player()
        if mover != pyspiel.PlayerId.CHANCE:
            self._play({mover: action})
        elif self._now.choices:
            self._change(rolls=(*self._now.rolls, action))
            self._roll_on()
        elif self._seed_is_open():
            self._change(seed=(*self._now.seed, action))
        else:
            self._change(picks=(*self._now.picks, action))
            self._start_if_ready()

    def _apply_actions(self, actions: list[int]) -> None:
        if len(self._now.picks) < PLAYERS:
            self._change(picks=tuple(actions))
            self._start_if_ready()
        else:
            self._play(dict(enumerate(actions)))

    def _action_to_string(self, player: int, action: int) -> str:
        if player == pyspiel.PlayerId.CHANCE:
            if self._now.choices:
                return f"{self._open_roll().name} {action}"
            return f"seed {action:x}" if self._seed_is_open() else self._named_team(action)
        if len(self._now.picks) < PLAYERS:
            return self._named_team(action)
        return named_choice(self._thaw(), player, ACTION_NAMES[action])

    def information_state_string(self, player: int | None = None) -> str:
        """Everything that the player has seen and done: its team, its own log, its own actions."""
        player = self._seat(player)
        lines = [f"seat {player + 1}"]
        if len(self._now.picks) == PLAYERS:
            lines.append(f"team {pack(self.get_game().teams[self._now.picks[player]])}")
        if self._now.battle:
            lines += self._thaw().log(player + 1)
        lines.append(f"actions {' '.join(map(str, self._now.actions[player]))}")
        return "\n".join(lines)

    def information_state_tensor(self, player: int | None = None) -> list[float]:
        """[longest, features + actions]: the view at each own decision with the action taken there, the current view
        last; only for games of at most `LONGEST_TENSOR` turns."""
        game, player = self.get_game(), self._seat(player)
        if game.parameters.turn_limit > LONGEST_TENSOR:
            raise pyspiel.SpielError(
                f"information state tensors end at turn_limit={LONGEST_TENSOR}, this game has "
                f"{game.parameters.turn_limit}; use observation tensors or information state strings"
            )
        tensor = np.zeros((game.longest + 1, NUM_FEATURES + NUM_ACTIONS), np.float32)
        views = np.frombuffer(self._now.views[player], np.float32).reshape(-1, NUM_FEATURES)
        tensor[: len(views), :NUM_FEATURES] = views
        for row, action in enumerate(self._now.actions[player][-len(views) :] if len(views) else b""):
            tensor[row, NUM_FEATURES + action] = 1
        tensor[len(views), :NUM_FEATURES] = self._view(player)
        return tensor.reshape(-1).tolist()

    def observation_tensor(self, player: int | None = None) -> list[float]:
        """[features], the player's view; zeros before the battle."""
        return self._view(self._seat(player)).tolist()

    def observation_string(self, player: int | None = None) -> str:
        """The seat, and the view in words: every column that is not zero."""
        player = self._seat(player)
        view = self._view(player)
        shown = (f"{name} {view[index]:g}" for index, name in enumerate(feature_names()) if view[index])
        return "\n".join([f"seat {player + 1}", *shown])

    def __str__(self) -> str:
        if not self._now.battle:
            return f"seed {self._now.seed} teams {self._now.picks}"
        return "\n".join([*self._thaw().log(), *(f"rolled {roll}" for roll in self._now.rolls)])

    # Implementation

    def _seat(self, player: int | None) -> int:
        """The player asked about, by default the current one; raises OpenSpiel's error for any other."""
        seat = self.current_player() if player is None else player
        if seat < 0:
            raise pyspiel.SpielError(f"expected player >= 0, got {seat}")
        if seat >= PLAYERS:
            raise pyspiel.SpielError(f"expected player < {PLAYERS}, got {seat}")
        return seat

    def _change(self, **values: Any) -> None:
        self._now = self._now._replace(**values)

    def _seed_is_open(self) -> bool:
        return self.get_game().parameters.chance == "seeds" and len(self._now.seed) < _SEED_DIGITS

    def _named_team(self, pick: int) -> str:
        return f"team {pick} ({', '.join(member.name for member in self.get_game().teams[pick])})"

    def _thaw(self) -> Battle:
        return _thawed(self._now.battle)

    def _out_of_turns(self) -> bool:
        return self._thaw().turn > self.get_game().parameters.turn_limit

    def _view(self, player: int) -> np.ndarray:
        return self._thaw().native.features(player) if self._now.battle else np.zeros(NUM_FEATURES, np.float32)

    def _legal(self, player: int) -> list[tuple[int, str]]:
        return sorted((action_of(choice), choice) for choice in self._thaw().choices(player + 1))

    def _start_if_ready(self) -> None:
        if len(self._now.picks) < PLAYERS:
            return
        digits = self._now.seed or (0,) * _SEED_DIGITS
        words = [sum(d << 12 - 4 * i for i, d in enumerate(digits[word : word + 4])) for word in range(0, 16, 4)]
        first, second = (self.get_game().teams[pick] for pick in self._now.picks)
        self._change(battle=Battle(first, second, seed=words).to_bytes())

    def _play(self, actions: dict[int, int]) -> None:
        """Play both sides' actions (a side that waits has none), or keep them until chance has decided its rolls."""
        choices = ["", ""]
        for player, action in actions.items():
            legal = dict(self._legal(player))
            if not legal:
                continue
            if action not in legal:
                raise ValueError(f"action {action} is not legal for player {player}; legal are {sorted(legal)}")
            choices[player] = legal[action]
            self._remember(player, action)
        if self.get_game().parameters.chance == "seeds":
            battle = self._thaw().copy()
            battle.choose(*choices)
            self._change(battle=battle.to_bytes())
        else:
            self._change(choices=(choices[0], choices[1]), rolls=())
            self._roll_on()

    def _remember(self, player: int, action: int) -> None:
        """Keep the decision for the information states, which belong to one player each."""
        actions, views = list(self._now.actions), list(self._now.views)
        actions[player] += bytes([action])
        if self.get_game().parameters.turn_limit <= LONGEST_TENSOR:
            views[player] += self._view(player).tobytes()
        self._change(actions=tuple(actions), views=tuple(views))

    def _open_roll(self) -> Roll:
        roll = self._followed()
        assert isinstance(roll, Roll)
        return roll

    def _followed(self) -> Battle | Roll:
        assert self._now.choices is not None
        return self._thaw().roll(*self._now.choices, self._now.rolls)

    def _roll_on(self) -> None:
        """End the turn if no roll is open."""
        result = self._followed()
        if isinstance(result, Battle):
            self._change(battle=result.to_bytes(), choices=None, rolls=())


class Gen1OUObserver:
    """OpenSpiel's observer of one player's knowledge: the view or, with perfect recall, the information state.

    Observers of public information only are not supported: they return no string and no tensor.
    """

    def __init__(self, game: Gen1OUGame, kind: pyspiel.IIGObservationType, params: Any):
        if params:
            raise ValueError(f"gen1ou's observer takes no parameters, got {params}")
        self.recall = kind.perfect_recall
        self.private = kind.private_info == pyspiel.PrivateInfoType.SINGLE_PLAYER
        width = (game.longest + 1) * (NUM_FEATURES + NUM_ACTIONS) if self.recall else NUM_FEATURES
        offered = self.private and (not self.recall or game.parameters.turn_limit <= LONGEST_TENSOR)
        self.tensor = np.zeros(width, np.float32) if offered else None
        self.dict = {"view": self.tensor} if offered else {}

    def set_from(self, state: Gen1OUState, player: int) -> None:
        if self.tensor is not None:
            self.tensor[:] = state.information_state_tensor(player) if self.recall else state.observation_tensor(player)

    def string_from(self, state: Gen1OUState, player: int) -> str | None:
        if not self.private:
            return None
        return state.information_state_string(player) if self.recall else state.observation_string(player)


def named_choice(battle: Battle, player: int, choice: str) -> str:
    """A choice in words: "move Body Slam", "switch Tauros"."""
    request = json.loads(battle.request(player + 1))
    kind, _, number = choice.partition(" ")
    if kind == "move":
        return f"move {request['active'][0]['moves'][int(number) - 1]['move']}"
    return f"switch {request['side']['pokemon'][int(number) - 1]['ident'].partition(': ')[2]}"
