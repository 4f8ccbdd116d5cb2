"""Which photographs are taken for copies of each other, and which are not."""

import logging
from collections.abc import Callable
from io import BytesIO
from itertools import combinations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.splits.duplicates import near_duplicates as searching
from crackseg.data.splits.duplicates import perceptual_hashes
from crackseg.data.splits.duplicates.clusters import clusters
from crackseg.data.splits.duplicates.near_duplicates import THUMBNAIL, near_duplicates, thumbnail
from tests.helpers.data_sets import draw_pair

Picture = NDArray[np.uint8]


def asphalt(seed: int, size: int = 200, contrast: float = 60.0) -> Picture:
    """Grains of many sizes under uneven light: (size, size, 3)."""
    generator = np.random.default_rng(seed)
    ground = np.zeros((size, size))
    for grain in (1, 2, 4, 8):
        layer = cv2.GaussianBlur(generator.normal(size=(size, size)), (0, 0), grain)
        ground += layer / layer.std()
    light = np.linspace(-20, 20, size) * generator.uniform(-1, 1)
    grey = 130 + contrast / 4 * ground + light
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def wall(seed: int, noise: float) -> Picture:
    """Smooth concrete: all walls are lit alike, and each has a noise of its own."""
    rows, columns = np.mgrid[-1:1:200j, -1:1:200j]
    light = 190 - 40 * (rows**2 + columns**2)
    grain = np.random.default_rng(seed).normal(scale=noise, size=light.shape)
    return np.repeat(np.clip(light + grain, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def recompressed(picture: Picture, quality: int = 30) -> Picture:
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def found(*pictures: Picture) -> list[tuple[int, int]]:
    return near_duplicates(np.stack([thumbnail(picture) for picture in pictures]))


def test_a_thumbnail_is_small_and_grey() -> None:
    small = thumbnail(asphalt(0)[:150])
    assert small.shape == (THUMBNAIL, THUMBNAIL)
    assert small.dtype == np.uint8
    assert abs(float(small.mean()) - float(asphalt(0)[:150].mean())) < 1


def test_a_photograph_smaller_than_a_thumbnail_is_enlarged() -> None:
    assert thumbnail(asphalt(0, size=40)).shape == (THUMBNAIL, THUMBNAIL)


COPIES: dict[str, Callable[[Picture], Picture]] = {
    "the same": lambda picture: picture,
    "recompressed": recompressed,
    "darker": lambda picture: (picture * 0.5).astype(np.uint8),
    "brighter": lambda picture: np.clip(picture * 1.2 + 20, 0, 255).astype(np.uint8),
    "half as large": lambda picture: cv2.resize(picture, (100, 100), interpolation=cv2.INTER_AREA),
    "of another proportion": lambda picture: cv2.resize(picture, (272, 192)),
    "blurred": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
    "without a rim": lambda picture: np.ascontiguousarray(picture[4:-4, 4:-4]),
    "moved": lambda picture: np.ascontiguousarray(picture[:, 6:]),
    "turned upside down": lambda picture: np.ascontiguousarray(picture[::-1, ::-1]),
    "turned to the left": lambda picture: np.ascontiguousarray(np.rot90(picture)),
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
    "mirrored, smaller and darker": lambda picture: cv2.resize(
        (picture[::-1] * 0.7).astype(np.uint8), (120, 120), interpolation=cv2.INTER_AREA
    ),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_a_copy_is_found_among_others(change: Callable[[Picture], Picture]) -> None:
    others = [asphalt(seed) for seed in range(1, 6)]
    assert found(*others, asphalt(0), change(asphalt(0))) == [(5, 6)]


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_a_copy_is_found_among_very_many_too(
    change: Callable[[Picture], Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perceptual_hashes, "EACH_WITH_EACH", 0)
    others = [asphalt(seed) for seed in range(1, 6)]
    assert found(*others, asphalt(0), change(asphalt(0))) == [(5, 6)]


def test_that_some_copies_may_be_missed_is_said_of_very_many_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(searching, "EACH_WITH_EACH", 3)
    pictures = [asphalt(seed) for seed in range(4)]
    found(*pictures[:3])
    assert caplog.messages == []
    found(*pictures)
    (said,) = caplog.messages
    assert said.startswith("more than 3 photographs: not all are compared")


def test_three_copies_are_three_pairs() -> None:
    picture = asphalt(0)
    dark = (picture * 0.6).astype(np.uint8)
    assert found(picture, asphalt(1), dark, recompressed(picture)) == [(0, 2), (0, 3), (2, 3)]


def test_asphalts_are_not_merged() -> None:
    assert found(*(asphalt(seed) for seed in range(200))) == []


def test_the_same_crack_on_two_asphalts_makes_no_copy() -> None:
    crack = np.zeros((200, 200), np.uint8)
    cv2.line(crack, (20, 0), (150, 199), 255, 9, cv2.LINE_AA)
    dark = 1 - 0.7 * crack[:, :, None] / 255
    assert found(*((asphalt(seed) * dark).astype(np.uint8) for seed in range(20))) == []


def test_lines_on_noise_are_not_merged_however_alike_they_run() -> None:
    # An affine map lays a straight line over any other.
    assert found(*(draw_pair(seed)[0] for seed in range(100))) == []


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0, 15.0])
def test_smooth_walls_in_the_same_light_are_not_merged(noise: float) -> None:
    assert found(*(wall(seed, noise) for seed in range(100))) == []


def test_neighbouring_crops_are_not_copies() -> None:
    photograph = asphalt(0, size=400)
    assert found(photograph[:200, :200], photograph[:200, 200:], photograph[100:300, :200]) == []


def test_blank_pages_are_nobody_s_copies() -> None:
    blank = np.full((80, 80, 3), 255, np.uint8)
    assert found(blank, blank, np.zeros_like(blank), asphalt(0)) == []


@pytest.mark.parametrize("count", [0, 1])
def test_where_there_are_no_two_photographs_there_is_no_pair(count: int) -> None:
    assert near_duplicates(np.zeros((count, THUMBNAIL, THUMBNAIL), np.uint8)) == []


def test_frames_of_one_scene_are_joined_without_confirming_each_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirmed, is_same = [], searching._is_same

    def watched(first: Picture, second: Picture) -> bool:
        confirmed.append(1)
        return is_same(first, second)

    monkeypatch.setattr(searching, "_is_same", watched)
    monkeypatch.setattr(searching, "_PORTION", 16)
    noise = np.random.default_rng(0)
    scene = asphalt(0).astype(np.float64)
    frames = [
        np.clip(scene + noise.normal(scale=3, size=scene.shape), 0, 255).astype(np.uint8)
        for _ in range(60)
    ]
    assert clusters(found(*frames, asphalt(1))) == [tuple(range(60))]
    # Each with each would be 1,770.
    assert len(confirmed) < 200


def test_copies_far_apart_in_a_long_list_are_found() -> None:
    pictures = [asphalt(seed, size=64) for seed in range(150)]
    pictures[149] = recompressed(pictures[3])
    pictures[70] = np.ascontiguousarray(pictures[69][::-1])
    assert found(*pictures) == [(3, 149), (69, 70)]


def test_every_pair_comes_in_order_and_once() -> None:
    # A picture that looks the same when mirrored can be laid over its copy in two ways.
    half = asphalt(0)[:, :100]
    symmetric = np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))
    copies = [symmetric, recompressed(symmetric), (symmetric * 0.8).astype(np.uint8)]
    assert found(*copies) == list(combinations(range(3), 2))
