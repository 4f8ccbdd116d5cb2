"""Thin structures against plain loops over pairs of pixels, other algorithms and cases by hand."""

import pickle

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import thin as thin_by_guo_and_hall

from crackseg.geometry import middle_line
from crackseg.metrics.thin_structures import (
    Matches,
    ThinCounts,
    image_thin_scores,
    measure_thin,
    thin_scores,
    total_thin_counts,
)

EIGHT = np.ones((3, 3))


def random_cracks(seed: int, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    generator = np.random.default_rng(seed)
    mask = np.zeros(size, np.uint8)
    for _ in range(3):
        points = generator.integers(0, size[::-1], (4, 2)).astype(np.int32)
        cv2.polylines(mask, [points], False, 1, int(generator.integers(1, 6)))
    return mask > 0


def blobs(seed: int, size: tuple[int, int] = (14, 17), share: float = 0.4) -> np.ndarray:
    noise = np.random.default_rng(seed).random(size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1)
    return smooth < np.quantile(smooth, share)


def rows_of(*lines: int, size: tuple[int, int] = (20, 40)) -> np.ndarray:
    """Whole lines of pixels from the left rim to the right."""
    mask = np.zeros(size, bool)
    mask[list(lines)] = True
    return mask


# Second implementations.


def near_by_pairs(pixels: np.ndarray, others: np.ndarray, radius: float) -> int:
    """How many pixels have another within the radius, each pair compared."""
    places = np.argwhere(others)
    return sum(
        any(np.hypot(*(place - other)) <= radius for other in places)
        for place in np.argwhere(pixels)
    )


def boundary_by_neighbours(mask: np.ndarray) -> np.ndarray:
    rim = np.zeros_like(mask)
    for row, column in np.argwhere(mask):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            place = (row + down, column + right)
            inside = 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1]
            rim[row, column] |= not (inside and mask[place])
    return rim


def pairs_within(first: np.ndarray, second: np.ndarray, radius: float) -> tuple[int, ...]:
    return (
        int(first.sum()),
        near_by_pairs(first, second, radius),
        int(second.sum()),
        near_by_pairs(second, first, radius),
    )


def measured_by_pairs(prediction: np.ndarray, truth: np.ndarray) -> tuple[tuple[int, ...], ...]:
    lines = (middle_line(prediction), middle_line(truth))
    held = (lines[0].sum(), (lines[0] & truth).sum(), lines[1].sum(), (lines[1] & prediction).sum())
    return (
        tuple(int(one) for one in held),
        pairs_within(*lines, 4),
        pairs_within(prediction, truth, 2),
        pairs_within(boundary_by_neighbours(prediction), boundary_by_neighbours(truth), 1),
    )


@pytest.mark.parametrize("seed", range(8))
def test_counts_equal_a_comparison_of_all_pairs(seed: int) -> None:
    prediction, truth = blobs(seed, share=0.15 + 0.05 * seed), blobs(100 + seed, share=0.2)
    assert measure_thin(prediction, truth) == measured_by_pairs(prediction, truth)


@pytest.mark.parametrize("seed", range(8))
def test_distances_equal_scipys_distance_transform(seed: int) -> None:
    prediction, truth = random_cracks(seed), random_cracks(seed + 50)
    counts = measure_thin(prediction, truth)
    lines = (middle_line(prediction), middle_line(truth))
    rims = tuple(mask & ~ndimage.binary_erosion(mask) for mask in (prediction, truth))
    for matches, (ours, theirs), radius in (
        (counts.centreline, lines, 4),
        (counts.area, (prediction, truth), 2),
        (counts.boundary, rims, 1),
    ):
        to_theirs, to_ours = (ndimage.distance_transform_edt(~mask) for mask in (theirs, ours))
        hits = (int((to_theirs[ours] <= radius).sum()), int((to_ours[theirs] <= radius).sum()))
        assert (matches.predicted_hits, matches.true_hits) == hits


@pytest.mark.parametrize("seed", range(12))
def test_skeleton_is_thin_and_connected_as_the_mask_is(seed: int) -> None:
    mask = random_cracks(seed) if seed % 2 else blobs(seed, (40, 50))
    line = middle_line(mask)
    assert line.dtype == np.bool_
    assert not (line & ~mask).any()
    assert ndimage.label(line, EIGHT)[1] == ndimage.label(mask, EIGHT)[1]
    holes = [ndimage.label(np.pad(~one, 1, constant_values=True))[1] for one in (line, mask)]
    assert holes[0] == holes[1]
    # No square of nine pixels is left, and other thinning takes nearly the same way.
    assert not ndimage.binary_erosion(line, EIGHT).any()
    other = thin_by_guo_and_hall(mask)
    assert (ndimage.distance_transform_edt(~other)[line] <= 2).mean() > 0.95


@pytest.mark.parametrize("seed", range(6))
def test_cldice_hardly_depends_on_the_way_of_thinning(seed: int) -> None:
    prediction, truth = random_cracks(seed), np.roll(random_cracks(seed), 2, axis=0)
    lines = (thin_by_guo_and_hall(prediction), thin_by_guo_and_hall(truth))
    precision = (lines[0] & truth).sum() / lines[0].sum()
    sensitivity = (lines[1] & prediction).sum() / lines[1].sum()
    expected = 2 * precision * sensitivity / (precision + sensitivity)
    ours = thin_scores(measure_thin(prediction, truth))
    assert ours["cldice"] == pytest.approx(expected, abs=0.05)


def omnicrack(true: np.ndarray, predicted: np.ndarray) -> float:
    """As written in the paper: true and false positives and negatives with a disk of 4 px."""
    rows, columns = np.mgrid[-4:5, -4:5]
    disk = rows**2 + columns**2 <= 16
    true_zone, predicted_zone = (ndimage.binary_dilation(one, disk) for one in (true, predicted))
    hit = (true & predicted_zone).sum()
    return hit / (hit + (true & ~predicted_zone).sum() + (predicted & ~true_zone).sum())


@pytest.mark.parametrize("seed", range(6))
def test_centreline_iou_is_omnicracks(seed: int) -> None:
    prediction, truth = random_cracks(seed), random_cracks(seed + 9) | random_cracks(seed)
    expected = omnicrack(middle_line(truth), middle_line(prediction))
    assert thin_scores(measure_thin(prediction, truth))["centreline_iou"] == expected
    assert 0 < expected < 1


# By hand.


def test_cldice_by_hand() -> None:
    """A line of 40 of which 30 are found, and a line of 20 that is none."""
    truth, prediction = rows_of(5), rows_of(5)
    prediction[5, 30:] = False
    prediction[15, :20] = True
    counts = measure_thin(prediction, truth)
    assert counts.skeleton == Matches(predicted=50, predicted_hits=30, true=40, true_hits=30)
    figures = thin_scores(counts)
    assert figures["topology_precision"] == 30 / 50
    assert figures["topology_sensitivity"] == 30 / 40
    assert figures["cldice"] == pytest.approx(2 * 0.6 * 0.75 / 1.35)


@pytest.mark.parametrize(("distance", "near"), [(4, 40), (5, 0)])
def test_centreline_within_four_pixels(distance: int, near: int) -> None:
    counts = measure_thin(rows_of(5 + distance), rows_of(5))
    assert counts.centreline == Matches(40, near, 40, near)
    assert thin_scores(counts)["centreline_iou"] == (1 if near else 0)


def test_centreline_iou_by_hand() -> None:
    """30 of 40 found, 4 more within reach of the find's end, and a line of 20 too many."""
    truth, prediction = rows_of(5), rows_of(5)
    prediction[5, 30:] = False
    prediction[15, :20] = True
    counts = measure_thin(prediction, truth)
    assert counts.centreline == Matches(predicted=50, predicted_hits=30, true=40, true_hits=34)
    assert thin_scores(counts)["centreline_iou"] == 34 / (34 + 6 + 20)


@pytest.mark.parametrize(("distance", "near"), [(2, 40), (3, 0)])
def test_area_within_two_pixels(distance: int, near: int) -> None:
    counts = measure_thin(rows_of(5 + distance), rows_of(5))
    assert counts.area == Matches(40, near, 40, near)


def test_tolerance_is_a_disk_and_no_square() -> None:
    truth, prediction = np.zeros((2, 9, 9), bool)
    truth[4, 4] = True
    prediction[6, 6] = True
    assert measure_thin(prediction, truth).area == Matches(1, 0, 1, 0)
    assert measure_thin(np.roll(prediction, -1, axis=0), truth).area == Matches(1, 0, 1, 0)
    assert measure_thin(np.roll(prediction, -2, axis=0), truth).area == Matches(1, 1, 1, 1)


def test_boundary_by_hand() -> None:
    """A square of six has a boundary of twenty; one pixel thicker is right, two is not."""
    truth = np.zeros((20, 20), bool)
    truth[7:13, 7:13] = True
    cross = ndimage.generate_binary_structure(2, 1)
    thicker = ndimage.binary_dilation(truth, cross)
    assert measure_thin(truth, truth).boundary == Matches(20, 20, 20, 20)
    figures = thin_scores(measure_thin(thicker, truth))
    assert figures["boundary_f1"] == 1
    much_thicker = ndimage.binary_dilation(truth, cross, iterations=2)
    figures = thin_scores(measure_thin(much_thicker, truth))
    assert figures["boundary_f1"] == 0
    assert figures["tolerant_f1"] == 1


def test_a_prediction_of_centre_lines_has_their_topology_and_not_their_boundary() -> None:
    truth = rows_of(*range(5, 14))
    figures = thin_scores(measure_thin(middle_line(truth), truth))
    assert figures["cldice"] == figures["centreline_iou"] == 1
    assert figures["tolerant_precision"] == 1
    assert figures["tolerant_recall"] < 0.6
    assert figures["boundary_f1"] < 0.2


# Edge cases.


def single(row: int, column: int) -> np.ndarray:
    mask = np.zeros((20, 40), bool)
    mask[row, column] = True
    return mask


NOTHING, EVERYTHING = np.zeros((20, 40), bool), np.ones((20, 40), bool)


@pytest.mark.parametrize(
    "mask", [single(0, 0), single(19, 39), single(7, 9), EVERYTHING, rows_of(0), rows_of(18, 19)]
)
def test_a_mask_is_right_against_itself_wrong_against_nothing(mask: np.ndarray) -> None:
    assert set(thin_scores(measure_thin(mask, mask)).values()) == {1}
    for pair in ((mask, NOTHING), (NOTHING, mask)):
        counts = measure_thin(*pair)
        assert set(thin_scores(counts).values()) == {0}
        assert image_thin_scores(counts) == thin_scores(counts)
        for matches in counts:
            assert matches.predicted + matches.true > 0
            assert matches.predicted_hits == matches.true_hits == 0


def test_nothing_found_where_nothing_is_scores_one_and_adds_nothing() -> None:
    counts = measure_thin(NOTHING, NOTHING)
    assert counts == ((0, 0, 0, 0),) * 4
    assert set(thin_scores(counts).values()) == {0}
    assert set(image_thin_scores(counts).values()) == {1}
    other = measure_thin(random_cracks(1), random_cracks(2))
    assert thin_scores(total_thin_counts([other, counts])) == thin_scores(other)


def test_everything_called_crack_finds_all_and_means_little() -> None:
    figures = thin_scores(measure_thin(EVERYTHING, rows_of(5)))
    assert figures["topology_sensitivity"] == figures["tolerant_recall"] == 1
    assert figures["tolerant_precision"] == 5 * 40 / 800
    assert figures["cldice"] < 0.6


def test_cracks_that_leave_the_photograph_are_no_worse_at_its_rim() -> None:
    truth = rows_of(5)
    inner = np.pad(truth, 6)
    at_rim = thin_scores(measure_thin(np.roll(truth, 1, axis=0), truth))
    within = thin_scores(measure_thin(np.roll(inner, 1, axis=0), inner))
    assert at_rim == within


def test_what_leaves_at_one_rim_does_not_enter_at_the_other() -> None:
    assert measure_thin(rows_of(0), rows_of(19)).centreline.predicted_hits == 0


# Adding up.


def test_totals_are_sums_over_images() -> None:
    counts = [measure_thin(random_cracks(seed), random_cracks(seed + 1)) for seed in range(3)]
    total = total_thin_counts(counts)
    assert total.shape == (4, 4)
    assert total[2, 0] == sum(one.area.predicted for one in counts)
    figures = thin_scores(total)
    assert figures["tolerant_recall"] == total[2, 3] / total[2, 2]
    means = np.mean([thin_scores(one)["tolerant_recall"] for one in counts])
    assert figures["tolerant_recall"] != pytest.approx(means, abs=1e-6)


def test_swapping_prediction_and_truth_swaps_precision_and_recall() -> None:
    prediction, truth = random_cracks(3), random_cracks(4)
    one, other = (thin_scores(measure_thin(*pair)) for pair in ((prediction, truth),) * 2)
    other = thin_scores(measure_thin(truth, prediction))
    assert one["tolerant_precision"] == other["tolerant_recall"]
    assert one["topology_precision"] == other["topology_sensitivity"]
    assert one["cldice"] == pytest.approx(other["cldice"])


def test_counts_travel_between_processes() -> None:
    counts = pickle.loads(pickle.dumps(measure_thin(random_cracks(3), random_cracks(4))))
    assert isinstance(counts, ThinCounts)
    assert all(type(one) is int for matches in counts for one in matches)


def test_masks_are_left_as_they_are_and_may_be_views() -> None:
    prediction, truth = random_cracks(3), random_cracks(4)
    kept = prediction.copy(), truth.copy()
    flipped = measure_thin(prediction[::-1, ::2], truth[::-1, ::2])
    straight = measure_thin(prediction[::-1, ::2].copy(), truth[::-1, ::2].copy())
    assert flipped == straight
    assert np.array_equal(prediction, kept[0])
    assert np.array_equal(truth, kept[1])


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(20, 40\) and \(40, 20\)"):
        measure_thin(NOTHING, NOTHING.T)
