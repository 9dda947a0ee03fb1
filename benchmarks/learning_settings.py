"""The settings that `learning.py` runs, tuned in a few runs each on seeds from 101 on (the README says how many)."""

from __future__ import annotations

from typing import Any

from pokespiel.oracles import ORACLES

Setting = tuple[str, dict[str, Any]]
"""An oracle's name and its options."""

GAMES = {
    "leduc_poker": "leduc_poker",
    "liars_dice": "liars_dice",
    "liars_dice_5": "liars_dice(dice_sides=5)",
    "repeated_rps": "repeated_game(stage_game=matrix_rps(),num_repetitions=4,recall=4)",
    "battleship": "battleship(board_width=2,board_height=2,ship_sizes=[1;2],ship_values=[1;2],num_shots=4,"
    "allow_repeated_shots=False)",
    "goofspiel_5": "goofspiel(num_cards=5,imp_info=True,points_order=descending)",
    "kuhn_3": "kuhn_poker(players=3)",
    "leduc_3": "leduc_poker(players=3)",
}
"""The games of the leaderboard, by their short names."""

LINEAR = {"start": 2e-3, "kind": "linear", "end": 5e-5}
AVERAGED = {"rate": LINEAR, "average": 0.995}
SLOWLY_AVERAGED = {"rate": LINEAR, "average": 0.999}
WIDE = {"batch": 32_768, "matches": 4_096, "log_every": 1}
QUICK = {"batch": 8_192, "matches": 2_048, "log_every": 4}
TWO_BODIES = {"network": {"separate_critic": True}}
AGAINST_ITSELF = {"opponent": "self", "epochs": 4, "minibatches": 1}
AVERAGING = {"epochs": 4, "minibatches": 2, "average_steps": 4, "average_batch": 8_192}

SELF_PLAY: dict[str, dict[str, Setting]] = {
    "kuhn_poker": {
        "mmd": ("mmd", QUICK | {"decisions": 4_000_000, "magnet_rate": {"start": 0.04}}),
        "ppo": (
            "ppo",
            QUICK
            | AGAINST_ITSELF
            | {
                "decisions": 8_000_000,
                "entropy": {"start": 0.2, "kind": "linear", "end": 0.02},
                "optimiser": AVERAGED,
            },
        ),
        "rnad": ("rnad", {"decisions": 8_000_000, "log_every": 2}),
        "nfsp": (
            "nfsp",
            QUICK
            | AVERAGING
            | {
                "decisions": 4_000_000,
                "entropy": {"start": 0.2, "kind": "linear", "end": 0.03},
            },
        ),
    },
    "leduc_poker": {
        "mmd": (
            "mmd",
            WIDE
            | TWO_BODIES
            | {
                "decisions": 130_000_000,
                "explore": {"start": 0.04},
                "magnet": "uniform",
                "alpha": {"start": 0.3, "kind": "linear", "end": 0.02},
                "eta": {"start": 0.3, "kind": "linear", "end": 0.01},
                "optimiser": SLOWLY_AVERAGED,
            },
        ),
        "ppo": (
            "ppo",
            WIDE
            | TWO_BODIES
            | AGAINST_ITSELF
            | {
                "decisions": 64_000_000,
                "explore": {"start": 0.05},
                "entropy": {"start": 0.3, "kind": "linear", "end": 0.01},
                "optimiser": SLOWLY_AVERAGED,
            },
        ),
        "nfsp": (
            "nfsp",
            QUICK
            | AVERAGING
            | TWO_BODIES
            | {
                "decisions": 20_000_000,
                "entropy": {"start": 0.2, "kind": "linear", "end": 0.05},
            },
        ),
        "rnad": (
            "rnad",
            QUICK
            | TWO_BODIES
            | {
                "decisions": 20_000_000,
                "batch": 16_384,
                "matches": 4_096,
                "eta": 0.2,
                "refresh": 150,
                "threshold": 2.0,
                "optimiser": {"rate": {"start": 1e-3}, "max_norm": 10.0, "beta1": 0.0, "average": 0.999},
            },
        ),
    },
}

HELD = {
    "batch": 16_384,
    "matches": 4_096,
    "explore": {"start": 0.04},
    "optimiser": AVERAGED,
    "eta": {"start": 0.1, "kind": "linear", "end": 0.02},
}
FALLING_ALPHA = {"alpha": {"start": 0.1, "kind": "linear", "end": 0.02}}
PROTOCOL: dict[str, Setting] = {
    "mmd, uniform magnet": ("mmd", TWO_BODIES | HELD | FALLING_ALPHA | {"magnet": "uniform"}),
    "mmd, moving magnet": ("mmd", TWO_BODIES | HELD | {"magnet": "moving", "alpha": {"start": 0.1}}),
    "mmd, copied magnet": ("mmd", TWO_BODIES | HELD | {"magnet": "copied", "alpha": {"start": 0.1}}),
    **{name: SELF_PLAY["leduc_poker"][name] for name in ("ppo", "nfsp", "rnad")},
}
"""The regularised policy-gradient family, each with its settings for Leduc poker, for every game with the same
budget."""

META_SOLVERS = ("nash", "alpharank", "prd", "uniform")

SHORT = {"decisions": 80_000, "batch": 4_096, "matches": 1_024, "warm_start": "scratch"}
LONG = {
    "decisions": 400_000,
    "batch": 8_192,
    "matches": 4_096,
    "warm_start": "newest",
    "minibatches": 4,
    "explore": {"start": 0.2, "kind": "linear"},
}
RESPONSE = {
    "self_play": 0.0,
    "epochs": 4,
    "minibatches": 4,
    "magnet": "uniform",
    "alpha": {"start": 0.02, "kind": "linear"},
    "eta": {"start": 3.0},
}

PSRO_ORACLES: dict[str, dict[str, Setting]] = {
    "kuhn_poker": {
        "exact": ("exact", {"ties": "random"}),
        "ppo": ("ppo", SHORT),
        "mmd": ("mmd", SHORT | RESPONSE),
        "nfsp": ("nfsp", SHORT | {"self_play": False}),
        "rnad": ("rnad", SHORT | {"warm_start": "newest"}),
        "exploiter": ("exploiter", SHORT | {"threshold": -10.0}),
        "offline": ("offline", {"collect": 10_000, "epochs": 10.0, "warm_start": "scratch"}),
    },
    "leduc_poker": {
        "exact": ("exact", {"ties": "random"}),
        "ppo": ("ppo", LONG | {"entropy": {"start": 0.05, "kind": "linear"}}),
        "mmd": ("mmd", LONG | RESPONSE | {"alpha": {"start": 0.05, "kind": "linear"}, "eta": {"start": 0.5}}),
    },
}

GAIN: dict[str, dict[str, Setting]] = {
    "kuhn_poker": {
        "exploiter": ("exploiter", {"decisions": 300_000, "threshold": -10.0}),
        "offline": ("offline", {"collect": 30_000}),
    },
    "leduc_poker": {
        "exploiter": (
            "exploiter",
            {"decisions": 6_000_000, "batch": 16_384, "matches": 4_096, "log_every": 20, "threshold": -20.0},
        ),
        "offline": ("offline", {"collect": 200_000, "batch": 4_096, "epochs": 20.0}),
    },
}


def oracle_of(setting: Setting) -> Any:
    """The oracle of a setting."""
    name, options = setting
    return ORACLES.build(name, options)
