"""What the use of a network needs, whatever file it comes from, typed; nothing here needs torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crackseg.parameters.adaptation import Adaptation
from crackseg.parameters.form import WHOLE, Fields
from crackseg.parameters.known_photographs import KEY, KnownPhotographs
from crackseg.parameters.promise import Promise
from crackseg.preprocessing import Preprocessing
from crackseg.system.limits import (
    MASK_THRESHOLD_LIMITS,
    SCALE_LIMITS,
    SIDE_LIMITS,
    WHITE_LIMITS,
    Limits,
)

SUBSETS = ("train", "val", "test")
_CLASS_WEIGHT = Limits(0, 1e15, above=True)


@dataclass(frozen=True)
class DataIdentity:
    """The data that a network was trained on.

    Attributes:
        name: Name of their config group.
        root: Folder that the manifest's paths are relative to.
        manifest_hash: Hash of the manifest.
        counts: Number of images in each subset.
        leaks: Overlap of the subsets, see :class:`crackseg.data.splits.leakage.Leaks`; None in
            files of the first versions.
        class_weights: Weights of background and crack that balance them.
        config: Settings of the data, see :class:`crackseg.config.schema.DataConfig`.
    """

    name: str
    root: str
    manifest_hash: str
    counts: Mapping[str, int]
    leaks: Mapping[str, Any] | None
    class_weights: tuple[float, float]
    config: Mapping[str, Any]

    @property
    def split(self) -> str:
        """Way in which photographs were divided."""
        return str(self.config.get("split", "unknown"))

    @property
    def begun_from(self) -> str | None:
        """Name of a network of other subsets that the training began from; empty for none.

        None in files of earlier versions, which do not say it.
        """
        name = (self.leaks or {}).get("begun_from")
        return None if name is None else str(name)


@dataclass(frozen=True, kw_only=True)
class UsageParameters:
    """What it takes to use a network on photographs, and to judge it.

    Attributes:
        preprocessing: Preprocessing of photographs.
        scale: Training pixels per photograph pixel, along a side, at which it is used
            where it looks once.
        data: Data of its training.
        threshold: Probability above which a pixel is called crack.
        scales: Smallest and largest scale that it was trained at, between which it looks at
            photographs several times; None where it was trained at ``scale`` alone.
        promise: Promised miss rate; None where none was made.
        adaptation: Adaptation to photographs of one site; None where it had none.
        known: What its training photographs look like to it; None in files of earlier versions.
    """

    preprocessing: Preprocessing
    scale: float
    data: DataIdentity
    threshold: float
    scales: tuple[float, float] | None = None
    promise: Promise | None = None
    adaptation: Adaptation | None = None
    known: KnownPhotographs | None = None

    @property
    def begun_from(self) -> str:
        """Name of a network of other subsets that its training began from; empty for none."""
        return self.data.begun_from or ""

    @staticmethod
    def usage(fields: Fields) -> dict[str, Any]:
        """Takes the values of these attributes from the form of :meth:`as_dict`, by name."""
        seen = fields.part("preprocessing")
        promise, adaptation = "promise" in fields, "adaptation" in fields
        known = KnownPhotographs.from_fields(fields.part(KEY)) if KEY in fields else None
        return {
            "preprocessing": _preprocessing(seen),
            "scale": seen.number("scale", SCALE_LIMITS),
            "data": _data(fields.part("data")),
            "threshold": fields.threshold("threshold"),
            "scales": _scales(seen) if "scales" in seen else None,
            "promise": Promise.from_fields(fields.part("promise")) if promise else None,
            "adaptation": Adaptation.from_fields(fields.part("adaptation")) if adaptation else None,
            "known": known,
        }

    def as_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, texts and numbers, as they stand in a file."""
        size, white = self.preprocessing.image_size, self.preprocessing.white_level
        data = {**vars(self.data), "class_weights": list(self.data.class_weights)}
        return {
            "preprocessing": {
                "image_size": None if size is None else list(size),
                "resize": self.preprocessing.resize,
                "mask_threshold": self.preprocessing.mask_threshold,
                "scale": self.scale,
                **({} if self.scales is None else {"scales": list(self.scales)}),
                **({} if white is None else {"white_level": white}),
            },
            "data": {key: value for key, value in data.items() if value is not None},
            "threshold": self.threshold,
            **({} if self.promise is None else {"promise": self.promise.as_dict()}),
            **({} if self.adaptation is None else {"adaptation": self.adaptation.as_dict()}),
            **({} if self.known is None else {KEY: self.known.as_dict()}),
        }


def _preprocessing(fields: Fields) -> Preprocessing:
    return Preprocessing(
        image_size=fields.pair("image_size", SIDE_LIMITS, optional=True),
        resize=fields.choice("resize", ("area", "bilinear")),
        mask_threshold=fields.number("mask_threshold", MASK_THRESHOLD_LIMITS),
        white_level=fields.number("white_level", WHITE_LIMITS) if "white_level" in fields else None,
    )


def _scales(fields: Fields) -> tuple[float, float] | None:
    pair: tuple[float, float] | None = fields.pair("scales", SCALE_LIMITS)
    if pair is not None and not pair[0] < pair[1]:
        fields.faults.append("preprocessing.scales: the smallest scale, then the largest")
    return pair


def _data(fields: Fields) -> DataIdentity:
    counts = fields.table("counts", WHOLE.hold, "whole numbers")
    if counts is not None and not set(SUBSETS) <= set(counts):
        fields.faults.append(f"data.counts: of {', '.join(SUBSETS)}")
    return DataIdentity(
        name=fields.text("name"),
        root=fields.text("root"),
        manifest_hash=fields.text("manifest_hash"),
        counts=counts or {},
        leaks=fields.mapping("leaks") if "leaks" in fields else None,
        class_weights=fields.pair("class_weights", _CLASS_WEIGHT),
        config=fields.mapping("config") or {},
    )
