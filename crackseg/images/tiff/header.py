"""Reads TIFF files of which Pillow would lose or refuse something: deep values, signs, gaps.

Pillow cuts colours of 16 bits to 8, takes numbers with a sign for numbers without one, and knows
neither floats of several bands nor what a map writes, or leaves out, where nothing was measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, PREFIXES, ImageFileDirectory_v2
from PIL.TiffTags import TAGS_V2

from crackseg.images.bit_depth import Numbers
from crackseg.images.tiff.exif import DAMAGES, SIDEWAYS, UPRIGHT
from crackseg.images.tiff.pages import (
    is_mask,
    is_page,
    kinds_from,
    read_mask_page,
    read_stored_parts,
)
from crackseg.images.tiff.soundness import refuse_unsound_tiff

_TAGS = {info.name: number for number, info in TAGS_V2.items()}
# GDAL's tag: the number, as text, of pixels where nothing was measured.
_GDAL_NODATA = 42113
_KINDS = {1: "u", 2: "i", 3: "f"}
_KIND_NAMES = {"u": "whole numbers", "i": "numbers with a sign", "f": "floats"}
_WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_GREY_OR_RGB = (_WHITE_IS_ZERO, BLACK_IS_ZERO, RGB)
_OPACITIES = (1, 2)
_LEFT_OUT = (
    "parts of it that show nothing are left out, which is read only in grey or RGB of 8 bits and "
    "more, and uncompressed or by Deflate; write it whole: gdal_translate -co SPARSE_OK=FALSE, or "
    "save it as PNG"
)
_SEPARATE = 2

# OpenCV prints what is wrong with a file before it gives it back as nothing.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@dataclass(frozen=True)
class TiffHeader:
    """What the header of a TIFF file says about its first picture.

    Attributes:
        path: Path of the file.
        size: Size (H, W) of the upright picture.
        orientation: Number of the turn or mirroring that makes it upright, as EXIF has it.
        is_planar: Whether the bands are stored one after the other.
        bits: Bits of each value.
        kind: Kind of the values, as NumPy names it: ``u``, ``i`` or ``f``.
        bands: Number of bands.
        photometric: Number of the meaning of the bands.
        compression: Name of the compression.
        has_opacity: Whether the band behind the colours is their opacity.
        declared_white: The value that the file says is white; None where it does not.
        no_data: Number of pixels where nothing was measured; None where there is none.
        pages: Number of its pictures, without smaller copies and masks.
        has_mask: Whether a picture follows that says which pixels show something.
        is_sparse: Whether parts that show nothing are left out, of which Pillow makes pixels.
    """

    path: Path
    size: tuple[int, int]
    orientation: int
    is_planar: bool
    bits: int
    kind: str
    bands: int
    photometric: int
    compression: str
    has_opacity: bool
    declared_white: float | None
    no_data: float | None
    pages: int
    has_mask: bool
    is_sparse: bool

    @property
    def is_deep(self) -> bool:
        """Whether Pillow would lose or refuse something of the values."""
        return (self.bits > 8 or self.kind != "u") and self.photometric in _GREY_OR_RGB

    @property
    def hides(self) -> bool:
        """Whether a number, a mask or a gap says where nothing is shown."""
        return self.no_data is not None or self.has_mask or self.is_sparse

    @property
    def value_bytes(self) -> int:
        """Number of bytes of a value in memory."""
        return next((size for size in (1, 2, 4) if self.bits <= 8 * size), 8)

    @property
    def colours(self) -> int:
        """Number of bands that are colours."""
        return 3 if self.photometric == RGB else 1

    @property
    def zero_is_white(self) -> bool:
        """Whether small values are bright."""
        return self.photometric == _WHITE_IS_ZERO

    @property
    def not_read(self) -> str:
        """What is said of the file where it cannot be decoded."""
        return (
            f"it is a TIFF file of {self.bits}-bit {_KIND_NAMES[self.kind]}, bands: {self.bands}, "
            f"compression: {self.compression}, and damaged or of a kind that is not read; save it "
            "as RGB or grey of 8 or 16 bits"
        )


def read_tiff_header(path: Path) -> TiffHeader | None:
    """Reads the header of a TIFF file; None where the file is none, or its header is damaged."""
    try:
        found = read_tags(path)
        return None if found is None else _header(path, *found)
    except DAMAGES:
        # Pillow says what is wrong, or reads it all the same.
        return None


def read_tiff_values(header: TiffHeader) -> tuple[Numbers, Numbers | None]:
    """Decodes the values of a deep or sparse TIFF file, upright.

    Returns:
        Array (H, W, 1) of greys or (H, W, 3) of red, green and blue; and the opacity, (H, W), if
        the file has one.

    Raises:
        OSError: The file is damaged.
        ValueError: It is of a kind that is not read.
    """
    refuse_unsound_tiff(header.path)
    # OpenCV reads more compressions, but mixes up bands that are stored one after the other.
    values = None if header.is_planar or header.is_sparse else _by_opencv(header)
    values = _by_tifffile(header) if values is None else values
    if values is None and header.is_sparse:
        raise ValueError(_LEFT_OUT)
    if values is None:
        with Image.open(header.path) as opened:
            # Pillow says what is wrong with the file, if it knows its kind.
            opened.load()
        raise ValueError(header.not_read)
    colours = header.colours
    return values[:, :, :colours], values[:, :, colours] if header.has_opacity else None


def _by_opencv(header: TiffHeader) -> Numbers | None:
    decoded = cv2.imdecode(np.fromfile(header.path, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        return None
    banded = np.atleast_3d(decoded)
    wanted = np.dtype(f"{header.kind}{header.value_bytes}")
    if banded.shape[2] != header.bands or banded.dtype.itemsize != wanted.itemsize:
        return None
    # OpenCV has no name for some types, but keeps their bytes.
    values: Numbers = np.ascontiguousarray(banded).view(wanted)
    if header.bands >= 3:
        values = values[:, :, [2, 1, 0, 3][: header.bands]]
    # OpenCV spreads 10, 12 and 14 bits over 16.
    spread = 2 ** (8 * wanted.itemsize - header.bits)
    return values if spread == 1 else np.asarray(values) // spread


def _by_tifffile(header: TiffHeader) -> Numbers | None:
    if header.bands > 2 and header.colours == 1:
        # Nothing says which of them are red, green and blue.
        return None
    if header.bits < 8 or header.photometric not in _GREY_OR_RGB:
        return None
    try:
        with tifffile.TiffFile(header.path) as file:
            page = file.pages.first
            decoded = np.asarray(page.asarray())
            if decoded.dtype.kind not in "uif":
                return None
            axes = page.axes
    except Exception:
        # A damaged file can fail in any way.
        return None
    values = np.moveaxis(decoded, 0, -1) if axes == "SYX" else np.atleast_3d(decoded)
    turned: Numbers = UPRIGHT.get(header.orientation, np.asarray)(values)
    return turned if turned.shape == (*header.size, header.bands) else None


def mask_of(header: TiffHeader) -> npt.NDArray[np.bool_] | None:
    """Which pixels of the upright picture show something, (H, W); None where all of it may.

    A mask in the file says it, and parts that are left out.

    Raises:
        ValueError: The mask cannot be decoded, or has another size.
    """
    if not header.has_mask and not header.is_sparse:
        return None
    size = header.size[::-1] if header.orientation in SIDEWAYS else header.size
    shows = read_stored_parts(header.path) if header.is_sparse else np.ones(size, np.bool_)
    if header.has_mask:
        shows &= read_mask_page(header.path, size) != 0
    return np.asarray(UPRIGHT.get(header.orientation, np.asarray)(shows), np.bool_)


def read_tags(path: Path) -> tuple[Mapping[int, Any], Sequence[int]] | None:
    """The tags of the first picture, and the kinds of those that follow; None without a TIFF."""
    with path.open("rb") as file:
        start = file.read(8)
        if start[:4] not in PREFIXES:
            return None
        # Files of more than 4 GB have a longer header.
        start += file.read(8) if 43 in start[2:4] else b""
        directory = ImageFileDirectory_v2(start)
        file.seek(directory.next)
        directory.load(file)
        return dict(directory), kinds_from(file, start, directory.next)


def _header(path: Path, tags: Mapping[int, Any], following: Sequence[int]) -> TiffHeader:
    def first(name: str, default: int) -> int:
        value = tags.get(_TAGS[name], default)
        value = value[0] if isinstance(value, tuple) and value else value
        # Other programs write anything.
        return value if isinstance(value, int) else default

    photometric = first("PhotometricInterpretation", BLACK_IS_ZERO)
    bands = first("SamplesPerPixel", 1)
    colours = 3 if photometric == RGB else 1
    # Without a word, a fourth band is the opacity.
    extra = first("ExtraSamples", _OPACITIES[0])
    compression = first("Compression", 1)
    size = int(tags[_TAGS["ImageLength"]]), int(tags[_TAGS["ImageWidth"]])
    orientation = first("Orientation", 1)
    return TiffHeader(
        path=path,
        size=size[::-1] if orientation in SIDEWAYS else size,
        orientation=orientation,
        is_planar=bands > 1 and first("PlanarConfiguration", 1) == _SEPARATE,
        bits=first("BitsPerSample", 1),
        kind=_KINDS.get(first("SampleFormat", 1), "u"),
        bands=bands,
        photometric=photometric,
        compression=COMPRESSION_INFO.get(compression, str(compression)),
        has_opacity=bands == colours + 1 and extra in _OPACITIES,
        declared_white=_declared_white(tags, first("BitsPerSample", 1)),
        no_data=_number(tags.get(_GDAL_NODATA)),
        pages=1 + sum(map(is_page, following)),
        has_mask=any(map(is_mask, following)),
        is_sparse=any(_are_left_out(tags, part) for part in ("Strip", "Tile")),
    )


def _are_left_out(tags: Mapping[int, Any], part: str) -> bool:
    """Whether some parts, strips or tiles, have neither a place in the file nor bytes."""
    places, sizes = (
        np.atleast_1d(tags.get(_TAGS[f"{part}{what}"], 1)) for what in ("Offsets", "ByteCounts")
    )
    return len(places) == len(sizes) and bool(((places == 0) & (sizes == 0)).any())


def _declared_white(tags: Mapping[int, Any], bits: int) -> float | None:
    for name in ("MaxSampleValue", "SMaxSampleValue"):
        value = _number(tags.get(_TAGS[name]))
        if value is not None and value > 0:
            return value
    return 2.0**bits - 1 if bits in (10, 12, 14) else None


def _number(value: object) -> float | None:
    first = value[0] if isinstance(value, tuple) and value else value
    try:
        number = float(first.strip("\0 ") if isinstance(first, str) else first)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return None if math.isinf(number) else number
