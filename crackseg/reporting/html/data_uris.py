"""Puts pictures into a page itself, so that nothing is fetched."""

import base64
import io
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from crackseg.images.pixels import UInt8Array, resize

_QUALITY = 80
_HEIGHT = 256


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture as a page shows it.

    Attributes:
        address: Data URI; for a plot, that of a light page; empty where there is nothing to show.
        width: Width in pixels.
        height: Height in pixels.
        alt: Description for readers who do not see the picture.
        caption: Lines of text below it.
        dark: Data URI of the same plot for a dark page; empty for a photograph.
    """

    address: str
    width: int
    height: int
    alt: str
    caption: tuple[str, ...] = ()
    dark: str = ""


def preview(picture: UInt8Array) -> UInt8Array:
    """Shrinks a picture (H, W, 3) to 256 pixels of height, or 512 of width if it is wider."""
    height, width = picture.shape[:2]
    scale = min(1.0, _HEIGHT / height, 2 * _HEIGHT / width)
    return resize(picture, (max(round(scale * height), 1), max(round(scale * width), 1)))


def embed(picture: UInt8Array, alt: str, *caption: str, exact: bool = False) -> EmbeddedPicture:
    """Puts a picture (H, W, 3) into a page; ``exact`` keeps every pixel, at more bytes."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=exact, quality=_QUALITY)
    height, width = picture.shape[:2]
    return EmbeddedPicture(_address("image/webp", file.getvalue()), width, height, alt, caption)


def embed_plot(light: Figure, dark: Figure, alt: str, *caption: str) -> EmbeddedPicture:
    """Puts a plot into a page, in light and dark."""
    width, height = (round(96 * inches) for inches in light.get_size_inches())
    return EmbeddedPicture(_drawing(light), width, height, alt, caption, _drawing(dark))


def nothing(*caption: str) -> EmbeddedPicture:
    """A caption alone, where there is nothing to draw."""
    return EmbeddedPicture("", 0, 0, "", caption)


def _drawing(figure: Figure) -> str:
    file = io.BytesIO()
    # A fixed salt, so that the same figures give the same bytes.
    with rc_context({"svg.hashsalt": "crackseg"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _address("image/svg+xml", file.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
