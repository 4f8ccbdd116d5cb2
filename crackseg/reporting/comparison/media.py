"""Stores pictures and plots for a page, inside the page or in a folder beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from matplotlib.figure import Figure

from crackseg.images.pixels import UInt8Array
from crackseg.images.png import write_png
from crackseg.reporting.html.data_uris import EmbeddedPicture, embed, embed_plot
from crackseg.reporting.html.theme import DARK, LIGHT, PAPER, Theme
from crackseg.visualization.plots import save_figure

Draw = Callable[[Theme], Figure]


class MediaWriter(Protocol):
    """Stores pictures, and says how a page shows them."""

    def picture(
        self, name: str, picture: UInt8Array, alt: str, *caption: str, exact: bool = False
    ) -> EmbeddedPicture:
        """Stores a picture, uint8 (H, W, 3); ``exact`` keeps every pixel."""
        ...

    def plot(self, name: str, draw: Draw, alt: str, *caption: str) -> EmbeddedPicture:
        """Stores a plot."""
        ...


class InlineMedia:
    """Stores everything within the page, plots in light and dark."""

    def picture(
        self, name: str, picture: UInt8Array, alt: str, *caption: str, exact: bool = False
    ) -> EmbeddedPicture:
        """See :class:`MediaWriter`."""
        return embed(picture, alt, exact=exact)

    def plot(self, name: str, draw: Draw, alt: str, *caption: str) -> EmbeddedPicture:
        """See :class:`MediaWriter`."""
        return embed_plot(draw(LIGHT), draw(DARK), alt, *caption)


class MediaFolder:
    """Stores PNG files in a folder beside the page.

    Args:
        page: Page that shows the pictures; the folder is named like it.
    """

    def __init__(self, page: Path) -> None:
        self.folder = page.with_name(f"{page.stem}_pictures")

    def picture(
        self, name: str, picture: UInt8Array, alt: str, *caption: str, exact: bool = False
    ) -> EmbeddedPicture:
        """See :class:`MediaWriter`."""
        write_png(picture, self.folder / f"{name}.png")
        height, width = picture.shape[:2]
        return EmbeddedPicture(self._address(name), width, height, alt)

    def plot(self, name: str, draw: Draw, alt: str, *caption: str) -> EmbeddedPicture:
        """See :class:`MediaWriter`."""
        figure = draw(PAPER)
        save_figure(figure, self.folder / f"{name}.png")
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        return EmbeddedPicture(self._address(name), width, height, alt, caption)

    def _address(self, name: str) -> str:
        return quote(f"{self.folder.name}/{name}.png")
