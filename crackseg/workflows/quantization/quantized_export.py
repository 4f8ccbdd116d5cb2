"""Exports a checkpoint as an ONNX file of 8 bits, and refuses it where its masks are worse.

The crack IoU on the validation subset decides, of each network at its own threshold. Where bringing
all layers to 8 bits loses too much, those that cost most stay in float.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import onnx

from crackseg.checkpoint import Checkpoint, read_checkpoint
from crackseg.config.schema import EvaluateConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.errors import CrackSegError, DatasetError, DatasetNotFoundError
from crackseg.evaluation.protocol import resolution
from crackseg.images.pixels import binarize
from crackseg.inference.engines import OnnxEngine
from crackseg.inference.looks import Looking
from crackseg.inference.model_file import SUFFIX, ModelInfo, Quantization, write_model
from crackseg.inference.quantization import (
    Layer,
    Ranges,
    errors_by_layer,
    inner_layers_of,
    layers_of,
    quantize,
    value_ranges,
)
from crackseg.inference.scales import scales_of
from crackseg.inference.tiling import Pixels, full_size_logits, sigmoid
from crackseg.metrics.histogram import THRESHOLDS, ProbabilityHistogram, count_probabilities
from crackseg.metrics.scores import scores
from crackseg.metrics.thresholds import best_threshold
from crackseg.system.files import require_writable_file
from crackseg.system.progress import progress
from crackseg.workflows.evaluation_data import evaluation_data
from crackseg.workflows.export import Exported, exported
from crackseg.workflows.quantization.calibration_tiles import as_batch, calibration_tiles

log = logging.getLogger(__name__)

ACCEPTED_LOSS = 0.005
# Tiles on which layers are compared with each other.
_RANKING_TILES = 16
ALL = "all"


@dataclass(frozen=True)
class QuantizationSettings:
    """What a user asks of a network of 8 bits.

    Attributes:
        calibrate: Folder of photographs to measure ranges of values on; None takes those of the
            training.
        accepted_loss: Largest loss of crack IoU on the validation subset.
        roots: Folders where photographs stand now that were moved since the training.
    """

    calibrate: Path | None = None
    accepted_loss: float = ACCEPTED_LOSS
    roots: Sequence[Path] = ()


def export_quantized(
    checkpoint: Path, output: Path, settings: QuantizationSettings, licence: str | None = None
) -> ModelInfo:
    """Writes the network of a checkpoint as an ONNX file of 8 bits.

    Args:
        checkpoint: Path of the checkpoint.
        output: Path of the ONNX file.
        settings: Photographs and limits of the quantisation.
        licence: Licence of the weights.

    Returns:
        What went with it into the file.

    Raises:
        DatasetError: The photographs of the training, or those to calibrate on, are not there.
        CrackSegError: More crack IoU would be lost than is accepted; or see
            :func:`crackseg.workflows.export.export`.
    """
    if not 0 <= settings.accepted_loss <= 1:
        raise CrackSegError(f"--accept-loss {settings.accepted_loss}: a crack IoU between 0 and 1")
    require_writable_file(output, SUFFIX)
    content = read_checkpoint(checkpoint)
    if content.parameters.adaptation is not None:
        raise CrackSegError(
            f"{checkpoint}: adapted to photographs that --int8 does not know, so that it could "
            "neither judge it nor choose its threshold; export it without --int8, or with --float16"
        )
    datamodule = _training_data(content, settings.roots)
    tiles, origin = calibration_tiles(content.parameters, datamodule, settings.calibrate)
    made = exported(content, licence)
    found = _within_limit(made, datamodule, tiles, settings)
    record = Quantization(
        calibration=f"{len(tiles)} photographs of {origin}",
        float_layers=found.float_layers,
        float_threshold=made.info.threshold,
        float_iou=found.before,
        int8_iou=found.judged.ious,
    )
    info = replace(
        made.info,
        threshold=found.judged.threshold,
        # It was made with other probabilities.
        promise=None,
        figures={"val": found.judged.scores},
        protocol=_protocol(made, datamodule),
        quantization=record,
    )
    write_model(found.graph, info, output)
    return info


@dataclass(frozen=True)
class _Judged:
    """Figures of a network on the validation subset."""

    threshold: float
    scores: dict[str, float]
    ious: dict[str, float]


@dataclass(frozen=True, eq=False)
class _Found:
    """A network of 8 bits within the limit, and the figures of that in float."""

    graph: onnx.ModelProto
    float_layers: list[str]
    before: dict[str, float]
    judged: _Judged


def _within_limit(
    made: Exported,
    datamodule: CrackDataModule,
    tiles: Sequence[Pixels],
    settings: QuantizationSettings,
) -> _Found:
    """Brings as many layers to 8 bits as the limit allows.

    Raises:
        CrackSegError: With half of them in float it is still exceeded.
    """
    before = _judge(made, made.graph, datamodule, "float", made.info.threshold)
    counted = progress(tiles, "Measuring ranges", len(tiles))
    ranges = value_ranges(made.graph, counted)
    least = None
    for layers in _choices(made.graph, ranges, tiles):
        graph = quantize(made.graph, layers, ranges)
        after = _judge(made, graph, datamodule, "int8")
        least = max(least or after, after, key=lambda judged: judged.ious[ALL])
        if before.ious[ALL] - after.ious[ALL] <= settings.accepted_loss:
            return _Found(graph, _in_float(made.graph, layers), before.ious, after)
    assert least is not None
    raise CrackSegError(
        f"{made.checkpoint.path}: not written, crack IoU on val is {before.ious[ALL]:.4f} in "
        f"float and {least.ious[ALL]:.4f} in int8 with half of its layers in float: a loss of "
        f"more than {settings.accepted_loss:g}; calibrate on photographs like those of the "
        "training, or accept it with --accept-loss"
    )


def _choices(
    model: onnx.ModelProto, ranges: Ranges, tiles: Sequence[Pixels]
) -> Iterator[Sequence[Layer]]:
    """All layers, and then fewer and fewer: without the 1, 2, 4, ... that cost most."""
    layers = inner_layers_of(model)
    yield layers
    errors = errors_by_layer(model, layers, ranges, tiles[:_RANKING_TILES])
    told = list(progress(errors, "Ranking layers", len(layers)))
    ranked = [layers[place] for place in np.argsort(told)[::-1]]
    count = 1
    while count <= len(layers) // 2:
        stay = ranked[:count]
        log.info("in float: %s", ", ".join(layer.name for layer in stay))
        yield [layer for layer in layers if layer not in stay]
        count *= 2


def _in_float(model: onnx.ModelProto, quantized: Sequence[Layer]) -> list[str]:
    return [layer.name for layer in layers_of(model) if layer not in quantized]


def _judge(
    made: Exported,
    graph: onnx.ModelProto,
    datamodule: CrackDataModule,
    what: str,
    threshold: float | None = None,
) -> _Judged:
    """Judges a graph on the validation subset, by default at the threshold that is best there."""
    by_source = _histograms(made, graph, datamodule, what)
    total = reduce(add, by_source.values())
    threshold = threshold or best_threshold(total.counts[1:], THRESHOLDS[1:])
    place = THRESHOLDS.index(threshold)
    figures = {name: scores(one.counts[place]) for name, one in {ALL: total, **by_source}.items()}
    ious = {name: one["crack_iou"] for name, one in figures.items()}
    return _Judged(threshold, figures[ALL], ious)


def _histograms(
    made: Exported, graph: onnx.ModelProto, datamodule: CrackDataModule, what: str
) -> Mapping[str, ProbabilityHistogram]:
    """Counts the validation pixels of every source by probability and truth."""
    stride, radius = made.info.stride, made.info.radius
    engine = OnnxEngine("onnxruntime", graph.SerializeToString(), stride, radius)
    looking = None
    if made.info.scales is not None:
        looking = Looking(engine, scales_of(None, made.info), made.info.preprocessing.resize)
    rows = datamodule.manifest.subset("val")
    found: dict[str, ProbabilityHistogram] = {}
    for row in progress(rows, f"Judging the {what} network", len(rows)):
        photograph, mask = datamodule.content.pixels.read(row)
        if looking is not None:
            logits = looking.logits(as_batch(photograph))
        else:
            logits = full_size_logits(
                engine.logits, as_batch(photograph), mask.shape[:2], radius, stride
            )
        truth = binarize(mask, datamodule.preprocessing.mask_threshold)
        counted = count_probabilities(sigmoid(logits[0, 0]), truth)
        source = row.source or "unknown"
        found[source] = found[source] + counted if source in found else counted
    return dict(sorted(found.items()))


def _protocol(made: Exported, datamodule: CrackDataModule) -> list[str]:
    settings, rows = datamodule.settings, datamodule.manifest.subset("val")
    scales = scales_of(None, made.info) if made.info.scales else None
    return [
        f"dataset totals over {len(rows)} val images at "
        f"{resolution(datamodule.preprocessing, scales)}, masks cut at "
        f">{settings.mask_threshold}, split {settings.split}, no tolerance, ONNX Runtime on the "
        "processor; each network at its own threshold, chosen on val, where figures are optimistic",
        made.info.leak_line,
    ]


def _training_data(checkpoint: Checkpoint, roots: Sequence[Path]) -> CrackDataModule:
    config = EvaluateConfig(checkpoint=str(checkpoint.path), subset="val")
    config.root = [str(root) for root in roots] or None
    try:
        return evaluation_data(config, checkpoint.parameters)
    except (DatasetError, DatasetNotFoundError) as error:
        # Its remedy is that of an evaluation.
        fault = str(error).partition("; ")[0]
        raise DatasetError(
            f"{fault}; int8 needs them to choose its threshold and to measure its loss: put them "
            "back, or say with --root where they stand now"
        ) from error
