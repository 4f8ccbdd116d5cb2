"""What happens to a photograph before the network: it travels with the model."""

from dataclasses import dataclass

from crackseg.images import Resize, UInt8Array, resize


@dataclass(frozen=True)
class Preprocessing:
    """What happens to a photograph and its mask before the network: it travels with the model.

    Attributes:
        image_size: (H, W) in pixels; None leaves photographs at their own sizes.
        resize: ``area`` or ``bilinear``, see :func:`crackseg.images.resize`.
        mask_threshold: a grey mask is crack above it.
    """

    image_size: tuple[int, int] | None
    resize: Resize
    mask_threshold: int

    def __str__(self) -> str:
        """The size and how photographs come to it, as tables say it."""
        if self.image_size is None:
            return "their own size"
        height, width = self.image_size
        return f"{height}x{width} ({self.resize})"

    def resize_pair(
        self, photograph: UInt8Array, truth: UInt8Array
    ) -> tuple[UInt8Array, UInt8Array]:
        """Photograph (H, W, 3) and grey mask, both at training size."""
        height, width = self.image_size or photograph.shape[:2]
        size = (height, width)
        return resize(photograph, size, self.resize), resize(truth, size, self.resize)
