"""Exports a checkpoint for the plugin Deepness of QGIS."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from crackseg.checkpoint import read_checkpoint
from crackseg.errors import CrackSegError
from crackseg.images.pixels import resize
from crackseg.inference.engines import is_onnx, onnxruntime_session
from crackseg.inference.graphs.deepness import Tile, export_for_deepness
from crackseg.inference.graphs.limits import IMAGE
from crackseg.inference.graphs.trainable import trainable_network
from crackseg.inference.model_file import SUFFIX, ModelInfo
from crackseg.inference.scales import scales_of
from crackseg.inference.tiling import Logits, full_size_logits, sigmoid
from crackseg.inference.torch_engine import TorchEngine, network_of
from crackseg.models import SkipNetwork
from crackseg.system.files import atomic_write, require_writable_file
from crackseg.workflows.export import info_of

# A pixel that is rounded to the next of 256 values moves a probability by some thousandths.
_LARGEST_DIFFERENCE = 0.02
# Pixels of one tile take .8 GB as floats then.
_LARGEST_SIDE = 8192


def write_for_deepness(
    checkpoint: Path, output: Path, licence: str | None = None, resolution: float | None = None
) -> Tile:
    """Writes a network as the plugin reads it, and compares the two.

    Args:
        checkpoint: Path of a checkpoint or an ONNX file.
        output: Path of the ONNX file.
        licence: Licence of the weights.
        resolution: Centimetres on the ground that a pixel of the orthophoto covers; None leaves
            that to the plugin's window.

    Returns:
        The tile that the file takes.

    Raises:
        CheckpointError: The file cannot be used, or holds weights in 8 bits.
        CrackSegError: The output has another suffix, the resolution is no length, the tile would
            be too large, or the two probabilities differ too much.
        OutputError: The file cannot be written.
    """
    require_writable_file(output, SUFFIX)
    if resolution is not None and not 0 < resolution < float("inf"):
        raise CrackSegError(f"--resolution {resolution}: centimetres a pixel, such as 0.5")
    network, info = _opened(checkpoint, licence)
    tile = Tile.of(info)
    if tile.side > _LARGEST_SIDE:
        raise CrackSegError(
            f"{checkpoint}: sees {max(scales_of(None, info)):g} training pixels a pixel, so that "
            f"Deepness would need tiles {tile.side:,} pixels wide, and {_LARGEST_SIDE:,} are the "
            "most; train at a larger data.image_size, or on crops by data.crop_size"
        )
    graph = export_for_deepness(network, info, resolution)
    difference = _difference(network, info, graph)
    # Not the other way round, since nothing compares with a figure that is no number.
    if not difference <= _LARGEST_DIFFERENCE:
        raise CrackSegError(
            f"{checkpoint}: cannot be exported, as a file for Deepness its probabilities differ "
            f"by {difference:.2g}; please report this network"
        )
    with atomic_write(output) as name:
        name.write_bytes(graph.SerializeToString())
    return tile


def _opened(path: Path, licence: str | None) -> tuple[SkipNetwork, ModelInfo]:
    """A network and what goes with it into a file for other programs."""
    if is_onnx(path):
        opened = trainable_network(path)
        assert isinstance(opened.usage, ModelInfo)
        return opened.network, replace(opened.usage, licence=licence or opened.licence)
    content = read_checkpoint(path)
    network = network_of(content)
    return network, info_of(content, network, licence)


def _difference(network: SkipNetwork, info: ModelInfo, graph: onnx.ModelProto) -> float:
    """Largest difference of probability between a network and its graph, on a tile of noise."""
    tile = Tile.of(info)
    noise = np.random.default_rng(0).integers(0, 256, (tile.side, tile.side, 3), np.uint8)
    session = onnxruntime_session(graph.SerializeToString())
    given = noise.transpose(2, 0, 1)[None].astype(np.float32) / 255
    found: Logits = session.run(None, {IMAGE: given})[0]
    engine = TorchEngine(network, "cpu")
    looks = []
    for side in tile.seen:
        small = resize(noise, (side, side), info.preprocessing.resize).transpose(2, 0, 1)[None]
        looks.append(
            full_size_logits(engine.logits, small, noise.shape[:2], engine.radius, engine.stride)
        )
    logits = np.mean(looks, axis=0)
    return float(np.abs(found - sigmoid(logits)).max())
