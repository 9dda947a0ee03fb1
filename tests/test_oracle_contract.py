"""The contract of every registered oracle: the protocol, distributions over legal actions, and resumption."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from pokespiel.core.policy import Policy, Uniform
from pokespiel.core.policy_files import load_policy, save_policy
from pokespiel.core.registry import BadOption, options_of
from pokespiel.game import load_game
from pokespiel.oracles import ORACLES, Opponents, Training

TINY: dict[str, Any] = {"network": {"hidden": [16]}}
SHORT = TINY | {"decisions": 1_200, "batch": 300, "matches": 64, "log_every": 1}
SMALL: dict[str, dict[str, Any]] = {
    "ppo": SHORT,
    "mmd": SHORT | {"magnet": "moving"},
    "rnad": SHORT | {"refresh": 2},
    "nfsp": SHORT | {"reservoir": 500, "average_steps": 2},
    "exploiter": SHORT | {"evaluation": 200, "threshold": -2.0},
    "offline": TINY | {"collect": 300, "epochs": 4.0, "batch": 256, "log_every": 2},
}
"""Small budgets; an oracle not named here is run with its defaults."""

KUHN = load_game("kuhn_poker")


def oracle_of(name: str) -> Any:
    return ORACLES.build(name, SMALL.get(name, {}))


def against_uniform() -> dict[int, Opponents]:
    """A mixture of one policy at each seat."""
    return {
        0: Opponents(((), (Uniform(),)), np.array([[-1, 0]]), np.ones(1)),
        1: Opponents(((Uniform(),), ()), np.array([[0, -1]]), np.ones(1)),
    }


def call(name: str, seed: int = 0, state: Mapping[str, Any] | None = None, **more: Any) -> list[Training]:
    """Everything that an oracle yields; each state is copied, so that later learning cannot change it."""
    rng = np.random.default_rng(seed)
    found = oracle_of(name)(KUHN, against_uniform(), rng, state=copy.deepcopy(state), **more)
    return [copy.deepcopy(training) for training in found]


def tables(training: Training) -> list[np.ndarray]:
    """The responses' probabilities at every information state."""
    nothing = np.zeros((0, 0), np.float32)
    return [
        policy(KUHN.information_states(seat), nothing)[0]
        for seat, policies in sorted(training.responses.items())
        for policy in policies
    ]


@pytest.mark.parametrize("name", ORACLES)
def test_it_answers_for_the_seats_asked_with_distributions(name: str) -> None:
    last = call(name)[-1]
    assert set(last.responses) == {0, 1}
    assert any(last.responses.values())
    for table, legal in zip(
        tables(last), [KUHN.information_states(s).legal for s in (0, 1) for _ in last.responses[s]], strict=True
    ):
        np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-6)
        assert (table[~legal] == 0).all()
    assert all(isinstance(value, float) for value in last.metrics.values())
    assert all(np.isfinite(value) for value in last.metrics.values())


@pytest.mark.parametrize("name", ORACLES)
def test_equal_seeds_give_equal_responses(name: str) -> None:
    for mine, theirs in zip(tables(call(name, 3)[-1]), tables(call(name, 3)[-1]), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ORACLES)
def test_killed_after_any_yield_it_goes_on_to_the_same_numbers(name: str) -> None:
    whole = call(name, 1)
    for place in {0, len(whole) // 2, len(whole) - 1}:
        state = whole[place].state
        if not state:
            continue  # an oracle without a state is called again from its start
        resumed = call(name, 77, state)[-1]
        for mine, theirs in zip(tables(whole[-1]), tables(resumed), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        clocks = ("seconds", "per_second")
        for metric, value in whole[-1].metrics.items():
            if not any(clock in metric for clock in clocks):
                assert resumed.metrics[metric] == pytest.approx(value, abs=1e-6), metric


@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_stops_after_its_seconds_and_a_resumed_call_has_only_the_rest(name: str) -> None:
    endless = {"epochs": 1e6} if name == "offline" else {"decisions": 10**9}
    oracle = ORACLES.build(name, SMALL[name] | endless | {"seconds": 0.3})
    trainings = [copy.deepcopy(training) for training in oracle(KUHN, against_uniform(), np.random.default_rng(0))]
    spent = [training.metrics["seconds"] for training in trainings]
    assert spent == sorted(spent)
    assert all(value < 0.3 for value in spent if value < spent[-1])
    assert spent[-1] >= 0.3
    assert trainings[-1].responses[0]
    middle, end = (
        list(oracle(KUHN, against_uniform(), np.random.default_rng(1), state=trainings[place].state))
        for place in (0, -1)
    )
    assert spent[0] <= middle[0].metrics["seconds"]
    assert middle[-1].metrics["seconds"] >= 0.3
    assert {training.metrics["seconds"] for training in end} == {spent[-1]}
    with pytest.raises(ValueError, match=r"option 'seconds' of .* must be above 0"):
        ORACLES.build(name, {"seconds": 0.0})


@pytest.mark.parametrize("name", sorted(set(SMALL) - {"offline"}))
def test_yields_between_two_reports_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine yields in between, so that it can be stopped and saved; seeds and metrics are the same."""
    oracle = ORACLES.build(name, SMALL[name] | {"log_every": 3})

    def all_of(state: Mapping[str, Any] | None = None) -> list[Training]:
        yields = oracle(KUHN, against_uniform(), np.random.default_rng(0), state=state)
        return [copy.deepcopy(training) for training in yields]

    def plain(training: Training) -> dict[str, float]:
        return {key: value for key, value in training.metrics.items() if "second" not in key}

    swift = all_of()
    monkeypatch.setattr("pokespiel.oracles.common.LATE", -1.0)
    slow = all_of()
    assert len(slow) > len(swift)
    resumed = all_of(slow[0].state)
    for other in (slow, resumed):
        assert plain(other[-1]) == plain(swift[-1])
        for mine, theirs in zip(tables(swift[-1]), tables(other[-1]), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_schedules_follow_the_nearer_end() -> None:
    from pokespiel.learning.seating import self_play
    from pokespiel.oracles.common import Run

    oracle = ORACLES.build("ppo", SHORT | {"decisions": 10_000, "batch": 100, "seconds": 8.0})
    rng = np.random.default_rng(0)
    run = Run(oracle, KUHN, self_play(KUHN), [oracle.make_learner(KUHN, rng)], rng)
    assert (run.progress, run.last_update) == (0.0, 100.0)
    run.decisions, run.updates, run.seconds = 1_000, 10, 4.0
    assert (run.progress, run.last_update) == (0.5, 20.0)
    run.decisions, run.updates = 8_000, 80
    assert (run.progress, run.last_update) == (0.8, 100.0)
    run.seconds = 9.0
    assert not run.left()


@pytest.mark.parametrize("name", ORACLES)
def test_its_state_is_plain_and_its_responses_can_be_saved(name: str, tmp_path: Any) -> None:
    last = call(name)[-1]
    check_plain(last.state)
    for seat, policies in last.responses.items():
        for number, policy in enumerate(policies):
            path = tmp_path / f"{seat}-{number}.safetensors"
            save_policy(path, policy)
            seen = KUHN.information_states(seat)
            nothing = np.zeros((0, 0), np.float32)
            np.testing.assert_array_equal(load_policy(path)(seen, nothing)[0], policy(seen, nothing)[0])


def check_plain(value: Any) -> None:
    """Nested mappings and lists of plain values and arrays."""
    if isinstance(value, Mapping):
        assert all(isinstance(key, str) for key in value)
        for item in value.values():
            check_plain(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_plain(item)
    else:
        assert value is None or isinstance(value, (bool, int, float, str, np.ndarray)), type(value)


@pytest.mark.parametrize("name", ORACLES)
def test_its_options_survive_a_file_and_typos_are_named(name: str) -> None:
    oracle = oracle_of(name)
    assert ORACLES.build(name, options_of(oracle)) == oracle
    with pytest.raises(BadOption, match="decisoins"):
        ORACLES.build(name, {"decisoins": 1})


@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_learns_on_a_game_without_state_keys(name: str) -> None:
    from learning_games import RepeatedPennies

    game = RepeatedPennies()
    answers: list[Policy] = []
    for training in oracle_of(name)(game, against_uniform(), np.random.default_rng(0)):
        answers = [policy for policies in training.responses.values() for policy in policies]
    seen = game.start(np.arange(4)).observe(0)[1]
    for policy in answers:
        probabilities, _ = policy(seen, policy.start(4, np.random.default_rng(0)))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(SMALL) - {"offline", "nfsp"}))
@pytest.mark.parametrize(
    "network",
    [{"recurrent": 8}, {"privileged": True, "auxiliary": True}, {"value": "outcome"}, {"body": "residual"}],
    ids=lambda options: next(iter(options)),
)
def test_it_resumes_with_every_kind_of_network(name: str, network: dict[str, Any]) -> None:
    from learning_games import RepeatedPennies

    game = RepeatedPennies()
    oracle = ORACLES.build(name, SMALL[name] | {"network": network | {"hidden": [16]}})
    if name == "rnad" and "recurrent" in network:
        with pytest.raises(ValueError, match="use a memoryless network or form kl"):
            next(oracle(game, against_uniform(), np.random.default_rng(0)))
        oracle = ORACLES.build(name, SMALL[name] | {"network": network | {"hidden": [16]}, "form": "kl"})
    yields = [copy.deepcopy(t) for t in oracle(game, against_uniform(), np.random.default_rng(0))]
    resumed = list(oracle(game, against_uniform(), np.random.default_rng(4), state=yields[1].state))
    mine, theirs = (t.state["parts"]["learner_0"]["network"] for t in (yields[-1], resumed[-1]))
    for parameter in mine:
        np.testing.assert_array_equal(mine[parameter], theirs[parameter])


def test_options_saved_under_former_names_are_read() -> None:
    oracle = ORACLES.build("mmd", {"trace": 0.8, "report": 7, "value": 0.25})
    assert (oracle.gae_lambda, oracle.log_every, oracle.value_weight) == (0.8, 7, 0.25)
    with pytest.raises(BadOption, match="report"):
        ORACLES.build("exact", {"report": 7})
