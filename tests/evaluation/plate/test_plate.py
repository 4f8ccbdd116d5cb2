"""The test plate: its lines are as wide as they say, and a photograph of it reads back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.cli.main import main
from crackseg.evaluation.plate.drawing import plate_pixels
from crackseg.evaluation.plate.finding import PlateError, find_plate
from crackseg.evaluation.plate.layout import ANGLES, LINE_LENGTH, SHEET, WIDTHS_MM, plate_lines
from crackseg.evaluation.plate.reading import ReadPlate, read_plate
from crackseg.measurement.cracks import Measurement
from tests.evaluation.plate.photographed import photographed


@pytest.fixture(scope="module")
def read() -> ReadPlate:
    return read_plate(photographed(0.25))


def test_every_line_is_printed_as_wide_as_it_says() -> None:
    fine = 12
    ink = 1 - plate_pixels(fine) / 255
    for line in plate_lines():
        x, y = np.multiply(line.middle, fine).astype(int)
        # A disc around the middle of the line, which no other reaches.
        rows, columns = np.ogrid[-36:37, -36:37]
        disc = np.hypot(rows, columns) <= 36
        area = float(ink[y - 36 : y + 37, x - 36 : x + 37][disc].sum())
        assert area / 73 == pytest.approx(line.width * fine, rel=0.05, abs=0.05)


def test_the_plate_has_all_widths_at_all_angles_within_the_sheet() -> None:
    lines = plate_lines()
    assert {(one.width, one.angle) for one in lines} == {
        (width, angle) for width in WIDTHS_MM for angle in ANGLES
    }
    corners = np.concatenate([one.corners(beyond=5.0) for one in lines])
    assert (corners > 5).all()
    assert (corners < np.array(SHEET) - 5).all()
    assert np.hypot(*(lines[0].corners()[1] - lines[0].corners()[0])) == pytest.approx(LINE_LENGTH)


def test_a_photograph_gives_the_printed_widths(read: ReadPlate) -> None:
    resolved = [one for one in read.lines if one.is_resolved]
    assert len(resolved) >= 4 * len([width for width in WIDTHS_MM if width >= 1.0])
    for one in resolved:
        assert one.width is not None
        assert one.width.value == pytest.approx(one.line.width, abs=0.06)
    held = [one.width.low <= one.line.width <= one.width.high for one in resolved if one.width]
    assert np.mean(held) > 0.9


def test_a_photograph_gives_the_scale_and_the_blur(read: ReadPlate) -> None:
    assert read.mm_per_pixel == pytest.approx(0.25, rel=0.05)
    assert read.misfit < 0.5
    assert 0.5 < read.blur < 1.2


def test_the_narrowest_width_is_the_least_from_which_on_all_are_resolved(read: ReadPlate) -> None:
    narrowest = read.narrowest
    assert narrowest is not None
    assert 2 < narrowest / read.mm_per_pixel < 6
    for one in read.lines:
        assert one.is_resolved or one.line.width < narrowest


def test_a_photograph_without_a_plate_is_refused() -> None:
    with pytest.raises(PlateError, match="no test plate found: 0 of 4 markers"):
        find_plate(np.full((200, 300), 128, np.uint8))


def test_a_plate_that_is_too_small_is_refused() -> None:
    with pytest.raises(PlateError, match=r"too small: a pixel is 0\.6\d mm.*from nearer by"):
        read_plate(photographed(0.62, blur=0.5))


def test_a_plate_of_which_no_line_is_resolved_is_too_blurred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing = Measurement((), (100, 100), None, blur=2.9)
    monkeypatch.setattr("crackseg.evaluation.plate.reading.measure", lambda *_: nothing)
    with pytest.raises(PlateError, match="too blurred: no line is resolved at a blur"):
        read_plate(photographed(0.4))


def test_the_command_writes_a_pdf_of_true_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "plate.pdf"
    assert main(["certify", "--plate", str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    # A4 in points.
    assert b"/MediaBox [ 0 0 595.275590" in content
    assert "print it at 100 %" in capsys.readouterr().out


def test_the_command_reads_a_photograph(
    tmp_path: Path,
    no_terminal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    read: ReadPlate,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("crackseg.workflows.measuring.certify.read_plate", lambda image: read)
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "plate.png")
    assert main(["certify", "--read-plate", str(tmp_path / "plate.png")]) == 0
    printed = capsys.readouterr().out
    assert f"from {read.narrowest:g} mm on every line is resolved" in printed
    assert "mm per pixel in the middle of the sheet" in printed
    assert "45°" in printed


def test_the_command_names_a_photograph_without_a_plate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.zeros((90, 90), np.uint8)).save(tmp_path / "wall.png")
    assert main(["certify", "--read-plate", str(tmp_path / "wall.png")]) == 2
    assert "wall.png: no test plate found" in capsys.readouterr().err
