"""Photographs of phones: decoded upright by the extra, and named with it where it is missing."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.discovery import listing
from crackseg.errors import UnreadableImageError
from crackseg.images import heic, pixels
from crackseg.images.photographs import open_photograph, read_photograph, size_of_photograph
from crackseg.workflows.folders.plan import plan, why_not_read
from tests.images.heics import CRASHING, TURNED


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    pytest.importorskip("pi_heif")
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(TURNED)
    return path


def test_a_heic_file_is_read_upright(turned: Path) -> None:
    rgb = read_photograph(turned)
    assert rgb.shape == (96, 64, 3)
    assert size_of_photograph(turned) == (96, 64)
    rows = rgb[:, :30].mean(axis=(1, 2))
    assert 10 <= int(np.argmin(rows)) < 14
    assert rows[11] < 60 < 170 < rows[50]
    red = rgb[70:, 50:].reshape(-1, 3).mean(axis=0)
    assert red[0] > red[1] + 100


def test_a_heic_file_keeps_its_place_and_time_for_those_who_ask(turned: Path) -> None:
    with Image.open(turned) as opened:
        exif = opened.getexif()
    assert datetime.strptime(exif[0x0132], "%Y:%m:%d %H:%M:%S") == datetime(2024, 5, 6, 7, 8, 9)
    assert exif.get_ifd(0x8825)[2] == (48.0, 8.0, 13.75)


def test_a_heic_file_that_crashes_its_decoder_is_a_bad_file(turned: Path) -> None:
    turned.write_bytes(CRASHING)
    with pytest.raises(UnreadableImageError, match=r"IMG_1\.HEIC: cannot be decoded .*damaged"):
        read_photograph(turned)
    assert size_of_photograph(turned) == (0, 0)
    turned.write_bytes(TURNED[:700])
    with pytest.raises(UnreadableImageError, match=r"IMG_1\.HEIC: cannot be decoded"):
        read_photograph(turned)
    # What the decoder does not know is said without an object of the program.
    turned.write_bytes(TURNED[:40])
    with pytest.raises(UnreadableImageError, match=r"damaged: [^<>]* no photograph[^<>]*$"):
        read_photograph(turned)


def test_a_heic_file_too_large_for_the_memory_is_refused_before_it_is_decoded(
    turned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "available_memory", lambda: 64 * 96 * 23)
    with pytest.raises(UnreadableImageError, match="too large for the memory"):
        open_photograph(turned)


def test_a_heic_file_is_listed_among_photographs(turned: Path) -> None:
    (job,) = plan([str(turned.parent)], turned.parent / "out").jobs
    assert job.name == "IMG_1.HEIC"


def test_without_the_extra_a_heic_file_is_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = pixels.IMAGE_SUFFIXES - heic.HEIC_SUFFIXES
    monkeypatch.setattr(listing, "IMAGE_SUFFIXES", without)
    monkeypatch.setattr(heic, "HAS_DECODER", False)
    for name in ("a.jpg", "b.HEIC"):
        (tmp_path / name).write_bytes(TURNED)
    planned = plan([str(tmp_path)], tmp_path / "out")
    assert [path.name for path in planned.unread] == ["b.HEIC"]
    advice = r"pip install 'crackseg\[heic\]'"
    assert heic.INSTALL in why_not_read(planned.unread[0])
    assert heic.INSTALL not in why_not_read(tmp_path / "c.cr2")
    # Whatever its name says.
    with pytest.raises(UnreadableImageError, match=rf"a\.jpg: .*it is a HEIC file, which {advice}"):
        read_photograph(tmp_path / "a.jpg")
