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
        score, low, high = tally.score()
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
            "problems": tally.problems,
            "battles": [battle._asdict() for battle in tally.battles],
        }

    def _write_replay(self, moment: Moment) -> None:
        assert moment.ended is not None
        number = moment.tally.battles.index(moment.ended) + 1
        room = battle_number(moment.ended.room) or re.sub(r"[^\w-]", "_", moment.ended.room)
        title = f"{self.header.get('account', 'we')} against {moment.ended.opponent}: {moment.ended.outcome}"
        write_replay(self.replays / f"{number:04d}-{room}.html", moment.log, title)

    def _read(self) -> SeriesTally:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["format"] != FORMAT:
                raise ValueError(f"format {kept['format']!r}")
            tally = SeriesTally(tuple(PlayedBattle(**battle) for battle in kept["battles"]), tuple(kept["problems"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.path} is not a series of matches on a server: {error!r}") from error
        for name, value in self.header.items():
            if _hash(kept.get(name)) != _hash(value):
                raise ValueError(
                    f"{self.path} holds a series with another {name}, {kept.get(name)!r} instead of {value!r}; "
                    "choose another file"
                )
        return tally


def _hash(value: Any) -> Any:
    """The part that identifies a policy, {"name", "hash"}, or another value; older files have only the hash."""
    return value["hash"] if isinstance(value, Mapping) and "hash" in value else value
