"""The network that an evaluation judges, in the form in which a Trainer tests it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning import LightningModule
from torch import Tensor

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import RuntimeConfig
from crackseg.data.dataset import Sample
from crackseg.data.loaders import parts_of
from crackseg.errors import CheckpointError
from crackseg.inference.engines import OpenedModel, is_onnx, open_model
from crackseg.inference.tiling import full_size_logits, sigmoid
from crackseg.parameters.usage import UsageParameters
from crackseg.training.segmenter import CrackSegmenter


@dataclass(frozen=True, eq=False)
class JudgedNetwork:
    """A network that is ready to be judged.

    Attributes:
        module: Module that a Trainer tests.
        usage: What its use on photographs needs.
        engine: Name of the engine that runs it.
        precision: Precision in which it is computed.
    """

    module: LightningModule
    usage: UsageParameters
    engine: str = "torch"
    precision: str = "float32"

    @property
    def computed(self) -> str:
        """The precision, and the engine where it is not torch, as a protocol says it."""
        return self.precision + (f" by {self.engine}" if self.engine != "torch" else "")


def open_network(path: str | Path, engine: str, runtime: RuntimeConfig) -> JudgedNetwork:
    """Opens a checkpoint or an ONNX file.

    Args:
        path: Path of a ``.ckpt`` or ``.onnx`` file.
        engine: Engine, see :func:`crackseg.inference.engines.open_model`. One that is named
            computes as it does in a prediction, and ``auto`` in float32.
        runtime: Settings of the process.

    Raises:
        CheckpointError: The file cannot be used.
        ConfigError: There is no such engine, or it does not take such a file.
    """
    if is_onnx(path):
        model = open_model(path, engine, threads=runtime.threads, float32=engine == "auto")
        return JudgedNetwork(EngineModule(model), model.usage, model.engine.name, model.precision)
    checkpoint = read_checkpoint(path)
    segmenter = CrackSegmenter.from_checkpoint(checkpoint)
    if runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)
    return JudgedNetwork(segmenter, checkpoint.parameters)


class EngineModule(LightningModule):
    """Gives what :class:`crackseg.training.segmenter.CrackSegmenter` gives in a test, by an engine.

    Args:
        model: Network that is ready to run.
    """

    def __init__(self, model: OpenedModel) -> None:
        super().__init__()
        self.model = model

    def test_step(self, batch: Sample, batch_index: int) -> dict[str, list[Tensor]]:
        """Runs the network.

        Returns:
            The ``probability`` (1, H, W) of each image at its mask's size, for callbacks.

        Raises:
            CheckpointError: The network gives no number, as its weights are of no use.
        """
        probability = [one for part in parts_of(batch) for one in self._probability(part)]
        if not all(torch.isfinite(one).all() for one in probability):
            raise CheckpointError(
                f"{self.model.path}: what the network says is no number: its weights are of no "
                "use; take another file"
            )
        return {"probability": probability}

    def _probability(self, part: Sample) -> Tensor:
        """Probability (N, 1, H, W) of images of one size."""
        engine = self.model.engine
        height, width = part["mask"].shape[-2:]
        # The whole numbers that the reader has divided by 255.
        pixels = (part["image"] * 255).round().to(torch.uint8).cpu().numpy()
        size = (height, width)
        logits = full_size_logits(engine.logits, pixels, size, engine.radius, engine.stride)
        return torch.from_numpy(sigmoid(logits))
