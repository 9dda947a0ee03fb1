"""A poke-env bot in its own process, which the arena of pokespiel plays; copy it for a bot of your own.

    python examples/poke_env_process.py --matches 4

Without --name it is the arena's command: it starts itself as the bot. The bot needs poke-env and nothing of pokespiel,
so that it can live in another environment: give the arena that environment's python.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import subprocess
import sys
from pathlib import Path

from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.battle import AbstractBattle
from poke_env.player import BattleOrder, Player

ENDLESS = 1_000_000


class Mine(Player):
    """Plays the move of greatest base power; replace it by your own."""

    def choose_move(self, battle: AbstractBattle) -> BattleOrder:
        moves = battle.available_moves
        if not moves:
            return self.choose_random_move(battle)
        return self.create_order(max(moves, key=lambda move: move.base_power))


async def accept(options: argparse.Namespace) -> None:
    """Sign in and accept challenges until the arena ends this process."""
    bot = Mine(
        AccountConfiguration(options.name, options.password or None),
        battle_format="gen1ou",
        server_configuration=ServerConfiguration(options.server, ""),
        team=Path(options.team).read_text(),
        open_timeout=None,
        ping_timeout=None,
    )
    await bot.accept_challenges(options.opponent, ENDLESS)


def play(options: argparse.Namespace) -> int:
    """The arena against this bot."""
    told = "--name {name} --password {password} --server {server} --team {team} --opponent {opponent}"
    bot = f"{shlex.join([sys.executable, __file__])} {told}"
    arena = ["showdown", "arena", "--first", options.policy, "--second", f"process:{bot}", "--second-name", "mine"]
    return subprocess.call([sys.executable, "-m", "pokespiel", *arena, "--matches", str(options.matches)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", help="the account to sign in with")
    parser.add_argument("--password", help="empty on a local server")
    parser.add_argument("--server", help="the server's websocket address")
    parser.add_argument("--team", help="a file with a team as Showdown exports it")
    parser.add_argument("--opponent", help="the account whose challenges are accepted")
    parser.add_argument("--policy", default="expert", help="without --name: the policy to play against")
    parser.add_argument("--matches", type=int, default=4, help="without --name: how many matches")
    options = parser.parse_args()
    if options.name is None:
        sys.exit(play(options))
    asyncio.run(accept(options))


if __name__ == "__main__":
    main()
