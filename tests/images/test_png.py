"""PNG files that are written row by row, as other programs read them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from crackseg.errors import OutputError
from crackseg.images.png import is_as_written, png_rows, write_png


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (70, 3), (200, 31), (64, 1, 3), (129, 40, 3)])
def test_pillow_and_opencv_read_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    wanted = picture(*shape)
    write_png(wanted, tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as opened:
        opened.verify()
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), wanted)
    read = cv2.imread(str(tmp_path / "x.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., ::-1] if len(shape) == 3 else read, wanted)


def test_parts_of_any_height_make_one_picture(tmp_path: Path) -> None:
    wanted = picture(50, 20, 3)
    with png_rows(tmp_path / "x.png", wanted.shape) as add:
        for start, stop in ((0, 1), (1, 33), (33, 50)):
            add(wanted[start:stop])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), wanted)


def test_a_picture_whose_parts_end_early_leaves_no_file(tmp_path: Path) -> None:
    def interrupted() -> None:
        with png_rows(tmp_path / "x.png", (10, 8)) as add:
            add(picture(5, 8))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(OutputError, match=r"x\.png: cannot be written, there is a folder"):
        write_png(picture(4, 4), tmp_path / "x.png")


def test_a_plain_picture_takes_little_room(tmp_path: Path) -> None:
    write_png(np.zeros((1000, 1000), np.uint8), tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size < 10_000


def test_a_sealed_file_is_known_however_it_was_copied(tmp_path: Path) -> None:
    wanted, path = picture(129, 40), tmp_path / "x.png"
    write_png(wanted, path, sealed=True)
    with Image.open(path) as opened:
        opened.verify()
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), wanted)
    assert is_as_written(path)
    (tmp_path / "copy.png").write_bytes(path.read_bytes())
    assert is_as_written(tmp_path / "copy.png")
    write_png(wanted, tmp_path / "plain.png")
    assert not is_as_written(tmp_path / "plain.png")
    assert not is_as_written(tmp_path / "none.png")


def test_a_sealed_file_that_was_changed_is_not_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    write_png(picture(30, 40), path, sealed=True)
    whole = path.read_bytes()
    with Image.open(path) as opened:
        pixels, seal = np.array(opened), opened.text  # type: ignore[attr-defined]
    pixels[3, 4] ^= 1
    information = PngInfo()
    for name, text in seal.items():
        information.add_text(name, text)
    # A program may drop the seal, or keep it as it was.
    Image.fromarray(pixels).save(path)
    assert not is_as_written(path)
    Image.fromarray(pixels).save(path, pnginfo=information)
    assert not is_as_written(path)
    for damaged in (whole[:-1], whole[1:], b"", whole[:60] + whole[61:]):
        path.write_bytes(damaged)
        assert not is_as_written(path)
