"""Figures that a thin crack's length decides, not its area.

Each rests on four counts of pixels: how many the prediction has and how many of them the truth
bears out, how many the truth has and how many of them the prediction finds. The counts of images
add up, so that every figure exists for an image and as a dataset total.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import disk

from crackseg.geometry import middle_line
from crackseg.metrics.histogram import Counts, Mask
from crackseg.metrics.scores import ratio

# In pixels of the evaluated resolution; what lies at exactly this distance is within.
CENTRELINE_TOLERANCE = 4
AREA_TOLERANCE = 2
BOUNDARY_TOLERANCE = 1


class Matches(NamedTuple):
    """Pixels of a prediction and of the truth, and those of each that the other bears out."""

    predicted: int
    predicted_hits: int
    true: int
    true_hits: int


class ThinCounts(NamedTuple):
    """What the figures of thin structures are computed from; as an array int64 (4, 4).

    Attributes:
        skeleton: pixels of each skeleton, hits where the other mask holds them.
        centreline: pixels of each skeleton, hits within 4 px of the other skeleton.
        area: crack pixels, hits within 2 px of the other mask.
        boundary: boundary pixels, hits within 1 px of the other boundary.
    """

    skeleton: Matches
    centreline: Matches
    area: Matches
    boundary: Matches


def measure_thin(prediction: Mask, truth: Mask) -> ThinCounts:
    """Counts one image.

    Skeletons are those of Zhang and Suen ("A fast parallel algorithm for thinning digital
    patterns", 1984). A boundary pixel is a crack pixel of which one of the four neighbours is
    none; what is outside of the image is none. Distances are Euclidean, between pixel centres.

    Args:
        prediction: bool (H, W), whether a pixel is called crack.
        truth: bool (H, W).

    Raises:
        ValueError: shapes that differ.
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
    """Every pixel of which one of the mask's, bool (H, W), lies within ``radius`` pixels."""
    return cv2.dilate(mask.astype(np.uint8), disk(radius)).astype(np.bool_)


def thin_scores(counts: npt.ArrayLike) -> dict[str, float]:
    """The figures of an image, or of a data set's summed counts; see :func:`image_thin_scores`.

    - ``cldice``: harmonic mean of ``topology_precision`` and ``topology_sensitivity``, the shares
      of the predicted skeleton within the true mask and of the true skeleton within the
      predicted mask (Shit et al., "clDice", CVPR 2021, equations 1 and 2).
    - ``centreline_iou``: TP / (TP + FP + FN), TP and FN being the true skeleton's pixels within
      4 px of the predicted skeleton and the others, FP the predicted skeleton's pixels that are
      not within 4 px of the true one (clIoU of Benz and Rodehorst, "OmniCrack30k", CVPR
      Workshops 2024, as their published evaluation computes it: by dilation with a disk of
      radius 4. Their predicted lines are thinned by another algorithm, and their true ones were
      drawn.)
    - ``tolerant_precision``, ``tolerant_recall``, ``tolerant_f1``: of crack pixels, a pixel being
      right within 2 px (as Fan et al., "Automatic pavement crack detection based on structured
      prediction with the convolutional neural network", 2018, count CFD and AigleRN).
    - ``boundary_precision``, ``boundary_recall``, ``boundary_f1``: of boundary pixels, right
      within 1 px (Csurka et al., "What is a good evaluation measure for semantic segmentation?",
      BMVC 2013. Their tolerance of .75 % of the image's diagonal is as wide as a crack.)

    A fraction of nothing by nothing is 0.

    Args:
        counts: int64 (4, 4), one :class:`ThinCounts` or a sum of them.

    Returns:
        Figures in [0, 1].
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
    """:func:`thin_scores` of one image; all are 1 if it has no crack and none is found."""
    figures = thin_scores(counts)
    return figures if np.any(counts) else dict.fromkeys(figures, 1.0)


def total_thin_counts(counts: list[ThinCounts]) -> Counts:
    """int64 (4, 4): the sum over images."""
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
