"""Gymnasium's and PettingZoo's own checkers, and that their episodes are the game's matches."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers.vector import RecordEpisodeStatistics
from pettingzoo.test import parallel_api_test, seed_test
from pettingzoo.utils import parallel_to_aec
from toys import Parity, Remembers, ToyGame, ToyMatches

import pokespiel.adapters  # noqa: F401, registers the environments
from pokespiel.adapters import GameEnv, GameParallelEnv, GameVectorEnv
from pokespiel.core.policy import Uniform, take
from pokespiel.core.registry import BadOption, UnknownName
from pokespiel.game import load_game
from pokespiel.game.guarded import GuardedGame
from pokespiel.game.names import ENVIRONMENTS

SMALL = "gen1ou(pool=one,party=2)"


def drawn(legal, rng):
    """A legal action for each row of masks [n, A]."""
    return (legal * rng.random(legal.shape)).argmax(axis=1)


# The ecosystems' own checks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.filterwarnings("ignore:.*A Box observation space (min|max)imum value is:UserWarning")
def test_gymnasiums_checker_passes(name):
    check_env(gymnasium.make(name, opponent="uniform", illegal="random").unwrapped)


@pytest.mark.filterwarnings("ignore:.*A Box observation space (min|max)imum value is:UserWarning")
def test_the_main_environment_passes_as_it_stands():
    check_env(gymnasium.make("pokespiel/Gen1OU-v0", opponent="max_damage").unwrapped)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("game", ["gen1ou(pool=competitive)", "leduc_poker", "leduc_poker(players=3)", "tic_tac_toe"])
def test_pettingzoos_checkers_pass(game):
    parallel_api_test(GameParallelEnv(game), num_cycles=150)
    seed_test(lambda: parallel_to_aec(GameParallelEnv(game)), num_cycles=50)


def test_masks_are_what_sb3_contrib_asks_for():
    utils = pytest.importorskip("sb3_contrib.common.maskable.utils", reason="pip install 'pokespiel[sb3]'")
    env = gymnasium.make("pokespiel/LeducPoker-v0")
    _, info = env.reset(seed=0)
    assert utils.is_masking_supported(env)
    np.testing.assert_array_equal(utils.get_action_masks(env), info["action_mask"].astype(bool))


# Episodes are matches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize("game", ["kuhn_poker", "leduc_poker"])
def test_random_play_earns_its_exact_value(game, seat):
    envs, rng = GameVectorEnv(512, game, seat=seat), np.random.default_rng(seat)
    envs.reset(seed=seat)
    returns = [[0.0] for _ in range(512)]
    while min(map(len, returns)) <= 40:
        _, rewards, ended, _, infos = envs.step(drawn(envs.action_masks(), rng))
        for env in range(512):
            returns[env][-1] += rewards[env]
            returns[env] += [0.0] * int(ended[env])
        assert (infos["seat"] == seat).all()
    first = np.array([per_env[:40] for per_env in returns])
    tree = load_game(game)
    assert abs(first.mean() - tree.returns(tree.plans(Uniform()))[seat]) < 4 * first.std() / first.size**0.5


def test_one_match_at_a_time_or_many_are_the_same():
    alone, many = GameEnv(SMALL, "expert"), GameVectorEnv(1, SMALL, "expert")
    seen, info = alone.reset(seed=3)
    crowd, infos = many.reset(seed=3)
    rng, ends = np.random.default_rng(0), 0
    for _ in range(300):
        np.testing.assert_array_equal(seen, crowd[0])
        np.testing.assert_array_equal(info["action_mask"], infos["action_mask"][0])
        actions = drawn(infos["action_mask"], rng)
        crowd, rewards, ended, truncated, infos = many.step(actions)
        seen, reward, terminated, _, info = alone.step(actions[0])
        assert (reward, terminated, False) == (rewards[0], ended[0], truncated[0])
        assert ("final_obs" in infos) == terminated
        if terminated:
            ends += 1
            assert abs(reward) <= 1
            assert not seen.any()
            assert not info["action_mask"].any()
            with pytest.raises(gymnasium.error.ResetNeeded):
                alone.step(0)
            seen, info = alone.reset()
    assert ends > 5


@pytest.mark.parametrize("game", [SMALL, "leduc_poker", "tic_tac_toe"])
def test_the_same_seed_gives_the_same_matches(game):
    def play():
        envs, rng = GameVectorEnv(8, game, "uniform"), np.random.default_rng(1)
        envs.reset(seed=5)
        return [envs.step(drawn(envs.action_masks(), rng))[:3] for _ in range(60)]

    for first, second in zip(play(), play(), strict=True):
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_agent_is_asked_for_its_own_decisions_alone():
    """Gen 1 OU plays forced actions automatically, so every decision has at least two actions."""
    envs, rng = GameVectorEnv(64, "gen1ou(pool=competitive)", "random"), np.random.default_rng(0)
    seen, infos = envs.reset(seed=0)
    seats = set()
    for _ in range(100):
        assert (infos["action_mask"].sum(axis=1) >= 2).all()
        assert np.abs(seen).sum(axis=1).all()
        seats |= set(infos["seat"].tolist())
        seen, _, _, _, infos = envs.step(drawn(infos["action_mask"], rng))
    assert seats == {0, 1}, "drawn for each match"


def test_an_opponent_remembers_its_match_and_no_other():
    """`Remembers` fails if its memory is not that of its current match."""
    for seat in (0, 1):
        env, returns = GameEnv(Parity(), Remembers(), seat=seat), set()
        env.reset(seed=seat)
        for _ in range(200):
            _, reward, over, _, info = env.step(1)
            assert info["seat"] == seat
            if over:
                returns.add(reward)
                env.reset()
        assert returns == {1.0, -1.0}


class PaysEarly(ToyGame):
    """Player 0's step pays player 1 a point, player 1's own step pays it two."""

    name = "pays_early"
    zero_sum = False

    def start(self, seeds):
        return PayingMatches(self, np.asarray(seeds))

    def length(self, seed):
        return 2

    def acts(self, player, step):
        return step == player


class PayingMatches(ToyMatches):
    def step(self, actions):
        paid = np.array([[0.0, 1.0 + len(history)] for history in self.histories])
        for index in range(len(self.histories)):
            self.histories[index].append(actions[:, index].copy())
        return paid


def test_what_is_paid_before_the_first_decision_belongs_to_it():
    env = GameEnv(PaysEarly(), "uniform", seat=1)
    for _ in range(5):
        env.reset()
        assert env.step(0)[1:3] == (3.0, True)


def test_episodes_are_counted_by_gymnasiums_wrapper():
    envs = RecordEpisodeStatistics(GameVectorEnv(16, SMALL))
    _, infos = envs.reset(seed=0)
    rng, told = np.random.default_rng(0), []
    for _ in range(60):
        *_, infos = envs.step(drawn(infos["action_mask"], rng))
        if "episode" in infos:
            told += infos["episode"]["r"][infos["_episode"]].tolist()
    assert len(told) > 16
    assert set(told) <= {-1.0, 0.0, 1.0}


# What is refused ----------------------------------------------------------------------------------------------------


def test_an_illegal_action_is_refused_and_changes_nothing():
    envs = GameVectorEnv(4, "leduc_poker")
    _, infos = envs.reset(seed=0)
    illegal = infos["action_mask"].argmin(axis=1)
    match = int((infos["action_mask"].min(axis=1) == 0).argmax())
    actions = infos["action_mask"].argmax(axis=1)
    wrong = actions.copy()
    wrong[match] = illegal[match]
    legal = np.flatnonzero(infos["action_mask"][match]).tolist()
    with pytest.raises(ValueError, match=rf"action {wrong[match]} is illegal in match {match} .*legal.*: \[{legal[0]}"):
        envs.step(wrong)
    np.testing.assert_array_equal(envs.action_masks(), infos["action_mask"])
    envs.step(actions)


def test_illegal_actions_may_be_replaced():
    env = GameEnv("leduc_poker", seat=0, illegal="random")
    for seed in range(10):
        _, info = env.reset(seed=seed)
        assert not info["action_mask"][0], "nobody folds before anything was bet"
        env.step(0)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"game": "leduc_poker(players=3)"}, BadOption, "3 players; expected a game of two"),
        ({"opponent": "baselines", "game": SMALL}, BadOption, "expected one opponent, and 'baselines' stands for 7"),
        ({"opponent": "max_damge", "game": SMALL}, UnknownName, "did you mean 'max_damage'"),
        ({"seat": 2}, BadOption, "seat: expected 0, 1 or None"),
        ({"illegal": "ignore"}, BadOption, "illegal: expected 'error' or 'random'"),
    ],
)
def test_wrong_options_are_explained(options, error, words):
    with pytest.raises(error, match=words):
        GameEnv(**options)


def test_many_matches_need_some_that_can_wait():
    with pytest.raises(BadOption, match="vectorization_mode='sync'"):
        GameVectorEnv(2, Parity())
    GameVectorEnv(1, Parity()).reset(seed=0)


class SkippingMatches(ToyMatches):
    """Matches of which some can wait."""

    can_skip = True

    def observe(self, player, out=None, skip=None):
        indices, seen = super().observe(player, out)
        kept = np.ones(len(indices), bool) if skip is None else ~skip[indices]
        return indices[kept], take(seen, kept)

    def step(self, actions, skip=None):
        if skip is None:
            return super().step(actions)
        paid = np.zeros((len(self.seeds), 2))
        for index in np.flatnonzero(~skip):
            alone = ToyMatches(self.game, self.seeds[[index]])
            alone.histories[0] = self.histories[index]
            paid[index] = alone.step(actions[:, [index]])[0]
        return paid


class SkippingParity(Parity):
    def start(self, seeds):
        return SkippingMatches(self, np.asarray(seeds))


@pytest.mark.parametrize("wrap", [lambda game: game, lambda game: GuardedGame(game, "parity")])
def test_a_game_of_ones_own_may_have_matches_that_wait(wrap):
    envs, rewards = GameVectorEnv(8, wrap(SkippingParity()), Remembers()), []
    envs.reset(seed=0)
    for _ in range(60):
        _, reward, ended, *_ = envs.step(np.ones(8, int))
        rewards += reward[ended].tolist()
    assert set(rewards) == {1.0, -1.0}
    assert len(rewards) > 100


def test_pettingzoos_actions_are_checked():
    env = GameParallelEnv("kuhn_poker")
    observations, infos = env.reset(seed=0)
    assert [infos[agent]["awaited"] for agent in env.agents] == [True, False]
    assert observations["player_1"]["action_mask"].tolist() == [1, 0]
    assert not observations["player_1"]["observation"].any()
    with pytest.raises(ValueError, match="expected one action of each"):
        env.step({"player_0": 0})
    with pytest.raises(ValueError, match="illegal"):
        env.step({"player_0": 7, "player_1": 0})
    total = np.zeros(2)
    while env.agents:
        _, rewards, *_ = env.step(dict.fromkeys(env.agents, 0))
        total += list(rewards.values())
    assert sorted(total.tolist()) == [-1, 1], "both pass: the higher card wins one"
    assert env.step({}) == ({}, {}, {}, {}, {})
