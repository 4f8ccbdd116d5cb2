"""Finds the test plate in a photograph: where each of its millimetres lies."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.errors import CrackSegError
from crackseg.evaluation.plate.drawing import DICTIONARY
from crackseg.evaluation.plate.layout import MARKER, MARKERS, SHEET, FloatArray, marker_corners

Grey = npt.NDArray[np.uint8]


class PlateError(CrackSegError):
    """A photograph that shows no test plate, or shows it too badly to be read."""


@dataclass(frozen=True, eq=False)
class FoundPlate:
    """Where a photograph shows the plate.

    Attributes:
        to_pixels: Homography from millimetres on the sheet to pixels, (3, 3).
        misfit: How far the markers' corners are from it on the average, in pixels: by a bent
            sheet, the lens, and noise.
        black: Light from black, as a share of that from white beside it.
    """

    to_pixels: FloatArray
    misfit: float
    black: float

    def pixels(self, millimetres: FloatArray) -> FloatArray:
        """Pixel positions (N, 2) of positions on the sheet (N, 2)."""
        return _mapped(self.to_pixels, millimetres)

    def millimetres(self, pixels: FloatArray) -> FloatArray:
        """Positions on the sheet (N, 2) of pixel positions (N, 2)."""
        return _mapped(np.asarray(np.linalg.inv(self.to_pixels), np.float64), pixels)

    @property
    def mm_per_pixel(self) -> float:
        """Millimetres for each pixel in the middle of the sheet."""
        square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) + np.array(SHEET) / 2
        one, right, down = self.pixels(square)
        return float(abs(np.linalg.det(np.stack([right - one, down - one]))) ** -0.5)


def find_plate(grey: Grey) -> FoundPlate:
    """Finds the plate.

    Raises:
        PlateError: Not all of its markers are seen.
    """
    corners = _markers(grey)
    if len(corners) < len(MARKERS):
        raise PlateError(
            f"no test plate found: {len(corners)} of {len(MARKERS)} markers; photograph the whole "
            "sheet of crackseg certify --plate, sharp, evenly lit, and from nearer by"
        )
    sheet = np.concatenate([marker_corners(number) for number in sorted(corners)])
    seen = np.concatenate([corners[number] for number in sorted(corners)])
    to_pixels = np.asarray(cv2.findHomography(sheet, seen)[0], np.float64)
    misfit = float(np.sqrt(np.mean(np.sum((_mapped(to_pixels, sheet) - seen) ** 2, axis=1))))
    return FoundPlate(to_pixels, misfit, _black(grey, to_pixels))


def _mapped(homography: FloatArray, points: FloatArray) -> FloatArray:
    return np.asarray(cv2.perspectiveTransform(points[None], homography)[0], np.float64)


def _markers(grey: Grey) -> dict[int, FloatArray]:
    """Corners (4, 2) of the plate's markers that are seen, by their number."""
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    corners, numbers, _ = cv2.aruco.ArucoDetector(dictionary, settings).detectMarkers(grey)
    found: list[int] = [] if numbers is None else [int(one) for one in np.ravel(numbers)]
    return {
        number: np.asarray(four[0], np.float64)
        for number, four in zip(found, corners, strict=True)
        if number < len(MARKERS)
    }


def _black(grey: Grey, to_pixels: FloatArray) -> float:
    """Light from the markers' black rims over that from the paper around them."""
    shares = []
    for number in range(len(MARKERS)):
        middle = np.array(MARKERS[number])
        out = (marker_corners(number) - middle) / (MARKER / 2)
        rim, paper = (
            np.rint(_mapped(to_pixels, middle + away * _around(out))).astype(int)
            for away in (MARKER / 2 - 1.5, MARKER / 2 + 2.0)
        )
        black, white = (_median_at(grey, where) for where in (rim, paper))
        shares.append(black / max(white, 1.0))
    return float(np.clip(np.mean(shares), 0.0, 0.8))


def _around(corners: FloatArray) -> FloatArray:
    """Points along a closed line through corners, (N, 2)."""
    along = np.linspace(0, 1, 10)[:, None]
    following = np.roll(corners, -1, axis=0)
    return np.concatenate(
        [one + along * (other - one) for one, other in zip(corners, following, strict=True)]
    )


def _median_at(grey: Grey, where: npt.NDArray[np.int64]) -> float:
    height, width = grey.shape
    columns, rows = np.clip(where, 0, [width - 1, height - 1]).T
    return float(np.median(grey[rows, columns]))
