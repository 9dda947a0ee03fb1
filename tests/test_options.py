"""Command lines and YAML files: the same options from both, and readable errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

from pokespiel.core.arguments import Positional
from pokespiel.core.help import attribute_docs
from pokespiel.core.options import Choice, flags_given, from_plain, parse, read_yaml, to_plain
from pokespiel.core.registry import BadOption, Registry, UnknownName


@dataclass(frozen=True)
class Fast:
    """Quick."""

    steps: int = 3
    """How many."""
    step_size: float = 0.5
    """How long."""


@dataclass(frozen=True)
class Brake:
    """Holds back."""

    force: float = 0.25
    """How hard."""
    wait: int = 9
    """How late."""


@dataclass(frozen=True)
class Slow:
    """Thorough."""

    depth: tuple[int, ...] = (1, 2)
    """How deep."""
    brake: Brake | None = None
    """What holds it back, if anything."""


SOLVERS = Registry("solver", {"fast": f"{__name__}:Fast", "slow": f"{__name__}:Slow"})


@dataclass(frozen=True)
class Base:
    seed: int = 0
    """Where chance starts."""


@dataclass(frozen=True)
class Command(Base):
    """Does something."""

    table: Positional[Path] = Path("table.csv")
    """What to read."""
    solver: Annotated[Choice, SOLVERS] = Choice("fast")
    """Which one."""
    judge: Annotated[Choice | None, SOLVERS] = None
    """Another one."""
    many: Annotated[tuple[Choice, ...], SOLVERS] = (Choice("fast"),)
    """Several."""
    loud: bool = False
    """Say more."""


FAST = {"steps": 3, "step_size": 0.5}


def run(line: str, base=None) -> Command:
    return parse(Command, line.split(), "tool", base)


def test_defaults_are_spelled_out():
    command = run("")
    assert command == Command(solver=Choice("fast", FAST), many=(Choice("fast", FAST),))
    assert command.solver.build(SOLVERS) == Fast()


def test_flags_choose_and_set_options():
    command = run("x.csv --solver slow --solver.depth 4 5 6 --seed 7 --loud")
    assert command.table == Path("x.csv")
    assert command.solver == Choice("slow", {"depth": [4, 5, 6], "brake": None})
    assert command.solver.build(SOLVERS) == Slow(depth=(4, 5, 6))
    assert (command.seed, command.loud) == (7, True)
    assert run("--solver=fast --solver.step-size=0.25").solver.options["step_size"] == 0.25
    assert run("--judge slow").judge == Choice("slow", {"depth": [1, 2], "brake": None})


def test_several_plugins_keep_their_own_options():
    command = run("--many fast slow fast --many.fast.steps 1 --many.fast-2.steps 2 --many.slow.depth 9")
    assert command.many == (
        Choice("fast", {"steps": 1, "step_size": 0.5}),
        Choice("slow", {"depth": [9], "brake": None}),
        Choice("fast", {"steps": 2, "step_size": 0.5}),
    )


def test_a_part_that_may_be_none_is_there_once_it_has_an_option():
    assert run("--solver slow").solver.build(SOLVERS).brake is None
    one = run("--solver slow --solver.brake.force 0.5")
    assert one.solver.build(SOLVERS) == Slow(brake=Brake(force=0.5))
    many = run("--many slow fast --many.slow.brake.wait 2").many
    assert many[0].build(SOLVERS) == Slow(brake=Brake(wait=2))
    assert run("", to_plain(one)) == one, "a file keeps it"


def test_a_file_says_the_same_and_flags_override_it(tmp_path):
    command = run("x.csv --solver slow --solver.depth 4 --judge fast --many fast slow --many.fast.steps 8 --seed 3")
    path = tmp_path / "config.yaml"
    import yaml

    path.write_text(yaml.safe_dump(to_plain(command)))
    assert run("", read_yaml(path)) == command
    assert run("--solver.depth 5 --seed 4", read_yaml(path)).solver == Choice("slow", {"depth": [5], "brake": None})
    assert run("--solver fast", read_yaml(path)).solver == Choice("fast", FAST), "another plug-in has its own defaults"
    assert run("--judge None", read_yaml(path)).judge is None
    assert run("", {"solver": "slow", "many": ["slow", {"name": "fast", "steps": 2}]}).many[1].options["steps"] == 2


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"solvr": "fast"}, BadOption, "unknown option: 'solvr'; did you mean 'solver'"),
        ({"seed": "one"}, BadOption, "option 'seed': expected int, got 'one'"),
        ({"solver": "fats"}, UnknownName, "unknown solver 'fats'; did you mean 'fast'"),
        ({"solver": {"name": "fast", "stepz": 1}}, BadOption, "unknown option of solver 'fast': 'stepz'"),
        ({"solver": {"name": "fast", "steps": "1"}}, BadOption, "option 'steps' of solver 'fast': expected int"),
        ({"solver": {"steps": 1}}, BadOption, "mapping with its `name`"),
        ({"solver": 3}, BadOption, "expected the name of a solver"),
        ({"many": [["fast"]]}, BadOption, "expected the name of a solver"),
    ],
)
def test_bad_files_are_refused(values, error, message):
    with pytest.raises(error, match=message):
        from_plain(Command, values)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--solver fats", "unknown solver 'fats'; did you mean 'fast'"),
        ("--many fast slwo", "unknown solver 'slwo'"),
    ],
)
def test_unknown_plugins_on_the_line_are_refused(line, message):
    with pytest.raises(UnknownName, match=message):
        run(line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--solver.stepz 3", "--solver.stepz: solver fast has no such option; did you mean --solver.steps?"),
        ("--solver.depth 3", "--solver.depth: solver fast has no such option; slow has it. fast has --solver.steps, "),
        (
            "--solver slow --solver.wait 3",
            "--solver.wait: solver slow has no such option; did you mean --solver.brake.wait",
        ),
        ("--many fast slow --many.steps 3", "--many.steps: whose? --many.fast.steps"),
        ("--many fast slow --many.slow.steps 3", "--many.slow.steps: solver slow has no such option; fast has it"),
        ("--solver fast --solver.fast.steps 3", "--solver.fast.steps: with one solver it is --solver.steps"),
        ("--judge.steps 3", "--judge.steps: no solver is chosen; choose one with --judge NAME"),
        ("--sead 3", "unknown option --sead; did you mean --seed?"),
        ("--xyz 3", "unknown option --xyz; `tool --help`"),
        ("--solver", "--solver needs the name of a solver: fast, slow"),
        ("--solver.steps three", "--solver.steps: expected a whole number, got 'three'"),
        ("--solver.steps 1.5", "--solver.steps: expected a whole number, got '1.5'"),
        ("--solver.steps", "--solver.steps needs a value: a whole number"),
        ("--solver slow --solver.depth 1 x", "--solver.depth: expected a whole number, got 'x'"),
        ("--loud=maybe", "--loud: expected True or False, got 'maybe'"),
        ("x.csv y.csv", "'y.csv' is not expected here"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(line, message):
    with pytest.raises(BadOption, match=f"^{re.escape(message)}"):
        run(line)


def test_help_says_what_every_field_means(capsys):
    with pytest.raises(SystemExit):
        run("--many fast slow --help")
    text = " ".join(capsys.readouterr().out.split())
    said = (
        "Does something",
        "Where chance starts",
        "What to read",
        "Which one. One of: fast, slow.",
        "How long",
        "How deep",
    )
    for words in said:
        assert words in text


@dataclass(frozen=True)
class Large(Command):
    """Does more.

    tool x.csv --many fast slow
    """

    common: ClassVar[tuple[str, ...]] = ("table", "many", "loud", "many.steps")


def test_the_short_help_has_the_common_options(capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(Large, ["--many", "fast", "slow", "--solver", "slow", "--help"], "tool")
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert re.findall(r"^  (\S+)", text, re.MULTILINE) == [
        "TABLE",
        "--many",
        "--loud",
        "--solver.depth",
        "--many.fast.steps",
        "--many.slow.depth",
    ]
    assert "--many.fast.steps INT" in text
    assert "One or more of: fast, slow. [fast slow]" in text
    assert "8 more options" in text, "--seed, --solver, --judge, --many.fast.step-size and two brakes of two options"
    with pytest.raises(SystemExit):
        parse(Large, ["--many", "fast", "slow", "--solver", "slow", "--help-all"], "tool")
    text = capsys.readouterr().out
    titles = ["options", "--solver slow", "--solver.brake", "--many fast", "--many slow", "--many.slow.brake"]
    assert re.findall(r"^(\S.*):$", text, re.MULTILINE) == titles
    assert all(flag in text for flag in ("--seed", "--judge", "--many.fast.step-size", "--many.slow.brake.force"))
    assert "many.slow.brake is None unless one of its options is given." in " ".join(text.split())


def test_files_that_are_no_options_are_refused(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(FileNotFoundError, match="no configuration file"):
        read_yaml(path)
    for text, message in (("- a\n- b", "expected a mapping"), ("a: [", "not a YAML file"), ("just words", "found str")):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_yaml(path)


def test_flags_and_docs_are_read():
    assert flags_given(["x", "--a", "1", "2", "--b-c=3", "--d"]) == {"a": ["1", "2"], "b_c": ["3"], "d": []}
    assert attribute_docs(Command)["seed"] == "Where chance starts."
