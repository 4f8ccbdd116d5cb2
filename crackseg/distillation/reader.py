"""Training photographs with masks between truth and teacher."""

import numpy as np

from crackseg.data.readers import PairReader
from crackseg.data.splits.manifest import Row
from crackseg.distillation.teacher import TeacherMaps
from crackseg.images.pixels import UInt8Array, binarize


class DistilledReader:
    """Reads pairs whose grey mask is ``(1 - share) * truth + share * probability``.

    The cross-entropy of such a mask, without class weights, is the same mean of those of truth and
    teacher. The truth is cut first, as in any training, and the mask is not cut afterwards.

    Args:
        pixels: Source of photographs and true masks.
        maps: What the teacher says.
        share: Share of the teacher, in [0, 1].
        mask_threshold: Threshold above which the truth is crack.

    References:
        Hinton, Vinyals, Dean: Distilling the knowledge in a neural network, 2015.
    """

    def __init__(
        self, pixels: PairReader, maps: TeacherMaps, share: float, mask_threshold: int
    ) -> None:
        self._pixels, self._maps = pixels, maps
        self._share, self._mask_threshold = share, mask_threshold

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """See :class:`crackseg.data.readers.PairReader`."""
        image, truth = self._pixels.read(row)
        crack = binarize(truth, self._mask_threshold) * np.float32(255)
        mixed = crack + np.float32(self._share) * (self._maps.read(row) - crack)
        return image, np.rint(mixed).astype(np.uint8)
