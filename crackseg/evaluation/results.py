"""Figures of an evaluation in typed form, as ``metrics.json`` holds them."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from pydantic import TypeAdapter

from crackseg.metrics.curves import Best
from crackseg.metrics.false_alarms import AlarmScores

# Files of an evaluation: these figures, counts of each image, and those at all thresholds.
METRICS, IMAGES, HISTOGRAM = "metrics.json", "images.csv", "histogram.npy"
MASKS = "masks"

# Low and high end of a 95 % interval; both None where all images are of one photograph.
Bounds = tuple[float | None, float | None]
Scores = dict[str, float]
BoundsByScore = dict[str, Bounds]


@dataclass(frozen=True)
class Extent:
    """Number of images that figures stand on.

    Attributes:
        images: Number of images.
        photographs: Number of photograph groups that they belong to.
        crack_free: Number of images without crack.
        vanished: Number of images with cracks of which resizing and cutting left nothing.
    """

    images: int
    photographs: int
    crack_free: int
    vanished: int

    @property
    def has_crack(self) -> bool:
        """Whether an image has crack at the resolution that was judged.

        Without any crack there is no overlap either, only false alarms.
        """
        return self.images > self.crack_free + self.vanished


@dataclass(frozen=True)
class Summary(Extent):
    """Figures of a set of images.

    Attributes:
        totals: Dataset totals, see :func:`crackseg.metrics.overlap.total_scores`.
        means: Means over images of the same figures.
        thin_totals: Dataset totals, see :func:`crackseg.metrics.thin_structures.thin_scores`.
        thin_means: Means over images of the same figures.
        alarms: False alarms on the crack-free images; None without any.
    """

    totals: Scores
    means: Scores
    thin_totals: Scores
    thin_means: Scores
    alarms: AlarmScores | None


@dataclass(frozen=True)
class PartIntervals:
    """Intervals of a part's figures."""

    totals: BoundsByScore
    thin_totals: BoundsByScore
    alarms: BoundsByScore


@dataclass(frozen=True)
class Part(Summary):
    """Figures of a part of the images, such as a source, with intervals of its totals.

    Attributes:
        intervals: Intervals of the figures.
        own_best: Crack IoU at the threshold where it is largest on these very images. Nobody can
            choose that threshold without their masks; how much larger it is than at the stored one
            says how well that carries over. None without crack, and in files of earlier versions.
    """

    intervals: PartIntervals
    own_best: Best | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Parts:
    """Figures of parts by their names.

    Groups have no intervals, since groups are what the bootstrap draws.
    """

    source: dict[str, Part]
    width: dict[str, Part]
    group: dict[str, Summary]


@dataclass(frozen=True)
class ScoreIntervals:
    """Intervals of dataset totals and of means over images."""

    totals: BoundsByScore
    means: BoundsByScore


@dataclass(frozen=True)
class ScoresWithIntervals:
    """Dataset totals and means over images of the same figures, with their intervals."""

    totals: Scores
    means: Scores
    intervals: ScoreIntervals


@dataclass(frozen=True)
class Cut:
    """Threshold of masks."""

    threshold: float


# Dataclasses take the fields of their last base first: the threshold stands before the figures.
@dataclass(frozen=True)
class ScoresAtThreshold(ScoresWithIntervals, Cut):
    """Figures of overlap of the masks that a threshold gives."""


@dataclass(frozen=True)
class Alarms(AlarmScores):
    """False alarms on the crack-free images, with their intervals."""

    intervals: BoundsByScore


@dataclass(frozen=True)
class CurveScores:
    """Figures over all thresholds.

    Attributes:
        average_precision: Average precision, see :func:`crackseg.metrics.curves.average_precision`.
        ods: Best dataset-total F1, see :func:`crackseg.metrics.curves.ods`.
        ois: Mean of each image's best F1, see :func:`crackseg.metrics.curves.ois`.
        intervals: Intervals of the three.
    """

    average_precision: float
    ods: Best
    ois: float
    intervals: BoundsByScore


@dataclass(frozen=True)
class ReliabilityBins:
    """Probability and share of crack in each bin that has pixels, as lists of equal length.

    Attributes:
        probability: Mean probability of the pixels.
        share: Share of the pixels that are crack.
        pixels: Number of pixels.
        lower: Lower end of the bin.
    """

    probability: list[float]
    share: list[float]
    pixels: list[int]
    lower: list[float]


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error, its interval, and the bins that it comes from."""

    error: float
    intervals: BoundsByScore
    bins: ReliabilityBins


@dataclass(frozen=True)
class Assessment(Extent):
    """All figures of judged images.

    Attributes:
        half: Figures at the threshold .5.
        stored: Figures at the threshold that the checkpoint stores.
        own_best: Figures at the threshold with the largest crack IoU on these very images, which
            is optimistic.
        thin: Figures of thin structures at the stored threshold.
        alarms: False alarms at the stored threshold; None without crack-free images.
        curves: Figures over all thresholds.
        calibration: Calibration of the probabilities.
        by: The same figures by source, width class and photograph group.
    """

    half: ScoresAtThreshold
    stored: ScoresAtThreshold
    own_best: ScoresAtThreshold
    thin: ScoresWithIntervals
    alarms: Alarms | None
    curves: CurveScores
    calibration: Calibration
    by: Parts


@dataclass(frozen=True)
class Protocol:
    """What was judged, and how.

    Attributes:
        checkpoint: Path of the checkpoint.
        subset: Subset that was judged: ``train``, ``val``, ``test`` or ``all``.
        resolution: Resolution, see :class:`crackseg.config.schema.EvaluateConfig`.
        manifest_hash: Hash of the division into subsets.
        leak_line: Overlap with the images that the checkpoint was trained on, in words.
        protocol: Lines that belong to every figure.
        engine: Engine that ran the network.
        precision: Precision in which it was computed.
        scales: Scales at which the network looked at photographs that were judged at their own
            size, blended where they are several; None at the training's resolution.
    """

    checkpoint: str
    subset: str
    resolution: str
    manifest_hash: str
    leak_line: str
    protocol: list[str]
    # Earlier versions wrote none of these, and had no others but the stored scale.
    engine: str = field(default="torch", kw_only=True)
    precision: str = field(default="float32", kw_only=True)
    scales: tuple[float, ...] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Evaluation(Assessment, Protocol):
    """Figures of an evaluation with the protocol that they were measured by.

    ``metrics.json`` holds the same names in the same order.
    """

    def as_dict(self) -> dict[str, Any]:
        """The figures in plain Python."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads what :meth:`as_dict` gave back from JSON.

        Raises:
            ValueError: A figure is missing, or is of another kind.
        """
        return TypeAdapter(cls).validate_json(text)
