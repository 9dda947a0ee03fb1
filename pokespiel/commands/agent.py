"""`pokespiel agent`: turn a run into a policy to play with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count, Share, Whole
from pokespiel.oracles.distill import Distillation

if TYPE_CHECKING:
    from pokespiel.core.policy import Policy
    from pokespiel.evaluation.deploy import Agent
    from pokespiel.evaluation.strength import Strength
    from pokespiel.game.protocols import Game
    from pokespiel.oracles.distill import Distilled


@dataclass(frozen=True, kw_only=True)
class AgentCommand(Checked):
    """Make one policy from a run's mixture: draw a member for each match, or distil the mixture into one network.

    Use the file wherever a policy can be named: `pokespiel showdown arena agent.safetensors`, `pokespiel exploit
    agent.safetensors`. --ship writes a folder of small files with a card that says how strong they are.
    """

    common: ClassVar[tuple[str, ...]] = (
        *("run", "out", "least", "distill", "evaluate", "teams", "matches", "ship", "population", "exploits"),
        *("arenas", "seed"),
    )
    """The options that `--help` shows."""

    run: Positional[Path]
    """The run's folder."""
    out: Path | None = None
    """Where the agent is saved; None = agent.safetensors in the run's folder."""
    least: Share = 0.01
    """Leave out members with less weight than this; their total weight is reported."""
    distill: bool = False
    """Also clone the mixture into one network, saved beside it as distilled.safetensors."""
    distillation: Distillation = Distillation()
    """Options of --distill: budget, network and optimiser."""
    evaluate: bool = False
    """Play it against every scripted player of the game; in Gen 1 OU on the competitive teams and on those held out of
    --teams."""
    teams: tuple[str, ...] = ("variety",)
    """Pools, files or folders of teams; --evaluate also plays their held-out line-ups."""
    matches: Count = 2_000
    """Matches in each evaluation, played in seat-swapped pairs; an even number."""
    ship: Path | None = None
    """Write a folder that `pokespiel.runs.agents` loads, with a card that includes the evaluation."""
    population: Whole = 12
    """Ship at least this many policies: the mixture's members, then the run's newest networks."""
    exploits: tuple[Path, ...] = ()
    """Further exploit.json files for the card; those in the run's folder are included anyway."""
    arenas: tuple[Path, ...] = ()
    """Arena records for the card, written by `pokespiel showdown arena --first AGENT --out FILE`, where AGENT is the
    file that this command saved earlier."""
    note: str = ""
    """For the card: what the run does not tell of the training, such as that of the policies that it started from."""
    seed: Whole = 0
    """Seed of the distillation and the evaluation."""

    def __call__(self) -> int:
        from pokespiel.core.policy_files import save_policy
        from pokespiel.evaluation.deploy import agent_of
        from pokespiel.evaluation.shipping import arena_of, exploit_of, files_of, ship
        from pokespiel.game.loading import load_game
        from pokespiel.runs.run import RunFolder

        if self.matches < 2 or self.matches % 2:
            raise ValueError(f"matches are played in pairs: expected an even number, got {self.matches}")
        run = RunFolder(self.run)
        agent = agent_of(run, self.least)
        arenas = [arena_of(path, agent) for path in self.arenas]
        exploits = [exploit_of(path, agent) for path in self.exploits]
        if self.ship is not None:
            files_of(self.ship)  # refuse someone else's folder before the work, not after it
        path = self.out or self.run / "agent.safetensors"
        about = {"run": self.run.name, "members": list(agent.labels), "dropped": agent.dropped}
        save_policy(path, agent.policy, about)
        print(_members(agent))
        name = "agent" if self.ship is None else self.ship.name
        made: dict[str, Policy] = {name: agent.policy}
        distilled = self._distilled(agent, run.config().game) if self.distill else None
        if distilled is not None:
            made[f"{name}/distilled"] = distilled[0]
            save_policy(path.with_name("distilled.safetensors"), *distilled)
        strengths = {}
        if self.evaluate:
            game = load_game(run.config().game)
            strengths = {name: self._strengths(policy, game) for name, policy in made.items()}
        if self.ship is not None:
            ship(
                self.ship,
                run,
                agent,
                strengths=strengths,
                distilled=distilled,
                exploits=exploits,
                arenas=arenas,
                population=self.population,
                note=self.note,
            )
            print(f"shipped: {self.ship}")
        print(f"agent: {path}")
        return 0

    def _distilled(self, agent: Agent, game: str) -> tuple[Policy, Mapping[str, Any]]:
        """The distilled network and its measurements."""
        from pokespiel.core.progress import watch
        from pokespiel.evaluation.match_sets import generator, head_to_head, is_fair
        from pokespiel.game.loading import load_game
        from pokespiel.oracles.distill import distill

        played = load_game(game)
        budget = self.distillation.decisions
        standing: Distilled | None = None
        with watch("distillation", budget) as bar:
            for standing in distill(played, agent.policy, self.distillation, generator(self.seed, "distillation")):
                bar.update(min(standing.decisions, budget), f"KL {standing.divergence:.4f}")
        assert standing is not None
        about = {**standing._asdict(), "policy": self.run.name}
        if is_fair(played):
            rng = generator(self.seed, "distilled")
            score = head_to_head(played, standing.policy, agent.policy, self.matches // 2, rng)
            about["against_mixture"] = score._asdict()
            print(f"distilled against the mixture: {score.score:.4f}, 95 % {score.low:.4f} to {score.high:.4f}")
        print(f"cross-entropy {standing.cross_entropy:.4f} nats, KL from the drawn members {standing.divergence:.4f}")
        return standing.policy, about

    def _strengths(self, policy: Policy, game: Game) -> list[Strength]:
        from pokespiel.evaluation.strength import strengths, variants

        found = []
        for one in strengths(policy, variants(game, self.teams), self.matches // 2, self.seed):
            found.append(one)
            score = one.score
            print(f"{one.opponent:<16} {one.teams:<40} {score.score:.4f}, 95 % {score.low:.4f} to {score.high:.4f}")
        return found


def _members(agent: Agent) -> str:
    rows = sorted(zip(agent.policy.weights, agent.labels, strict=True), reverse=True)
    lines = [f"  {weight:.4f}  {label}" for weight, label in rows]
    count = "1 member" if len(rows) == 1 else f"{len(rows)} members"
    return "\n".join([f"{count}; members left out had a total weight of {agent.dropped:.4f}", *lines])
