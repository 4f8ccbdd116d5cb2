"""Protocol of a table of figures, shared by training and evaluation."""

import logging
from collections.abc import Sequence

from crackseg.data.datamodule import CrackDataModule
from crackseg.preprocessing import Preprocessing

log = logging.getLogger(__name__)


def protocol(
    images: int,
    datamodule: CrackDataModule,
    scales: Sequence[float] | None = None,
    leaks: str | None = None,
    computed: str = "float32",
) -> str:
    """Says in two lines how figures were measured, since only like figures can be compared.

    Args:
        images: Number of images.
        datamodule: Data module that the images are from.
        scales: Scales at which the network looked at them, where they were judged at their own
            size.
        leaks: Line about leaks, where it is not that of this division.
        computed: Precision, and what computed in it where it was not torch.
    """
    preprocessing = datamodule.preprocessing
    level = preprocessing.white_level
    white = "" if level is None else f"white at {level} in photographs deeper than 8 bits, "
    return (
        f"dataset totals over {images} images at {resolution(preprocessing, scales)}, {white}masks "
        f"cut at >{preprocessing.mask_threshold}, split {datamodule.settings.split}, {computed}, "
        "no tolerance\n"
        f"{leaks or datamodule.leaks.summary()}"
    )


def resolution(preprocessing: Preprocessing, scales: Sequence[float] | None) -> str:
    """Says at which size photographs were judged.

    Args:
        preprocessing: What is done to photographs in training.
        scales: Scales at which the network looked at them, where they were judged at their own
            size.
    """
    if scales is None:
        return str(preprocessing)
    return f"their own size (seen at {_listed(scales)} of it)"


def _listed(scales: Sequence[float]) -> str:
    *others, last = (f"{scale:.2f}" for scale in scales)
    return f"{', '.join(others)} and {last}" if others else last
