"""The network that an evaluation judges, in the form in which a Trainer tests it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning import LightningModule
from torch import Tensor

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import RuntimeConfig
from crackseg.data.dataset import Sample, tensor_to_images
from crackseg.data.loaders import parts_of
from crackseg.errors import CheckpointError
from crackseg.inference.engines import OpenedModel, is_onnx, open_model
from crackseg.inference.looks import Looking
from crackseg.inference.scales import ScaleChoice, scales_of
from crackseg.inference.tiling import full_size_logits, sigmoid
from crackseg.parameters.usage import UsageParameters
from crackseg.training.segmenter import CrackSegmenter


@dataclass(frozen=True, eq=False)
class JudgedNetwork:
    """A network that is ready to be judged.

    Attributes:
        module: Module that a Trainer tests.
        usage: What its use on photographs needs.
        scales: Scales at which it looks at photographs that are judged at their own size; None
            where they are judged at the training's size.
        engine: Name of the engine that runs it.
        precision: Precision in which it is computed.
    """

    module: "CrackSegmenter | EngineModule"
    usage: UsageParameters
    scales: tuple[float, ...] | None
    engine: str = "torch"
    precision: str = "float32"

    @property
    def read_at(self) -> float | None:
        """Scale at which it is given photographs: their own where it looks at several."""
        if self.scales is None:
            return None
        return self.scales[0] if len(self.scales) == 1 else 1.0

    def probability(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        """Probability (N, 1, *size) of images, as it judges them."""
        if isinstance(self.module, EngineModule):
            return self.module.probability(image, size)
        return torch.sigmoid(self.module.logits_at_size(image, size).float())

    @property
    def computed(self) -> str:
        """The precision, and the engine where it is not torch, as a protocol says it."""
        return self.precision + (f" by {self.engine}" if self.engine != "torch" else "")


def open_network(
    path: str | Path,
    engine: str,
    runtime: RuntimeConfig,
    own_size: bool = False,
    scale: ScaleChoice = None,
) -> JudgedNetwork:
    """Opens a checkpoint or an ONNX file.

    Args:
        path: Path of a ``.ckpt`` or ``.onnx`` file.
        engine: Engine, see :func:`crackseg.inference.engines.open_model`. One that is named
            computes as it does in a prediction, and ``auto`` in float32.
        runtime: Settings of the process.
        own_size: Whether photographs are judged at their own size. Those of a network of a range of
            scales always are, as they are in its training.
        scale: Scales to look at these, see :func:`crackseg.inference.scales.scales_of`.

    Raises:
        CheckpointError: The file cannot be used.
        ConfigError: There is no such engine, or it does not take such a file; or a scale is no
            number or out of range.
    """
    if is_onnx(path):
        model = open_model(path, engine, threads=runtime.threads, float32=engine == "auto")
        scales = _scales(own_size, scale, model.usage)
        module = EngineModule(model, scales)
        return JudgedNetwork(module, model.usage, scales, model.engine.name, model.precision)
    checkpoint = read_checkpoint(path)
    scales = _scales(own_size, scale, checkpoint.parameters)
    segmenter = CrackSegmenter.from_checkpoint(checkpoint)
    if runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)
    if scales and len(scales) > 1:
        segmenter.look_at(scales)
    return JudgedNetwork(segmenter, checkpoint.parameters, scales)


def _scales(
    own_size: bool, choice: ScaleChoice, usage: UsageParameters
) -> tuple[float, ...] | None:
    return scales_of(choice, usage) if own_size or usage.scales is not None else None


class EngineModule(LightningModule):
    """Gives what :class:`crackseg.training.segmenter.CrackSegmenter` gives in a test, by an engine.

    Args:
        model: Network that is ready to run.
        scales: Several scales at which it looks at photographs, which it is given at their own
            size; with one or None, it looks at them as they are given.
    """

    def __init__(self, model: OpenedModel, scales: tuple[float, ...] | None = None) -> None:
        super().__init__()
        self.model = model
        self.looking: Looking | None = None
        if scales and len(scales) > 1:
            self.looking = Looking(model.engine, scales, model.usage.preprocessing.resize)

    def test_step(self, batch: Sample, batch_index: int) -> dict[str, list[Tensor]]:
        """Runs the network.

        Returns:
            The ``probability`` (1, H, W) of each image at its mask's size, for callbacks.

        Raises:
            CheckpointError: The network gives no number, as its weights are of no use.
        """
        probability = [
            one
            for part in parts_of(batch)
            for one in self.probability(part["image"], _size(part["mask"]))
        ]
        if not all(torch.isfinite(one).all() for one in probability):
            raise CheckpointError(
                f"{self.model.path}: what the network says is no number: its weights are of no "
                "use; take another file"
            )
        return {"probability": probability}

    def probability(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        """Probability (N, 1, *size) of images of one size."""
        engine = self.model.engine
        pixels = tensor_to_images(image)
        if self.looking is None:
            logits = full_size_logits(engine.logits, pixels, size, engine.radius, engine.stride)
            return torch.from_numpy(sigmoid(logits))
        return torch.from_numpy(sigmoid(self.looking.logits(pixels)))


def _size(mask: Tensor) -> tuple[int, int]:
    height, width = mask.shape[-2:]
    return height, width
