"""The reference run of Gen 1 OU, phases 0 to 3, as a chain of plain commands in one folder, and its figures.

    python benchmarks/phases.py run                      # all phases; after an interruption the same command resumes
    python benchmarks/phases.py run --only phase1 --seconds 3000
    python benchmarks/phases.py run --scale 0.01 --folder runs/trial     # a hundredth of the decisions
    python benchmarks/phases.py measure                      # `pokespiel exploit` after each phase
    python benchmarks/phases.py keep                         # copy the small files into benchmarks/results/phases
    python benchmarks/phases.py table                        # make the tables of benchmarks/README.md from those files

phases.yaml holds the settings: a round robin of scripted players, responses to the mixture, neural fictitious
self-play, and an exploiter and a learner taking turns. Training and measuring are separate commands and timed
separately.
"""

from __future__ import annotations

import argparse
import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pokespiel.core.files import write_text
from pokespiel.core.provenance import facts
from pokespiel.runs.measurements import measurements
from pokespiel.runs.run import RunFolder

SETTINGS = Path(__file__).parent / "phases.yaml"
RESULTS = Path(__file__).parent / "results" / "phases"
FOLDER = Path("runs/phases")
SMALL = (
    *("config.yaml", "metrics.csv", "mixture.json", "payoffs_0.csv", "table.csv", "ranking.csv"),
    *("exploit/*/exploit.json", "exploit/*/curve.csv"),
)
"""The files of a phase that `keep` copies."""
PROVISIONAL = 5_000_000
"""Decisions of the exploiter after each phase."""
FINAL = 20_000_000
"""Decisions of each of the three exploiters after the last phase, and of their controls."""
CALIBRATION = RESULTS.parent / "exploit_calibration.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "measure", "keep", "table"])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies every oracle's decisions")
    parser.add_argument("--only", help="one phase alone; those before it must be finished")
    parser.add_argument("--seconds", type=float, help="stop at a checkpoint after so long in a phase")
    parser.add_argument("--training-game", help="the game that responses learn on, such as one with more teams")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time of `measure`")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = yaml.safe_load(options.settings.read_text(encoding="utf-8"))
    phases = settings["phases"]
    if options.only not in (None, *phases):
        parser.error(f"no phase {options.only!r}; Available: {', '.join(phases)}")
    chosen = [options.only] if options.only else list(phases)
    if options.what == "run":
        for name in chosen:
            run(options, settings, name)
    elif options.what == "measure":
        for name in chosen:
            measure(options.folder, list(phases), name, options.jobs)
    elif options.what == "keep":
        keep(options.folder, chosen)
    else:
        print("\n".join(table(chosen)))


def run(options: argparse.Namespace, settings: Mapping[str, Any], name: str) -> None:
    """Continue one phase to its end."""
    folder, phases = options.folder / name, list(settings["phases"])
    number, phase = phases.index(name), settings["phases"][name]
    if number == 0:
        pokespiel("tournament", *tournament(phase | {"game": settings["game"], "seed": options.seed}, folder))
        return
    if finished(folder):
        print(f"{folder} is finished", flush=True)
        return
    more = ["--checkpoint-seconds", str(phase.pop("checkpoint_seconds", 60))]
    more += ["--seconds", str(options.seconds)] if options.seconds else []
    if RunFolder(folder).checkpoint_file.exists():
        pokespiel("psro", "--run", str(folder), "--resume", *more)
        return
    begun = {"start": str(options.folder / phases[number - 1]), "seed": options.seed + number}
    shared = {key: value for key, value in settings.items() if key not in ("learning", "further", "phases")}
    shared |= {"training_game": options.training_game} if options.training_game else {}
    path = options.folder / f"{name}.yaml"
    write_text(path, yaml.safe_dump(shared | scaled(phase, options.scale) | begun, sort_keys=False))
    pokespiel("psro", "--config", str(path), "--run", str(folder), *more)


def tournament(phase: Mapping[str, Any], folder: Path) -> list[str]:
    """The phase's options as arguments."""
    flags = {key: value for key, value in phase.items() if key != "policies"}
    words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    return [*phase["policies"], "--folder", str(folder), *words]


def scaled(phase: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """The phase with every oracle's decisions multiplied."""
    oracles = [{**oracle, "decisions": max(1, round(oracle["decisions"] * scale))} for oracle in phase["oracle"]]
    return {**phase, "oracle": oracles}


def finished(folder: Path) -> bool:
    run = RunFolder(folder)
    standing = run.standing() if run.config_file.exists() else None
    return standing is not None and standing.state.iteration >= run.config().iterations


def pokespiel(*arguments: str) -> None:
    """Run a command of the package and exit if it fails. Ctrl-C reaches it too, and it stops at a checkpoint."""
    print("pokespiel", *arguments, flush=True)
    kept = signal.signal(signal.SIGINT, lambda *_: None)
    status = subprocess.Popen([sys.executable, "-m", "pokespiel.commands.main", *arguments]).wait()
    signal.signal(signal.SIGINT, kept)
    if status:
        raise SystemExit(status)


def measure(folder: Path, phases: Sequence[str], name: str, jobs: int) -> None:
    """One exploiter that starts as the victim's heaviest network; after the last phase all starts and controls."""
    first, place = folder / phases[0], folder / name
    decisions = FINAL if name == phases[-1] else PROVISIONAL
    exploit = ["exploit", str(place), "--decisions", str(decisions), "--jobs", str(jobs)]
    if name == phases[0]:  # scripted players: there is no network to copy
        pokespiel(*exploit, "--out", str(place / "exploit" / "mixture"))
    elif name != phases[-1]:
        pokespiel(*exploit, "--starts", "victim")
    else:
        pokespiel(*exploit, "--controls", "all", "--phase0", str(first), "--calibration", str(CALIBRATION))


def keep(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        for pattern in SMALL:
            for path in (folder / name).glob(pattern):
                target = RESULTS / name / path.relative_to(folder / name)
                write_text(target, path.read_text(encoding="utf-8").replace(f"{Path.cwd()}/", ""))
        environment = folder / name / "environment.json"
        if environment.is_file():
            sessions = [facts(session) for session in json.loads(environment.read_text())["sessions"]]
            for session in sessions:
                session["command"] = session["command"].partition("cli.py ")[2] or session["command"]
            write_text(RESULTS / name / "sessions.json", json.dumps(sessions, indent=1) + "\n")


def table(names: Sequence[str]) -> Iterator[str]:
    """Two Markdown tables: one row per iteration, and one row per measurement."""
    yield from iterations(names)
    yield ""
    yield "| after | iteration | exploiters | decisions each | win-rate exploitability | 95 % | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for name in names:
        for one in measurements(RESULTS / name):
            cells = (
                name,
                str(one.iteration),
                str(one.exploiters),
                f"{one.decisions:,}",
                f"{one.value:.4f}",
                f"{one.low:.4f} to {one.high:.4f}",
                one.status,
            )
            yield f"| {' | '.join(cells)} |"


def iterations(names: Sequence[str]) -> Iterator[str]:
    """Each iteration's response, its result against the mixture, and the mixture afterwards."""
    columns = (
        "phase",
        "iteration",
        "response",
        "decisions",
        "win rate against the mixture",
        "support",
        "heaviest",
        "spread",
    )
    yield f"| {' | '.join(columns)} | hours |"
    yield "|---" * (len(columns) + 1) + "|"
    for name in names:
        path = RESULTS / name / "metrics.csv"
        for row in csv.DictReader(path.open(encoding="utf-8")) if path.is_file() else ():
            responses = [key.removesuffix("/win_rate") for key in row if key.endswith("/win_rate") and row[key]]
            rates = [
                f"{float(row[f'{one}/win_rate']):.1%} [{float(row[f'{one}/win_rate_low']):.1%}, "
                f"{float(row[f'{one}/win_rate_high']):.1%}]"
                for one in responses
            ]
            decisions = sum(float(row[key]) for key in row if key.endswith("/decisions") and row[key])
            cells = (
                name,
                row["iteration"],
                ", ".join(responses),
                f"{decisions:,.0f}" if decisions else "",
                ", ".join(rates),
                row["support_all"],
                f"{float(row['heaviest_all']):.2f}",
                f"{float(row['spread']):.2f}",
                f"{float(row['seconds']) / 3600:.2f}",
            )
            yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
