"""Keeps with a network what its training photographs look like to it."""

import logging
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from crackseg.adaptation.fitting import seen_by
from crackseg.adaptation.photographs import side_of_parts
from crackseg.adaptation.suggestion import glance
from crackseg.data.splits.manifest import Manifest, Row
from crackseg.inference.engines import OpenedModel
from crackseg.inference.familiarity import known_photographs
from crackseg.inference.features import FloatArray
from crackseg.inference.looks import Looking
from crackseg.inference.predictor import Predictor
from crackseg.parameters.known_photographs import KnownPhotographs
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

# Photographs of each source and subset that are looked at.
_DRAWN = 16
# Sources that are kept, those with most photographs.
_MOST_SOURCES = 40


def look_at_known(model: OpenedModel, root: Path, manifest: Manifest) -> KnownPhotographs:
    """Looks at some training and validation photographs of each source.

    Those of training are what is known. Those of validation tell how far others of the same sources
    are, at most, which is the limit.

    Args:
        model: Network.
        root: Folder that the manifest's paths are relative to.
        manifest: Division of its photographs.

    Raises:
        UnreadableImageError: A photograph cannot be decoded.
    """
    predictor = Predictor(model)
    looking = Looking(model.engine, predictor.scales, model.usage.preprocessing.resize)
    in_training = seen_by(model.usage)
    side = side_of_parts(in_training.size, in_training.scales[0])
    training, validation = (_drawn(manifest.subset(name)) for name in ("train", "val"))
    rows = [row for drawn in (training, validation) for rows in drawn.values() for row in rows]
    seen = {}
    for row in progress(rows, "Looking at known photographs", len(rows)):
        photograph = predictor.open(root / row.image)
        image = photograph.rows(0, photograph.size[0])
        seen[row.image] = glance(looking, image, side).features

    def features(rows: Sequence[Row]) -> FloatArray:
        return np.stack([seen[row.image] for row in rows])

    known, others = (
        {source: features(rows) for source, rows in drawn.items()}
        for drawn in (training, validation)
    )
    return known_photographs(known, others, predictor.scales)


def _drawn(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Some photographs of each of the largest sources."""
    by_name = sorted(rows, key=lambda row: row.source)
    sources = {name: list(of) for name, of in groupby(by_name, lambda row: row.source)}
    largest = sorted(sources, key=lambda name: -len(sources[name]))[:_MOST_SOURCES]
    random = np.random.default_rng(0)
    return {
        name: [sources[name][at] for at in random.permutation(len(sources[name]))[:_DRAWN]]
        for name in sorted(largest)
    }
