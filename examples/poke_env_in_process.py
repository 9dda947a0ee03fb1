"""poke-env players against a policy on the engine, in this process: the same battles without a server.

    python examples/poke_env_in_process.py --battles 20

Replace `Mine` by your own unmodified `poke_env.player.Player`: it receives what a Showdown server would send.
"""

from __future__ import annotations

import argparse

import numpy as np
from poke_env import AccountConfiguration
from poke_env.battle import AbstractBattle
from poke_env.player import BattleOrder, MaxBasePowerPlayer, Player

from pokespiel import policy_named
from pokespiel.adapters import play_in_process
from pokespiel.game.gen1.teams import load_pool


class Mine(Player):
    """Plays the strongest move, but switches away from an opponent that it can hardly hurt."""

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        foe, moves = battle.opponent_active_pokemon, battle.available_moves
        best = max(moves, key=lambda move: move.base_power * foe.damage_multiplier(move), default=None)
        if best is not None and (foe.damage_multiplier(best) >= 1 or not battle.available_switches):
            return self.create_order(best)
        return self.choose_random_move(battle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--opponent", default="max_damage", help="a policy by name, such as shipped or expert")
    parser.add_argument("--battles", type=int, default=20, help="against each opponent")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    mine, strong = (
        kind(AccountConfiguration(name, None), battle_format="gen1ou", start_listening=False, log_level=60)
        for name, kind in (("mine", Mine), ("strong", MaxBasePowerPlayer))
    )
    pool, rng = load_pool("competitive"), np.random.default_rng(options.seed)
    for name, opponent in ((options.opponent, policy_named(options.opponent)), ("MaxBasePowerPlayer", strong)):
        score = 0.0
        for _ in range(options.battles):
            own, foe = (pool[int(team)] for team in rng.integers(len(pool), size=2))
            played = play_in_process(mine, opponent, (own, foe), seed=rng.integers(1 << 16, size=4).tolist(), rng=rng)
            score += {1: 1.0, 0: 0.5, 2: 0.0}[played.winner]
        print(f"Mine against {name}: {score:g} points in {options.battles} battles")


if __name__ == "__main__":
    main()
