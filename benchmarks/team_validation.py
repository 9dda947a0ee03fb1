"""Compares the team validator with Showdown's own, on outside teams and on teams made illegal on purpose.

    python benchmarks/team_validation.py --teams FOLDER_OR_FILE --spoiled 20000 --seed 0
    python benchmarks/team_validation.py --golden tests/data/team_verdicts.json     writes the verdicts that tests check

Needs Node and the installed Showdown (`python -m pokespiel.showdown.install`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.game.gen1.teams import POOLS, REASONS, Team, load_pool, pack, read_file, validate
from pokespiel.showdown import install
from pokespiel.showdown.reference.spoil import WAYS, spoil
from pokespiel.showdown.reference.teams import disagreement, reasons, repaired, showdown_verdicts

GOLDEN_SEED = 0


def main() -> int:
    options = _options()
    if options.golden:
        _write_golden(options.golden)
        return 0
    teams = [team for path in options.teams for team in _teams_at(path)] or [
        team for name in POOLS for team in load_pool(name)
    ]
    rng = np.random.default_rng(options.seed)
    spoiled = [_spoiled(teams, rng) for _ in range(options.spoiled)]
    found = _compare("as given", teams, [()] * len(teams))
    found += _compare("spoiled", [team for team, _ in spoiled], [ways for _, ways in spoiled])
    return int(found > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--teams", type=Path, nargs="*", default=[], help="files or folders; without, the shipped pools"
    )
    parser.add_argument("--spoiled", type=int, default=20_000, help="how many teams to spoil")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--golden", type=Path, help="write the verdicts on the shipped pools and as many spoiled teams")
    return parser.parse_args()


def _teams_at(path: Path) -> Iterator[Team]:
    for file in sorted(path.glob("*.txt")) if path.is_dir() else [path]:
        yield from (one.team for one in read_file(file))


def _spoiled(teams: Sequence[Team], rng: np.random.Generator) -> tuple[Team, tuple[str, ...]]:
    return spoil(teams[int(rng.integers(len(teams)))], rng, 1 + int(rng.integers(2)))


def _verdicts(teams: Sequence[Team]) -> list[tuple[str, ...]]:
    return showdown_verdicts(teams, package=install.required(), node=install.node())


def _compare(what: str, teams: Sequence[Team], ways: Sequence[tuple[str, ...]]) -> int:
    """Print how the two validators judge `teams`; the number of disagreements."""
    started = time.perf_counter()
    ours = [validate(team) for team in teams]
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    theirs = _verdicts(teams)
    reference = time.perf_counter() - started
    print(f"\n{what}: {len(teams)} teams; ours {seconds:.1f} s, Showdown {reference:.1f} s")
    pairs = Counter((bool(one), bool(other)) for one, other in zip(ours, theirs, strict=True))
    print(f"  both accept {pairs[False, False]}, both refuse {pairs[True, True]}")
    lenient = sum(
        bool(one) and not other and repaired(team) for team, one, other in zip(teams, ours, theirs, strict=True)
    )
    print(f"  we alone refuse {pairs[True, False]} ({lenient} of them what Showdown repairs in silence)")
    print(f"  Showdown alone refuses {pairs[False, True]}")
    differences = [
        (text, team, way)
        for team, sentences, way in zip(teams, theirs, ways, strict=True)
        if (text := disagreement(team, sentences))
    ]
    print(f"  disagreements in verdict or reason: {len(differences)}")
    for text, team, way in differences[:10]:
        print(f"    {way}: {text}\n      {pack(team)}")
    _print_reasons(theirs, [{one.code for one in refusals} for refusals in ours])
    return len(differences)


def _print_reasons(theirs: Sequence[tuple[str, ...]], ours: Sequence[set[str]]) -> None:
    showdown = Counter(code for sentences in theirs for code in reasons(sentences))
    own = Counter(code for codes in ours for code in codes)
    if own:
        print(f"  {'reason':18}{'Showdown':>10}{'ours':>8}   (teams; Showdown stops at some reasons, we list all)")
    for code in REASONS:
        if own[code] or showdown[code]:
            print(f"  {code:18}{showdown[code]:10}{own[code]:8}")


def _write_golden(path: Path) -> None:
    pools = {name: load_pool(name) for name in POOLS}
    teams = [team for pool in pools.values() for team in pool]
    refused = [sentences for sentences in _verdicts(teams) if sentences]
    if refused:
        sys.exit(f"Showdown refuses {len(refused)} shipped teams, first: {refused[0]}")
    rng = np.random.default_rng(GOLDEN_SEED)
    names = sorted(WAYS)
    spoiled = [WAYS[names[index % len(names)]](team, rng) for index, team in enumerate(teams)]
    verdicts = [[pack(team), sorted(sentences)] for team, sentences in zip(spoiled, _verdicts(spoiled), strict=True)]
    rows = ",\n  ".join(json.dumps(verdict) for verdict in verdicts)
    hashes = json.dumps({name: pool.hash for name, pool in pools.items()})
    source = json.dumps(f"pokemon-showdown {install.VERSION}, gen1ou")
    write_text(path, f'{{\n "source": {source},\n "accepted": {hashes},\n "spoiled": [\n  {rows}\n ]\n}}\n')


if __name__ == "__main__":
    sys.exit(main())
