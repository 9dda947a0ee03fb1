"""The record file of a series on a server, updated at every battle, and the battles' replays.

    journal = Journal(Path("live.json"), header, about, replays=Path("live"))
    series = online.accept(20, start=journal.tally)
    for moment in series:
        journal.keep(moment)

If the process dies, the file is as of the last battle's start or end, and the next process resumes there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pokespiel.core.files import write_text
from pokespiel.game.gen1.replay import write_replay
from pokespiel.showdown.protocol import battle_number
from pokespiel.showdown.series import Moment
from pokespiel.showdown.tally import NOTHING, PlayedBattle, SeriesTally

FORMAT = "pokespiel-online-1"


class Journal:
    """The record file of a series.

    Args:
        path: a JSON file; an existing record is continued.
        header: the players and the server, a policy as {"name", "hash"}; a file with a different header is refused.
        about: further information about the process that wrote the file last.
        replays: the folder for the replays.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], about: Mapping[str, Any], replays: Path):
        self.path, self.header, self.about, self.replays = path, dict(header), dict(about), replays
        self.tally = self._read() if path.exists() else NOTHING
        self._write()  # so that an unwritable place is noticed before anything is played

    def keep(self, moment: Moment) -> None:
        """Write the changes since the last call."""
        if moment.ended is not None and moment.log:
            self._write_replay(moment)
        if moment.tally != self.tally:
            self.tally = moment.tally
            self._write()

    def _write(self) -> None:
        write_text(self.path, json.dumps(self._told(), indent=1) + "\n")

    def _told(self) -> dict[str, Any]:
        tally = self.tally
        (score, low, high), rating = tally.score(), tally.rating()
        return {
            "format": FORMAT,
            **self.header,
            **self.about,
            "won": tally.won,
            "lost": tally.lost,
            "tied": tally.tied,
            "given_up": tally.given_up,
            "score": score,
            "low": low,
            "high": high,
            "rating": rating and rating._asdict(),
            "problems": tally.problems,
            "battles": [
                {**battle._asdict(), "replay": self._kept_replay(number, battle)}
                for number, battle in enumerate(tally.battles, 1)
            ],
        }

    def _write_replay(self, moment: Moment) -> None:
        assert moment.ended is not None
        number = moment.tally.battles.index(moment.ended) + 1
        title = f"{self.header.get('account', 'we')} against {moment.ended.opponent}: {moment.ended.outcome}"
        write_replay(self._replay(number, moment.ended), moment.log, title)

    def _replay(self, number: int, battle: PlayedBattle) -> Path:
        room = battle_number(battle.room) or re.sub(r"[^\w-]", "_", battle.room)
        return self.replays / f"{number:04d}-{room}.html"

    def _kept_replay(self, number: int, battle: PlayedBattle) -> str | None:
        """The name of a battle's replay in the folder, None = none is kept."""
        path = self._replay(number, battle)
        return path.name if path.is_file() else None

    def _read(self) -> SeriesTally:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["format"] != FORMAT:
                raise ValueError(f"format {kept['format']!r}")
            tally = SeriesTally(tuple(map(_battle, kept["battles"])), tuple(kept["problems"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.path} is not a series of matches on a server: {error!r}") from error
        for name, value in self.header.items():
            if _hash(kept.get(name)) != _hash(value):
                raise ValueError(
                    f"{self.path} holds a series with another {name}, {kept.get(name)!r} instead of {value!r}; "
                    "choose another file"
                )
        return tally


def _battle(kept: Mapping[str, Any]) -> PlayedBattle:
    """A battle of the file, without its replay's name, which follows from it."""
    return PlayedBattle(**{name: value for name, value in kept.items() if name != "replay"})


def _hash(value: Any) -> Any:
    """The part that identifies a policy, {"name", "hash"}, or another value; older files have only the hash."""
    return value["hash"] if isinstance(value, Mapping) and "hash" in value else value
