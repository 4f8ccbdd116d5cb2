"""The LightningModule: a network, its loss, its figures, its optimizer."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import numpy as np
import torch
from lightning import LightningModule
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics import MeanMetric

from crackseg.data.dataset import Sample
from crackseg.errors import TrainingError
from crackseg.inference.tiling import full_size_logits
from crackseg.losses import SegmentationLoss
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.scores import monitor_mode, scores
from crackseg.metrics.thresholds import THRESHOLD_GRID, best_threshold, scores_at_half_and_stored
from crackseg.models import build_network
from crackseg.system.runtime import full_float32

STAGES = ("train", "val", "test")


class CrackSegmenter(LightningModule):
    """Trains and judges a network on batches ``{"image", "mask", "stem"}``.

    All arguments are plain Python and go into the checkpoint as they are, see
    :mod:`crackseg.checkpoint`; some are only kept there for those who use the checkpoint.

    Args:
        model: Network, ``{"name", "arguments"}``.
        loss: Loss, ``{"terms", "class_weights"}``.
        optimizer: Settings of the optimizer, ``{"lr", "weight_decay"}``.
        scheduler: Settings of the scheduler, ``{"monitor", "factor", "patience", "min_lr"}``.
        preprocessing: Preprocessing of the photographs.
        data: Identity of the data.
        threshold: Probability above which a pixel is called crack in test; .5 until it is chosen.
        seed: Seed of the run.
        versions: Versions of the packages.
        format: Version of the checkpoint's layout.

    Attributes:
        totals: Counts at each threshold of every finished stage, see
            :class:`crackseg.metrics.confusion.ConfusionCounts`.
    """

    def __init__(
        self,
        model: Mapping[str, Any],
        loss: Mapping[str, Any],
        optimizer: Mapping[str, float],
        scheduler: Mapping[str, Any],
        preprocessing: Mapping[str, Any],
        data: Mapping[str, Any],
        threshold: float,
        seed: int,
        versions: Mapping[str, str],
        format: int,  # noqa: A002 - the key's name in the checkpoint
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.network = build_network(model["name"], model["arguments"])
        self.loss = SegmentationLoss(loss["terms"], loss["class_weights"])
        self.threshold = threshold
        self.totals: dict[str, Tensor] = {}
        # Training is judged only at .5, which costs almost nothing; the other stages at every
        # threshold that may be chosen.
        self.counts = nn.ModuleDict(
            {
                f"{stage}_counts": ConfusionCounts((0.5,) if stage == "train" else THRESHOLD_GRID)
                for stage in STAGES
            }
        )
        self.losses = nn.ModuleDict({f"{stage}_loss": MeanMetric() for stage in STAGES})

    def forward(self, image: Tensor) -> Tensor:
        """Computes logits (N, 1, H, W) of images (N, 3, H, W) in [0, 1]."""
        logits: Tensor = self.network(image)
        return logits

    def logits_at_size(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        """Computes logits of images of any size at ``size`` = (H, W); not for training."""
        return full_size_logits(self, image, size, self.network)

    def training_step(self, batch: Sample, batch_index: int) -> Tensor:
        """Computes the loss of a batch.

        Raises:
            TrainingError: The loss is no longer a number, so that further training is useless.
        """
        return self._step("train", batch)[1]

    def validation_step(self, batch: Sample, batch_index: int) -> None:
        """Judges a batch."""
        with self._evaluation_precision():
            for part in _parts(batch):
                self._step("val", part)

    def test_step(self, batch: Sample, batch_index: int) -> dict[str, list[Tensor]]:
        """Judges a batch.

        Returns:
            The ``probability`` (1, H, W) of each image at its mask's size, for callbacks.
        """
        with self._evaluation_precision():
            logits = [self._step("test", part)[0] for part in _parts(batch)]
        return {"probability": [torch.sigmoid(one.float()) for many in logits for one in many]}

    def on_train_epoch_start(self) -> None:
        """Seeds dropout by run, epoch and process, so that a resumed run draws the same numbers."""
        place = [self.hparams["seed"], self.current_epoch, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1)[0]))

    def on_train_epoch_end(self) -> None:
        """Logs the epoch and lowers the learning rate when it is due.

        Lightning would lower it after writing the epoch's checkpoint, and a run that is resumed
        from it would miss the change.
        """
        self._finish("train", 0.5)
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        self.log("train/lr", optimizer.param_groups[0]["lr"])
        scheduler = self.lr_schedulers()
        assert isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
        scheduler.step(self.trainer.callback_metrics[self.hparams["scheduler"]["monitor"]])

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Does nothing: :meth:`on_train_epoch_end` has done it."""

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch at .5, as in training, and the crack IoU at its own best threshold.

        The latter, ``val/best_crack_iou``, is the crack IoU of this epoch's checkpoint at the
        threshold that is stored in it. At .5 a network trained with class weights calls too much
        crack, by an amount that changes from epoch to epoch.
        """
        self._finish("val", 0.5)
        if self._fitting():
            # Checkpoints of this epoch are written after this hook and store it.
            self.hparams["threshold"] = best_threshold(self.totals["val"], THRESHOLD_GRID)
            best = scores_at_half_and_stored(self.totals["val"], self.hparams["threshold"])
            self.log("val/best_crack_iou", best["stored"]["crack_iou"])

    def on_test_epoch_end(self) -> None:
        """Logs the test at the stored threshold."""
        self._finish("test", self.threshold)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam with decoupled weight decay; the learning rate falls on a plateau."""
        optimizer = torch.optim.AdamW(self.network.parameters(), **self.hparams["optimizer"])
        settings = dict(self.hparams["scheduler"])
        monitor = settings.pop("monitor")
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, mode=monitor_mode(monitor), **settings
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "monitor": monitor, "interval": "epoch"},
        }

    def _step(self, stage: str, batch: Sample) -> tuple[Tensor, Tensor]:
        """Logits at the mask's size, and their loss."""
        if stage == "train":
            logits = self(batch["image"])
        else:
            # Evaluation may get photographs at their own size, or masks larger than those.
            height, width = batch["mask"].shape[-2:]
            logits = self.logits_at_size(batch["image"], (height, width))
        loss: Tensor = self.loss(logits, batch["mask"])
        if not torch.isfinite(loss):
            raise TrainingError(self._broken(stage, loss.item()))
        self._loss_of(stage).update(loss.detach(), weight=len(logits))
        self._counts_of(stage).update(torch.sigmoid(logits.detach().float()), batch["mask"])
        return logits, loss

    def _broken(self, stage: str, loss: float) -> str:
        if stage != "train":
            return f"the loss is {loss} on {stage}: the network's weights are no use any more"
        rate = self.hparams["optimizer"]["lr"]
        return (
            f"the loss is {loss} in epoch {self.current_epoch + 1}: lower optimizer.lr (it is "
            f"{rate:g}) or set trainer.precision=32-true"
        )

    def _finish(self, stage: str, threshold: float) -> None:
        counts = self._counts_of(stage)
        totals = counts.compute()
        self.totals[stage] = totals
        row = scores(totals[counts.thresholds.index(threshold)])
        figures = {f"{stage}/{name}": value for name, value in row.items()}
        figures[f"{stage}/loss"] = float(self._loss_of(stage).compute())
        # A validation after the training is not an epoch and adds no point to the curves.
        if stage != "val" or self._fitting():
            self.log_dict(figures)
        counts.reset()
        self._loss_of(stage).reset()

    def _evaluation_precision(self) -> AbstractContextManager[Any]:
        """The training's own precision within a training; float32 for all reported figures."""
        if self._fitting():
            return nullcontext()
        return full_float32(self.device.type)

    def _fitting(self) -> bool:
        return self.trainer.state.fn == TrainerFn.FITTING

    def _counts_of(self, stage: str) -> ConfusionCounts:
        return cast(ConfusionCounts, self.counts[f"{stage}_counts"])

    def _loss_of(self, stage: str) -> MeanMetric:
        return cast(MeanMetric, self.losses[f"{stage}_loss"])


def _parts(batch: Any) -> list[Sample]:
    """A batch as it is, or each image by itself where images come as a list."""
    if isinstance(batch["image"], Tensor):
        return [cast(Sample, batch)]
    return [
        Sample(image=image, mask=mask, stem=stem)
        for image, mask, stem in zip(batch["image"], batch["mask"], batch["stem"], strict=True)
    ]
