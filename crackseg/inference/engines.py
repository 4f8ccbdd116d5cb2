"""Engines: programs that run a network on tiles of a photograph.

All give the same logits up to rounding. Only that of torch takes a checkpoint; the others take the
ONNX file that ``crackseg export`` writes, and start without torch.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from crackseg.errors import ConfigError, did_you_mean
from crackseg.images.pixels import Resize
from crackseg.inference.graph_limits import IMAGE
from crackseg.inference.model_file import SUFFIX, read_model
from crackseg.inference.tiling import Logits, Pixels
from crackseg.system.processes import usable_cores

# The fastest first, as measured by benchmarks/inference.py.
OF_ONNX = ("openvino", "onnxruntime")
ENGINES = ("auto", "torch", *OF_ONNX)


Run = Callable[[Pixels], Logits]


class Engine(Protocol):
    """Runs a network.

    Attributes:
        name: Name of the engine, and where it runs.
        stride: Stride of the network in pixels.
        radius: Largest distance at which a pixel influences the output, in pixels.
    """

    name: str
    stride: int
    radius: int

    def logits(self, tile: Pixels) -> Logits:
        """Computes logits, float32 (N, 1, h, w), of a tile, uint8 (N, 3, h, w)."""
        ...


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A network that is ready to run, with what was stored beside it.

    Attributes:
        path: Path of its file.
        engine: Engine that runs it.
        threshold: Probability above which a pixel is called crack.
        scale: Training pixels per photograph pixel, along a side.
        resize: Way in which photographs were resized in training.
        white_level: Value that is white in photographs deeper than 8 bits; None takes what each
            file says or suggests.
        digest: SHA-256 of the file.
    """

    path: Path
    engine: Engine
    threshold: float
    scale: float
    resize: Resize
    white_level: int | None
    digest: str


def open_model(path: str | Path, engine: str = "auto", device: str = "auto") -> OpenedModel:
    """Opens a checkpoint or an ONNX file.

    Args:
        path: Path of a ``.ckpt`` or ``.onnx`` file.
        engine: Engine, one of :data:`ENGINES`; ``auto`` takes the fastest that is installed.
        device: Device of torch, see :func:`crackseg.load`.

    Raises:
        CheckpointError: The file cannot be used.
        ConfigError: There is no such engine or device, or the engine does not take such a file.
    """
    path = Path(path)
    _check_engine(engine)
    if path.suffix.lower() != SUFFIX:
        if engine in OF_ONNX:
            raise ConfigError(
                f"engine={engine}: it takes an ONNX file, not {path.name}; make one with "
                "crackseg export, or take engine=torch"
            )
        # Imported here because torch takes seconds, and an ONNX file does without it.
        from crackseg.inference.torch_engine import open_checkpoint

        return open_checkpoint(path, device)
    if engine == "torch":
        raise ConfigError(
            f"engine=torch: it takes a checkpoint, not {path.name}; take engine=auto, or the "
            "checkpoint that the file was made of"
        )
    if device not in ("auto", "cpu"):
        raise ConfigError(f"device={device}: an ONNX file runs on the processor; take a checkpoint")
    model = read_model(path)
    name = next(one for one in OF_ONNX if find_spec(one)) if engine == "auto" else engine
    return OpenedModel(
        path=path,
        engine=OnnxEngine(name, model.graph, model.info.stride, model.info.radius),
        threshold=model.info.threshold,
        scale=model.info.scale,
        resize=model.info.resize,
        white_level=model.info.white_level,
        digest=hashlib.sha256(model.graph).hexdigest(),
    )


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        guess = did_you_mean(engine, ENGINES)
        raise ConfigError(
            f"engine={engine}: one of {', '.join(ENGINES)}{f'; {guess}' if guess else ''}"
        )
    if engine in OF_ONNX and not find_spec(engine):
        package = "'crackseg[openvino]'" if engine == "openvino" else engine
        raise ConfigError(f"engine={engine}: it is not installed; pip install {package}")


class OnnxEngine:
    """Runs an ONNX graph on the processor.

    Args:
        name: Name of the engine, one of :data:`OF_ONNX`.
        graph: Serialised graph.
        stride: Stride of the network in pixels.
        radius: Largest distance at which a pixel influences the output, in pixels.
    """

    def __init__(self, name: str, graph: bytes, stride: int, radius: int) -> None:
        self.name, self.stride, self.radius = name, stride, radius
        self._run = _RUNTIMES[name](graph)

    def logits(self, tile: Pixels) -> Logits:
        """Computes logits, see :class:`Engine`."""
        # A part of a larger array, whose bands stand last.
        return as_logits(self._run(tile.copy(order="C")))


def _by_onnxruntime(graph: bytes) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    # A plan of memory for each size of tile takes a third more of it, and no less time.
    options.enable_mem_pattern = False
    # Its warnings are about its own optimisations.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda tile: session.run(None, {IMAGE: tile})[0]


def _by_openvino(graph: bytes) -> Run:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": usable_cores(), "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    return lambda tile: compiled([tile])[0]


# Makes of a graph a function of pixels that gives probabilities. The fastest runtime stands first.
_RUNTIMES: Mapping[str, Callable[[bytes], Run]] = {
    "openvino": _by_openvino,
    "onnxruntime": _by_onnxruntime,
}


def as_logits(probability: Logits) -> Logits:
    """Logits of probabilities in [0, 1], limited to those that float32 tells apart from 0 and 1."""
    limited = np.clip(probability, 1e-7, 1 - 6e-8)
    return np.asarray(np.log(limited) - np.log1p(-limited), np.float32)
