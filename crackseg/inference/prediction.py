"""What is found in a photograph."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackseg.errors import UnreadableImageError
from crackseg.images.pixels import TOO_LARGE, UInt8Array
from crackseg.measurement.cracks import Measurement
from crackseg.measurement.measuring import measure
from crackseg.measurement.scale import Scale
from crackseg.system.memory import is_out_of_memory


@dataclass(frozen=True)
class Prediction:
    """Prediction for a photograph, or for some of its rows, at the photograph's own size.

    Attributes:
        image: Upright photograph, uint8 (H, W, 3).
        probability: Probability of crack, float32 (H, W) in [0, 1].
        mask: Whether the probability is greater than the threshold, bool (H, W).
        threshold: Threshold of the mask.
    """

    image: UInt8Array
    probability: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    threshold: float

    def measure(
        self, mm_per_pixel: float | None = None, mm_per_pixel_uncertainty: float = 0.0
    ) -> Measurement:
        """Measures the cracks of a whole photograph: lengths, and widths with intervals.

        Args:
            mm_per_pixel: Millimetres for each pixel; None where they are not known, for pixels.
            mm_per_pixel_uncertainty: Standard deviation of it.

        Raises:
            ConfigError: A number is out of range.

        Example:
            >>> import crackseg
            >>> found = crackseg.load().predict("wall.jpg")  # doctest: +SKIP
            >>> cracks = found.measure(mm_per_pixel=0.2)  # doctest: +SKIP
            >>> for crack in cracks.cracks:  # doctest: +SKIP
            ...     print(crack.number, cracks.in_unit(crack.length))
        """
        scale = None if mm_per_pixel is None else Scale(mm_per_pixel, mm_per_pixel_uncertainty)
        return measure(self.image, self.probability, self.threshold, scale)


@contextmanager
def out_of_memory_said(name: str) -> Iterator[None]:
    """Says of a photograph that the memory is not enough for it, whatever found that out.

    Raises:
        UnreadableImageError: It is not.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise UnreadableImageError(f"{name}: {TOO_LARGE}") from error
