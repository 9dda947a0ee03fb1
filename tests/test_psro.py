"""The loop: opponents of each response, the content of a state, and that any state reproduces its numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from toys import Always, BiasedRPS, Parity

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.self_play import SelfPlay
from pokespiel.metasolvers.uniform import UniformSolver
from pokespiel.oracles import Training
from pokespiel.oracles.metrics import merged_metrics
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import PayoffTable
from pokespiel.psro import InitialPopulations, PSROState, psro, respond_to


class Random:
    """Responds with a random action at every requested seat, and records the requests."""

    def __init__(self) -> None:
        self.calls: list[dict] = []

    def __call__(self, game, opponents, rng, *, start=(), state=None) -> Iterator[Training]:
        self.calls.append({"opponents": opponents, "start": start})
        responses = {seat: (Always(int(rng.integers(3))),) for seat in opponents}
        yield Training(responses, {"members": float(len(start))}, {})


class Slow:
    """Draws four numbers, one per yield, and keeps them in its state; the response is their sum."""

    def __call__(self, game, opponents, rng, *, start=(), state=None) -> Iterator[Training]:
        drawn = list(state["drawn"]) if state else []
        while True:
            if len(drawn) < 4:
                drawn.append(int(rng.integers(100)))
            responses = {seat: (Always(sum(drawn) % 3),) for seat in opponents}
            yield Training(responses, {"drawn": float(len(drawn))}, {"drawn": tuple(drawn)})
            if len(drawn) == 4:
                return


class Refuses:
    """Never accepts a response."""

    def __call__(self, game, opponents, rng, *, start=(), state=None) -> Iterator[Training]:
        yield Training({}, {}, {})


def loop(game=None, solver=None, oracles=None, **options) -> Iterator[PSROState]:
    return psro(
        game or Parity(),
        solver or Nash(),
        oracles or [Random()],
        SampledPayoffs(units=20),
        np.random.default_rng(5),
        **options,
    )


def fingerprint(state: PSROState) -> str:
    actions = [[getattr(policy, "action", None) for policy in population] for population in state.populations]
    metrics = {name: value for name, value in state.metrics.items() if "seconds" not in name}
    return repr((state.iteration, state.idle, actions, state.table, state.training, state.strategy, state.rng, metrics))


def take(states: Iterator[PSROState], n: int) -> list[PSROState]:
    return list(itertools.islice(states, n))


def test_the_start_is_one_uniform_policy_a_player():
    (state,) = take(loop(), 1)
    assert state.iteration == 0
    assert [len(population) for population in state.populations] == [1, 1]
    assert state.table.sizes == (1, 1)
    assert [marginal.tolist() for marginal in state.strategy.marginals] == [[1.0], [1.0]]


def test_each_iteration_adds_what_each_oracle_responds():
    oracles = [Random(), Refuses(), Random()]
    states = take(loop(oracles=oracles), 4)
    assert [state.iteration for state in states] == [0, 1, 2, 3]
    assert [state.table.sizes for state in states] == [(1, 1), (3, 3), (5, 5), (7, 7)]
    assert states[-1].metrics["oracle_2/members"] == 10.0
    for earlier, later in itertools.pairwise(states):
        for old, new in zip(earlier.populations, later.populations, strict=True):
            assert new[: len(old)] == old


def test_a_symmetric_game_keeps_one_population_and_one_mixture():
    oracle = Random()
    states = take(loop(BiasedRPS(), oracles=[oracle]), 5)
    assert len(states[-1].populations) == 1
    assert len(states[-1].populations[0]) == 5
    first, second = states[-1].strategy.marginals
    assert np.array_equal(first, second)
    assert all(list(call["opponents"]) == [0] for call in oracle.calls)
    opponents = oracle.calls[-1]["opponents"][0]
    assert opponents.policies[1] == states[-2].populations[0]
    assert np.array_equal(opponents.weights, first_kept(states[-2].training.marginals[0]))


def first_kept(marginal: np.ndarray) -> np.ndarray:
    return marginal[marginal > 0] / marginal[marginal > 0].sum()


def test_responses_train_against_the_others_product_and_see_all_members():
    oracle = Random()
    take(loop(solver=UniformSolver(), oracles=[oracle]), 4)
    call = oracle.calls[-1]
    assert sorted(call["opponents"]) == [0, 1]
    for seat, opponents in call["opponents"].items():
        assert opponents.rows[:, 1 - seat].tolist() == [0, 1, 2]
        assert opponents.rows[:, seat].tolist() == [-1, -1, -1]
        assert np.allclose(opponents.weights, 1 / 3)
    newest = call["opponents"][0].policies[0][-1], call["opponents"][0].policies[1][-1]
    assert set(map(id, call["start"][-2:])) == set(map(id, newest)), "warm starts come oldest first"
    assert len(call["start"]) == 6


def test_one_solver_to_train_against_and_another_to_judge_by():
    state = take(loop(solver=SelfPlay(), evaluator=UniformSolver()), 4)[-1]
    assert state.training.marginals[0].tolist() == [0, 0, 0, 1]
    assert state.strategy.marginals[0].tolist() == [0.25] * 4


def test_responses_train_against_the_solvers_mixture_not_the_evaluators():
    for solver, evaluator, weights in (
        (SelfPlay(), UniformSolver(), [1.0]),
        (UniformSolver(), SelfPlay(), [1 / 3] * 3),
    ):
        oracle = Random()
        take(loop(solver=solver, evaluator=evaluator, oracles=[oracle]), 4)
        for opponents in oracle.calls[-1]["opponents"].values():
            assert opponents.weights.tolist() == weights


def state_of(training: MetaStrategy, sizes: tuple[int, ...]) -> PSROState:
    populations = tuple(tuple(Always(index) for index in range(size)) for size in sizes)
    table = PayoffTable(np.zeros((len(sizes), *sizes)))
    return PSROState(0, populations, ((), ()), table, training, training, {})


def three_players() -> Parity:
    game = Parity()
    game.num_players = 3
    return game


def test_a_joint_strategy_keeps_the_correlation_of_the_others():
    joint = np.zeros((2, 3, 2))
    joint[0, 1, 0], joint[1, 1, 0], joint[1, 2, 1] = 0.25, 0.25, 0.5
    marginals = tuple(joint.sum(axis=tuple(np.delete(range(3), player))) for player in range(3))
    (call,) = respond_to(three_players(), state_of(MetaStrategy(marginals, joint), (2, 3, 2)))
    assert call[0].rows.tolist() == [[-1, 1, 0], [-1, 2, 1]]
    assert call[0].weights.tolist() == [0.5, 0.5]
    assert call[1].rows.tolist() == [[0, -1, 0], [1, -1, 0], [1, -1, 1]]
    assert call[2].rows.tolist() == [[0, 1, -1], [1, 1, -1], [1, 2, -1]]


def test_independent_players_give_every_combination():
    marginals = (np.array([0.5, 0.5]), np.array([0.0, 0.2, 0.8]), np.array([1.0, 0.0]))
    (call,) = respond_to(three_players(), state_of(MetaStrategy(marginals), (2, 3, 2)))
    assert call[0].rows.tolist() == [[-1, 1, 0], [-1, 2, 0]]
    assert np.allclose(call[0].weights, [0.2, 0.8])
    assert np.allclose(call[2].weights, [0.1, 0.4, 0.1, 0.4])


def test_targets_ask_for_one_response_a_row():
    # The first player wants three responses and the second one: the others' policies by row, transposed mistakes show.
    targets = (np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), np.array([[0.0, 0.25, 0.75]]))
    marginals = (np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5]))
    calls = respond_to(Parity(), state_of(MetaStrategy(marginals, None, targets), (3, 2)))
    assert [sorted(call) for call in calls] == [[0, 1], [0], [0]]
    assert [call[0].rows[:, 1].tolist() for call in calls] == [[0], [1], [0, 1]]
    assert calls[0][1].rows[:, 0].tolist() == [1, 2]
    assert calls[0][1].weights.tolist() == [0.25, 0.75]


def test_what_was_spent_adds_up_over_calls():
    merged = merged_metrics([0, 0], [{"decisions": 3, "loss": 1.0, "seconds/collect": 1}] * 2, 1)
    assert merged == {"oracle/decisions": 6, "oracle/loss": 1.0, "oracle/seconds/collect": 2}


@pytest.mark.parametrize("game", [Parity(), BiasedRPS()], ids=["asymmetric", "symmetric"])
def test_every_state_continues_to_the_same_numbers(game):
    oracles = [Slow(), Random(), Slow()]
    whole = take(loop(game, oracles=oracles, partial=True), 40)
    finished = [fingerprint(state) for state in whole if state.pending is None]
    assert any(state.pending is not None for state in whole)
    for position, state in enumerate(whole):
        later = [fingerprint(after) for after in whole[position + 1 :] if after.pending is None]
        resumed = psro(
            game, Nash(), [Slow(), Random(), Slow()], SampledPayoffs(units=20), np.random.default_rng(99), start=state
        )
        assert [fingerprint(after) for after in take(resumed, min(2, len(later)))] == later[:2]
    assert len(set(finished)) == len(finished)


def test_oracles_take_turns():
    attack, defend = Random(), Random()
    states = take(loop(oracles=[attack, defend], turns="alternate"), 6)
    assert [state.table.sizes for state in states] == [(size, size) for size in range(1, 7)]
    assert [len(call["start"]) // 2 for call in attack.calls] == [1, 3, 5]
    assert [len(call["start"]) // 2 for call in defend.calls] == [2, 4]
    assert "oracle_0/members" in states[1].metrics
    assert "oracle_0/members" not in states[2].metrics
    assert "oracle_1/members" in states[2].metrics


def test_a_loop_may_begin_with_any_policies_and_what_is_known_of_them():
    first = take(loop(BiasedRPS()), 4)[-1]
    grown = InitialPopulations(
        ((*first.populations[0], Always(0)),), ((*first.origins[0], {"name": "rock"}),), first.table
    )
    (state,) = take(loop(BiasedRPS(), beginning=grown), 1)
    assert state.iteration == 0
    assert state.table.sizes == (5, 5)
    assert np.array_equal(state.table.payoffs[:, :4, :4], first.table.payoffs), "known cells are kept"
    rock = [policy.action == 0 for policy in state.populations[0][1:]]
    assert rock[-1]
    assert state.strategy.marginals[0].shape == (5,)


def test_every_policy_tells_how_it_came_about():
    class Pair(Random):
        def __call__(self, game, opponents, rng, *, start=(), state=None):
            yield Training({0: (Always(0), Always(1)), 1: (Always(2),)}, {"decisions": 7.0}, {})

    state = take(loop(oracles=[Pair(), Refuses(), Random()]), 3)[-1]
    names = [[origin["name"] for origin in population] for population in state.origins]
    assert names == [["uniform", *["pair 1", "pair 2", "random"] * 2], ["uniform", *["pair", "random"] * 2]]
    assert state.origins[1][-2] == {"name": "pair", "oracle": "pair", "iteration": 2, "decisions": 7.0}


class Same:
    """Always responds with the same policy, in two steps, and draws no random number."""

    def __init__(self, action: int):
        self.policy = Always(action)

    def __call__(self, game, opponents, rng, *, start=(), state=None) -> Iterator[Training]:
        for step in (1, 2)[1 if state else 0 :]:
            yield Training({seat: (self.policy,) for seat in opponents}, {}, {"step": step})


@pytest.mark.parametrize(
    ("turns", "idle", "sizes", "offered", "known"),
    [
        ("together", [0, 0, 2, 4, 6], [1, 3, 3, 3, 3], [4, 4, 4, 4], [0, 4, 4, 4]),
        ("alternate", [0, 0, 0, 1, 2], [1, 2, 3, 3, 3], [2, 2, 2, 2], [0, 0, 2, 2]),
    ],
)
def test_oracles_that_bring_nothing_new_are_idle(turns, idle, sizes, offered, known):
    states = take(loop(oracles=[Same(0), Same(1)], turns=turns), 5)
    assert [state.idle for state in states] == idle
    assert [state.table.sizes[0] for state in states] == sizes
    assert [state.metrics["responses"] for state in states[1:]] == offered
    assert [state.metrics["responses_known"] for state in states[1:]] == known


def test_who_draws_random_numbers_is_not_idle():
    class Draws(Same):
        def __call__(self, game, opponents, rng, **rest):
            rng.random()
            return super().__call__(game, opponents, rng, **rest)

    states = take(loop(oracles=[Draws(0)]), 5)
    assert [state.idle for state in states] == [0] * 5
    assert states[-1].table.sizes == (2, 2)
    assert [state.idle for state in take(loop(oracles=[Same(0), Draws(0)]), 4)] == [0] * 4
    assert [state.idle for state in take(loop(oracles=[Same(0), Draws(0)], turns="alternate"), 5)] == [0, 0, 0, 1, 0]


def test_an_oracle_that_never_accepts_anything_is_idle():
    assert [state.idle for state in take(loop(oracles=[Refuses()]), 3)] == [0, 1, 2]


def test_a_state_in_the_middle_of_an_idle_turn_goes_on_idle():
    oracle = Same(0)
    states = take(loop(oracles=[oracle], partial=True), 12)
    within = [state for state in states if state.pending is not None]
    resumed = [next(loop(oracles=[oracle], start=state)) for state in within]
    assert {(state.iteration, state.idle) for state in resumed} == {(1, 0), (2, 1), (3, 2), (4, 3)}


def test_solvers_that_go_by_the_order_of_responses_keep_those_that_come_again():
    for solver in (UniformSolver(), SelfPlay()):
        states = take(loop(solver=solver, oracles=[Same(0)]), 5)
        assert states[-1].table.sizes == (5, 5)
        assert states[-1].idle == 0
        assert [state.metrics["responses_known"] for state in states[1:]] == [0, 2, 2, 2]


def test_only_whole_states_are_yielded_unless_asked():
    assert all(state.pending is None for state in take(loop(oracles=[Slow()]), 5))


def test_mistakes_are_refused():
    class Silent:
        def __call__(self, game, opponents, rng, *, start=(), state=None):
            return iter(())

    with pytest.raises(ValueError, match="at least one oracle"):
        next(psro(Parity(), Nash(), [], SampledPayoffs(), np.random.default_rng(0)))
    with pytest.raises(ValueError, match="Silent yielded nothing"):
        take(loop(oracles=[Silent()]), 2)

    def holes(game, populations, table, rng):
        return PayoffTable(np.full((2, len(populations[0]), len(populations[1])), np.nan))

    with pytest.raises(ValueError, match="1 payoff cells are missing"):
        next(psro(Parity(), Nash(), [Random()], holes, np.random.default_rng(0)))


def test_responses_learn_on_the_training_game_and_payoffs_are_the_games() -> None:
    seen = []

    def oracle(game, opponents, rng, *, start=(), state=None) -> Iterator[Training]:
        seen.append(game)
        yield Training({seat: (Always(0),) for seat in opponents}, {}, {})

    def evaluate(game, populations, table, rng):
        played.append(game)
        return SampledPayoffs(units=20)(game, populations, table, rng)

    played, game, training_game = [], BiasedRPS(), BiasedRPS()
    states = take(psro(game, Nash(), [oracle], evaluate, np.random.default_rng(5), training_game=training_game), 2)
    assert seen == [training_game]
    assert [one is game for one in played] == [True, True]
    assert states[1].table.sizes == (2, 2)
    with pytest.raises(ValueError, match="cannot learn on"):
        next(loop(BiasedRPS(), training_game=Parity()))
