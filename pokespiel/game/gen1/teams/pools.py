"""Pools: the teams that a game is played with.

A pool is a folder of files, each with one team or several under headers. A name in `POOLS` loads a shipped pool; any
other name is a path. Every team is validated on loading, and ignored entries are logged. A pool is split into training
and held-out teams by line-up, so that no two teams of the same six species are on different sides: the line-up is for
training if the first byte of the SHA-256 of the sorted, comma-joined species ids is even.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.registry import unknown
from pokespiel.game.gen1.teams.formats import NamedTeam, pack, read_teams
from pokespiel.game.gen1.teams.legality import DATA, FORMAT, find_species, to_id
from pokespiel.game.gen1.teams.sets import Team, TeamError, quote_text
from pokespiel.game.gen1.teams.validator import summary, validate

POOLS = ("competitive", "one", "small", "variety")
"""The shipped pools: composed teams in the archetypes of the tier, a single mirror, teams of one Pokémon for exactly
solvable games, and generated teams."""
SIDES = ("train", "held-out")
"""Names of a split's two sides."""
SUFFIXES = (".txt", ".gen1ou_team")
"""Files with other suffixes do not belong to a pool."""
MAX_BYTES = 64 << 20
_LOG = logging.getLogger(__name__)
_SHOWN = 5
"""Maximum illegal teams described in one error."""


@dataclass(frozen=True)
class Pool:
    """Named teams, in a fixed order."""

    name: str
    names: tuple[str, ...]
    teams: tuple[Team, ...]

    def __len__(self) -> int:
        return len(self.teams)

    def __iter__(self) -> Iterator[Team]:
        return iter(self.teams)

    def __getitem__(self, index: int) -> Team:
        return self.teams[index]

    @property
    def hashes(self) -> tuple[str, ...]:
        """A content hash for each team, independent of its name."""
        return tuple(team_hash(team) for team in self.teams)

    @property
    def hash(self) -> str:
        """The content hash of the pool: its teams in order."""
        return hashlib.sha256("\n".join(self.hashes).encode()).hexdigest()


def load_pool(name: str | Path) -> Pool:
    """The shipped pool `name`, the pool at a path (a file or a folder of files), or several combined.

    `competitive+PATH` has the teams of both, `3*competitive` each team three times, so that it is drawn as often;
    `PATH@train` and `PATH@held-out` are the sides of a split. A team is named by its header, in a folder also by its
    file: "starmie/Starmie and Zapdos". Raises `TeamError`, naming file and team, if a team cannot be read, is written
    for another format or is illegal in gen1ou, and a lookup error for a name that is neither a shipped pool nor a path.
    """
    if str(name) in POOLS:
        return _load(str(name), DATA / str(name))
    path = Path(name)
    if not path.exists():
        parts = str(name).split("+")
        if len(parts) > 1:
            return _together([load_pool(part) for part in parts])
        count, times, once = str(name).partition("*")
        if times and count.isdecimal() and int(count):
            return _repeated(load_pool(once), int(count))
        whole, _, side = str(name).rpartition("@")
        if whole and side in SIDES:
            return split_pool(load_pool(whole))[SIDES.index(side)]
        if path.suffix or len(path.parts) > 1:
            raise TeamError(f"no team file or folder at {path}")
        raise unknown("team pool", str(name), POOLS, also="a file or folder of teams")
    return _load(path.stem, path)


def _together(pools: Sequence[Pool]) -> Pool:
    """The pools' teams combined; each name is prefixed by its pool's."""
    name = "+".join(pool.name for pool in pools)
    names = [f"{pool.name}/{one}" for pool in pools for one in pool.names]
    _require_distinct(name, names)
    return Pool(name, tuple(names), tuple(team for pool in pools for team in pool))


def split_pool(pool: Pool) -> tuple[Pool, Pool]:
    """The training and the held-out teams, each in the pool's order; either may be empty."""
    sides: dict[bool, list[int]] = {True: [], False: []}
    for index, team in enumerate(pool.teams):
        sides[trains(team)].append(index)
    return _part(pool, "train", sides[True]), _part(pool, "held-out", sides[False])


def line_up(team: Team) -> tuple[str, ...]:
    """Its species' ids, sorted."""
    return tuple(sorted(find_species(one.species) or to_id(one.species) for one in team))


def trains(team: Team) -> bool:
    """Whether the team's line-up is for training."""
    return hashlib.sha256(",".join(line_up(team)).encode()).digest()[0] % 2 == 0


def team_hash(team: Team) -> str:
    """SHA-256 of the packed team, in hexadecimal."""
    return hashlib.sha256(pack(team).encode()).hexdigest()


def read_file(path: str | Path) -> list[NamedTeam]:
    """The teams of one file, not validated; `TeamError` names the file and the error."""
    path = Path(path)
    if not path.is_file():
        raise TeamError(f"{path} is not a file; expected export text, packed or JSON teams")
    if path.stat().st_size > MAX_BYTES:
        raise TeamError(f"{path} has {path.stat().st_size} bytes; a team file has at most {MAX_BYTES}")
    try:
        return read_teams(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise TeamError(f"{path} is not UTF-8 text: byte {error.start} is wrong") from None
    except TeamError as error:
        raise TeamError(f"{path}: {error}") from None


def _load(name: str, path: Path) -> Pool:
    teams = list(_folder_teams(path)) if path.is_dir() else list(_file_teams(path, ""))
    names = [one for one, _ in teams]
    _require_distinct(str(path), names)
    _require_legal(path, teams)
    return Pool(name, tuple(names), tuple(team for _, team in teams))


def _repeated(pool: Pool, count: int) -> Pool:
    names = [f"{name}#{number}" for number in range(1, count + 1) for name in pool.names]
    return Pool(f"{count}*{pool.name}", tuple(names), pool.teams * count)


def _require_distinct(pool: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = min(one for one in names if names.count(one) > 1)
        raise TeamError(f"{pool}: {quote_text(twice)} names two teams; expected each name once")


def _folder_teams(path: Path) -> Iterator[tuple[str, Team]]:
    files = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES and not one.name.startswith("."))
    if not files:
        raise TeamError(f"{path} holds no team file; expected files ending in {' or '.join(SUFFIXES)}")
    for file in files:
        yield from _file_teams(file, f"{file.stem}/")


def _file_teams(file: Path, prefix: str) -> Iterator[tuple[str, Team]]:
    """Names and teams of one file; a single team without a name is named after the file."""
    teams = read_file(file)
    notes = [note for team in teams for note in team.notes]
    if notes:
        _LOG.warning("%s: %s%s", file, notes[0], f" (and {len(notes) - 1} more)" if len(notes) > 1 else "")
    for index, (name, form, team, _) in enumerate(teams, 1):
        if form != FORMAT:
            raise TeamError(f"{file}: team {quote_text(name)} is for {form[:60]}; expected {FORMAT}")
        if not name and len(teams) == 1:
            yield file.stem, team
        else:
            yield prefix + (name or str(index)), team


def _require_legal(path: Path, teams: list[tuple[str, Team]]) -> None:
    refused = [(name, refusals) for name, team in teams if (refusals := validate(team))]
    if refused:
        shown = "\n".join(f"  {name[:60]}: {summary(why)}" for name, why in refused[:_SHOWN])
        more = f"\n  and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        raise TeamError(f"{path}: {len(refused)} of {len(teams)} teams are not legal in {FORMAT}\n{shown}{more}")


def _part(pool: Pool, side: str, indices: list[int]) -> Pool:
    names = tuple(pool.names[index] for index in indices)
    return Pool(f"{pool.name}@{side}", names, tuple(pool.teams[index] for index in indices))
