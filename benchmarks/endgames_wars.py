"""Wars of PP that are too large to solve: bounds of what one side wins, whatever the other does.

python benchmarks/endgames_wars.py        some seconds, one thread

Each bound gives the side in question a strategy that ignores the other's HP until the other has no PP left, and solves
the other's best answer exactly: a Markov decision process over PP and one side's HP. To count damage done before as
nothing only favours the other side, whose moves do not depend on its own HP. Then the rest, against Struggle, is solved
as an ending. The chances of single moves are the engine's.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from pokespiel.game.gen1.endgames.positions import read_position
from pokespiel.game.gen1.endgames.solver import solve_endgame

CHANSEY, STARMIE = 703, 323
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


if __name__ == "__main__":
    print(f"Starmie outlasts Chansey: wins at least {starmie_outlasts_chansey():.6f}")
    print(f"A paralysed Chansey with Reflect against Ice Beam: wins at least {paralysed_chansey_with_reflect():.4f}")
    print(f"An Ice Beam Chansey against one that is not paralysed: wins at least {ice_beam_chansey():.4f}")
