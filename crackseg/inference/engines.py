"""Engines: programs that run a network on tiles of a photograph.

All give the same logits up to rounding. Only that of torch takes a checkpoint; the others take the
ONNX file that ``crackseg export`` writes, and start without torch.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from crackseg.errors import ConfigError, did_you_mean
from crackseg.inference.graphs.features import FEATURES, with_features
from crackseg.inference.graphs.limits import IMAGE, PROBABILITY
from crackseg.inference.model_file import SUFFIX, read_model
from crackseg.inference.tiling import Logits, Pixels
from crackseg.parameters.usage import UsageParameters
from crackseg.system.processes import usable_cores
from crackseg.weights.registry import bundled_at

if TYPE_CHECKING:
    import openvino
    from onnxruntime import InferenceSession

# The fastest first, as measured by benchmarks/inference.py.
OF_ONNX = ("openvino", "onnxruntime")
ENGINES = ("auto", "torch", *OF_ONNX)


# Deepest features of a network, float32 (N, C, h, w).
Features = npt.NDArray[np.float32]
Run = Callable[[Pixels], tuple[Logits, Features]]


class Engine(Protocol):
    """Runs a network.

    Attributes:
        name: Name of the engine, and where it runs.
        precision: Precision of its floats, such as ``float32``.
        stride: Stride of the network in pixels.
        radius: Largest distance at which a pixel influences the output, in pixels.
    """

    name: str
    precision: str
    stride: int
    radius: int

    @property
    def batch(self) -> int:
        """Number of tiles that it computes at a time."""
        ...

    def logits(self, tile: Pixels) -> Logits:
        """Computes logits, float32 (N, 1, h, w), of a tile, uint8 (N, 3, h, w)."""
        ...

    def logits_and_features(self, tile: Pixels) -> tuple[Logits, Features]:
        """Computes the same, and the network's deepest features, float32 (N, C, h', w')."""
        ...


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A network that is ready to run, with what was stored beside it.

    Attributes:
        path: Path of its file.
        engine: Engine that runs it.
        precision: Precision in which it is computed: ``int8`` where it is quantised, otherwise
            that of the engine.
        usage: What its use on photographs needs, such as its threshold.
        digest: SHA-256 of the file.
        licence: Licence of its weights, where the file says it.
    """

    path: Path
    engine: Engine
    precision: str
    usage: UsageParameters
    digest: str
    licence: str | None = None

    @property
    def line(self) -> str:
        """Line that names the network and its licence."""
        return line_of(self.path, self.usage, self.licence)


def line_of(path: Path, usage: UsageParameters, licence: str | None) -> str:
    """Line that names a network and its licence, by its file and what was stored in it."""
    of_package = bundled_at(path)
    if of_package is not None:
        return of_package.line
    made = "" if usage.adaptation is None else f", {usage.adaptation.line}"
    return f"model: {path}{made}" + (f" (licence: {licence})" if licence else "")


def is_onnx(path: str | Path) -> bool:
    """Whether a path is that of an ONNX file, and not of a checkpoint."""
    return Path(path).suffix.lower() == SUFFIX


def open_model(
    path: str | Path,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    float32: bool = False,
) -> OpenedModel:
    """Opens a checkpoint or an ONNX file.

    Args:
        path: Path of a ``.ckpt`` or ``.onnx`` file.
        engine: Engine, one of :data:`ENGINES`; ``auto`` takes the fastest that is installed.
        device: Device of torch, see :func:`crackseg.load`.
        threads: Number of threads of an ONNX file's engine; None takes one for each core.
        float32: Whether floats are computed in float32 also by an engine that takes bfloat16 on
            processors where that is faster.

    Raises:
        CheckpointError: The file cannot be used.
        ConfigError: There is no such engine or device, or the engine does not take such a file.
    """
    path = Path(path)
    check_engine(path, engine)
    if not is_onnx(path):
        # Imported here because torch takes seconds, and an ONNX file does without it.
        from crackseg.inference.torch_engine import open_checkpoint

        return open_checkpoint(path, device)
    if device not in ("auto", "cpu"):
        raise ConfigError(
            f"device={device}: an ONNX file, as those in the box are, runs on the processor; leave "
            "the device out, or take a checkpoint (best.ckpt)"
        )
    model = read_model(path)
    name = next(one for one in OF_ONNX if find_spec(one)) if engine == "auto" else engine
    stride, radius = model.info.stride, model.info.radius
    opened = OnnxEngine(name, model.graph, stride, radius, threads, float32)
    return OpenedModel(
        path=path,
        engine=opened,
        precision="int8" if model.quantised else opened.precision,
        usage=model.info,
        digest=hashlib.sha256(model.graph).hexdigest(),
        licence=model.info.licence,
    )


def check_engine(path: Path, engine: str) -> None:
    """Refuses an engine that is not there, or that does not take such a file.

    Raises:
        ConfigError: It is so.
    """
    if engine not in ENGINES:
        guess = did_you_mean(engine, ENGINES)
        raise ConfigError(
            f"engine={engine}: one of {', '.join(ENGINES)}{f'; {guess}' if guess else ''}"
        )
    if engine in OF_ONNX and not find_spec(engine):
        package = "'crackseg[openvino]'" if engine == "openvino" else engine
        raise ConfigError(f"engine={engine}: it is not installed; pip install {package}")
    if engine in OF_ONNX and not is_onnx(path):
        raise ConfigError(
            f"engine={engine}: it takes an ONNX file, not {path.name}; make one with "
            "crackseg export, or take engine=torch"
        )
    if engine == "torch" and is_onnx(path):
        raise ConfigError(
            f"engine=torch: it takes a checkpoint, not {path.name}; take engine=auto, or the "
            "checkpoint that the file was made of"
        )


class OnnxEngine:
    """Runs an ONNX graph on the processor.

    Args:
        name: Name of the engine, one of :data:`OF_ONNX`.
        graph: Serialised graph.
        stride: Stride of the network in pixels.
        radius: Largest distance at which a pixel influences the output, in pixels.
        threads: Number of threads; None takes one for each core.
        float32: Whether floats are computed in float32, see :func:`open_model`.
    """

    # One tile keeps all cores at work, and several take longer for the memory that they need.
    batch = 1

    def __init__(
        self,
        name: str,
        graph: bytes,
        stride: int,
        radius: int,
        threads: int | None = None,
        float32: bool = False,
    ) -> None:
        self.name, self.stride, self.radius = name, stride, radius
        self._run, self.precision = _RUNTIMES[name](
            with_features(graph), threads or usable_cores(), float32
        )

    def logits(self, tile: Pixels) -> Logits:
        """Computes logits, see :class:`Engine`."""
        return self.logits_and_features(tile)[0]

    def logits_and_features(self, tile: Pixels) -> tuple[Logits, Features]:
        """Computes logits and features, see :class:`Engine`."""
        # A part of a larger array, whose bands stand last.
        probability, deepest = self._run(tile.copy(order="C"))
        return as_logits(probability), deepest


def onnxruntime_session(graph: bytes, threads: int | None = None) -> "InferenceSession":
    """Opens a graph by ONNX Runtime on the processor.

    Args:
        graph: Serialised graph.
        threads: Number of threads; None takes one for each core.
    """
    # Imported here because no other engine needs it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or usable_cores()
    # A plan of memory for each size of tile takes a third more of it, and no less time.
    options.enable_mem_pattern = False
    # Its warnings are about its own optimisations.
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _by_onnxruntime(graph: bytes, threads: int, float32: bool) -> tuple[Run, str]:
    session = onnxruntime_session(graph, threads)
    return lambda tile: session.run([PROBABILITY, FEATURES], {IMAGE: tile}), "float32"


_ONE_THREAD = Lock()


@cache
def _openvino_core() -> "openvino.Core":
    """The one of this process, for good.

    Each gives its thread a stack for signals that is large enough for the processor's matrix
    registers. Of two that end one after the other, the second puts back the stack that the first
    took away, and the next signal, such as Ctrl-C, ends the process.
    """
    import openvino

    return openvino.Core()


def _by_openvino(graph: bytes, threads: int, float32: bool) -> tuple[Run, str]:
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    if float32:
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    with _ONE_THREAD:
        core = _openvino_core()
    compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    taken = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()

    def run(tile: Pixels) -> tuple[Logits, Features]:
        found = compiled([tile])
        return found[PROBABILITY], found[FEATURES]

    return run, _OPENVINO_PRECISIONS.get(taken, taken)


_OPENVINO_PRECISIONS = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}
# Makes of a graph a function of pixels that gives probabilities and features, and says in which
# precision.
_RUNTIMES: Mapping[str, Callable[[bytes, int, bool], tuple[Run, str]]] = {
    "openvino": _by_openvino,
    "onnxruntime": _by_onnxruntime,
}


def as_logits(probability: Logits) -> Logits:
    """Logits of probabilities in [0, 1], limited to those that float32 tells apart from 0 and 1."""
    limited = np.clip(probability, 1e-7, 1 - 6e-8)
    return np.asarray(np.log(limited) - np.log1p(-limited), np.float32)
