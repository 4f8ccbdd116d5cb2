"""Running average of a network's weights."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from crackseg.training.segmenter import CrackSegmenter


def decay_at(step: int, decay: float) -> float:
    """Share that the average keeps of itself at a step; a young one forgets its beginning."""
    return min(decay, (1 + step) / (10 + step))


class RunningAverage(Callback):
    """Averages the weights over the steps of a training, the later ones the more.

    From the start of a validation to the start of the next epoch the network holds the average in
    place of the weights that are trained. So all that is judged, drawn and written is the average;
    the trained weights, with which a resumed run goes on, are this callback's state. The statistics
    of batch normalisation are averaged too.

    A training that goes on from another network's weights can keep a share of those in what is
    judged and written, so that it forgets less of what only the first training knew.

    Args:
        decay: Share that the average keeps of itself at each step, once there were enough of them.
        first_share: Share of the first weights beside the average.

    References:
        Polyak, Juditsky: Acceleration of stochastic approximation by averaging, 1992; the decay
        grows as in TensorFlow's ExponentialMovingAverage with ``num_updates``.
        Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022 (shares of weights).
    """

    def __init__(self, decay: float, first_share: float = 0.0) -> None:
        self.decay, self.first_share = decay, first_share
        # What the network does not hold at present: the average or the trained weights.
        self._other: dict[str, Tensor] = {}
        self._averaged = False
        # Only where a share of the first weights is kept: those, and the average without them
        # while the network holds both.
        self._first: dict[str, Tensor] = {}
        self._alone: dict[str, Tensor] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Begins with the weights as they are."""
        if stage == TrainerFn.FITTING:
            self._other = _copies(pl_module)
            if self.first_share:
                self._first, self._alone = _copies(pl_module), _copies(pl_module)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Follows the network to its device."""
        weights = dict(_weights(pl_module))
        for kept in (self._other, self._first, self._alone):
            kept.update({name: one.to(weights[name].device) for name, one in kept.items()})

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Trains on from the trained weights."""
        if self._averaged:
            self._unmix(pl_module)
            self._exchange(pl_module)

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Adds the weights of this step to the average."""
        decay = decay_at(trainer.global_step - 1, self.decay)
        for name, value in _weights(pl_module):
            if value.is_floating_point():
                self._other[name].lerp_(value, 1 - decay)
            else:
                self._other[name].copy_(value)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts the average in place, unless it is a validation after the training."""
        if trainer.state.fn == TrainerFn.FITTING and not self._averaged:
            self._exchange(pl_module)
            self._mix(pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The trained weights, as checkpoints are written while the network holds the average."""
        shared = {"first": self._first, "alone": self._alone} if self._first else {}
        return {"weights": self._other, **shared}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores them; the network has been given the average."""
        self._other, self._averaged = state_dict["weights"], True
        self._first, self._alone = state_dict.get("first", {}), state_dict.get("alone", {})

    @torch.no_grad()
    def _mix(self, module: LightningModule) -> None:
        """Brings the share of the first weights into the average that the network holds."""
        weights = dict(_weights(module))
        for name, first in self._first.items():
            self._alone[name] = weights[name].clone()
            if first.is_floating_point():
                weights[name].lerp_(first, self.first_share)

    @torch.no_grad()
    def _unmix(self, module: LightningModule) -> None:
        """Takes it out again, to the bit."""
        weights = dict(_weights(module))
        for name, alone in self._alone.items():
            weights[name].copy_(alone)

    @torch.no_grad()
    def _exchange(self, module: LightningModule) -> None:
        for name, value in _weights(module):
            held = value.clone()
            value.copy_(self._other[name])
            self._other[name].copy_(held)
        self._averaged = not self._averaged


def _copies(module: LightningModule) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in _weights(module)}


def _weights(module: LightningModule) -> Iterator[tuple[str, Tensor]]:
    """The network's weights and statistics by name; they share its memory."""
    assert isinstance(module, CrackSegmenter)
    yield from module.network.state_dict().items()
