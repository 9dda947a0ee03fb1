"""A clone of the expert from logs, compared with one from the original records of the same matches.

python benchmarks/replays.py --matches 2000 --held-out 200 --epochs 5 --seed 0
python benchmarks/replays.py --matches 2000 --held-out 0 --same
python benchmarks/replays.py --accounts --seed 0

The original records have every decision, and the player's own HP in points. The logs are those of a spectator, written
as replays' JSON: hidden choices are missing, and unseen parts of the player's team are filled in unless the pool of
teams is given. Two more ways part the causes: the records of the decisions that logs show, and logs with the species of
both teams but not their moves. All clones predict the same held-out decisions, from the original records and from the
logs; --learn chooses what is learned from. --same compares the records, bit for bit, with what is read from a server's
own logs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pokespiel.core.policy import Observations, Policy, Uniform
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.public_logs import PublicLog, usual_moves
from pokespiel.game.gen1.public_views import PublicDecision
from pokespiel.game.gen1.recorded import ACTION, Recorded, record_battles
from pokespiel.game.gen1.teams import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.learning.datasets import Columns, Dataset
from pokespiel.oracles import Opponents
from pokespiel.oracles.offline import Offline
from pokespiel.showdown.replays import ReplayAccount, ReplayMatch, columns_of_replays, read_replay

GAME = "gen1ou(pool=competitive)"
NAMES = ("P1", "P2")
WAYS = ("records", "logs, teams known", "logs", "records, shown", "logs, species known")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=2000)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--epochs", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learn", nargs="+", choices=WAYS, default=WAYS, help="what clones learn from")
    parser.add_argument("--same", action="store_true", help="only compare the records with those of servers' own logs")
    parser.add_argument("--accounts", action="store_true", help="only print the accounts of ten replays, some spoiled")
    options = parser.parse_args()
    if options.accounts:
        print(*accounts(options.seed), sep="\n")
        return
    game, expert = load_game(GAME), BASELINES.build("expert")
    count = options.matches + options.held_out
    seeds = np.random.default_rng(options.seed).integers(2**62, size=count)
    rng = np.random.default_rng(options.seed)
    battles = record_battles(game, [[expert], [expert]], np.zeros((count, 2), int), seeds, rng)
    told("played", battles=len(battles))
    teams = dict(zip(game.team_names, game.teams, strict=True))
    if options.same:
        print(compared(battles, teams))
        return
    readers = (
        lambda battle: original(battle, teams),
        lambda battle: from_log(battle, game.teams),
        lambda battle: from_log(battle, ()),
        lambda battle: shown(battle, teams),
        lambda battle: species_known(battle, teams),
    )
    ways = dict(zip(WAYS, readers, strict=True))
    held = {name: read(ways[name], battles[options.matches :])[0] for name in WAYS[:3]}
    for name in options.learn:
        columns, names = read(ways[name], battles[: options.matches])
        told(f"{name}", matches=len(columns["match_seed"]), decisions=len(columns["action"]))
        clone = cloned(columns, names, options.epochs, options.seed)
        del columns
        for kind, data in held.items():
            print(f"    its clone on held-out {kind}: {judged(clone, data)}", flush=True)


def accounts(seed: int) -> list[ReplayAccount]:
    """What the reader reports about ten replays: five intact ones, and five that ended early or are damaged."""
    game, players = load_game(GAME), [BASELINES.build("expert"), BASELINES.build("random")]
    rows, rng = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0, 0]]), np.random.default_rng(seed)
    logs = [one.log() for one in record_battles(game, [players] * 2, rows, np.arange(5) + seed, rng, ("Ann", "Bob"))]
    half = [lines[: next(i for i, line in enumerate(lines) if line == "|turn|8")] for lines in logs]
    end = ["|-message|Bob forfeited.", "|win|Ann"]
    spoiled = {
        "forfeit": [*half[0], *end],
        "timer": [*half[1], "|-message|Bob lost due to inactivity.", "|win|Ann"],
        "cut": half[2],
        "unknown-move": [*half[3], "|move|p1a: Ann|Moonblast|p2a: Bob", *end],
        "other-tier": ["|tier|[Gen 1] Ubers", *logs[4]],
    }
    plain = {f"battle-{number}": lines for number, lines in enumerate(logs, 1)}
    return [read_replay("\n".join(lines), name)[0] for name, lines in (plain | spoiled).items()]


def read(way: Callable[[Recorded], ReplayMatch | None], battles: Sequence[Recorded]) -> tuple[Columns, tuple[str, ...]]:
    """The columns of the battles, read with `reader`."""
    return columns_of_replays([match for battle in battles if (match := way(battle)) is not None])


def told(what: str, **counts: int) -> None:
    print(f"{time.process_time():.0f} s: {what}", *(f"{name} {count:,}" for name, count in counts.items()), flush=True)


def original(battle: Recorded, teams: dict) -> ReplayMatch:
    """The match with the engine's own views, replayed from its seed and choices."""
    again = Battle(*(teams[name] for name in battle.teams), seed=words_of(battle))
    sides: tuple[list[PublicDecision], list[PublicDecision]] = [], []
    for chosen in battle.choices:
        for seat, choice in enumerate(chosen):
            legal = np.zeros(len(ACTION), bool)
            legal[[ACTION[one] for one in again.choices(seat + 1)]] = True
            if legal.sum() > 1:
                features = np.array(again.features(seat + 1))
                sides[seat].append(PublicDecision(again.turn, seat + 1, features, legal, choice, 0))
        again.choose(*chosen)
    assert again.winner == battle.battle.winner
    return ReplayMatch(("p1", "p2"), battle.seed, battle.battle.winner or 0, (tuple(sides[0]), tuple(sides[1])))


def shown(battle: Recorded, teams: dict) -> ReplayMatch:
    """The original records of the decisions whose choice the log shows."""
    match, log = original(battle, teams), PublicLog.of(battle.log())
    sides = []
    for player, side in enumerate(match.decisions, 1):
        seen = log.with_team(player, teams[battle.teams[player - 1]]).decisions(player)
        told = {(one.turn, one.legal[:4].any()) for one in seen if one.choice is not None}
        sides.append(tuple(one for one in side if (one.turn, one.legal[:4].any()) in told))
    return match._replace(decisions=(sides[0], sides[1]))


def species_known(battle: Recorded, teams: dict) -> ReplayMatch | None:
    """The match from its log and the species of both teams; moves that are not used are filled in."""
    log, filled, rng = PublicLog.of(battle.log()), [], np.random.default_rng(battle.seed)
    for player, name in enumerate(battle.teams, 1):
        used = dict(log.own_moves(player))
        team = []
        for one in teams[name]:
            known = used.get(one.species, ())
            moves = [*known, *usual_moves(one.species, known)][: max(4, len(known))]
            team.append(replace(one, moves=tuple(rng.permutation(moves).tolist())))
        filled.append(tuple(team[place] for place in rng.permutation(len(team))))
    return from_log(battle, filled)


def compared(battles: Sequence[Recorded], teams: dict) -> str:
    """How many decisions from servers' logs differ from the records, in any bit of features, actions or choices."""
    count = differ = 0
    for battle in battles:
        account, match = read_replay(json.dumps(server_log(battle, teams)), str(battle.seed))
        assert match is not None, account
        for own, read in zip(original(battle, teams).decisions, match.decisions, strict=True):
            pairs = list(zip(own, read, strict=True))
            count += len(pairs)
            differ += sum(one._replace(**exact(one)) != other._replace(**exact(other)) for one, other in pairs)
    return f"{len(battles):,} matches, {count:,} decisions, {differ:,} differ"


def exact(decision: PublicDecision) -> dict:
    """The arrays of a decision as bytes."""
    return {"features": decision.features.tobytes(), "legal": decision.legal.tobytes()}


def server_log(battle: Recorded, teams: dict) -> dict:
    """The log of a server that played the battle: its input log and its lines."""
    start = {"formatid": "gen1ou", "seed": ",".join(map(str, words_of(battle)))}
    players = [{"name": name, "team": pack(teams[team])} for name, team in zip(NAMES, battle.teams, strict=True)]
    inputs = [f">start {json.dumps(start)}"]
    inputs += [f">player p{side} {json.dumps(player)}" for side, player in enumerate(players, 1)]
    inputs += [f">p{side} {one}" for both in battle.choices for side, one in enumerate(both, 1) if one]
    return {"roomid": f"battle-gen1ou-{battle.seed}", "inputLog": inputs, "log": battle.battle.log()}


def words_of(battle: Recorded) -> tuple[int, int, int, int]:
    """The seed of the battle's own generator, as `record_battles` draws it."""
    from pokespiel.game.gen1.recorded import _words
    from pokespiel.game.gen1.seeds import mixed

    return _words(mixed(np.asarray([battle.seed]), 0)[0][0])


def from_log(battle: Recorded, teams: Sequence[Team]) -> ReplayMatch | None:
    """The match as its replay's JSON shows it; a match that is left out is reported."""
    account, match = read_replay(json.dumps({"log": "\n".join(battle.log())}), str(battle.seed), teams)
    if match is None:
        print(account)
    return match


def cloned(columns: Columns, names: Sequence[str], epochs: float, seed: int) -> Policy:
    """The policy of behaviour cloning on the decisions."""
    nobody = {
        seat: Opponents(((), (Uniform(),))[:: 1 - 2 * seat], np.roll([[-1, 0]], seat), np.ones(1)) for seat in (0, 1)
    }
    with tempfile.TemporaryDirectory() as folder:
        Dataset(Path(folder)).append(columns, {"game": GAME, "policies": names})
        oracle = Offline(form="bc", collect=0, replay=(folder,), epochs=epochs)
        *_, last = oracle(load_game(GAME), nobody, np.random.default_rng(seed))
    return next(iter(last.responses.values()))[0]


def judged(clone: Policy, data: Columns) -> str:
    """How often the clone's most likely action is the one played, with an interval over matches, and the log loss."""
    keys = np.full(len(data["action"]), -1, np.int64)
    seen = Observations(0, data["features"], data["legal"], keys)
    chances, _ = clone(seen, np.zeros((len(keys), clone.memory_size), np.float32))
    right = (chances.argmax(axis=1) == data["action"]).astype(float)
    loss = -np.log(np.maximum(chances[np.arange(len(keys)), data["action"]], 1e-9))
    matches = np.unique(data["match"])
    means = [right[data["match"] == match].mean() for match in matches]
    half = 1.96 * np.std(means, ddof=1) / np.sqrt(len(means))
    return f"{100 * right.mean():.1f} % ± {100 * half:.1f} right, log loss {loss.mean():.3f}, {len(keys):,} decisions"


if __name__ == "__main__":
    main()
