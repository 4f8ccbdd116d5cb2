"""What one user of the app may ask for."""

from dataclasses import dataclass

# Bytes of a pixel in the largest kind of file, of 16 bits without compression.
_BYTES_PER_PIXEL = 8
# Longer pictures are shown by no browser.
LONGEST_SIDE = 32_767


@dataclass(frozen=True)
class AppLimits:
    """Limits for size, count and time.

    Attributes:
        megapixels: Size of the largest photograph, in millions of pixels.
        photographs: Number of photographs of one user at a time.
        seconds: Time for the prediction of one photograph.
    """

    megapixels: float = 100.0
    photographs: int = 50
    seconds: float = 300.0

    @property
    def upload_bytes(self) -> int:
        """Size of the largest file that is taken."""
        return int(self.megapixels * 1e6 * _BYTES_PER_PIXEL)
