"""Protocol of a table of figures, shared by training and evaluation."""

import logging

from crackseg.data.datamodule import CrackDataModule

log = logging.getLogger(__name__)


def protocol(
    images: int,
    datamodule: CrackDataModule,
    at: str = "",
    leaks: str | None = None,
    computed: str = "float32",
) -> str:
    """Says in two lines how figures were measured, since only like figures can be compared.

    Args:
        images: Number of images.
        datamodule: Data module that the images are from.
        at: Resolution, where it is not that of training.
        leaks: Line about leaks, where it is not that of this division.
        computed: Precision, and what computed in it where it was not torch.
    """
    preprocessing = datamodule.preprocessing
    return (
        f"dataset totals over {images} images at {at or preprocessing}, masks cut at "
        f">{preprocessing.mask_threshold}, split {datamodule.settings.split}, {computed}, "
        "no tolerance\n"
        f"{leaks or datamodule.leaks.summary()}"
    )
