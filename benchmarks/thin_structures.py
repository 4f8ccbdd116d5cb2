"""Milliseconds an image that the measures of an evaluation take, one core, each by itself.

    python benchmarks/thin_structures.py [MASKS] [--images 40] [--height 384] [--width 544]

MASKS is a folder of mask images (PNG), which are cut at >127; without it cracks are drawn. The
first table shows what shifted, thicker, thinner, broken and otherwise wrong predictions do to the
figures, as dataset totals.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.geometry import middle_line
from crackseg.images.pixels import binarize
from crackseg.metrics.bootstrap import bootstrap
from crackseg.metrics.curves import average_precision, image_bests, ods
from crackseg.metrics.false_alarms import measure_alarm
from crackseg.metrics.histogram import THRESHOLDS, Mask, count_probabilities
from crackseg.metrics.overlap import total_scores
from crackseg.metrics.thin_structures import measure_thin, thin_scores, total_thin_counts
from crackseg.metrics.width_classes import CLASSES, median_width, width_class

COLUMNS = ("cldice", "centreline_iou", "tolerant_f1", "boundary_f1")


def main() -> None:
    """Prints the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("masks", type=Path, nargs="?")
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--height", type=int, default=384)
    parser.add_argument("--width", type=int, default=544)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.masks is None:
        size = (options.height, options.width)
        truths = [draw(seed, size) for seed in range(options.images)]
    else:
        paths = sorted(options.masks.glob("*.png"))[: options.images]
        truths = [binarize(read_mask_and_kind(path)[0], 127) for path in paths]
    classes = [width_class(median_width(truth)) for truth in truths]
    print(f"{len(truths)} masks of {truths[0].shape[1]}x{truths[0].shape[0]}:", end=" ")
    print(", ".join(f"{classes.count(name)} {name}" for name in CLASSES if name in classes))
    compare(truths)
    measure_times(truths)


def draw(seed: int, size: tuple[int, int]) -> Mask:
    """A few crooked lines of one to nine pixels."""
    generator = np.random.default_rng(seed)
    mask = np.zeros(size, np.uint8)
    for _ in range(generator.integers(1, 4)):
        steps = generator.normal(0, 12, (60, 2)) + generator.normal(0, 8, 2)
        points = steps.cumsum(axis=0) + generator.uniform((0, 0), size[::-1])
        cv2.polylines(mask, [points.astype(np.int32)], False, 1, int(generator.integers(1, 10)))
    return mask.astype(np.bool_)


def predictions(truth: Mask) -> dict[str, Mask]:
    """What a network might make of a mask."""
    generator = np.random.default_rng(int(truth.sum()))
    square = np.ones((3, 3), np.uint8)
    grey = truth.astype(np.uint8)
    rows, columns = np.indices(truth.shape)
    speckle = cv2.dilate(
        (generator.random(truth.shape) < 2e-4).astype(np.uint8), square, iterations=2
    )
    return {
        "equal": truth,
        "shifted 1 px": np.roll(truth, 1, axis=1),
        "shifted 2 px": np.roll(truth, 2, axis=1),
        "shifted 4 px": np.roll(truth, 4, axis=1),
        "1 px thicker": cv2.dilate(grey, square).astype(np.bool_),
        "2 px thicker": cv2.dilate(grey, square, iterations=2).astype(np.bool_),
        "1 px thinner": cv2.erode(grey, square).astype(np.bool_),
        "centre line only": middle_line(truth),
        "broken, 6 of 24 px": truth & ((rows % 24 >= 6) | (columns % 24 < 12)),
        "with false alarms": truth | speckle.astype(np.bool_),
        "upper half only": truth & (rows < len(truth) // 2),
        "nothing": np.zeros_like(truth),
    }


def compare(truths: list[Mask]) -> None:
    """Prints the figures of each kind of prediction as dataset totals."""
    made = [predictions(truth) for truth in truths]
    print(f"\n{'dataset totals':20}{'crack_iou':>12}{'dice':>8}", end="")
    print("".join(f"{name:>16}" for name in COLUMNS))
    for kind in made[0]:
        pairs = [(one[kind], truth) for one, truth in zip(made, truths, strict=True)]
        half = THRESHOLDS.index(0.5)
        counts = [
            count_probabilities(p.astype(np.float32), truth).counts[half] for p, truth in pairs
        ]
        overlap = total_scores(np.array(counts))
        thin = thin_scores(total_thin_counts([measure_thin(*pair) for pair in pairs]))
        print(f"{kind:20}{overlap['crack_iou']:12.3f}{overlap['dice']:8.3f}", end="")
        print("".join(f"{thin[name]:16.3f}" for name in COLUMNS))


def measure_times(truths: list[Mask]) -> None:
    """Prints how long each step takes an image, and the bootstrap of 10,000 images."""
    blurred = [cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 2) for truth in truths]
    soft = [np.clip(one, 0, 1) for one in blurred]
    wide = [one > 0.3 for one in soft]
    everything = np.ones_like(truths[0])
    tallies = [count_probabilities(one, truth) for one, truth in zip(soft, truths, strict=True)]
    counts = np.stack([one.counts for one in tallies])
    many = np.resize(counts, (10_000, *counts.shape[1:]))
    groups = [f"{place // 2}" for place in range(len(many))]
    total = sum(tallies[1:], tallies[0])
    half = THRESHOLDS.index(0.5)
    print(f"\n{'step':44}{'ms':>8}")
    steps: dict[str, Callable[[], object]] = {
        "tally": lambda: [
            count_probabilities(one, truth) for one, truth in zip(soft, truths, strict=True)
        ],
        "measure_thin": lambda: [measure_thin(*pair) for pair in zip(wide, truths, strict=True)],
        "  of which one skeleton": lambda: [middle_line(one) for one in truths],
        "median_width": lambda: [median_width(one) for one in truths],
        "measure_alarm": lambda: [measure_alarm(one) for one in wide],
    }
    for name, step in steps.items():
        print(f"{name + ', an image':44}{milliseconds(step) / len(truths):8.2f}")
    whole: dict[str, Callable[[], object]] = {
        "measure_thin, all called crack": lambda: measure_thin(everything, truths[0]),
        "average_precision": lambda: average_precision(total.bins),
        "ods": lambda: ods(total.counts),
        "image_bests of 10,000 images": lambda: image_bests(many),
        "bootstrap of scores, 10,000 images": lambda: bootstrap(
            many[:, half], groups, total_scores
        ),
        "bootstrap of ODS, 10,000 images": lambda: bootstrap(
            many.reshape(len(many), -1),
            groups,
            lambda sums: {"ods": ods(sums.reshape(-1, 4)).value},
        ),
    }
    for name, step in whole.items():
        print(f"{name:44}{milliseconds(step):8.2f}")


def milliseconds(step: Callable[[], object]) -> float:
    """How long one call takes, the second of two."""
    step()
    began = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
