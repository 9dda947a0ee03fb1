"""A bot in its own process: a plain poke-env player that challenges an account and exits after the matches.

python showdown_bot.py PORT OPPONENT MATCHES
"""

import asyncio
import sys

from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.player import RandomPlayer

from pokespiel.game.gen1.teams import load_pool, pack


async def main(port: str, opponent: str, matches: str) -> None:
    player = RandomPlayer(
        AccountConfiguration("outsidebot", None),
        battle_format="gen1ou",
        server_configuration=ServerConfiguration(f"ws://127.0.0.1:{port}/showdown/websocket", ""),
        team=pack(load_pool("one")[0]),
        open_timeout=60.0,
        ping_timeout=60.0,
    )
    await player.send_challenges(opponent, int(matches))
    print(f"{player.n_finished_battles} matches, {player.n_lost_battles} lost, {player.n_won_battles} won")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
