"""Scripted players of Gen 1 OU, from random to a strong one, as policies on views: `BASELINES.build("max_damage")`.

They need no memory and no training, play either seat, and are saved like any policy. `board.py` reads a view by the
names of its columns.
"""

from __future__ import annotations

from pokespiel.core.registry import Registry

BASELINES = Registry(
    "baseline",
    {
        "random": "pokespiel.game.gen1.baselines.random:Random",
        "max_damage": "pokespiel.game.gen1.baselines.max_damage:MaxDamage",
        "type_switcher": "pokespiel.game.gen1.baselines.type_switcher:TypeSwitcher",
        "trainer_ai": "pokespiel.game.gen1.baselines.trainer_ai:TrainerAI",
        "gym_leader": "pokespiel.game.gen1.baselines.gym_leader:GymLeader",
        "damage_switcher": "pokespiel.game.gen1.baselines.damage_switcher:DamageSwitcher",
        "expert": "pokespiel.game.gen1.baselines.expert:Expert",
    },
)
"""Each player is also registered as a policy, such as gen1_max_damage."""
