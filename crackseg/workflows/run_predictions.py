"""Predictions of a run's network for single photographs, in the way of its evaluation."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from crackseg.config.schema import RuntimeConfig
from crackseg.data.annotations.ground_truth import truth_file
from crackseg.data.dataset import CrackDataset
from crackseg.data.readers import FileReader, PairReader, PredictionScaleReader
from crackseg.data.splits.manifest import Row, read_manifest
from crackseg.errors import DatasetError, name_some
from crackseg.evaluation.network import open_network
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import resize
from crackseg.reporting.comparison.pictures import RunPrediction
from crackseg.runs.record import BEST, MANIFEST


@torch.inference_mode()
def predict_images(
    folder: Path, images: Iterable[str], resolution: str, root: Path
) -> dict[str, RunPrediction]:
    """Predicts photographs with a run's best network, in float32.

    Args:
        folder: Folder of the run.
        images: Paths of images as in its manifest.
        resolution: Resolution, see :class:`crackseg.config.schema.EvaluateConfig`.
        root: Folder that the manifest's paths are relative to.

    Returns:
        Predictions by image.

    Raises:
        DatasetError: Photographs or masks do not exist any more.
    """
    network = open_network(folder / BEST, "torch", RuntimeConfig(), resolution == "native")
    network.module.eval()
    seen = network.usage.preprocessing
    by_image = {row.image: row for row in read_manifest(folder / MANIFEST).rows}
    rows = [by_image[image] for image in images]
    _refuse_missing(folder, root, rows)
    white_level = seen.white_level
    pixels: PairReader = FileReader(root, seen)
    if network.read_at is not None:
        pixels = PredictionScaleReader(root, network.read_at, seen.resize, white_level)
    dataset = CrackDataset(pixels, rows, seen.mask_threshold)
    looks = {}
    for index, row in enumerate(rows):
        sample = dataset[index]
        truth = sample["mask"][0].numpy() > 0.5
        height, width = truth.shape
        probability = network.probability(sample["image"][None], (height, width))[0, 0]
        # The network may see a smaller photograph than the mask.
        photograph = read_photograph(root / row.image, white_level)
        looks[row.image] = RunPrediction(
            resize(photograph, (height, width), "area"),
            truth,
            np.asarray(probability.numpy(), np.float32),
            network.usage.threshold,
        )
    return looks


def _refuse_missing(folder: Path, root: Path, rows: Iterable[Row]) -> None:
    files = dict.fromkeys(name for row in rows for name in (row.image, truth_file(row.mask)))
    missing = [name for name in files if name and not (root / name).is_file()]
    if missing:
        raise DatasetError(
            f"{root}: {len(missing)} files that the page is to show are not there any more: "
            f"{name_some(missing)}; put the data set back where {folder.name} was trained on it, "
            "say with --root where it stands now, or name other runs"
        )
