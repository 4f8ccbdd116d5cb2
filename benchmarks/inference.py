"""Rows of inference: the default U-Net and the peers' networks on 400x400 pixels."""

from collections.abc import Callable

import numpy as np

from benchmarks.clock import time_steps
from benchmarks.inputs import Exported, Inputs
from benchmarks.measurement import MEMORY, Figure, Piece, Precision, Work
from benchmarks.process import calling
from benchmarks.settings import SIDE
from benchmarks.training import NAMES

WORK = f"inference, {SIDE}x{SIDE}"
ENGINES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
FIGURES = (
    Figure("batch 1", "ms", 1000, images=1),
    Figure("batch 16", "ms", 1000, images=16),
    MEMORY,
)


def inference_works(inputs: Inputs) -> list[Work]:
    """The work of inference."""
    peers = [piece for who in ("pytorch", "smp", "monai") for piece in _peer(inputs, who)]
    pieces = (peers[0], *_ours(inputs), *peers[1:])
    return [Work(WORK, FIGURES, pieces, peers[0].contender)]


def exported(path: str, engine: str, side: int, seconds: float) -> dict[str, float]:
    """Times an engine on a file that PyTorch exported, with the engine's own settings."""
    infer = {"onnxruntime": _onnxruntime, "openvino": _openvino}[engine](path)
    figures = {}
    for count in (1, 16):
        images = np.random.default_rng(0).random((count, 3, side, side), np.float32)
        timed = time_steps(lambda images=images: infer(images), seconds)
        figures[f"batch {count}"] = timed["step"]
    return figures


def _onnxruntime(path: str) -> Callable[[np.ndarray], object]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": images})


def _openvino(path: str) -> Callable[[np.ndarray], object]:
    import openvino

    compiled = openvino.compile_model(path, "CPU")
    return lambda images: compiled([images])


def _ours(inputs: Inputs) -> list[Piece]:
    seconds, work = inputs.options.seconds, inputs.exports["pytorch"].work.get("infer")

    def piece(name: str, model: Exported, engine: str, precision: Precision) -> Piece:
        given = calling(
            "benchmarks.peers.ours:infer", model=str(model.path), engine=engine, seconds=seconds
        )
        environment = inputs.with_openvino if engine == "openvino" else "crackseg"
        return Piece(f"crackseg, {name}", environment, given, precision, work, model.missing)

    checkpoint = Exported(inputs.checkpoint("default"))
    pieces = [piece("torch", checkpoint, "torch", "float32")]
    for engine, name in ENGINES.items():
        pieces.append(piece(name, inputs.model, engine, _of_engine(inputs, engine)))
        pieces.append(piece(f"{name} int8", inputs.int8, engine, "int8"))
    return pieces


def _peer(inputs: Inputs, who: str) -> list[Piece]:
    seconds, export = inputs.options.seconds, inputs.exports[who]
    work, side = export.work.get("infer"), 416 if who == "smp" else SIDE
    weights = {"weights": str(inputs.weights)} if who == "pytorch" else {}
    eager = calling(f"benchmarks.peers.{who}:infer", seconds=seconds, **weights)
    pieces = [Piece(f"{NAMES[who]}, eager", "peers", eager, gflop=work)]
    for engine, name in ENGINES.items():
        given = calling(
            "benchmarks.inference:exported",
            path=str(export.path),
            engine=engine,
            side=side,
            seconds=seconds,
        )
        precision = _of_engine(inputs, engine)
        pieces.append(
            Piece(f"{NAMES[who]}, {name}", "peers", given, precision, work, export.missing)
        )
    return pieces


def _of_engine(inputs: Inputs, engine: str) -> Precision:
    return inputs.fast_precision if engine == "openvino" else "float32"
