"""Figures that depend on the length of a thin crack and not on its area.

Each comes from four counts of pixels: those of the prediction and how many of them the truth
confirms, those of the truth and how many of them the prediction finds. The counts of images add
up, so that every figure exists for an image and as a dataset total.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import disk

from crackseg.geometry import middle_line
from crackseg.metrics.histogram import Counts, Mask
from crackseg.metrics.scores import ratio

# In pixels of the evaluated resolution; a pixel at exactly this distance is within.
CENTRELINE_TOLERANCE = 4
AREA_TOLERANCE = 2
BOUNDARY_TOLERANCE = 1


class Matches(NamedTuple):
    """Numbers of pixels of a prediction and of the truth, and how many the other one confirms."""

    predicted: int
    predicted_hits: int
    true: int
    true_hits: int


class ThinCounts(NamedTuple):
    """Counts that the figures of thin structures are computed from; as an array int64 (4, 4).

    Attributes:
        skeleton: Pixels of each skeleton; a hit lies in the other mask.
        centreline: Pixels of each skeleton; a hit lies within 4 px of the other skeleton.
        area: Crack pixels; a hit lies within 2 px of the other mask.
        boundary: Boundary pixels; a hit lies within 1 px of the other boundary.
    """

    skeleton: Matches
    centreline: Matches
    area: Matches
    boundary: Matches


def measure_thin(prediction: Mask, truth: Mask) -> ThinCounts:
    """Counts the thin structures of one image.

    A boundary pixel is a crack pixel that has a neighbour (of four) without crack; there is no
    crack outside the image. Distances are Euclidean, between pixel centres.

    Args:
        prediction: Whether a pixel is called crack, bool (H, W).
        truth: Whether a pixel is crack, bool (H, W).

    Raises:
        ValueError: The shapes differ.

    References:
        Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984, for the
        skeletons.
    """
    if prediction.shape != truth.shape:
        raise ValueError(f"shapes differ: {prediction.shape} and {truth.shape}")
    masks = (prediction, truth)
    lines = (middle_line(prediction), middle_line(truth))
    rims = (_boundary(prediction), _boundary(truth))
    return ThinCounts(
        skeleton=_matches(lines, masks),
        centreline=_matches_within(lines, CENTRELINE_TOLERANCE),
        area=_matches_within(masks, AREA_TOLERANCE),
        boundary=_matches_within(rims, BOUNDARY_TOLERANCE),
    )


def widened(mask: Mask, radius: int) -> Mask:
    """Every pixel within ``radius`` pixels of a mask, bool (H, W)."""
    return cv2.dilate(mask.astype(np.uint8), disk(radius)).astype(np.bool_)


def thin_scores(counts: npt.ArrayLike) -> dict[str, float]:
    """Figures of a data set's summed counts; for one image see :func:`image_thin_scores`.

    - ``cldice``: harmonic mean of ``topology_precision`` (share of the predicted skeleton within
      the true mask) and ``topology_sensitivity`` (share of the true skeleton within the predicted
      mask) [1].
    - ``centreline_iou``: TP / (TP + FP + FN). TP are the true skeleton's pixels within 4 px of
      the predicted skeleton, FN its other pixels. FP are the predicted skeleton's pixels that are
      not within 4 px of the true one. This is clIoU as its authors' published evaluation computes
      it, by dilation with a disk of radius 4 [2]. They thin predicted lines by another algorithm,
      and their true lines were drawn.
    - ``tolerant_precision``, ``tolerant_recall``, ``tolerant_f1``: of crack pixels, where a pixel
      is right within 2 px, as others count CFD and AigleRN [3].
    - ``boundary_precision``, ``boundary_recall``, ``boundary_f1``: of boundary pixels, where a
      pixel is right within 1 px [4]. Its authors' tolerance of .75 % of the image's diagonal is
      as wide as a crack.

    A fraction 0 / 0 is 0.

    Args:
        counts: One :class:`ThinCounts` or a sum of them, int64 (4, 4).

    Returns:
        Figures in [0, 1].

    References:
        [1] Shit et al., "clDice", CVPR 2021, equations 1 and 2.
        [2] Benz and Rodehorst, "OmniCrack30k", CVPR Workshops 2024.
        [3] Fan et al., "Automatic pavement crack detection based on structured prediction with
        the convolutional neural network", 2018.
        [4] Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC
        2013.
    """
    lines, centre, area, boundary = (Matches(*row) for row in np.asarray(counts).tolist())
    return {
        "cldice": _f1(lines),
        "topology_precision": _precision(lines),
        "topology_sensitivity": _recall(lines),
        "centreline_iou": ratio(
            centre.true_hits, centre.true + centre.predicted - centre.predicted_hits
        ),
        "tolerant_precision": _precision(area),
        "tolerant_recall": _recall(area),
        "tolerant_f1": _f1(area),
        "boundary_precision": _precision(boundary),
        "boundary_recall": _recall(boundary),
        "boundary_f1": _f1(boundary),
    }


def image_thin_scores(counts: npt.ArrayLike) -> dict[str, float]:
    """Figures of one image, as :func:`thin_scores`; all 1 if it has no crack and none is found."""
    figures = thin_scores(counts)
    return figures if np.any(counts) else dict.fromkeys(figures, 1.0)


def total_thin_counts(counts: list[ThinCounts]) -> Counts:
    """Sum over images, int64 (4, 4)."""
    total: Counts = np.array(counts, np.int64).reshape(-1, 4, 4).sum(axis=0)
    return total


def _matches(pair: tuple[Mask, Mask], zones: tuple[Mask, Mask]) -> Matches:
    (predicted, true), (near_predicted, near_true) = pair, zones
    pixels = (predicted, predicted & near_true, true, true & near_predicted)
    return Matches(*(int(np.count_nonzero(one)) for one in pixels))


def _matches_within(pair: tuple[Mask, Mask], radius: int) -> Matches:
    return _matches(pair, (widened(pair[0], radius), widened(pair[1], radius)))


def _boundary(mask: Mask) -> Mask:
    inside = cv2.erode(
        mask.astype(np.uint8), disk(1), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    rim: Mask = mask & (inside == 0)
    return rim


def _precision(matches: Matches) -> float:
    return ratio(matches.predicted_hits, matches.predicted)


def _recall(matches: Matches) -> float:
    return ratio(matches.true_hits, matches.true)


def _f1(matches: Matches) -> float:
    precision, recall = _precision(matches), _recall(matches)
    return ratio(2 * precision * recall, precision + recall)
