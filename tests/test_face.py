"""The package's public interface: every name exists, and nothing is imported before it is used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest

import pokespiel
from pokespiel.core.lazy import lazily


def loaded(code: str) -> set[str]:
    """The modules that a new process has loaded after `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_public_name_is_there_and_names_what_is_declared_for_type_checkers():
    for name in pokespiel.__all__:
        assert getattr(pokespiel, name) is not None
    declared = inspect.getsource(pokespiel).partition("if TYPE_CHECKING:")[2].partition("__all__")[0]
    assert {*pokespiel.__all__} - {"__version__"} <= {*declared.replace(",", " ").split()}


def test_the_package_loads_no_engine_no_torch_and_none_of_its_rooms():
    modules = loaded("import pokespiel")
    assert not modules & {"torch", "numpy", "scipy", "pokespiel.game.gen1._engine", "pokespiel.game.loading"}
    ours = {module for module in modules if module.startswith("pokespiel.")}
    assert {module.split(".")[1] for module in ours} == {"core", "game"}


def test_openspiel_knows_our_games_and_loads_their_engine_with_the_first():
    engine = "pokespiel.game.gen1._engine"
    registered = "import pokespiel, pyspiel; assert 'gen1ou' in pyspiel.registered_names()"
    assert engine not in loaded(registered)
    assert engine in loaded(f"{registered}; assert pyspiel.load_game('gen1ou(preset=small)').num_players() == 2")


def test_small_games_need_no_torch():
    program = """
import numpy as np
from pokespiel import METASOLVERS, ORACLES, PAYOFFS, load_game, psro
solver, oracle, payoffs = METASOLVERS.build("nash"), ORACLES.build("exact"), PAYOFFS.build("exact")
next(psro(load_game("kuhn_poker"), solver, [oracle], payoffs, np.random.default_rng(0)))
"""
    assert "torch" not in loaded(program)


@pytest.mark.parametrize("first", ["import pokespiel.psro", "from pokespiel.psro import PSROState", "import pokespiel"])
def test_psro_is_the_loop_and_its_module_whichever_comes_first(first):
    loaded(
        f"{first}\nfrom pokespiel import psro\nimport pokespiel.psro as module\n"
        "assert psro is module and psro.PSROState and psro.psro is type(psro).__call__"
    )


def test_psro_called_by_its_public_name_is_the_loop():
    game = pokespiel.load_game("kuhn_poker")
    parts = pokespiel.METASOLVERS.build("uniform"), [pokespiel.ORACLES.build("exact")], pokespiel.PAYOFFS.build("exact")
    states = pokespiel.psro(game, *parts, np.random.default_rng(0))
    assert [next(states).iteration for _ in range(2)] == [0, 1]
    assert list(inspect.signature(pokespiel.psro).parameters)[:2] == ["game", "meta_solver"]


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'pokespiel' has no attribute 'load_gmae'"):
        _ = pokespiel.load_gmae
    with pytest.raises(AttributeError, match="module 'here' has no attribute 'there'"):
        lazily("here", {"os": ("path",)})("there")
