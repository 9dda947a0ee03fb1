"""Datasets by commands: generated, filtered, merged and described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pokespiel.commands.main import main
from pokespiel.learning.datasets import Dataset, Filter
from pokespiel.learning.sifting import Sieve, figures, sift

GAME = "gen1ou(pool=one,party=2,turn_limit=30)"


def generated(folder: Path, *options: str) -> Dataset:
    play = ["dataset", "generate", "random", "max_damage", "--out", str(folder), "--game", GAME, "--matches", "40"]
    assert main([*play, "--part", "25", *options]) == 0
    return Dataset(folder)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Dataset:
    return generated(tmp_path_factory.mktemp("data"))


def whole(dataset: Dataset, name: str) -> np.ndarray:
    return np.concatenate([dataset.read(part, (name,))[name] for part in dataset.parts()])


def test_every_pair_of_policies_plays_and_the_same_command_gives_the_same(played, tmp_path):
    assert len(played.parts()) == 2
    pairs = {tuple(pair) for pair in whole(played, "match_policies").tolist()}
    assert pairs == {(0, 0), (0, 1), (1, 0), (1, 1)}
    count = played.count()
    again = generated(played.folder)
    assert again.count() == count, "a killed command does not add its parts twice"
    other = generated(tmp_path / "other", "--seed", "1")
    assert not np.array_equal(whole(other, "match_seed"), whole(played, "match_seed"))
    behaviour, action = whole(played, "behaviour"), whole(played, "action")
    assert (behaviour[np.arange(len(action)), action] > 0).all()


def test_merging_keeps_a_match_once_and_filters_keep_what_they_say(played, tmp_path):
    both = Dataset(tmp_path / "both")
    rng = np.random.default_rng(0)
    assert sift([played, played], both, Sieve(), rng) == played.count()
    assert sorted(whole(both, "match_seed")) == sorted(whole(played, "match_seed"))
    won = Dataset(tmp_path / "won")
    sift([played], won, Sieve(Filter(least_utility=1.0)), rng)
    assert (whole(won, "utility") == 1).all()
    assert figures(won).one_sided == figures(won).matches > 0
    with pytest.raises(ValueError, match="already holds a dataset"):
        sift([played], won, Sieve(), rng)
    assert sift([won], Dataset(tmp_path / "none"), Sieve(both_seats=True), rng) == 0
    long = Dataset(tmp_path / "long")
    sift([played], long, Sieve(least_decisions=8), rng)
    for part in long.parts():
        assert np.bincount(long.read(part, ("match",))["match"]).min() >= 8
    assert 0 < figures(long).matches < figures(played).matches


def test_unfinished_matches_are_left_out(played, tmp_path):
    spoiled = Dataset(tmp_path / "spoiled")
    part = played.parts()[0]
    columns = played.read(part)
    columns["match_valid"][3] = False
    spoiled.append(columns, played.provenance(part))
    assert figures(spoiled).invalid == 1
    good = Dataset(tmp_path / "good")
    sift([spoiled], good, Sieve(), np.random.default_rng(0))
    assert columns["match_seed"][3] not in whole(good, "match_seed")
    assert (figures(good).invalid, figures(good).matches) == (0, 24)


def test_a_dataset_is_completed_by_the_same_command_alone(tmp_path, capsys):
    folder = tmp_path / "data"
    whole_once = generated(folder)
    seeds = whole(whole_once, "match_seed").tolist()
    whole_once.parts()[-1].unlink()
    for other in (["--matches", "50"], ["--part", "5"], ["--explore", "0.1"], ["--seed", "3"]):
        command = [
            "dataset",
            "generate",
            "random",
            "max_damage",
            "--out",
            str(folder),
            "--game",
            GAME,
            "--matches",
            "40",
        ]
        assert main([*command, "--part", "25", *other]) == 2
        assert "already holds another dataset" in capsys.readouterr().err
    assert whole(generated(folder), "match_seed").tolist() == seeds
    assert len(set(seeds)) == 40


def test_the_commands_describe_and_refuse(played, tmp_path, capsys):
    assert main(["dataset", "merge", str(played.folder), "--out", str(tmp_path / "m"), "--both-seats"]) == 0
    assert main(["dataset", "describe", str(tmp_path / "m")]) == 0
    said = capsys.readouterr().out
    assert "matches    40 in 2 parts; 0 invalid, 0 one-sided" in said
    assert f"decisions  {played.count():,}" in said
    for command, message in (
        (["dataset", "filter", str(tmp_path), "--out", str(tmp_path / "x")], "no dataset in"),
        (["dataset", "filter", str(played.folder)], "name the folder of the new dataset"),
        (["dataset", "shuffle", "x"], "unknown action"),
        (["dataset", "describe", str(played.folder), "--out", str(tmp_path)], "describe has no use for --out"),
        (["dataset", "usage", str(played.folder), "--seed", "1"], "usage has no use for --seed"),
        (["dataset", "filter", str(played.folder), "--matches", "3"], "filter: name the folder"),
        (["dataset", "merge", "x", "--out", "y", "--matches", "3"], "no use for --matches, an option of generate"),
        (["dataset", "generate", "random", "--out", "y", "--chosen.seats", "0"], "an option of filter, merge"),
    ):
        assert main(command) == 2
        assert message in capsys.readouterr().err
    other = [
        "dataset",
        "generate",
        "uniform",
        "--out",
        str(tmp_path / "kuhn"),
        "--game",
        "kuhn_poker",
        "--matches",
        "5",
    ]
    assert main(other) == 0
    mixed = ["dataset", "merge", str(played.folder), str(tmp_path / "kuhn"), "--out", str(tmp_path / "y")]
    assert main(mixed) == 2
    assert "datasets of different games do not mix" in capsys.readouterr().err
