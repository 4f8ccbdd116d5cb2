"""Pictures: masks to the pixel, and overlays that say what they show."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.formats.pictures.jpeg import write_jpeg
from crackseg.formats.pictures.labels import draw_labels
from crackseg.formats.pictures.steps import Steps
from crackseg.formats.registry import FORMATS
from crackseg.measurement.classes import class_limits
from crackseg.measurement.scale import Scale
from tests.formats.measured import blank, result, write_photograph


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        picture.load()
        return np.asarray(picture)


def test_a_mask_is_255_where_there_is_crack(tmp_path: Path) -> None:
    one = result()
    [path] = write_photograph("mask", one, tmp_path)
    assert np.array_equal(opened(path), one.mask() * np.uint8(255))


def test_a_mask_that_somebody_changed_is_corrected(tmp_path: Path) -> None:
    [path] = write_photograph("mask", result(), tmp_path)
    assert not FORMATS["mask"].is_corrected((path,))
    assert not FORMATS["mask"].is_corrected((tmp_path / "none.png",))
    changed = opened(path).copy()
    changed[0, 0] = 255
    Image.fromarray(changed).save(path)
    assert FORMATS["mask"].is_corrected((path,))


def test_numbers_stand_beside_the_cracks_and_not_on_them(tmp_path: Path) -> None:
    one = result()
    cracks = one.photograph.measurement.cracks
    written = draw_labels(np.full((240, 300, 3), 128, np.uint8), cracks, ["1", "2", "3"])
    changed = (written != 128).any(axis=2)
    assert changed.sum() > 3 * 20
    assert not (changed & one.mask()).any()
    [path] = write_photograph("numbered", one, tmp_path)
    assert opened(path).shape == (240, 300, 3)


def test_a_width_map_shows_steps_by_colour_and_says_what_they_are(tmp_path: Path) -> None:
    one = result(scale=Scale(0.1))
    [path] = write_photograph("width-map", one, tmp_path, class_limits("en1992"))
    picture = opened(path).astype(int)
    assert picture.shape[0] > 240
    assert picture.shape[1] == 300
    wide = Steps.of(one.photograph.measurement, class_limits("en1992")).colours[-1]
    on_the_line = picture[85, 95]
    assert np.abs(on_the_line - wide).max() < 60
    # The surface around it is grey.
    assert np.ptp(picture[20, 280]) < 12


@pytest.mark.parametrize(
    ("mm", "wide", "hairline"),
    [
        (0.1, r"2: 0\.[56]\d mm", r"3: 0\.0\d\d to 0\.\d\d mm"),
        (250.0, r"2: 1[45]\d\d mm", r"3: \d+(\.\d)? to \d+ mm"),
    ],
)
def test_widths_stand_at_the_cracks_as_people_write_them(
    mm: float, wide: str, hairline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def noted(picture: np.ndarray, cracks: object, labels: list[str]) -> np.ndarray:
        written.extend(labels)
        return picture

    monkeypatch.setattr("crackseg.formats.pictures.width_map.draw_labels", noted)
    write_photograph("width-map", result(scale=Scale(mm)), tmp_path)
    assert re.fullmatch(wide, written[1])
    assert re.fullmatch(hairline, written[2])


def test_a_width_that_is_not_resolved_has_no_colour(tmp_path: Path) -> None:
    one = result()
    hairline = one.photograph.measurement.cracks[-1]
    assert hairline.widths is not None
    assert not hairline.widths.mean.resolved
    [path] = write_photograph("width-map", one, tmp_path)
    columns, rows = np.rint(hairline.points).astype(int).T
    assert np.ptp(opened(path).astype(int)[rows, columns], axis=1).max() < 40


def test_a_photograph_without_cracks_has_its_pictures_too(tmp_path: Path) -> None:
    for name in ("mask", "numbered", "width-map"):
        [path] = write_photograph(name, blank(), tmp_path)
        assert opened(path).shape[:2] >= (20, 30)


@pytest.mark.parametrize(
    ("scale", "limits", "labels"),
    [
        (None, class_limits("bre251"), ("up to 2 px", "above 14 px")),
        (Scale(0.5), None, ("up to 0.1 mm", "above 5 mm")),
        (Scale(0.5), class_limits([0.2, 0.3]), ("up to 0.2 mm", "above 0.3 mm")),
    ],
)
def test_steps_are_the_classes_or_those_of_the_house(
    scale: Scale | None, limits: None, labels: tuple[str, str]
) -> None:
    steps = Steps.of(result(scale=scale).photograph.measurement, limits)
    assert (steps.labels[0], steps.labels[-1]) == labels
    assert len(set(steps.colours)) == len(steps.labels)
    thickness = [steps.thickness(step, 2) for step in range(len(steps.labels))]
    assert thickness == sorted(thickness)
    assert thickness[-1] > thickness[0]


def test_a_width_at_a_border_is_of_the_step_below() -> None:
    steps = Steps((1.0, 2.0), "mm", 0.5)
    assert steps.of_pixels(np.array([1.9, 2.0, 2.1, 4.0, 4.1])).tolist() == [0, 0, 1, 1, 2]


def test_a_picture_that_is_too_long_for_jpeg_is_made_smaller(tmp_path: Path) -> None:
    write_jpeg(np.full((10, 70_000, 3), 200, np.uint8), tmp_path / "long.jpg")
    assert opened(tmp_path / "long.jpg").shape == (9, 65_500, 3)
