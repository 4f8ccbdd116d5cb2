"""Polygons for CVAT have the pixels of the masks; this needs nothing of CVAT's."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from crackseg.data.annotations.polygons import fill
from crackseg.workflows.other_tools.cvat import corners_of


def line(thickness: int) -> npt.NDArray[np.uint8]:
    drawn = np.zeros((80, 200), np.uint8)
    cv2.line(drawn, (20, 20), (170, 50), 1, thickness)
    return drawn


def ring(thickness: int) -> npt.NDArray[np.uint8]:
    drawn = np.zeros((80, 200), np.uint8)
    cv2.circle(drawn, (90, 40), 30, 1, thickness)
    return drawn


def speck() -> npt.NDArray[np.uint8]:
    drawn = np.zeros((80, 200), np.uint8)
    drawn[30, 40] = 1
    return drawn


@pytest.mark.parametrize("drawn", [line(1), line(3), line(8), ring(1), ring(4), speck()])
def test_a_polygon_is_filled_to_the_very_pixels(drawn: npt.NDArray[np.uint8]) -> None:
    corners = np.array(corners_of(drawn > 0)).reshape(-1, 2)
    np.testing.assert_array_equal(fill([corners], drawn.shape) > 0, drawn > 0)
