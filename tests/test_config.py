"""Registries and options: which values are accepted or refused, and the error messages."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Literal

import pytest
import yaml

from pokespiel.core.options import from_plain, to_plain
from pokespiel.core.registry import BadOption, Registry, UnknownName, build, options_of
from pokespiel.game import GAMES
from pokespiel.metasolvers import METASOLVERS
from pokespiel.oracles import ORACLES
from pokespiel.payoffs import PAYOFFS
from pokespiel.runs.run import PSROConfig, RunFolder


@dataclasses.dataclass(frozen=True)
class Inner:
    depth: int = 1


@dataclasses.dataclass(frozen=True)
class Plugin:
    steps: int = 10
    rate: float = 1e-3
    mode: Literal["fast", "slow"] = "fast"
    layers: tuple[int, ...] = (64, 64)
    pair: tuple[int, float] = (1, 2.0)
    limit: int | None = None
    verbose: bool = False
    where: Path | None = None
    inner: Inner = Inner()


def test_an_unknown_name_lists_the_choices_and_the_nearest():
    registry = Registry("fruit", {"apple": "x:y", "pear": "x:y"})
    with pytest.raises(UnknownName, match=r"unknown fruit 'appel'; did you mean 'apple'\? Available: apple, pear"):
        registry["appel"]
    with pytest.raises(ValueError, match="unknown fruit"):  # either kind of handler catches it
        registry["appel"]
    with pytest.raises(KeyError):
        registry["appel"]


def test_a_registry_imports_nothing_until_asked():
    registry = Registry("module", {"slow": "wave:Wave_read"})
    sys.modules.pop("wave", None)
    assert list(registry) == ["slow"]
    assert "slow" in registry
    assert "wave" not in sys.modules
    assert registry["slow"].__name__ == "Wave_read"


def test_options_survive_the_way_to_plain_values_and_back():
    plugin = Plugin(steps=3, mode="slow", layers=(1, 2, 3), limit=7, inner=Inner(5))
    assert build(Plugin, options_of(plugin), "plug-in") == plugin
    assert options_of(plugin)["layers"] == [1, 2, 3]


def test_numbers_fit_without_guessing():
    assert build(Plugin, {"rate": 1}, "plug-in").rate == 1.0
    assert build(Plugin, {"where": "a/b"}, "plug-in").where == Path("a/b")
    assert build(Plugin, {"inner": {"depth": 4}}, "plug-in").inner == Inner(4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stepz": 3}, "unknown option of thing: 'stepz'; did you mean 'steps'"),
        ({"steps": "3"}, "option 'steps' of thing: expected int, got '3'"),
        ({"steps": 3.0}, "expected int, got 3.0"),
        ({"steps": True}, "expected int, got True"),
        ({"verbose": 1}, "expected bool, got 1"),
        ({"rate": "fast"}, "expected float, got 'fast'"),
        ({"mode": "medium"}, "'medium' is not one of 'fast', 'slow'"),
        ({"layers": [1, "2"]}, "expected int, got '2'"),
        ({"pair": [1]}, "expected 2 values"),
        ({"limit": "none"}, "expected int or NoneType, got 'none'"),
        ({"inner": {"deep": 1}}, "unknown option of option 'inner' of thing: 'deep'"),
    ],
)
def test_bad_options_are_refused_by_name(options, message):
    with pytest.raises(BadOption, match=message.replace("(", r"\(")):
        build(Plugin, options, "thing")


@pytest.mark.parametrize("registry", [METASOLVERS, ORACLES, PAYOFFS, GAMES], ids=lambda registry: registry.kind)
def test_every_registered_plugin_imports_and_says_what_it_is(registry):
    for name in registry:
        line, _ = registry.describe(name)
        assert line, f"{registry.kind} {name} has no docstring"
        plugin = registry[name]
        if registry is not GAMES:
            assert " ".join(plugin.__doc__.split()).startswith(line)
            built = registry.build(name)
            assert dataclasses.is_dataclass(built)
            assert build(plugin, options_of(built), name) == built, "options must survive as plain values"


@pytest.mark.parametrize("registry", [METASOLVERS, ORACLES], ids=lambda registry: registry.kind)
def test_every_option_has_a_meaning(registry):
    from pokespiel.core.help import attribute_docs

    for name in registry:
        documented = attribute_docs(registry[name])
        for field in dataclasses.fields(registry[name]):
            assert documented.get(field.name), f"{registry.kind} {name}: {field.name} has no docstring under it"


def test_a_run_saved_with_an_options_former_name_loads_and_is_the_same_run(tmp_path):
    text = yaml.safe_dump({**to_plain(PSROConfig()), "training_game": "kuhn_poker"}, sort_keys=False)
    assert text.count("training_game: kuhn_poker") == 1
    (tmp_path / "config.yaml").write_text(text.replace("training_game:", "practice:"))
    config = RunFolder(tmp_path).config()
    assert config == PSROConfig(**from_plain(PSROConfig, yaml.safe_load(text)))
    assert config.training_game == "kuhn_poker"
    with pytest.raises(BadOption, match="unknown option: 'practise'"):
        from_plain(PSROConfig, {"practise": "kuhn_poker"})
