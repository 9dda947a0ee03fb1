"""Agents: a run's mixture as one policy, distilled into one network, shipped with a card, loaded by name."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.core.options import Choice
from pokespiel.core.policy import Mixture
from pokespiel.core.policy_files import load_policy, read_about, save_policy
from pokespiel.core.registry import UnknownName
from pokespiel.evaluation.deploy import agent_of
from pokespiel.evaluation.strength import strengths, variants
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.teams.pools import trains
from pokespiel.learning.datasets import policy_name
from pokespiel.learning.learner import Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, NetworkShape, make_network
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles.distill import Distillation, distill
from pokespiel.runs import agents
from pokespiel.runs.initial import policy_named
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work
from pokespiel.showdown.record import Record, read_record

NAME = "gen1ou(pool=one,party=2)"
GAME = load_game(NAME)
LEARNING = {"decisions": 400, "batch": 400, "matches": 32, "epochs": 1, "network": {"body": "mlp", "hidden": [8]}}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    """A short run whose mixture (uniform over its population) has scripted and trained members."""
    config = PSROConfig(
        NAME,
        Choice("uniform"),
        oracle=(Choice("ppo", LEARNING),),
        population=("max_damage", "random"),
        payoffs=Choice("sampled", {"units": 5}),
        iterations=2,
    )
    with RunFolder.create(tmp_path_factory.mktemp("agents") / "short", config) as folder:
        work(folder)
    return RunFolder(folder.path)


def network(seed: int, options: NetworkOptions = NetworkOptions(hidden=(32,))) -> NetworkPolicy:
    return NetworkPolicy.frozen(make_network(options, NetworkShape.of(GAME), np.random.default_rng(seed)))


def seen(game=GAME):
    return game.start(range(64)).observe(0)[1]


def test_an_agent_is_the_runs_mixture(run) -> None:
    agent = agent_of(run)
    standing = run.standing()
    assert standing is not None
    np.testing.assert_allclose(agent.policy.weights, 0.25)
    assert agent.indices == (0, 1, 2, 3)
    assert agent.labels[:2] == ("0 max_damage", "1 random")
    assert agent.dropped == 0
    with pytest.raises(ValueError, match="largest is 0"):
        agent_of(run, least=0.3)


def test_half_precision_plays_the_same_up_to_rounding(tmp_path) -> None:
    policy = network(0)
    with np.errstate(over="raise"):
        save_policy(tmp_path / "half.safetensors", policy, half=True)
        save_policy(tmp_path / "full.safetensors", policy)
    half, nothing = load_policy(tmp_path / "half.safetensors"), np.zeros((64, 0), np.float32)
    np.testing.assert_allclose(half(seen(), nothing)[0], policy(seen(), nothing)[0], atol=2e-3)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.6 * sizes[1]


def test_a_shipped_agent_plays_what_the_run_did(run, tmp_path) -> None:
    ship = tmp_path / "shipped"
    assert agents.names(tmp_path) == ()
    with pytest.raises(UnknownName, match="holds none"):
        agents.load_agent(root=tmp_path)
    assert main(["agent", str(run.path), "--out", str(tmp_path / "agent.safetensors"), "--ship", str(ship)]) == 0
    own = ("0002-ppo", "0003-ppo", "max_damage", "random")
    assert agents.names(tmp_path) == ("shipped", *(f"shipped/{name}" for name in own))
    shipped, saved = agents.load_agent("shipped", tmp_path), load_policy(tmp_path / "agent.safetensors")
    assert isinstance(shipped, Mixture)
    assert isinstance(saved, Mixture)
    for ours, theirs in zip(shipped.policies, saved.policies, strict=True):
        memory = np.zeros((64, 0), np.float32)
        np.testing.assert_allclose(ours(seen(), memory)[0], theirs(seen(), memory)[0], atol=2e-3)
    with pytest.raises(UnknownName, match="did you mean 'shipped/0002-ppo'"):
        agents.load_agent("shipped/002-ppo", tmp_path)
    assert read_about(tmp_path / "agent.safetensors")["members"][0] == "0 max_damage"


def test_the_card_holds_what_the_run_and_its_measurements_say(run, tmp_path, capsys) -> None:
    measured = tmp_path / "run" / "exploit" / "mixture" / "exploit.json"
    measured.parent.mkdir(parents=True)
    figure = {"value": 0.0371, "low": 0.03, "high": 0.04, "lower": 0.031, "upper": 0.039}
    verdict = {"status": "unresolved", "below": None, "reasons": ["one reason"]}
    found = dict.fromkeys(("chosen", "set_b")) | {"game": "a game", "decisions": 5_000, "exploiters": [{}]}
    found["victim"] = {"name": f"gen1ou(pool=competitive+{tmp_path}/teams.txt@train)"}
    measured.write_text(json.dumps(found | {"win_rate_exploitability": figure, "verdict": verdict}))
    played = tmp_path / "arena.json"
    record = Record.of([1.0, 1.0, 1.0, -1.0, 1.0, None])
    sides = {"first": {"name": "agent", "hash": "other"}, "second": {"name": "poke-env:Rival", "hash": None}}
    told = {"format": "pokespiel-arena-1", **sides, "pool": {"name": "pool", "teams": 7}, **record._asdict()}
    played.write_text(json.dumps(told | {"server": "a server"}))
    command = ["agent", str(run.path), "--out", str(tmp_path / "a.safetensors"), "--ship", str(tmp_path / "shipped")]
    assert main([*command, "--arenas", str(played)]) == 2
    assert "another policy" in capsys.readouterr().err
    told["first"]["hash"] = policy_name(agent_of(run).policy)
    played.write_text(json.dumps(told | {"server": "a server"}))
    flags = ["--evaluate", "--matches", "4", "--teams", "variety", "--exploits", str(measured), "--seed", "1"]
    flags += ["--arenas", str(played), "--note", "It began from nothing."]
    flags += [
        "--distill",
        "--distillation.decisions",
        "400",
        "--distillation.batch",
        "400",
        "--distillation.matches",
        "32",
    ]
    assert main([*command, *flags]) == 0
    ship = tmp_path / "shipped"
    card = agents.card(ship)
    assert sum(card["mixture"].values()) == pytest.approx(1)
    assert card["training"][0]["run"] == "short"
    assert card["training"][0]["decisions"] >= 800
    assert {row["opponent"] for row in card["strengths"]["shipped"]} == set(BASELINES)
    assert len(card["strengths"]["shipped/distilled"]) == 2 * len(BASELINES)
    assert card["head_to_head"]["win_rates"][0][0] == 0.5
    assert card["exploitability"][0]["victim"]["name"] == "gen1ou(pool=competitive+teams.txt@train)"
    assert card["distilled"]["decisions"] >= 400
    assert isinstance(agents.load_agent("shipped/distilled", tmp_path), NetworkPolicy)
    text = (ship / "CARD.md").read_text()
    for part in ("0.0371", "one reason", "unresolved", "held out (variety", "0 max_damage", "MiB", "from nothing"):
        assert part in text
    assert "| poke-env:Rival | pool, 7 teams | 75.0 (" in text
    assert str(tmp_path) not in text + json.dumps(card), "paths of this machine are nobody's business"
    assert all(len(line.split("|")) == len(other.split("|")) for line, other in _neighbours(text))


def _neighbours(text: str) -> list[tuple[str, str]]:
    """Pairs of lines of one table."""
    lines = text.splitlines()
    return [(a, b) for a, b in itertools.pairwise(lines) if a.startswith("|") and b.startswith("|")]


def test_another_folder_is_never_shipped_into(run, tmp_path, capsys) -> None:
    copied = shutil.copytree(run.path, tmp_path / "run")
    before = {path: path.stat().st_size for path in copied.rglob("*.safetensors")}
    assert main(["agent", str(copied), "--out", str(tmp_path / "a.safetensors"), "--ship", str(copied)]) == 2
    assert "holds something other" in capsys.readouterr().err
    assert {path: path.stat().st_size for path in copied.rglob("*.safetensors")} == before


def test_a_measurement_that_is_none_is_refused_before_the_work(run, tmp_path, capsys) -> None:
    (tmp_path / "bad.json").write_text("{}")
    command = ["agent", str(run.path), "--out", str(tmp_path / "a.safetensors"), "--ship", str(tmp_path / "ship")]
    assert main([*command, "--exploits", str(tmp_path / "bad.json")]) == 2
    assert "not a measurement of exploitability" in capsys.readouterr().err
    assert not (tmp_path / "ship").exists()


def test_what_is_no_arenas_record_is_refused(tmp_path) -> None:
    for text in ("", "[]", '{"format": "other"}'):
        (tmp_path / "record.json").write_text(text)
        with pytest.raises(ValueError, match="not a record of an arena"):
            read_record(tmp_path / "record.json")


def test_a_smaller_agent_replaces_a_larger_one(run, tmp_path) -> None:
    for population in ("4", "0"):
        flags = ["--out", str(tmp_path / "a.safetensors"), "--ship", str(tmp_path / "s"), "--population", population]
        assert main(["agent", str(run.path), *flags]) == 0
    (tmp_path / "s" / "0009.safetensors").write_bytes((tmp_path / "s" / "random.safetensors").read_bytes())
    assert main(["agent", str(run.path), *flags]) == 0
    assert not (tmp_path / "s" / "0009.safetensors").exists()


def test_distillation_imitates_the_average_of_the_members() -> None:
    """Two members always play different moves, three to one; at the only decision the network plays both as often."""
    game = load_game("gen1ou(pool=one,party=1,turn_limit=1)")
    first, second = (Always(action) for action in (0, 1))
    mixture = Mixture([first, second], [0.75, 0.25])
    options = Distillation(
        decisions=12_000,
        batch=2_000,
        matches=64,
        minibatches=8,
        network=NetworkOptions("mlp", (16,)),
        optimiser=Optimiser(rate=Schedule(5e-3, "linear", end=1e-4)),
    )
    stages = list(distill(game, mixture, options, np.random.default_rng(0)))
    assert stages[0].decisions == 0
    assert stages[-1].decisions >= 12_000
    opening = stages[-1].policy(seen(game), np.zeros((64, 0), np.float32))[0].mean(axis=0)
    np.testing.assert_allclose(opening[:2], [0.75, 0.25], atol=0.05)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert stages[-1].cross_entropy == pytest.approx(entropy, abs=0.03), "what is left is who was drawn"
    assert stages[-1].divergence == pytest.approx(entropy, abs=0.03), "the members themselves leave nothing to chance"
    assert stages[-1].divergence < stages[0].divergence


class Always:
    """Plays one action wherever it is legal, else the first legal one."""

    memory_size = 0

    def __init__(self, action: int):
        self.action = action

    def start(self, n, rng):
        return np.zeros((n, 0), np.float32)

    def __call__(self, observations, memory):
        legal = observations.legal
        action = np.where(legal[:, self.action], self.action, legal.argmax(axis=1))
        return np.eye(legal.shape[1])[action], memory


def test_distillation_begins_from_the_heaviest_network_unless_it_remembers() -> None:
    options = Distillation(decisions=200, batch=200, matches=16, network=NetworkOptions("mlp", (4,)))
    for start, width in ((network(0), 32), (network(0, NetworkOptions(hidden=(32,), recurrent=8)), 4)):
        policy = next(distill(GAME, start, options, np.random.default_rng(0))).policy
        assert policy.network.options.hidden == (width,)
    with pytest.raises(ValueError, match="single decisions"):
        Distillation(network=NetworkOptions(recurrent=4))


def test_held_out_teams_are_those_training_never_sees() -> None:
    own, held_out = variants(GAME, ["variety"]).values()
    assert len(own.teams) == 38
    assert not any(trains(team) for team in held_out.teams)
    (row,) = strengths(BASELINES.build("max_damage"), {"few": held_out}, 50, opponents=["random"])
    assert (row.teams, row.opponent) == ("few", "random")
    assert row.score.lower > 0.5


def test_an_agent_can_be_named_wherever_a_policy_is(monkeypatch, run, tmp_path) -> None:
    for name in ("older", "shipped"):
        own = tmp_path / "agents" / name
        assert main(["agent", str(run.path), "--out", str(tmp_path / "a.safetensors"), "--ship", str(own)]) == 0
    monkeypatch.setattr(agents, "AGENTS", tmp_path / "agents")
    assert agents.names()[0] == "shipped", "the newest agent comes first"
    for name in ("older", "shipped"):
        assert isinstance(policy_named(name), Mixture)
        assert isinstance(policy_named(f"{name}/0002-ppo"), NetworkPolicy)
    with pytest.raises(UnknownName, match="shipped"):
        policy_named("shiped")
