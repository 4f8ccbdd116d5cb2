"""How the stored values of masks become grey, where that is not to be seen from one file.

Such an encoding is decided over all masks of a data set together, see
:mod:`crackseg.data.annotations.masks.decision`, and written into the truth reference of each of
its masks, so that a manifest says how its masks were read.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.masks.stored import StoredMask
from crackseg.data.annotations.masks.summaries import Colour
from crackseg.images.pixels import UInt8Array

NO_MASK = (
    "looks like the photograph itself, like cracks laid over it, or like probabilities in false "
    "colours, and not like a mask: export the mask alone, in grey and black where there is no "
    "crack, or say which colour is crack with data.crack_colours"
)


@dataclass(frozen=True)
class CrackMeaning:
    """What the settings say about mask pictures; None leaves it to the files.

    Attributes:
        values: Values of grey masks, or indices of palettes, that are crack.
        colours: Colours (R, G, B) that are crack.
    """

    values: frozenset[int] | None = None
    colours: frozenset[Colour] | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether the settings say anything."""
        return self.values is not None or self.colours is not None


@dataclass(frozen=True)
class MaskEncoding:
    """How the stored values of masks become grey, from 0 to 255 (crack).

    Attributes:
        crack_values: Values that are crack, all others are not; None where greys are shades.
        crack_indices: Indices of a palette that are crack; None where its greys are looked up, or
            every index but 0 is crack.
        crack_colours: Colours that are crack; None where brightness counts.
        colours: All colours in use, the background's first, so that each pixel takes the nearest.
        brightest: Brightness that is white where the brightness of colours counts.
        painted_colours: Colours that are crack among those painted on transparency; None where
            everything painted is.
        is_picture: Whether the file shows the photograph itself, so that it is no mask.
        white: Value that is white in deeper files; None where the file itself tells it.
    """

    crack_values: frozenset[int] | None = None
    crack_indices: frozenset[int] | None = None
    crack_colours: frozenset[Colour] | None = None
    colours: tuple[Colour, ...] = ()
    brightest: int = 255
    painted_colours: frozenset[Colour] | None = None
    is_picture: bool = False
    white: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether each file by itself is read in the same way."""
        return (
            self.crack_values is None
            and self.crack_indices is None
            and self.brightest == 255
            and self.painted_colours is None
            and not self.is_picture
            and self.white is None
            and (self.crack_colours is None or self._is_bright_on_black())
        )

    def _is_bright_on_black(self) -> bool:
        crack = self.crack_colours or frozenset()
        others = [colour for colour in self.colours if colour not in crack]
        return all(max(colour) == 255 for colour in crack) and set(others) <= {(0, 0, 0)}

    def as_text(self) -> str:
        """A text for truth references.

        >>> MaskEncoding(crack_values=frozenset({1, 3})).as_text()
        'v1+3'
        """
        parts = [
            *_numbers("v", self.crack_values),
            *_numbers("i", self.crack_indices),
            *_colours("c", None if self.crack_colours is None else sorted(self.crack_colours)),
            *_colours("a", self.colours or None),
            *([f"b{self.brightest}"] if self.brightest != 255 else []),
            *_colours("p", None if self.painted_colours is None else sorted(self.painted_colours)),
            *(["n"] if self.is_picture else []),
            *([] if self.white is None else [f"w{self.white}"]),
        ]
        return ";".join(parts)

    @classmethod
    def from_text(cls, text: str) -> "MaskEncoding":
        """Reads what :meth:`as_text` wrote.

        Raises:
            ValueError: Another text.
        """
        parts = {part[:1]: part[1:] for part in text.split(";")}
        if unknown := set(parts) - set("vicabpnw"):
            raise ValueError(f"unknown parts {sorted(unknown)}")
        return cls(
            crack_values=_read_numbers(parts.get("v")),
            crack_indices=_read_numbers(parts.get("i")),
            crack_colours=None if "c" not in parts else frozenset(_read_colours(parts["c"])),
            colours=tuple(_read_colours(parts.get("a", ""))),
            brightest=int(parts.get("b", 255)),
            painted_colours=None if "p" not in parts else frozenset(_read_colours(parts["p"])),
            is_picture="n" in parts,
            white=int(parts["w"]) if "w" in parts else None,
        )

    def read(self, stored: StoredMask) -> UInt8Array:
        """Turns a stored mask into grey, uint8 (H, W)."""
        pixels = stored.pixels
        if self.crack_values == frozenset():
            return np.zeros(pixels.shape[:2], np.uint8)
        if stored.form == "palette" and self.crack_indices is not None:
            return _among(pixels, self.crack_indices)
        if stored.form == "alpha" and self.painted_colours is not None:
            crack = self._nearest(pixels, self.painted_colours)
            return np.where(pixels[:, :, 3] > 127, crack, 0).astype(np.uint8)
        if pixels.ndim == 2 and self.crack_values is not None:
            values = pixels if stored.palette is None else stored.levels()
            return _among(values, self.crack_values)
        if stored.form != "alpha" and self.crack_colours is not None:
            colours = pixels if pixels.ndim == 3 else np.stack([stored.levels()] * 3, axis=2)
            return self._nearest(colours, self.crack_colours)
        if stored.form == "alpha" or pixels.ndim == 2 or self.brightest == 255:
            return stored.grey(self.white)
        brightness = stored.levels().astype(np.uint16) * 255 // self.brightest
        return np.asarray(np.minimum(brightness, 255), np.uint8)

    def _nearest(self, pixels: npt.NDArray[np.generic], chosen: frozenset[Colour]) -> UInt8Array:
        rgb = pixels[:, :, :3]
        best = np.full(rgb.shape[:2], np.iinfo(np.int32).max, np.int32)
        crack = np.zeros(rgb.shape[:2], np.bool_)
        wide = rgb.astype(np.int32)
        for colour in dict.fromkeys([*self.colours, *sorted(chosen)]):
            distance = ((wide - np.array(colour, np.int32)) ** 2).sum(axis=2)
            nearer = distance < best
            best[nearer] = distance[nearer]
            crack[nearer] = colour in chosen
        return np.where(crack, 255, 0).astype(np.uint8)


def _among(pixels: npt.NDArray[np.generic], chosen: frozenset[int]) -> UInt8Array:
    return np.where(np.isin(pixels, list(chosen)), 255, 0).astype(np.uint8)


def _numbers(sign: str, numbers: frozenset[int] | None) -> list[str]:
    return [] if numbers is None else [sign + "+".join(map(str, sorted(numbers)))]


def _read_numbers(text: str | None) -> frozenset[int] | None:
    return None if text is None else frozenset(int(part) for part in text.split("+") if part)


def _colours(sign: str, colours: Iterable[Colour] | None) -> list[str]:
    if colours is None:
        return []
    return [sign + "+".join("{:02x}{:02x}{:02x}".format(*colour) for colour in colours)]


def _read_colours(text: str) -> list[Colour]:
    whole = [int(part, 16) for part in text.split("+") if part]
    return [(number >> 16 & 255, number >> 8 & 255, number & 255) for number in whole]
