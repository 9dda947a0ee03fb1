"""The settings that `learning.py` runs; tuned on seeds from 101, a few runs each (the README says how many)."""

from __future__ import annotations

from typing import Any

from pokespiel.oracles import ORACLES

Setting = tuple[str, dict[str, Any]]
"""An oracle's name and its options."""

LINEAR = {"start": 2e-3, "kind": "linear", "end": 5e-5}
AVERAGED = {"rate": LINEAR, "average": 0.995}
WIDE = {"batch": 32_768, "matches": 4_096, "report": 1}

SELF_PLAY: dict[str, Setting] = {
    "mmd": ("mmd", WIDE),
    "ppo": (
        "ppo",
        WIDE
        | {
            "opponent": "self",
            "epochs": 4,
            "minibatches": 1,
            "entropy": {"start": 0.2, "kind": "linear", "end": 0.05},
            "optimiser": AVERAGED,
        },
    ),
    "rnad": ("rnad", WIDE),
    "rnad_kl": (
        "rnad",
        WIDE
        | {
            "form": "kl",
            "optimiser": AVERAGED,
            "damping": {"to": "references", "refresh": 10, "coefficient": {"start": 0.3}},
        },
    ),
    "nfsp": ("nfsp", WIDE | {"epochs": 4, "minibatches": 1, "average_batch": 8_192}),
}

META_SOLVERS = ("nash", "alpharank", "prd", "uniform")

SHORT = {"decisions": 80_000, "batch": 4_096, "matches": 1_024, "warm_start": "scratch"}
LONG = {"decisions": 1_500_000, "batch": 16_384, "matches": 4_096, "warm_start": "scratch"}
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
        "ppo": ("ppo", SHORT),
        "mmd": ("mmd", SHORT | RESPONSE),
        "nfsp": ("nfsp", SHORT | {"self_play": False}),
        "rnad": ("rnad", SHORT | {"warm_start": "newest"}),
        "exploiter": ("exploiter", SHORT | {"threshold": -10.0}),
        "offline": ("offline", {"collect": 10_000, "epochs": 10.0, "warm_start": "scratch"}),
    },
    "leduc_poker": {"ppo": ("ppo", LONG), "mmd": ("mmd", LONG | RESPONSE)},
}

GAIN: dict[str, dict[str, Setting]] = {
    "kuhn_poker": {
        "exploiter": ("exploiter", {"decisions": 300_000, "threshold": -10.0}),
        "offline": ("offline", {"collect": 30_000}),
    },
    "leduc_poker": {
        "exploiter": (
            "exploiter",
            {"decisions": 6_000_000, "batch": 16_384, "matches": 4_096, "report": 20, "threshold": -20.0},
        ),
        "offline": ("offline", {"collect": 200_000, "batch": 4_096, "epochs": 20.0}),
    },
}


def oracle_of(setting: Setting, decisions: int | None = None) -> Any:
    """The oracle of a setting, with another budget if given."""
    name, options = setting
    return ORACLES.build(name, options if decisions is None else options | {"decisions": decisions})
