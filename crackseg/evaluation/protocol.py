"""What training and evaluation share: the data they announce, their Trainer, their protocol."""

import logging

from crackseg.data.datamodule import CrackDataModule

log = logging.getLogger(__name__)


def protocol(
    images: int, datamodule: CrackDataModule, at: str = "", leaks: str | None = None
) -> str:
    """What must be known of a table before its figures are compared with others, in two lines.

    Args:
        images: how many.
        datamodule: where they are from.
        at: the resolution, where it is not that of training.
        leaks: the line about leaks, where it is not that of this division.
    """
    preprocessing = datamodule.preprocessing
    return (
        f"dataset totals over {images} images at {at or preprocessing}, masks cut at "
        f">{preprocessing.mask_threshold}, split {datamodule.settings.split}, float32, "
        "no tolerance\n"
        f"{leaks or datamodule.leaks.summary()}"
    )
