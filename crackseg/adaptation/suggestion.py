"""Chooses which photographs to label: those that the network doubts, and that differ.

Doubt is the mean of 4 p (1 - p) over pixels: 0 where the network is sure of all of them. How much
photographs differ is seen by the network itself: its deepest features, mean and standard deviation
over the photograph, each number divided by its deviation over all photographs.

References:
    Sener and Savarese, "Active learning for convolutional neural networks: a core-set approach",
    ICLR 2018, take what is farthest from all that was taken before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.adaptation.photographs import drawn_parts
from crackseg.images.pixels import UInt8Array
from crackseg.inference.features import FeatureMoments, FloatArray
from crackseg.inference.looks import Looking


@dataclass(frozen=True, eq=False)
class Glance:
    """What a network sees of a photograph.

    Attributes:
        features: Mean and standard deviation of its deepest features, (2C,).
        doubt: Mean of 4 p (1 - p), in [0, 1].
    """

    features: FloatArray
    doubt: float


def glance(looking: Looking, image: UInt8Array, side: int) -> Glance:
    """Looks at a photograph, or at some parts of a large one.

    Args:
        looking: How a network looks at photographs.
        image: Photograph of any size, uint8 (H, W, 3).
        side: Side of the parts of large photographs, in pixels.
    """
    moments = FeatureMoments()
    parts = drawn_parts(image, side, seed=0)
    probability = np.concatenate([looking.probability(part, moments).ravel() for part in parts])
    return Glance(moments.features, float((4 * probability * (1 - probability)).mean()))


def suggested(glances: Sequence[Glance], count: int) -> list[int]:
    """Places of the photographs to label, the most useful first.

    The first one is that of most doubt. Each further one has the largest product of doubt and
    distance to the nearest of those before.

    Args:
        glances: What the network sees of each photograph.
        count: Number of photographs to choose; all of them where there are fewer.
    """
    features = np.stack([one.features for one in glances])
    spread = features.std(axis=0)
    features = features / np.where(spread > 0, spread, 1.0)
    doubt = np.array([one.doubt for one in glances])
    chosen = [int(doubt.argmax())]
    nearest = np.full(len(glances), np.inf)
    while len(chosen) < min(count, len(glances)):
        nearest = np.minimum(nearest, np.linalg.norm(features - features[chosen[-1]], axis=1))
        worth = doubt * nearest
        worth[chosen] = -1.0
        chosen.append(int(worth.argmax()))
    return chosen
