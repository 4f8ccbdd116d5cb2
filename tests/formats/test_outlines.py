"""Outlines that are filled to the very same pixels."""

import cv2
import numpy as np
import pytest

from crackseg.data.annotations.polygons import fill
from crackseg.formats.outlines import outline


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("share", [0.3, 0.55, 0.8])
def test_any_mask_is_filled_again(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 30, 2)) < share
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    for label in range(1, count):
        pixels = labels == label
        height, width = pixels.shape
        assert np.array_equal(fill([outline(pixels)], (height, width)) > 0, pixels)


def test_a_straight_line_has_few_corners() -> None:
    canvas = np.zeros((200, 200), np.uint8)
    cv2.line(canvas, (10, 20), (190, 120), 1, 5)
    steps = 2 * (180 + 100)
    assert len(outline(canvas > 0)) < 0.4 * steps
