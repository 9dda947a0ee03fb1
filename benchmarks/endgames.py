"""Exact endgames of Gen 1: the library's values, the table of duels, claims about single hits, times, played battles.

python benchmarks/endgames.py library      solve the library and write its values into the package
python benchmarks/endgames.py table        20 x 20 duels, with cycles and Nash mixtures of picks
python benchmarks/endgames.py claims       common claims about damage and critical hits
python benchmarks/endgames.py times        time and states of five endings
python benchmarks/endgames.py battles      200,000 battles between the equilibria, to check the value; seed 0

Each uses one thread; times are processor time.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from pokespiel.core.files import write_text
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.endgames.library import VALUES, load_library, solved_values
from pokespiel.game.gen1.endgames.positions import most_used, read_position
from pokespiel.game.gen1.endgames.solution import TOLERANCE, TooLarge
from pokespiel.game.gen1.endgames.solver import solve_endgame
from pokespiel.game.gen1.positions import reseeded
from pokespiel.metasolvers import METASOLVERS

LIMITS = {"most_bytes": 4_000_000_000, "most_situations": 60_000}
TWO = "Body Slam, Hyper Beam"
FOUR = "Body Slam, Hyper Beam, Earthquake, Blizzard"


def library(options: argparse.Namespace) -> None:
    """Solve every position."""
    found: dict[str, Any] = {}
    for entry in load_library():
        found[entry.name] = solved_values(solve_endgame(entry.position, pp=entry.pp))
        print(f"{entry.name}: {found[entry.name]['value']:.4f} in {found[entry.name]['seconds']} s", flush=True)
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    write_text(VALUES, text.replace('},"', '},\n"') + "\n")
    print(f"{len(found)} positions, {sum(one['seconds'] for one in found.values()):.0f} s of processor time")


def table(options: argparse.Namespace) -> None:
    """All pairs exactly, or the reason why not; those tried before are tried again, the smallest first."""
    names = most_used(options.count)
    kept: dict[str, Any] = json.loads(options.out.read_text()) if options.out.is_file() else {}
    began = time.time()
    pairs = [(a, b) for a, b in combinations(names, 2) if _is_open(kept.get(f"{a} {b}"), options)]
    pairs.sort(key=lambda pair: _states(kept.get(" ".join(pair), {})))
    for done, (a, b) in enumerate(pairs):
        if time.time() - began > options.minutes * 60:
            print(f"{len(pairs) - done} pairs are left: run the command again")
            break
        kept[f"{a} {b}"] = found = duel(a, b, options)
        write_text(options.out, json.dumps(kept, indent=1))
        print(f"{a} {b}: {found}", flush=True)
    print(table_text(names, kept))
    print(costs_text(kept))


def _is_open(one: dict[str, Any] | None, options: argparse.Namespace) -> bool:
    """Whether to try a pair: it is not exact, and was not yet tried with as much time."""
    return one is None or (one.get("residual", 1) > TOLERANCE and one["limit"] < options.seconds)


def _states(one: dict[str, Any]) -> float:
    """Of a pair that took too long; those without a number, which were never tried or are larger still, come last."""
    found = re.search(r"has (\d+) states", one.get("why", ""))
    return int(found[1]) if found else float("inf")


def duel(first: str, second: str, options: argparse.Namespace) -> dict[str, Any]:
    """One pair, with their most common sets, at full HP."""
    began = time.process_time()
    try:
        solved = solve_endgame(f"{first} vs {second}", most_seconds=options.seconds, **LIMITS)
    except TooLarge as error:
        why = str(error).partition(": ")[2]
        return {"why": why, "limit": options.seconds, "seconds": round(time.process_time() - began, 2)}
    return {
        "value": solved.value,
        "residual": solved.residual,
        "states": solved.states,
        "sweeps": solved.sweeps,
        "limit": options.seconds,
        "seconds": round(time.process_time() - began, 2),
    }


def win_table(names: Sequence[str], kept: dict[str, Any]) -> np.ndarray:
    """[n, n] the row's chance to win; not a number where it is not exact."""
    wins = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(wins, 0.5)
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        one = kept.get(f"{a} {b}", {})
        if one.get("residual", 1) <= TOLERANCE:
            wins[i, j], wins[j, i] = one["value"], 1 - one["value"]
    return wins


def table_text(names: Sequence[str], kept: dict[str, Any]) -> str:
    """The table in Markdown, its cycles of three and Nash mixtures of picks."""
    wins = win_table(names, kept)
    lines = ["| | " + " | ".join(name[:4] for name in names) + " |", "|---|" + "---|" * len(names)]
    for name, row in zip(names, wins, strict=True):
        lines.append(f"| {name} | " + " | ".join("?" if np.isnan(one) else f"{one:.2f}" for one in row) + " |")
    exact = (~np.isnan(wins[np.triu_indices(len(names), 1)])).sum()
    cycles = [c for c in nx.simple_cycles(nx.DiGraph(zip(*np.nonzero(wins > 0.5), strict=True)), 3) if len(c) == 3]
    lines += ["", f"{len(names) * (len(names) - 1) // 2} pairs: {exact} exact; {len(cycles)} cycles of three"]
    strongest = max(cycles, key=lambda c: min(wins[a, b] for a, b in zip(c, c[1:] + c[:1], strict=True)), default=[])
    if strongest:
        shown = " > ".join(names[i] for i in [*strongest, strongest[0]])
        least = min(wins[a, b] for a, b in zip(strongest, strongest[1:] + strongest[:1], strict=True))
        lines.append(f"strongest cycle: {shown}, each by at least {least:.3f}")
    return "\n".join([*lines, mixtures_text(names, wins)])


def costs_text(kept: dict[str, Any]) -> str:
    """Processor time of each pair's last attempt, and how many pairs are undecided for which reason."""
    open_pairs = [one for one in kept.values() if one.get("residual", 1) > TOLERANCE]
    spent, in_vain = (sum(one["seconds"] for one in some) for some in (kept.values(), open_pairs))
    reasons = Counter(re.sub(r"\d+", "N", one.get("why", "the residual is too large")) for one in open_pairs)
    lines = [
        f"processor time: {spent - in_vain:.0f} s for exact pairs, {in_vain:.0f} s for {len(open_pairs)} undecided ones"
    ]
    return "\n".join(lines + [f"  {count} undecided: {why}" for why, count in reasons.most_common()])


def mixtures_text(names: Sequence[str], wins: np.ndarray) -> str:
    """The Nash mixture of picks of each largest set whose duels are all exact."""
    sets = [sorted(clique) for clique in nx.find_cliques(nx.Graph(zip(*np.nonzero(~np.isnan(wins)), strict=True)))]
    largest = sorted(chosen for chosen in sets if len(chosen) == max(map(len, sets)))
    return "\n".join(_mixture(names, wins, chosen) for chosen in largest)


def _mixture(names: Sequence[str], wins: np.ndarray, chosen: list[int]) -> str:
    mixture, value = _nash(wins[np.ix_(chosen, chosen)])
    return (
        f"Nash mixture among {len(chosen)} whose duels are all exact "
        f"({', '.join(names[i] for i in chosen)}; value {value:.4f}): {_shares([names[i] for i in chosen], mixture)}"
    )


def _nash(wins: np.ndarray) -> tuple[np.ndarray, float]:
    """[n] the row's mixture, and the chance to win that it is sure of."""
    payoffs = 2 * wins - 1
    mixture = METASOLVERS["nash"]()(np.stack([payoffs, -payoffs]), symmetric=False).marginals[0]
    return mixture, float((mixture @ wins).min())


def _shares(names: Sequence[str], mixture: np.ndarray) -> str:
    ranked = sorted(zip(mixture, names, strict=True), reverse=True)
    return ", ".join(f"{name} {share:.3f}" for share, name in ranked if share > 1e-4)


def hits(attacker: str, defender: str, critical: bool = False) -> Counter[int]:
    """Damage of a hit in 39 equally likely rolls."""
    battle = read_position(f"{attacker} vs {defender}: Splash").battle()
    before = battle.native.state()[272 + 64 : 272 + 66]
    found: Counter[int] = Counter()
    for roll in range(217, 256):
        after = _struck(battle, roll, critical)
        found[int.from_bytes(before, "little") - after] += 1
    return found


def _struck(battle: Battle, roll: int, critical: bool) -> int:
    """Remaining HP of the second side."""
    script: list[tuple[str, int]] = []
    for _ in range(12):
        try:
            after = battle.scripted("move 1", "move 1", script)
            return int.from_bytes(after.native.state()[272 + 64 : 272 + 66], "little")
        except ValueError as error:
            name = str(error).split("'")[1]
            values = {"hit": 1, "critical": int(critical), "damage": roll, "secondary": 0, "speed_tie": 0}
            script.append((name, values[name]))
    raise AssertionError(script)


def critical_rate(species: str) -> float:
    """The critical-hit rate of an ordinary move."""
    battle = read_position(f"{species}: Pound vs Chansey: Splash").battle()
    for prefix in ([0], [0, 0]):
        roll = battle.roll("move 1", "move 1", prefix)
        if not isinstance(roll, Battle) and roll.name == "critical":
            return roll.weights[0] / roll.denominator
    return float("nan")


def convolved(*parts: Counter[int]) -> Callable[[int], float]:
    """The chance that the damages add up to at least this much."""
    total = Counter({0: 1.0})
    for part in parts:
        grown: Counter[int] = Counter()
        for done, p in total.items():
            for more, count in part.items():
                grown[done + more] += p * count / part.total()
        total = grown
    return lambda hp: sum(p for done, p in total.items() if done >= hp)


def full_hp(species: str) -> int:
    return read_position(f"{species}: Splash vs {species}: Splash").first[0].hp


def claims(options: argparse.Namespace) -> None:
    """Check claims about single hits with the engine."""
    for species in ("Tauros", "Snorlax", "Starmie"):
        print(f"critical hits of {species}: {critical_rate(species):.4%}")
    beam, slam = "Tauros: Hyper Beam", "Tauros: Body Slam"
    for foe in ("Tauros", "Chansey", "Snorlax", "Starmie", "Zapdos"):
        done = hits(beam, foe)
        print(f"Tauros's Hyper Beam on {foe}: {min(done)} ({min(done) / full_hp(foe):.2%}) to {max(done)}")
    for foe in ("Zapdos", "Jynx"):
        falls = convolved(hits(slam, foe, critical=True), hits(beam, foe))(full_hp(foe))
        print(f"critical Body Slam and Hyper Beam on {foe}: {falls:.2%}")
    for stages, foe in ((2, "Alakazam"), (4, "Starmie")):
        falls = convolved(hits(f"Venusaur +{stages} attack: Hyper Beam", foe))(full_hp(foe))
        print(f"Venusaur +{stages}, Hyper Beam on {foe}: {falls:.2%}")
    for move, foe, times in (("Kangaskhan: Rock Slide", "Zapdos", 3), ("Cloyster: Blizzard", "Kangaskhan", 2)):
        print(f"{move} on {foe}, {times} times: {convolved(*[hits(move, foe)] * times)(full_hp(foe)):.2%}")
    for foe in ("Chansey", "Alakazam"):
        done = hits("Gyarados: Hyper Beam", foe)
        print(f"Gyarados's Hyper Beam on {foe}: {min(done) / full_hp(foe):.1%} to {max(done) / full_hp(foe):.1%}")
    print(f"Tauros's critical Hyper Beam on Slowbro: at most {max(hits(beam, 'Slowbro', critical=True))} of 393")
    print(f"Snorlax's Hyper Beam on Porygon: at most {max(hits('Snorlax: Hyper Beam', 'Porygon'))} of 333")
    for bird in ("Moltres", "Zapdos", "Articuno", "Dodrio", "Pidgeot"):
        print(f"Sky Attack of {bird} on Alakazam: at most {max(sky_attack(bird))} of {full_hp('Alakazam')}")
    done = hits("Snorlax: Body Slam", "Chansey")
    print(
        f"Snorlax's Body Slam on Chansey: {min(done)} to {max(done)} of 703; Counter: {2 * min(done)} and more of 523"
    )
    print(f"Stomp flinches: {flinch_rate():.2%}")
    print(f"PP of Wrap after the last one, the foe having switched: {wrap_underflow()}")


def sky_attack(bird: str) -> Counter[int]:
    """The second turn's damage."""
    battle = read_position(f"{bird}: Sky Attack vs Alakazam: Splash").battle()
    charged = next(after for p, after in battle.outcomes("move 1", "move 1"))
    return Counter(full_hp("Alakazam") - _struck(charged, roll, False) for roll in range(217, 256))


def flinch_rate() -> float:
    battle = read_position("Tauros: Stomp vs Chansey: Splash").battle()
    for length in range(6):
        roll = battle.roll("move 1", "move 1", [0] * length if length < 3 else [0, 1] + [0] * (length - 2))
        if not isinstance(roll, Battle) and roll.name == "secondary":
            return roll.weights[0] / roll.denominator
    return float("nan")


def wrap_underflow() -> set[int]:
    """PP after the opponent switches out of the last Wrap."""
    battle = read_position("Dragonite: Wrap/1, Agility vs Chansey: Splash & Snorlax: Splash").battle()
    held = next(
        after
        for p, after in battle.outcomes("move 1", "move 1")
        if "switch 2" in after.choices(2) and after.native.state()[24 + 43] == 0 and after.choices(1) == ["move 1"]
    )
    return {after.native.state()[24 + 43] for p, after in held.outcomes("move 1", "switch 2")}


def times(options: argparse.Namespace) -> None:
    """Time and number of states of some endings."""
    for text in (
        f"Tauros: {TWO} vs Tauros: {TWO}",
        f"Tauros: {FOUR} vs Tauros: {FOUR}",
        "Chansey: Ice Beam, Soft-Boiled vs Chansey: Ice Beam, Soft-Boiled",
        f"Starmie par: Recover, Surf vs Tauros: {TWO}",
        f"Porygon: Thunder Wave, Recover, Ice Beam vs Tauros: {TWO}",
    ):
        solved = solve_endgame(text, most_seconds=120)
        print(
            f"| {text} | {solved.value:.4f} | {solved.states:,} | {solved.sweeps} | "
            f"{solved.residual:.0e} | {solved.seconds:.1f} s |",
            flush=True,
        )


def battles(options: argparse.Namespace) -> None:
    """Compare the results of played battles with the value."""
    solved = solve_endgame(f"Tauros @ 353: {TWO} vs Tauros @ 300: {TWO}")
    rng, won, known = np.random.default_rng(options.seed), 0, {}
    for _ in range(options.count_battles):
        battle = reseeded(solved.start, int(rng.integers(1 << 63)))
        while not battle.ended:
            state = battle.native.state()
            key = state[24:28] + state[88:90] + state[272:276] + state[336:338]
            here = known.get(key) or known.setdefault(key, solved.at(battle))
            battle.choose(_draw(rng, here.choices[0], here.first), _draw(rng, here.choices[1], here.second))
        won += battle.winner == 1
    count = options.count_battles
    square = (won - count * solved.value) ** 2 / (count * solved.value * (1 - solved.value))
    print(
        f"{won:,} of {count:,} won, {won / count:.5f}; the value is {solved.value:.5f}; "
        f"chi-square {square:.2f} (95 %: below 3.84)"
    )


def _draw(rng: np.random.Generator, choices: Sequence[str], shares: np.ndarray) -> str:
    return choices[int(np.searchsorted(np.cumsum(shares), rng.random() * 0.999999999))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["library", "table", "claims", "times", "battles"])
    parser.add_argument("--count", type=int, default=20, help="species of the table")
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time for each pair of the table")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="stop the table after this time; the next call continues"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "endgame_table.json")
    parser.add_argument("--count-battles", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    globals()[options.what](options)


if __name__ == "__main__":
    main()
