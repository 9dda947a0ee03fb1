"""The protocols of a game: an immutable game, and many of its matches side by side.

A game needs only `Game` and `Matches`. Each optional feature has its own protocol:

    | a game that is                | has                    | and gets                                              |
    |-------------------------------|------------------------|-------------------------------------------------------|
    | `Enumerable`                  | information_states     | networks tabulated, no state computed twice           |
    | `WithLayout`                  | layout                 | network bodies that use the structure of its features |
    | `WithCompact`                 | compact                | a fifth of the memory traffic in training             |
    | `Privileged`                  | num_state_features     | critics that see everything; see `FullState`          |
    | `Signalling`                  | signals                | shaped rewards; see `Standings`                       |
    | `Telling`                     | drawn                  | chance's draws in the logs of matches                 |
    | `WithPlayers`                 | scripted               | its scripted players by name, and all as `baselines`  |
    | `WithSwitches`                | switches               | the control that never switches by choice             |
    | `WithExploiter`               | exploiter              | the settings of `pokespiel exploit`                   |
    | `WithVariants`                | variants               | agents graded on it and on data unseen in training    |
    | `Reported`                    | section                | a section of its own in reports                       |
    | `WithOpenSpiel`               | openspiel              | OpenSpiel's states, and its facts before matches      |
    | `Refused`                     | refusal                | the reason in errors that ask for a sequence form     |

Its matches may be `FullState`, `Standings`, `Counting` and `Skipping`. `isinstance` checks each protocol by the names
of its attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np

from pokespiel.core.policy import Observations, Policy
from pokespiel.core.registry import BadOption, Registry
from pokespiel.game.layout import Compact, Layout

if TYPE_CHECKING:
    from pokespiel.core.options import Choice

Form = Literal["tree", "step"]
"""The sequence form, or stepped through its states (in batches by its own engine, if the game has one)."""


def checked_form(form: Any) -> Form | None:
    """Check the form of a game, None = the best; raises a `BadOption` that lists the choices."""
    if form is not None and form not in get_args(Form):
        raise BadOption(f"unknown form {form!r} of a game; Available: {', '.join(get_args(Form))} (None = the best)")
    return form


class Matches(Protocol):
    """B matches side by side, simultaneous or turn-based."""

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        """Indices [b] of the unfinished matches in which `player` must act, and what it knows in them.

        `out` offers arrays of at least B rows to write into; the result may be views of them, valid until the next
        call. If the game is `WithCompact`, int16 arrays request compact rows.
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
    """Whether one population serves every seat."""
    zero_sum: bool
    utility_range: tuple[float, float]

    def start(self, seeds: Sequence[int] | np.ndarray) -> Matches: ...


@runtime_checkable
class Enumerable(Protocol):
    """A game whose information states can be listed, that is, one in sequence form."""

    def information_states(self, player: int) -> Observations:
        """All information states [I] of `player`, in the order of their keys."""
        ...


@runtime_checkable
class WithLayout(Protocol):
    """A game whose features have a structure that networks can use."""

    layout: Layout


@runtime_checkable
class WithCompact(Protocol):
    """A game that can encode an observation as a few integers that determine its features; training records these.

    `Matches.observe(player, out)` writes them if `out.features` is [>= B, numbers] int16.
    """

    compact: Compact | None
    """The encoding; None if this game does not support it after all."""


def compact_of(game: Game) -> Compact | None:
    """The encoding of `game`'s compact rows; None if it has none."""
    return game.compact if isinstance(game, WithCompact) else None


@runtime_checkable
class Privileged(Protocol):
    """A game whose full state is available to a critic in training; its matches are `FullState`."""

    num_state_features: int
    """Width of `FullState.full_state`."""


@runtime_checkable
class FullState(Protocol):
    """Matches of a `Privileged` game."""

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        """[B, num_state_features] float32, the full state from the player's seat; written to `out` if given."""
        ...


@runtime_checkable
class Signalling(Protocol):
    """A game with intermediate measures of each player's standing; its matches are `Standings`."""

    signals: Sequence[str]
    """The names of the measures."""


@runtime_checkable
class Standings(Protocol):
    """Matches of a `Signalling` game."""

    def signals(self, names: Sequence[str]) -> np.ndarray:
        """[len(names), B, P] float32: each seat's own standing."""
        ...


@runtime_checkable
class Counting(Protocol):
    """Matches with their own count of turns; for other matches steps are counted."""

    def turns(self) -> np.ndarray:
        """[B] integers."""
        ...


@runtime_checkable
class Skipping(Protocol):
    """Matches of which some can pause while the others continue; `skip` is [B] bool, True = paused."""

    can_skip: bool
    """Always True."""

    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        """As `Matches.observe`, without the matches that are skipped."""
        ...

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        """As `Matches.step`; matches that are skipped stay unchanged, with utilities 0."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A game that names what chance draws at the start of a match."""

    def drawn(self, seeds: Sequence[int] | np.ndarray) -> Mapping[str, Sequence[str]]:
        """By log column, one word for each of `seeds`."""
        ...


@runtime_checkable
class WithPlayers(Protocol):
    """A game with scripted players, which are policies without arrays."""

    scripted: Registry
    """The players by name."""


@runtime_checkable
class WithSwitches(Protocol):
    """A game with a kind of action that matters but is avoidable, such as switching."""

    switches: Sequence[int]
    """These actions. A policy that avoids them whenever it can is weak, and a valid exploiter must show that."""


@runtime_checkable
class WithExploiter(Protocol):
    """A game with tuned exploiter settings."""

    exploiter: Choice
    """An oracle and its options."""


@runtime_checkable
class WithVariants(Protocol):
    """A game with variants that differ in what chance draws, such as the teams."""

    def variants(self, held_out: Sequence[str]) -> Mapping[str, Game]:
        """By label: the game for reported figures, and for each name in `held_out` a variant never seen in training."""
        ...


@runtime_checkable
class WithUsage(Protocol):
    """A game that can count what recorded decisions use."""

    def usage(self) -> UsageCounts:
        """Counts of nothing yet."""
        ...


class UsageCounts(Protocol):
    """Counts of what recorded decisions use."""

    def add(self, part: Mapping[str, np.ndarray]) -> None:
        """Count the finished matches in the columns of a dataset's part."""
        ...

    def lines(self) -> Iterable[str]:
        """The counts as text."""
        ...


@runtime_checkable
class Reported(Protocol):
    """A game that adds a section of its own to reports."""

    section: Section | None
    """The section; None = none."""


@runtime_checkable
class WithOpenSpiel(Protocol):
    """A game converted from OpenSpiel."""

    openspiel: Any
    """The `pyspiel.Game`, or None if it was made in another way."""


@runtime_checkable
class Refused(Protocol):
    """A game without a sequence form."""

    refusal: str
    """Why it has none; may be empty."""


class Section(Protocol):
    """A game's own section of reports. Each call plays `matches` and adds its counts to the page."""

    def of_mixture(
        self, page: Paper, game: Any, policy: Policy, matches: int, rng: np.random.Generator, replay: Path
    ) -> None:
        """Play a run's mixture against itself; one match is written to `replay`, an HTML file beside the page."""
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
        """Play the strongest policies of a tournament against its mixture, `matches` each."""
        ...


class Paper(Protocol):
    """The page of a report, as a section writes to it."""

    def heading(self, text: str) -> None: ...

    def text(self, text: str) -> None: ...

    def links(self, text: str, files: Sequence[Path], folder: Path) -> None:
        """Add links to files, relative to `folder`."""
        ...

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> None: ...
