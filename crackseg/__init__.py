"""Crack segmentation: train a U-Net on photographs of surfaces and find the cracks in new ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# From its version 1.29 on ONNX Runtime tells its makers names and hashes of models, unless this is
# set before it is imported. They are nobody else's business; whoever wants it sets 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from pathlib import Path

    from crackseg.inference.predictor import Predictor
    from crackseg.inference.scales import ScaleChoice


def __getattr__(name: str) -> str:
    """``__version__``, found when it is asked for: that takes longer than importing all else."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("crackseg")
    except PackageNotFoundError:
        # A copy of the sources that was never installed.
        return "0+not.installed"


def load(
    checkpoint: str | Path | None = None,
    *,
    device: str = "auto",
    engine: str = "auto",
    max_megapixels: float = 1000.0,
    model: str | None = None,
    scale: ScaleChoice = None,
    guarantee: bool = False,
) -> Predictor:
    """Opens a network for prediction: one that comes with the package, or that of a file.

    Args:
        checkpoint: Path of a ``.ckpt`` file that a training wrote, or of an ``.onnx`` file of
            ``crackseg export``, or a name as ``model`` has it; None takes the default of those.
        device: Device: ``auto`` (an accelerator where there is one), ``cpu``, ``cuda:1``, ``mps``,
            ...
        engine: Engine: ``torch`` for a checkpoint, ``openvino`` or ``onnxruntime`` for an ONNX
            file, or ``auto`` for the fastest that is there.
        max_megapixels: Size of the largest photograph that is read from a file, in millions of
            pixels.
        model: Name of a network that comes with the package: ``research``, the default, for
            research only, or ``open``, for firms too; ``crackseg models`` says more.
        scale: Training pixels per photograph pixel, along a side: ``0.5``, or ``(0.5, 1.0)`` to
            blend what is seen at both, or ``"auto"`` for the range of scales that the network was
            trained at, and for one of a single scale those from it to 1. None takes the stored
            scale, and ``"auto"`` where the network was trained at a range.
        guarantee: Whether masks are those of the promised miss rate that ``crackseg calibrate``
            stored in the file.

    Returns:
        A predictor; ``predict(image)`` gives the probability and the mask of a photograph.

    Raises:
        CheckpointError: The file is missing, truncated, foreign, or would run code.
        ConfigError: There is no such model, engine or device, both a checkpoint and a model are
            given, a scale is no number or out of range, or the file promises no miss rate.
    """
    # Imported here because torch takes seconds, and ``crackseg --help`` must not wait for it.
    from crackseg.inference.predictor import Predictor
    from crackseg.weights.registry import chosen_file

    path = chosen_file(checkpoint, model)
    return Predictor.from_checkpoint(
        path,
        device=device,
        scale=scale,
        engine=engine,
        max_megapixels=max_megapixels,
        guarantee=guarantee,
    )
