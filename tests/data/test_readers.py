"""Every source of pixels opens photographs alike."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.readers import FileReader, PairReader, PredictionScaleReader
from crackseg.data.splits.manifest import Row
from crackseg.preprocessing import Preprocessing


@pytest.mark.parametrize(("white_level", "white"), [(None, 255), (65535, 15)])
def test_the_white_level_is_heeded_at_training_size_and_at_the_scale_of_a_prediction(
    tmp_path: Path, white_level: int | None, white: int
) -> None:
    Image.fromarray(np.full((8, 8), 4095, np.uint16)).save(tmp_path / "x.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "x_mask.png")
    row = Row("x", "x.png", "x_mask.png", "", "", "", "train")
    readers: tuple[PairReader, ...] = (
        FileReader(tmp_path, Preprocessing((8, 8), "area", 127, white_level)),
        PredictionScaleReader(tmp_path, 1.0, "area", white_level),
    )
    for reader in readers:
        assert (reader.read(row)[0] == white).all()
