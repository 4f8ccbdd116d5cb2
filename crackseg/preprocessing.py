"""Preprocessing of photographs and masks, which is stored with the model."""

from dataclasses import dataclass

from crackseg.images.pixels import Resize, UInt8Array, resize


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing of a photograph and its mask, which is stored with the model.

    Attributes:
        image_size: Size (H, W) in pixels; None leaves photographs at their own sizes.
        resize: Way of resizing, ``area`` or ``bilinear``, see
            :func:`crackseg.images.pixels.resize`.
        mask_threshold: Threshold above which a grey mask is crack.
        white_level: Value that is white in photographs deeper than 8 bits; None takes what each
            file says or suggests.
    """

    image_size: tuple[int, int] | None
    resize: Resize
    mask_threshold: int
    white_level: int | None = None

    def __str__(self) -> str:
        """The size and the way of resizing, for tables."""
        if self.image_size is None:
            return "their own size"
        height, width = self.image_size
        return f"{height}x{width} ({self.resize})"

    def resize_pair(
        self, photograph: UInt8Array, truth: UInt8Array
    ) -> tuple[UInt8Array, UInt8Array]:
        """Resizes a photograph (H, W, 3) and its grey mask to training size."""
        height, width = self.image_size or photograph.shape[:2]
        size = (height, width)
        return resize(photograph, size, self.resize), resize(truth, size, self.resize)
