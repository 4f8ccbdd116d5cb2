"""The LightningModule: a network, its loss, its figures, its optimizer."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning import LightningModule
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torchmetrics import MeanMetric

from crackseg.checkpoint import Checkpoint, CheckpointParameters, refused
from crackseg.data.dataset import Sample, tensor_to_images
from crackseg.data.loaders import parts_of
from crackseg.errors import TrainingError, name_some
from crackseg.inference import tiling
from crackseg.inference.looks import Looking
from crackseg.inference.torch_engine import TorchEngine
from crackseg.losses import SegmentationLoss
from crackseg.losses.deep_supervision import loss_below
from crackseg.losses.looks import loss_of_each
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.scores import scores
from crackseg.metrics.thresholds import THRESHOLD_GRID, best_threshold, scores_at_half_and_stored
from crackseg.models import build_network
from crackseg.models.level_heads import LevelHeads
from crackseg.models.looks import looks
from crackseg.models.statistics import keep_statistics
from crackseg.parameters.form import one_line
from crackseg.system.precision import full_float32
from crackseg.training.optimizer import build_optimizer
from crackseg.training.restoring import state_faults

STAGES = ("train", "val", "test")
# Of a checkpoint, the weights of the heads.
HEADS = "level_heads"


class CrackSegmenter(LightningModule):
    """Trains and judges a network on batches ``{"image", "mask", "stem"}``.

    Args:
        settings: Parameters of its checkpoints, of which it also takes the network, the loss, the
            optimizer, the threshold of a test and the seed.

    Attributes:
        totals: Counts at each threshold of every finished stage, see
            :class:`crackseg.metrics.confusion.ConfusionCounts`.
        settings: Parameters of its next checkpoint.
        heads: Heads of the decoder's lower levels, in a training that judges these too.
        rates: Highest learning rate of each of the optimizer's groups.
        threshold: Probability above which a pixel is called crack in a test.
        learned_at: Scales at which a training sees each image at once.
    """

    def __init__(self, settings: CheckpointParameters) -> None:
        super().__init__()
        self.settings = settings
        self.network = build_network(settings.model.name, settings.model.arguments)
        self.frozen = [self.network.get_submodule(name) for name in settings.optimizer.freeze]
        for part in self.frozen:
            part.requires_grad_(False)
        self.heads: LevelHeads | None = None
        self.loss = SegmentationLoss(settings.loss.terms, settings.loss.class_weights)
        self.threshold = settings.threshold
        self.totals: dict[str, Tensor] = {}
        self.rates: list[float] = []
        self._looking: Looking | None = None
        self.learned_at: Sequence[float] = (1.0,)
        # Training is judged only at .5, which costs almost nothing, others at every threshold.
        self.counts = nn.ModuleDict(
            {
                f"{stage}_counts": ConfusionCounts((0.5,) if stage == "train" else THRESHOLD_GRID)
                for stage in STAGES
            }
        )
        self.losses = nn.ModuleDict({f"{stage}_loss": MeanMetric() for stage in STAGES})

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "CrackSegmenter":
        """Makes the module of a checkpoint, for use: calibrated where the checkpoint is."""
        segmenter = cls(checkpoint.parameters)
        segmenter.network.load_state_dict(checkpoint.network_weights)
        return segmenter

    def setup(self, stage: str) -> None:
        """Makes the heads that only a training needs."""
        if stage == TrainerFn.FITTING and self.settings.loss.deep_supervision is not None:
            self.heads = LevelHeads(self.network)

    def head_weights(self) -> dict[str, dict[str, Tensor]]:
        """Weights of the heads as they stand in a checkpoint."""
        return {} if self.heads is None else {HEADS: self.heads.weights()}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the parameters, and the heads' weights."""
        # Lightning's name for parameters that it gives to a constructor by name.
        checkpoint |= {"hparams_name": "kwargs", "hyper_parameters": self.settings.as_dict()}
        checkpoint |= self.head_weights()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Checks the state of a training before any of it is restored.

        Raises:
            CheckpointError: It is not the state of such a training.
        """
        faults = state_faults(checkpoint, self.trainer, self)
        if faults:
            told = name_some(map(one_line, faults), 3)
            raise refused(Path(str(self.trainer.ckpt_path)), told)
        if self.heads is not None:
            self.heads.take(checkpoint[HEADS])

    def forward(self, image: Tensor) -> Tensor:
        """Computes logits (N, 1, H, W) of images (N, 3, H, W) in [0, 1]."""
        logits: Tensor = self.network(image)
        return logits

    def look_at(self, scales: Sequence[float]) -> None:
        """Judges photographs, from now on, by their logits at these scales of their own size."""
        engine = TorchEngine(self.network, str(self.device))
        self._looking = Looking(engine, tuple(scales), self.settings.preprocessing.resize)

    def logits_at_size(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        """Computes logits of images of any size at ``size`` = (H, W); not for training."""
        if self._looking is not None:
            return torch.from_numpy(self._looking.logits(tensor_to_images(image))).to(image.device)
        if image.shape[-2:] == size and max(size) <= tiling.TILE:
            return cast(Tensor, self(image))
        radius, stride = self.network.radius, self.network.stride
        logits = tiling.full_size_logits(self._logits_of, image.cpu().numpy(), size, radius, stride)
        return torch.from_numpy(logits).to(image.device)

    def _logits_of(self, tile: tiling.Pixels) -> tiling.Logits:
        pixels = torch.from_numpy(np.ascontiguousarray(tile)).to(self.device)
        return np.asarray(self(pixels).float().cpu().numpy(), np.float32)

    def training_step(self, batch: Sample, batch_index: int) -> Tensor:
        """Computes the loss of a batch.

        Raises:
            TrainingError: The loss is no longer a number, so that further training is useless.
        """
        mask, factor = batch["mask"], self.settings.loss.deep_supervision
        seen = looks(self.network, batch["image"], self.learned_at)
        mean = self._judge("train", torch.stack(seen).mean(dim=0), mask)
        loss = mean + loss_of_each(self.loss, seen, mask)
        if self.heads is None or factor is None:
            return loss
        levels = self.heads((mask.shape[-2], mask.shape[-1]))
        return loss + loss_below(self.loss, levels, mask, factor)

    def validation_step(self, batch: Sample, batch_index: int) -> None:
        """Judges a batch."""
        with self._evaluation_precision():
            for part in parts_of(batch):
                self._step("val", part)

    def test_step(self, batch: Sample, batch_index: int) -> dict[str, list[Tensor]]:
        """Judges a batch.

        Returns:
            The ``probability`` (1, H, W) of each image at its mask's size, for callbacks.
        """
        with self._evaluation_precision():
            logits = [self._step("test", part) for part in parts_of(batch)]
        return {"probability": [torch.sigmoid(one.float()) for many in logits for one in many]}

    def on_train_epoch_start(self) -> None:
        """Seeds dropout, and keeps the statistics of frozen parts as they are.

        The seed is of run, epoch and process, so that a resumed run draws the same numbers.
        """
        place = [self.settings.seed, self.current_epoch, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1)[0]))
        for part in self.frozen:
            part.eval()
        if self.settings.optimizer.freeze_statistics:
            keep_statistics(self.network)

    def on_validation_start(self) -> None:
        """Judges what a training on several scales learns."""
        if len(self.learned_at) > 1 and self._looking is None:
            # The engine may lay out weights anew, which must stay such that training can go on.
            with torch.inference_mode(False):
                self.look_at(self.learned_at)

    def on_train_epoch_end(self) -> None:
        """Logs the epoch and lowers the learning rate on a plateau.

        Lightning would lower it after writing the epoch's checkpoint, and a run that is resumed
        from it would miss the change.
        """
        self._finish("train", 0.5)
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, Optimizer)
        self.log("train/lr", optimizer.param_groups[0]["lr"], logger=False)
        scheduler, settings = self.lr_schedulers(), self.settings.scheduler
        warm = settings.warmup_epochs(self.trainer.max_epochs or 0) <= self.current_epoch + 1
        if isinstance(scheduler, ReduceLROnPlateau) and warm:
            scheduler.step(self.trainer.callback_metrics[settings.monitor])

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Does nothing: :meth:`on_train_epoch_end` has done it."""

    def on_validation_epoch_end(self) -> None:
        """Logs the epoch at .5, as in training, and the crack IoU at its own best threshold.

        The latter, ``val/best_crack_iou``, is that of the epoch's checkpoint. At .5 a network
        trained with class weights calls too much crack, each epoch by another amount.
        """
        self._finish("val", 0.5)
        if self._fitting():
            # Checkpoints of this epoch are written after this hook and store it.
            threshold = best_threshold(self.totals["val"], THRESHOLD_GRID)
            self.settings = replace(self.settings, threshold=threshold)
            best = scores_at_half_and_stored(self.totals["val"], threshold)
            self.log("val/best_crack_iou", best["stored"]["crack_iou"])

    def on_test_epoch_end(self) -> None:
        """Logs the test at the stored threshold."""
        self._finish("test", self.threshold)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam with decoupled weight decay; the learning rate may fall on a plateau."""
        optimizer, scheduler = build_optimizer(
            self.trained_weights(), self.settings.optimizer, self.settings.scheduler
        )
        self.rates = [group["lr"] for group in optimizer.param_groups]
        if scheduler is None:
            return optimizer
        monitor = self.settings.scheduler.monitor
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "monitor": monitor, "interval": "epoch"},
        }

    def trained_weights(self) -> dict[str, nn.Parameter]:
        """The weights that are trained, by name: the network's, and those of the heads."""
        named = [*self.network.named_parameters()]
        if self.heads is not None:
            named += self.heads.named_parameters("level")
        return {name: weight for name, weight in named if weight.requires_grad}

    def _step(self, stage: str, batch: Sample) -> Tensor:
        """Logits of an evaluation at the mask's size, which may be larger than the photograph's."""
        image, mask = batch["image"], batch["mask"]
        logits = self.logits_at_size(image, (mask.shape[-2], mask.shape[-1]))
        self._judge(stage, logits, mask)
        return logits

    def _judge(self, stage: str, logits: Tensor, mask: Tensor) -> Tensor:
        """Counts what logits say, and gives their loss."""
        loss: Tensor = self.loss(logits, mask)
        if not torch.isfinite(loss):
            raise TrainingError(self._broken(stage, loss.item()))
        self._loss_of(stage).update(loss.detach(), weight=len(logits))
        self._counts_of(stage).update(torch.sigmoid(logits.detach().float()), mask)
        return loss

    def _broken(self, stage: str, loss: float) -> str:
        if stage != "train":
            return f"the loss is {loss} on {stage}: the network's weights are no use any more"
        rate = f"lower optimizer.lr (it is {self.settings.optimizer.lr:g})"
        epoch = self.current_epoch + 1
        return f"the loss is {loss} in epoch {epoch}: {rate} or set trainer.precision=32-true"

    def _finish(self, stage: str, threshold: float) -> None:
        counts = self._counts_of(stage)
        self.totals[stage] = totals = counts.compute()
        row = scores(totals[counts.thresholds.index(threshold)])
        figures = {f"{stage}/{name}": value for name, value in row.items()}
        figures[f"{stage}/loss"] = float(self._loss_of(stage).compute())
        # A validation after the training is not an epoch and adds no point to the curves.
        if stage != "val" or self._fitting():
            self.log_dict(figures, logger=stage != "train")  # see training/checkpointing.py
        counts.reset()
        self._loss_of(stage).reset()

    def _evaluation_precision(self) -> AbstractContextManager[Any]:
        """The training's own precision within a training, float32 for all reported figures."""
        if self._fitting():
            return nullcontext()
        return full_float32(self.device.type)

    def _fitting(self) -> bool:
        return self.trainer.state.fn == TrainerFn.FITTING

    def _counts_of(self, stage: str) -> ConfusionCounts:
        return cast(ConfusionCounts, self.counts[f"{stage}_counts"])

    def _loss_of(self, stage: str) -> MeanMetric:
        return cast(MeanMetric, self.losses[f"{stage}_loss"])
