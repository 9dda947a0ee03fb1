"""The protocols behind which every game stands: an immutable game, and many of its matches side by side.

`Game` and `Matches` are all that a game needs. What it may offer beside them, and who asks for it, is a protocol each:

    | a game that is                | has                    | and gets                                              |
    |-------------------------------|------------------------|-------------------------------------------------------|
    | `Enumerable`                  | information_states     | networks tabulated, no state computed twice           |
    | `WithLayout`                  | layout                 | network bodies that use the structure of its features |
    | `WithCompact`                 | compact                | a fifth of the memory moved in training               |
    | `Privileged`                  | num_state_features     | critics that see everything; see `FullState`          |
    | `Signalling`                  | signals                | shaped rewards; see `Standings`                       |
    | `Telling`                     | drawn                  | what chance drew, in the logs of matches              |
    | `WithPlayers`                 | scripted               | its scripted players by name, and all as `baselines`  |
    | `WithSwitches`                | switches               | the control that never switches by choice             |
    | `WithExploiter`               | exploiter              | the settings of `pokespiel exploit`                   |
    | `WithVariants`                | variants               | agents graded on it and on what they did not train on |
    | `Reported`                    | section                | a section of its own in reports                       |

Its matches may be `FullState`, `Standings`, `Counting` and `Skipping`. Each is checked by `isinstance`, which asks for
the names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np

from pokespiel.core.policy import Observations, Policy
from pokespiel.core.registry import BadOption, Registry
from pokespiel.game.layout import Compact, Layout

if TYPE_CHECKING:
    from pokespiel.core.options import Choice

Form = Literal["tree", "step"]
"""The sequence form, or stepped through its states (in batches by its own engine, where the game has one)."""


def checked_form(form: Any) -> Form | None:
    """The form of a game, None = the best; a `BadOption` that names the choices if it is none."""
    if form is not None and form not in get_args(Form):
        raise BadOption(f"unknown form {form!r} of a game; Available: {', '.join(get_args(Form))} (None = the best)")
    return form


class Matches(Protocol):
    """B matches side by side, simultaneous or turn-based."""

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        """Indices [b] of the unfinished matches that await `player`, and what it knows in them.

        `out` offers arrays of at least B rows to write into; the result may be views of them, valid until the next
        call. Of a game `WithCompact`, int16 arrays ask for compact rows.
        """
        ...

    def step(self, actions: np.ndarray) -> np.ndarray:
        """Play actions [P, B] (ignored where a player is not to act); utilities [B, P] gained since the last step.

        An illegal action raises a `ValueError` that names the match and leaves all matches as they were.
        """
        ...

    def finished(self) -> np.ndarray:
        """[B] bool."""
        ...

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        ...


class Game(Protocol):
    """An immutable game; `start(seeds)` gives one match per seed. Equal seeds and actions give equal matches."""

    name: str
    """The string that `load_game` takes."""
    num_players: int
    num_actions: int
    num_features: int
    symmetric: bool
    """One population serves every seat."""
    zero_sum: bool
    utility_range: tuple[float, float]

    def start(self, seeds: Sequence[int] | np.ndarray) -> Matches: ...


@runtime_checkable
class Enumerable(Protocol):
    """A game whose information states can be listed: one in sequence form."""

    def information_states(self, player: int) -> Observations:
        """All [I] that `player` may meet, in the order of their keys."""
        ...


@runtime_checkable
class WithLayout(Protocol):
    """A game whose features have a structure that networks can use."""

    layout: Layout


@runtime_checkable
class WithCompact(Protocol):
    """A game that can show an observation as few whole numbers, from which its features follow; training records these.

    `Matches.observe(player, out)` writes them where `out.features` is [>= B, numbers] int16.
    """

    compact: Compact | None
    """How; None where this game cannot after all."""


def compact_of(game: Game) -> Compact | None:
    """How `game` shows compact rows; None where it does not."""
    return game.compact if isinstance(game, WithCompact) else None


@runtime_checkable
class Privileged(Protocol):
    """A game of whose matches all can be known, by a critic that trains; its matches are `FullState`."""

    num_state_features: int
    """Width of `FullState.full_state`."""


@runtime_checkable
class FullState(Protocol):
    """Matches of a `Privileged` game."""

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        """[B, num_state_features] float32: all there is to know, from the player's seat; written to `out` if given."""
        ...


@runtime_checkable
class Signalling(Protocol):
    """A game that says how a match stands before it ends; its matches are `Standings`."""

    signals: Sequence[str]
    """The names of what can be asked for."""


@runtime_checkable
class Standings(Protocol):
    """Matches of a `Signalling` game."""

    def signals(self, names: Sequence[str]) -> np.ndarray:
        """[len(names), B, P] float32: each seat's own standing."""
        ...


@runtime_checkable
class Counting(Protocol):
    """Matches that count turns in their own way; of others the steps are counted."""

    def turns(self) -> np.ndarray:
        """[B] whole numbers."""
        ...


@runtime_checkable
class Skipping(Protocol):
    """Matches of which some can wait while the others go on, each `skip` being [B] bool, True = as if not there."""

    can_skip: bool
    """True."""

    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        """As `Matches.observe`, without the matches that are skipped."""
        ...

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        """As `Matches.step`; matches that are skipped stay as they are and pay nothing."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A game that says what chance draws when a match starts."""

    def drawn(self, seeds: Sequence[int] | np.ndarray) -> Mapping[str, Sequence[str]]:
        """By column of the log, one word for each of `seeds`."""
        ...


@runtime_checkable
class WithPlayers(Protocol):
    """A game with scripted players, policies without arrays."""

    scripted: Registry
    """By name."""


@runtime_checkable
class WithSwitches(Protocol):
    """A game in which one kind of action can be done without, though it decides matches."""

    switches: Sequence[int]
    """These actions. A policy that avoids them wherever it may is weak, which a fit exploiter must show."""


@runtime_checkable
class WithExploiter(Protocol):
    """A game for which settings of an exploiter were found."""

    exploiter: Choice
    """An oracle and its options."""


@runtime_checkable
class WithVariants(Protocol):
    """A game of which there are others that differ in what chance draws, such as the teams."""

    def variants(self, held_out: Sequence[str]) -> Mapping[str, Game]:
        """By label: the game that figures are reported of, and for each name in `held_out` what training never saw."""
        ...


@runtime_checkable
class Reported(Protocol):
    """A game that adds to reports what is played in it."""

    section: Section | None
    """None = nothing."""


class Section(Protocol):
    """A game's own section of reports. Each call plays `matches` and adds what it counts in them to the page."""

    def of_mixture(
        self, page: Paper, game: Any, policy: Policy, matches: int, rng: np.random.Generator, replay: Path
    ) -> None:
        """What a run's mixture plays against itself; one match is written to `replay`, an HTML file beside the page."""
        ...

    def of_members(
        self,
        page: Paper,
        game: Any,
        policies: Mapping[str, Policy],
        mixture: Policy,
        matches: int,
        rng: np.random.Generator,
    ) -> None:
        """What the strongest of a tournament play against its mixture, in so many matches each."""
        ...


class Paper(Protocol):
    """What a section writes on: the page of a report."""

    def heading(self, text: str) -> None: ...

    def text(self, text: str) -> None: ...

    def links(self, text: str, files: Sequence[Path], folder: Path) -> None:
        """Links to files, relative to `folder`."""
        ...

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> None: ...
