"""Run-length codes are those of COCO's own tools."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from crackseg.data.annotations.rle import decompress, expand


@pytest.mark.parametrize("density", [0.0, 0.01, 0.5, 0.99, 1.0])
def test_what_the_library_encodes_comes_back(density: float) -> None:
    mask = np.random.default_rng(0).random((37, 90)) < density
    code = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    drawn = expand(decompress(code["counts"].decode()), (37, 90))
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, mask * np.uint8(255))


def test_runs_go_down_the_columns() -> None:
    assert expand([2, 3, 1], (2, 3)).tolist() == [[0, 255, 255], [0, 255, 0]]


@pytest.mark.parametrize("runs", [[], [2, 3], [2, 3, 2], [8, -2], [0, 0]])
def test_runs_that_do_not_end_with_the_last_pixel_are_refused(runs: list[int]) -> None:
    with pytest.raises(ValueError, match="its run-length code is damaged"):
        expand(runs, (2, 3))
