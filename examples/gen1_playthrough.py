"""Load Gen 1 OU through OpenSpiel and print one random match: the legal actions, the choices and the chance rolls.

python examples/gen1_playthrough.py
python examples/gen1_playthrough.py --game "gen1ou(pool=competitive,party=2,turn_limit=20)" --seed 1
"""

from __future__ import annotations

import argparse

import numpy as np
import pyspiel

import pokespiel  # noqa: F401, registers gen1ou


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="gen1ou(preset=small)", help="any parameters of gen1ou")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    state = pyspiel.load_game(options.game).new_initial_state()
    while not state.is_terminal():
        if state.is_chance_node():
            outcomes, chances = zip(*state.chance_outcomes(), strict=True)
            outcome = int(rng.choice(outcomes, p=chances))
            print(f"chance: {state.action_to_string(outcome)}, probability {chances[outcomes.index(outcome)]:.4f}")
            state.apply_action(outcome)
            continue
        asked = range(2) if state.is_simultaneous_node() else [state.current_player()]
        actions = {player: int(rng.choice(state.legal_actions(player))) for player in asked}
        for player, action in actions.items():
            legal = ", ".join(state.action_to_string(player, one) for one in state.legal_actions(player))
            print(f"player {player + 1}: {state.action_to_string(player, action)}   (of {legal})")
        if state.is_simultaneous_node():
            state.apply_actions([actions[player] for player in range(2)])
        else:
            state.apply_action(actions[state.current_player()])
    print(f"\nwhat player 1 was told:\n{state.information_state_string(0)}\n\nreturns: {state.returns()}")


if __name__ == "__main__":
    main()
