"""Logits that are resized band by band are those that are resized as a whole."""

import numpy as np
import pytest

from crackseg.inference import resizing
from crackseg.inference.resizing import rows_at_size
from crackseg.inference.tiling import Logits, logits_at_size


def picture(*size: int) -> Logits:
    return np.random.default_rng(2).normal(size=size).astype(np.float32) * 5


@pytest.mark.parametrize(
    ("small", "size"),
    [
        ((30, 47), (30, 47)),
        ((30, 47), (94, 150)),
        ((30, 47), (30, 90)),
        ((30, 47), (75, 47)),
        ((2, 9), (50, 9)),
        ((61, 40), (30, 21)),
        ((61, 40), (23, 80)),
        ((61, 40), (90, 13)),
    ],
)
@pytest.mark.parametrize("breaks", [(), (1,), (10, 11, 29)])
def test_bands_give_what_the_whole_gives(
    monkeypatch: pytest.MonkeyPatch,
    small: tuple[int, int],
    size: tuple[int, int],
    breaks: tuple[int, ...],
) -> None:
    monkeypatch.setattr(resizing, "BAND_PIXELS", 300)
    logits = picture(*small)
    bands = [band for band in np.split(logits, breaks) if len(band)]
    rows = list(rows_at_size(bands, small, size))
    assert max(len(one) for one in rows) <= max(300 // size[1], 1)
    wanted = logits_at_size(logits[None, None], size)[0, 0]
    # OpenCV is less precise where it was built without Intel's library.
    np.testing.assert_allclose(np.concatenate(rows), wanted, atol=1e-3)


def test_rows_come_as_soon_as_they_are_known() -> None:
    given = []

    def bands() -> object:
        for number in range(10):
            given.append(number)
            yield picture(10, 8)

    next(rows_at_size(bands(), (100, 8), (300, 24)))
    assert given == [0]
