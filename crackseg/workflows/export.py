"""Exports a checkpoint as one ONNX file that other programs run."""

import json
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from crackseg import __version__
from crackseg.checkpoint import CheckpointParameters, read_checkpoint
from crackseg.data.splits.leakage import Leaks
from crackseg.errors import CrackSegError
from crackseg.inference.engines import open_model
from crackseg.inference.export import export_network
from crackseg.inference.model_file import SUFFIX, ModelInfo, write_model
from crackseg.inference.tiling import sigmoid
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import SkipNetwork, build_network
from crackseg.system.files import require_writable_file

UNSTATED = "not stated; the licences of the photographs that it was trained on may bind it"
# Between float32 in two programs; masks differ in less than a pixel of 10,000 then.
_LARGEST_DIFFERENCE = 1e-3


def export(checkpoint: Path, output: Path, licence: str = UNSTATED) -> float:
    """Writes the network of a checkpoint as an ONNX file, and compares the two.

    Args:
        checkpoint: Path of the checkpoint.
        output: Path of the ONNX file.
        licence: Licence of the weights.

    Returns:
        The largest difference of the two probabilities on pixels of noise.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        CrackSegError: The output has another suffix, or the two probabilities differ too much.
        OutputError: The file cannot be written.
    """
    if output.suffix.lower() != SUFFIX:
        raise CrackSegError(f"--output {output}: the name of an ONNX file ends in {SUFFIX}")
    require_writable_file(output)
    content = read_checkpoint(checkpoint)
    parameters = content.parameters
    network = build_network(parameters.model.name, parameters.model.arguments)
    network.load_state_dict(content.network_weights)
    info = _info(parameters, network, _figures(checkpoint.with_name("metrics.json")), licence)
    write_model(export_network(network), info, output)
    difference = _difference(network, output)
    if difference > _LARGEST_DIFFERENCE:
        output.unlink()
        raise CrackSegError(
            f"{output}: removed, its probabilities differ by {difference:.2g} from those of "
            f"{checkpoint}; please report this network"
        )
    return difference


def _info(
    parameters: CheckpointParameters,
    network: SkipNetwork,
    figures: dict[str, dict[str, float]],
    licence: str,
) -> ModelInfo:
    seen, data = parameters.preprocessing, parameters.data
    leaks = None if data.leaks is None else TypeAdapter(Leaks).validate_python(data.leaks)
    return ModelInfo(
        version=__version__,
        network=parameters.model.name,
        threshold=parameters.threshold,
        scale=parameters.scale,
        resize=seen.resize,
        white_level=seen.white_level,
        stride=network.stride,
        radius=network.radius,
        licence=licence,
        data=data.name,
        counts=dict(data.counts),
        split=str(data.config.get("split", "unknown")),
        manifest_hash=data.manifest_hash,
        leak_line="unknown" if leaks is None else leaks.summary(),
        figures=figures,
        protocol=_protocol(parameters) if figures else [],
    )


def _protocol(parameters: CheckpointParameters) -> list[str]:
    seen = parameters.preprocessing
    return [
        f"dataset totals at {seen} and the stored threshold, masks cut at >{seen.mask_threshold}, "
        f"split {parameters.data.config.get('split', 'unknown')}, float32, no tolerance; the "
        "threshold was chosen on val, where figures are optimistic"
    ]


def _figures(metrics: Path) -> dict[str, dict[str, float]]:
    """Figures that the training measured, where its file stands beside the checkpoint."""
    try:
        measured = json.loads(metrics.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: measured[name]["stored"] for name in ("val", "test") if name in measured}


def _difference(network: SkipNetwork, path: Path) -> float:
    """Largest difference of probability between a network and its ONNX file, on noise."""
    sides = 3 * network.stride + 5, 4 * network.stride + 1
    noise = np.random.default_rng(0).integers(0, 256, (2, 3, *sides), np.uint8)
    engines = TorchEngine(network, "cpu"), open_model(path, "onnxruntime").engine
    one, other = (sigmoid(engine.logits(noise)) for engine in engines)
    return float(np.abs(one - other).max())
