"""Draws what a network finds in validation photographs while it is trained."""

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader
from torchvision.utils import make_grid

from crackseg.data.dataset import CrackDataset
from crackseg.data.splits.manifest import spread_over
from crackseg.training.segmenter import CrackSegmenter


class Pictures(Callback):
    """Draws the same validation photographs, with truth and probability, every few epochs.

    Args:
        every: Number of epochs between two drawings.
        count: Number of photographs to draw, spread over the validation subset.
    """

    def __init__(self, every: int, count: int) -> None:
        self.every = every
        self.count = count

    @torch.no_grad()
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the photographs if there is a TensorBoard log."""
        boards = [board for board in trainer.loggers if isinstance(board, TensorBoardLogger)]
        due = trainer.state.fn == TrainerFn.FITTING and trainer.current_epoch % self.every == 0
        if not boards or not due or not trainer.is_global_zero:
            return
        loader = trainer.val_dataloaders
        assert isinstance(pl_module, CrackSegmenter)
        assert isinstance(loader, DataLoader)
        dataset = loader.dataset
        assert isinstance(dataset, CrackDataset)
        grid = self._draw(dataset, pl_module)
        for board in boards:
            # The step of the epoch's figures, which Lightning logs at the last step taken.
            step = trainer.global_step - 1
            board.experiment.add_image("val/photograph_truth_probability", grid, step)

    def _draw(self, dataset: CrackDataset, segmenter: CrackSegmenter) -> Tensor:
        samples = [dataset[index] for index in spread_over(range(len(dataset)), self.count)]
        rows = [self._row(sample["image"], sample["mask"], segmenter) for sample in samples]
        height, width = rows[0].shape[-2:]
        # Photographs may differ in size; a grid's pictures may not.
        pictures = [interpolate(row, (height, width), mode="area") for row in rows]
        grid: Tensor = make_grid(torch.cat(pictures), nrow=3, padding=2, pad_value=0.5)
        return grid

    def _row(self, image: Tensor, mask: Tensor, segmenter: CrackSegmenter) -> Tensor:
        """Photograph, truth and probability as one tensor (3, 3, H, W)."""
        height, width = image.shape[-2:]
        logits = segmenter.logits_at_size(image[None].to(segmenter.device), (height, width))
        probability = torch.sigmoid(logits.float())[0].cpu()
        return torch.stack([image, mask.expand_as(image), probability.expand_as(image)])
