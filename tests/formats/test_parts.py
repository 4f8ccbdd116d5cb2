"""Parts of a mask are those of the cracks that were measured on it."""

import cv2
import numpy as np
import pytest

from crackseg.formats.parts import parts
from crackseg.measurement.measuring import measure


@pytest.mark.parametrize("thickness", [1, 2, 3])
@pytest.mark.parametrize("axes", [(4, 4), (5, 5), (7, 7), (5, 3), (12, 3)])
def test_a_small_ring_has_its_own_pixels(axes: tuple[int, int], thickness: int) -> None:
    """Smoothing leads its line into its middle, where there is no mask."""
    ring = np.zeros((80, 100), np.uint8)
    cv2.ellipse(ring, (30, 40), axes, 30, 0, 360, 1, thickness)
    line = cv2.line(np.zeros_like(ring), (60, 10), (90, 70), 1, 3)
    mask = ring | line
    found = measure(180 - 120 * mask, mask.astype(np.float32), 0.5)
    sizes = {one.crack: int(one.pixels.sum()) for one in parts(mask > 0, found)}
    assert [crack.area for crack in found.cracks] == [line.sum(), ring.sum()]
    assert sizes == {1: line.sum(), 2: ring.sum()}


def test_a_filled_hole_is_none_of_the_area() -> None:
    mask = cv2.line(np.zeros((60, 100), np.uint8), (10, 30), (90, 30), 1, 9)
    mask[29:32, 40:43] = 0
    [crack] = measure(180 - 120 * mask, mask.astype(np.float32), 0.5).cracks
    assert crack.area == mask.sum()
