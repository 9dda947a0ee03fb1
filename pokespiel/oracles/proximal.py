"""The policy that an update starts from and must stay near.

A trust region belongs around the policy as it is now, pi_t. A rollout of actors was played with older weights, by
pi_{t-s}: an update held near that policy would first repeat the steps taken since, and learn 1 / (1 + s) as much. So
the network is asked again where the rollout is stale, and importance ratios alone use the policy that played.

Reference: Hilton, Cobbe and Schulman (2022), Batch size-invariance for policy optimization, section 2 (decoupled PPO).
"""

from __future__ import annotations

from torch import Tensor

from pokespiel.learning.batches import Batch
from pokespiel.learning.learner import Learner
from pokespiel.learning.rollout import Records


class Proximal:
    """The learner's policy on a rollout's records as it was when this was made."""

    def __init__(self, learner: Learner, records: Records, *, stale: bool, explore: float):
        """stale: the records were played with older weights. explore: the share of uniform play among the actions.

        A recurrent network is held near the policy that played, stale or not.
        """
        self._explore, self._now = explore, None
        if stale and not learner.memory_size:
            self._now = learner.estimated_logs(records)

    def logs(self, batch: Batch) -> Tensor:
        """[b, A] log-probabilities."""
        if self._now is None:
            return former(batch, self._explore).log()
        return self._now.index_select(0, batch.places)

    def log_played(self, batch: Batch) -> Tensor:
        """[b] log-probabilities of the actions played, with the share of uniform play."""
        if self._now is None:
            return played_log(batch)
        chosen = self.logs(batch).gather(1, batch.action[:, None]).squeeze(1).exp()
        return ((1 - self._explore) * chosen + self._explore / batch.legal.sum(dim=1)).log()


def played_log(batch: Batch) -> Tensor:
    """[b] log of the probabilities with which the actions were played."""
    return batch.behaviour.gather(1, batch.action[:, None]).squeeze(1).log()


def former(batch: Batch, explore: float) -> Tensor:
    """[b, A] the policy that played, without its share `explore` of uniform play; 1e-8 where it never played."""
    legal = batch.legal.to(batch.behaviour.dtype)
    uniform = legal / legal.sum(dim=1, keepdim=True)
    return ((batch.behaviour - explore * uniform) / (1 - explore)).clamp(min=1e-8)
