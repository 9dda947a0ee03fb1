"""Wars of PP that are too large to solve as endings: bounds of what one side wins, and one that is solved by itself.

python benchmarks/endgames_wars.py              some seconds, one thread
python benchmarks/endgames_wars.py alakazam     Alakazam against Chansey exactly: some minutes, 2 GB

Each bound gives the side in question a strategy that ignores the other's HP until the other has no PP left, and solves
the other's best answer exactly: a Markov decision process over PP and one side's HP. To count damage done before as
nothing only favours the other side, whose moves do not depend on its own HP. Then the rest, against Struggle, is solved
as an ending. The chances of single moves are the engine's.
"""

from __future__ import annotations

import sys
from functools import cache
from itertools import product

import numpy as np

from pokespiel.game.gen1.endgames.positions import read_position
from pokespiel.game.gen1.endgames.solver import solve_endgame

CHANSEY, STARMIE, ALAKAZAM = 703, 323, 313
TOSS_HITS = 255 / 256


def strikes(attacker: str, defender: str) -> tuple[np.ndarray, np.ndarray]:
    """[d] the chance of each damage, without and with freezing the target."""
    battle = read_position(f"{attacker} vs {defender}: Splash").battle()
    full = int.from_bytes(battle.native.state()[336:338], "little")
    found = np.zeros((2, full + 1))
    for chance, after in battle.outcomes("move 1", "move 1"):
        state = after.native.state()
        damage = full - int.from_bytes(state[336:338], "little")
        found[int("frz" in after.request(2)), damage] += float(chance)
    return found[0], found[1]


def healed(full: int) -> np.ndarray:
    """[h + 1] HP after a move that restores half; it fails where 255 or 511 HP are missing."""
    hp = np.arange(full + 1)
    return np.where(np.isin(full - hp, (255, 511)), hp, np.minimum(full, hp + full // 2))


def hurt(values: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """[h + 1] the mean value after a hit, by its damage; fainting is worth 0."""
    found = np.zeros(len(values))
    for damage in np.flatnonzero(chances):
        found[damage + 1 :] += chances[damage] * values[1 : len(values) - damage]
    return found


def last_stand(text: str, full: int) -> np.ndarray:
    """[h + 1] what the first side of a position wins from each of its HP."""
    solved = solve_endgame(text.format(full), every_hp=True)
    at = [solved.at(read_position(text.format(hp)).battle()).value for hp in range(1, full + 1)]
    return np.array([0.0, *at])


def starmie_outlasts_chansey() -> float:
    """Starmie with Surf (24 PP) and Recover (32) against Seismic Toss (32) and Soft-Boiled (16).

    V[t, s, u] is what Starmie wins from each HP with t, s and u PP of Seismic Toss, Soft-Boiled and Surf left. Both
    sides use one PP in every turn, Starmie first. She keeps 8 Surfs and no Recover for a Chansey at full HP; what these
    win is solved at every 20 HP, since more HP cannot hurt her then.
    """
    text = "Starmie @ {}: Surf/8 vs Chansey: Seismic Toss/0, Soft-Boiled/0"
    steps = {hp: solve_endgame(text.format(hp), pp="exact").value for hp in range(80, STARMIE + 1, 20)}
    end = np.array([max([won for hp, won in steps.items() if hp <= at], default=0.0) for at in range(STARMIE + 1)])
    tossed = np.zeros(101)
    tossed[[0, 100]] = 1 - TOSS_HITS, TOSS_HITS
    up, values = healed(STARMIE), {}
    for t, s in product(range(33), range(17)):
        for u in range(8, 25):
            r = 8 + t + s - u  # of Recover: 8 more turns than Chansey has
            if t == s == 0:
                values[t, s, u] = end if u == 8 else 0 * end
                continue
            choices = []
            for after, ups in (((0, u - 1), None), ((1, u), up)):
                if (after[0] and r == 0) or after[1] < 8:
                    continue
                answers = []
                if t:
                    answers.append(hurt(values[t - 1, s, after[1]], tossed))
                if s:
                    answers.append(values[t, s - 1, after[1]])
                worst = np.minimum.reduce(answers)
                choices.append(worst if ups is None else worst[ups])
            values[t, s, u] = np.maximum.reduce(choices) if choices else 0 * end
    return float(values[32, 16, 24][STARMIE])


def paralysed_chansey_with_reflect() -> float:
    """Seismic Toss (32), Soft-Boiled (16) and Reflect (32), paralysed and behind Reflect, against Ice Beam (16) and
    Soft-Boiled (16) of a Chansey that acts first.

    V[i, s, m] is what she wins from each HP with i and s PP of the other's Ice Beam and Soft-Boiled and m of her own
    Soft-Boiled left, if she heals or wastes PP of Reflect until the other only struggles and is at full HP, and then
    uses nothing but Seismic Toss, whose PP do not run out: eight hits knock out.
    """
    ice, frozen = strikes("Chansey: Ice Beam", "Chansey")
    ice, up, values = ice + frozen, healed(CHANSEY), {}
    end = last_stand("Chansey @ {} par, reflect: Seismic Toss vs Chansey: Struggle", CHANSEY)
    for i, s, m in product(range(17), repeat=3):

        def later(i: int, s: int, m: int, heals: bool) -> np.ndarray:
            waits = values[i, s, m]
            return 0.75 * values[i, s, m - 1][up] + 0.25 * waits if heals else waits

        choices = []
        for heals in (False, True)[: 1 + (m > 0)]:
            answers = [hurt(later(i - 1, s, m, heals), ice)] if i else []
            answers += [later(i, s - 1, m, heals)] if s else []
            choices.append(np.minimum.reduce(answers or [end]))
        values[i, s, m] = np.maximum.reduce(choices)
    return float(values[16, 16, 16][CHANSEY])


def ice_beam_chansey() -> float:
    """The other side of that war where the first Chansey is not paralysed, whoever acts first.

    V[i, s] is what she wins from each HP with i and s PP of Ice Beam and Soft-Boiled left, if only a freeze lets her
    win: nothing thaws, so that a frozen Chansey, at full HP, waits for Struggle; Soft-Boiled helps against its recoil.
    """
    _, frozen = strikes("Chansey: Ice Beam", "Chansey")
    freezes, up, values = frozen.sum(), healed(CHANSEY), {}
    tossed = np.zeros(101)
    tossed[[0, 100]] = 1 - TOSS_HITS, TOSS_HITS
    won = [last_stand("Chansey @ {}: Struggle vs Chansey frz: Splash", CHANSEY)]
    for _ in range(16):
        won.append(np.maximum(won[0], won[-1][up]))
    for i, s in product(range(17), repeat=2):
        choices = [np.zeros(CHANSEY + 1)]
        if i:
            beam = freezes * won[s] + (1 - freezes) * values[i - 1, s]
            first = freezes * won[s] + (1 - freezes) * hurt(values[i - 1, s], tossed)
            choices.append(np.minimum.reduce([beam, first, hurt(beam, tossed)]))
        if s:
            heal = values[i, s - 1][up]
            choices.append(np.minimum.reduce([heal, hurt(heal, tossed), hurt(values[i, s - 1], tossed)[up]]))
        values[i, s] = np.maximum.reduce(choices)
    return float(values[16, 16][CHANSEY])


def alakazam_against_chansey(psychic: int = 16, recover: int = 32, toss: int = 32, soft: int = 16) -> float:
    """The exact chance that Alakazam, who acts first, wins from full HP with Psychic and Recover against Seismic Toss
    and Soft-Boiled, by their PP; both sides have equally many in all.

    Both use one PP in every turn, so that a turn is told by the PP of Psychic p and of Soft-Boiled s and the number n
    of turns until only Struggle is left. Its values are [k, a, c], by the stages k that Chansey's Special has lost,
    Alakazam's HP a (79 can be reached) and Chansey's HP c. Every state is a game of at most two by two choices.
    """
    own_up, up = healed(ALAKAZAM), healed(CHANSEY)
    own = reachable(ALAKAZAM, own_up)
    place = {hp: index for index, hp in enumerate(own)}
    faints = np.array([hp <= 100 for hp in own])
    tossed = np.array([place.get(hp - 100, 0) for hp in own])
    recovered = np.array([place[int(own_up[hp])] for hp in own])
    hits = np.stack([damage_matrix(stage) for stage in range(7)])
    weaker = np.minimum(np.arange(7) + 1, 6)
    end = np.repeat(struggled(tuple(own))[None], 7, axis=0)

    def answered(p: int, s: int, t: int) -> list[np.ndarray]:
        """Alakazam's values once Chansey has tossed, or healed, by her PP before; where she has fainted, 1."""
        after = []
        if t:
            values = later[p, s][0]
            after.append(np.float32(TOSS_HITS) * values[:, tossed] + np.float32(1 - TOSS_HITS) * values)
            after[-1][:, faints] = np.float32(1 - TOSS_HITS) * values[:, faints]
        if s:
            after.append(later[p, s - 1][1])
        for one in after:
            one[:, :, 0] = 1
        return after

    later = {(0, 0): (end, end[:, :, up])}  # the values, and those after Soft-Boiled
    for n in range(1, psychic + recover + 1):
        now = {}
        for s in range(max(0, n - toss), min(soft, n) + 1):
            before: list[np.ndarray] = []  # of one PP of Psychic less
            for p in range(max(0, n - recover - 1), min(psychic, n) + 1):
                after = answered(p, s, n - s) if p < n else []
                rows = [[struck(one, one[weaker], hits) for one in before]] if before else []
                rows += [[one[:, recovered] for one in after]] if after else []
                if n - p <= recover:
                    values = value_of(rows)
                    now[p, s] = values, values[:, :, up]
                before = after
        later = now
    return float(later[psychic, soft][0][0, place[ALAKAZAM], CHANSEY])


@cache
def struggled(own: tuple[int, ...]) -> np.ndarray:
    """[a, c] what Alakazam wins from each of its HP and Chansey's where both only struggle."""
    found = np.zeros((len(own), CHANSEY + 1), np.float32)
    struggle = solve_endgame("Alakazam: Struggle vs Chansey: Struggle", every_hp=True)
    for (a, hp), c in product(enumerate(own), range(1, CHANSEY + 1)):
        position = read_position(f"Alakazam @ {hp}: Struggle vs Chansey @ {c}: Struggle")
        found[a, c] = struggle.at(position.battle()).value
    return found


def reachable(full: int, up: np.ndarray) -> list[int]:
    """The HP that hits of 100 and `up` lead to from full HP."""
    found = [full]
    for hp in found:
        found += [each for each in (hp - 100, int(up[hp])) if each > 0 and each not in found]
    return sorted(found)


PSYCHIC_MISSES, PSYCHIC_LOWERS = 1 / 256, 85 / 256


def damage_matrix(stage: int) -> np.ndarray:
    """[c', c] the chance that Psychic hits and takes Chansey, her Special lowered by `stage`, from c to c' HP."""
    lowered = f" -{stage} special" if stage else ""
    found, _ = strikes("Alakazam: Psychic", f"Chansey{lowered}")
    assert abs(found[0] - PSYCHIC_MISSES) < 1e-12
    matrix = np.zeros((CHANSEY + 1, CHANSEY + 1), np.float32)
    for c in range(1, CHANSEY + 1):
        np.add.at(matrix[:, c], np.maximum(0, c - np.arange(1, len(found))), found[1:])
    return matrix


def struck(same: np.ndarray, weaker: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """[k, a, c] the value before Psychic, from those after it with the same stage and with one less."""
    mixed = np.float32(1 - PSYCHIC_LOWERS) * same + np.float32(PSYCHIC_LOWERS) * weaker
    found = np.float32(PSYCHIC_MISSES) * same
    half = CHANSEY // 2  # a hit takes more than a hundred HP: most of `hits` is zero
    found[:, :, :half] += mixed[:, :, : half - 100] @ hits[:, : half - 100, :half]
    found[:, :, half:] += mixed[:, :, :-100] @ hits[:, :-100, half:]
    return found


def value_of(rows: list[list[np.ndarray]]) -> np.ndarray:
    """[k, a, c] the values of matrix games of at most two by two choices; the first side chooses the row."""
    low = np.maximum.reduce([np.minimum.reduce(row) for row in rows])
    high = np.minimum.reduce([np.maximum.reduce(column) for column in zip(*rows, strict=True)])
    if len(rows) == len(rows[0]) == 2:
        (a, b), (c, d) = rows
        bottom = a + d - b - c
        mixed = high > low
        low = np.where(mixed, (a * d - b * c) / np.where(mixed, bottom, 1), low)
    low[:, :, 0] = 1
    return low


if __name__ == "__main__":
    if sys.argv[1:] == ["alakazam"]:
        few = "Alakazam: Psychic/2, Recover/2 vs Chansey: Seismic Toss/1, Soft-Boiled/3"
        solved = solve_endgame(few, pp="exact").value
        print(f"with 2, 2, 1 and 3 PP: {alakazam_against_chansey(2, 2, 1, 3):.8f}, as an ending {solved:.8f}")
        print(f"Alakazam against Chansey: wins with probability {alakazam_against_chansey():.5f}")
        sys.exit()
    print(f"Starmie outlasts Chansey: wins at least {starmie_outlasts_chansey():.6f}")
    print(f"A paralysed Chansey with Reflect against Ice Beam: wins at least {paralysed_chansey_with_reflect():.4f}")
    print(f"An Ice Beam Chansey against one that is not paralysed: wins at least {ice_beam_chansey():.4f}")
