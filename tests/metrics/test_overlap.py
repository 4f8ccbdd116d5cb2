"""Totals and means."""

import numpy as np
import pytest
import torch

from crackseg.metrics.overlap import image_scores, mean_scores, total_scores
from crackseg.metrics.scores import scores

# True and false positives, false and true negatives.
COUNTS = np.array([[6, 2, 4, 88], [0, 0, 0, 100], [0, 5, 0, 95], [0, 0, 3, 97]])


def test_totals_are_the_scores_of_the_sum() -> None:
    assert total_scores(COUNTS) == scores(torch.tensor([6, 7, 7, 380]))
    assert total_scores(COUNTS[0]) == scores(torch.tensor([6, 2, 4, 88]))


def test_totals_stay_exact_beyond_float32() -> None:
    counts = np.array([[2**40, 1, 1, 0], [2**40, 2, 0, 0]])
    assert total_scores(counts)["false_positives"] == 3


def test_nothing_found_where_nothing_is_scores_one() -> None:
    figures = image_scores(COUNTS[1])
    shares = ("crack_iou", "mean_iou", "dice", "precision", "recall", "accuracy")
    assert figures == dict.fromkeys(shares, 1.0) | {"false_positives": 0, "false_negatives": 0}


@pytest.mark.parametrize("row", [0, 2, 3])
def test_other_images_score_as_totals_do(row: int) -> None:
    assert image_scores(COUNTS[row]) == total_scores(COUNTS[row])


def test_an_image_without_crack_adds_nothing_to_totals() -> None:
    with_it, without = total_scores(COUNTS[:2]), total_scores(COUNTS[:1])
    for name in ("crack_iou", "dice", "precision", "recall"):
        assert with_it[name] == without[name]


def test_means_by_hand() -> None:
    figures = mean_scores(COUNTS)
    assert figures == pytest.approx(
        {
            "crack_iou": (0.5 + 1 + 0 + 0) / 4,
            "mean_iou": ((0.5 + 88 / 94) / 2 + 1 + 0.95 / 2 + 0.97 / 2) / 4,
            "dice": (12 / 18 + 1) / 4,
            "precision": (6 / 8 + 1) / 4,
            "recall": (6 / 10 + 1) / 4,
            "accuracy": (0.94 + 1 + 0.95 + 0.97) / 4,
            "false_positives": 7 / 4,
            "false_negatives": 7 / 4,
        }
    )
    assert figures["crack_iou"] != total_scores(COUNTS)["crack_iou"]
