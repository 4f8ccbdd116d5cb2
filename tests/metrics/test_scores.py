"""The figures against torchmetrics' own, and what counting in one pass must not change."""

import pytest
import torch
from torch import Tensor
from torchmetrics import JaccardIndex
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryConfusionMatrix,
    BinaryF1Score,
    BinaryJaccardIndex,
    BinaryPrecision,
    BinaryRecall,
    MulticlassJaccardIndex,
)

from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.scores import monitor_mode, scores
from crackseg.metrics.thresholds import THRESHOLD_GRID, best_threshold, scores_at_half_and_stored

SHAPE = (6, 1, 23, 31)


def random_batch(seed: int = 0, share: float = 0.15) -> tuple[Tensor, Tensor]:
    """Probabilities that know a little of their masks, some of them exactly on a threshold."""
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(SHAPE, generator=generator) < share).float()
    probability = torch.sigmoid(torch.randn(SHAPE, generator=generator) * 2 + 2 * mask - 1)
    on_edge = torch.rand(SHAPE, generator=generator) < 0.2
    steps = torch.randint(0, 101, SHAPE, generator=generator) / 100
    return torch.where(on_edge, steps, probability), mask


def count(probability: Tensor, mask: Tensor, *thresholds: float) -> Tensor:
    metric = ConfusionCounts(thresholds or (0.5,))
    metric.update(probability, mask)
    totals: Tensor = metric.compute()
    return totals


def by_torchmetrics(probability: Tensor, mask: Tensor, threshold: float) -> dict[str, float]:
    truth = mask.int()
    binary = {
        "crack_iou": BinaryJaccardIndex(threshold),
        "dice": BinaryF1Score(threshold),
        "precision": BinaryPrecision(threshold),
        "recall": BinaryRecall(threshold),
        "accuracy": BinaryAccuracy(threshold),
    }
    figures = {name: metric(probability, truth).item() for name, metric in binary.items()}
    called = (probability > threshold).int()
    figures["mean_iou"] = MulticlassJaccardIndex(2, average="macro")(called, truth).item()
    (_, fp), (fn, _) = BinaryConfusionMatrix(threshold)(probability, truth).tolist()
    return {**figures, "false_positives": fp, "false_negatives": fn}


# Against torchmetrics.


@pytest.mark.parametrize("threshold", [0.5, 0.01, 0.1, 0.3, 0.57, 0.7, 0.99, 0.0, 1.0])
@pytest.mark.parametrize("share", [0.15, 0.7])
def test_figures_equal_torchmetrics(threshold: float, share: float) -> None:
    probability, mask = random_batch(share=share)
    ours = scores(count(probability, mask, threshold)[0])
    theirs = by_torchmetrics(probability, mask, threshold)
    assert ours.keys() == theirs.keys()
    assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("threshold", THRESHOLD_GRID)
def test_probability_equal_to_the_threshold_is_background(threshold: float) -> None:
    """In float32, as the threshold is compared with a network's probabilities."""
    edge = torch.tensor([threshold])
    above = torch.nextafter(edge, torch.ones(1))
    truth = torch.ones(1)
    tp, fp, fn, tn = count(edge, truth, threshold)[0].tolist()
    assert (tp, fp, fn, tn) == (0, 0, 1, 0)
    tp, fp, fn, tn = count(above, truth, threshold)[0].tolist()
    assert (tp, fp, fn, tn) == (1, 0, 0, 0)
    assert not (edge > threshold).any()
    assert (above > threshold).all()


def test_counts_by_hand() -> None:
    probability = torch.tensor([0.9, 0.6, 0.5, 0.4, 0.2, 0.8])
    mask = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    # Columns: true positives, false positives, false negatives, true negatives.
    expected = [[3, 2, 0, 1], [1, 2, 2, 1], [1, 0, 2, 3]]
    assert count(probability, mask, 0.3, 0.5, 0.85).tolist() == expected


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("value", [0.0, 0.9])
def test_absent_classes_equal_torchmetrics(share: float, value: float) -> None:
    _, mask = random_batch(share=share)
    probability = torch.full(SHAPE, value)
    ours = scores(count(probability, mask)[0])
    assert ours == pytest.approx(by_torchmetrics(probability, mask, 0.5), abs=1e-6)


def test_jaccard_of_both_classes_is_what_others_call_mean_iou() -> None:
    probability, mask = random_batch(3)
    metric = JaccardIndex(task="multiclass", num_classes=2)
    theirs = metric((probability > 0.5).int(), mask.int()).item()
    assert scores(count(probability, mask)[0])["mean_iou"] == pytest.approx(theirs, abs=1e-6)


# Empty truth, empty prediction.


def test_nothing_true_and_nothing_found_has_no_crack_iou_and_a_perfect_mean_iou() -> None:
    figures = scores(torch.tensor([0, 0, 0, 100]))
    assert figures["crack_iou"] == 0
    assert figures["mean_iou"] == 1
    assert figures["accuracy"] == 1
    assert figures["dice"] == figures["precision"] == figures["recall"] == 0


def test_crack_everywhere_and_found_leaves_the_background_out_of_the_mean() -> None:
    figures = scores(torch.tensor([100, 0, 0, 0]))
    assert figures["crack_iou"] == figures["mean_iou"] == figures["dice"] == 1


def test_false_alarms_on_empty_truth() -> None:
    figures = scores(torch.tensor([0, 10, 0, 90]))
    assert figures["crack_iou"] == 0
    assert figures["mean_iou"] == pytest.approx((0 + 0.9) / 2)
    assert figures["false_positives"] == 10
    assert figures["precision"] == figures["recall"] == 0


def test_missed_cracks() -> None:
    figures = scores(torch.tensor([0, 0, 10, 90]))
    assert figures["crack_iou"] == figures["recall"] == figures["precision"] == 0
    assert figures["false_negatives"] == 10


def test_nothing_counted_gives_zeros() -> None:
    totals = count(torch.zeros(0, 1, 8, 8), torch.zeros(0, 1, 8, 8))
    assert totals.tolist() == [[0, 0, 0, 0]]
    assert set(scores(totals[0]).values()) == {0.0}


def test_figures_by_hand() -> None:
    figures = scores(torch.tensor([6, 2, 4, 88]))
    assert figures == pytest.approx(
        {
            "crack_iou": 6 / 12,
            "mean_iou": (6 / 12 + 88 / 94) / 2,
            "dice": 12 / 18,
            "precision": 6 / 8,
            "recall": 6 / 10,
            "accuracy": 94 / 100,
            "false_positives": 2,
            "false_negatives": 4,
        }
    )


# Counting.


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_counts_do_not_depend_on_the_batches(batch: int) -> None:
    probability, mask = random_batch()
    metric = ConfusionCounts(THRESHOLD_GRID)
    for start in range(0, len(mask), batch):
        metric.update(probability[start : start + batch], mask[start : start + batch])
    assert torch.equal(metric.compute(), count(probability, mask, *THRESHOLD_GRID))


def test_counts_of_two_processes_add_up_to_those_of_one() -> None:
    probability, mask = random_batch()
    other = ConfusionCounts(THRESHOLD_GRID)
    other.update(probability[2:], mask[2:])

    def gather(state: Tensor, group: object) -> list[Tensor]:
        return [state, other.crack if torch.equal(state, crack) else other.background]

    one = ConfusionCounts(
        THRESHOLD_GRID, dist_sync_fn=gather, distributed_available_fn=lambda: True
    )
    one.update(probability[:2], mask[:2])
    crack = one.crack.clone()
    assert torch.equal(one.compute(), count(probability, mask, *THRESHOLD_GRID))


def test_merged_counts_are_those_of_one() -> None:
    probability, mask = random_batch()
    one, other = ConfusionCounts(THRESHOLD_GRID), ConfusionCounts(THRESHOLD_GRID)
    one.update(probability[:2], mask[:2])
    other.update(probability[2:], mask[2:])
    one.merge_state(other)
    assert torch.equal(one.compute(), count(probability, mask, *THRESHOLD_GRID))


def test_all_thresholds_at_once_equal_separate_counts() -> None:
    probability, mask = random_batch()
    together = count(probability, mask, *THRESHOLD_GRID)
    assert together.shape == (99, 4)
    for row, threshold in zip(together, THRESHOLD_GRID, strict=True):
        called, crack = probability > threshold, mask > 0.5
        pairs = ((called, crack), (called, ~crack), (~called, crack), (~called, ~crack))
        assert row.tolist() == [int((one & other).sum()) for one, other in pairs]
        assert torch.equal(row, count(probability, mask, threshold)[0])


def test_grid_is_every_hundredth_and_has_the_half() -> None:
    assert THRESHOLD_GRID[0] == 0.01
    assert THRESHOLD_GRID[-1] == 0.99
    assert len(THRESHOLD_GRID) == 99
    assert THRESHOLD_GRID.index(0.5) == 49


def test_reset_forgets_and_states_stay_integers() -> None:
    probability, mask = random_batch()
    metric = ConfusionCounts().to(torch.float16)
    metric.update(probability, mask)
    assert metric.compute().dtype == torch.int64
    metric.reset()
    metric.update(probability[:1], mask[:1])
    assert torch.equal(metric.compute(), count(probability[:1], mask[:1]))


def test_large_counts_stay_exact() -> None:
    """A float32 stops counting at 2**24, a float64 at 2**53."""
    metric = ConfusionCounts((0.3, 0.6))
    metric.update(torch.tensor([0.1, 0.4, 0.9]), torch.tensor([1.0, 1.0, 1.0]))
    metric.update(torch.tensor([0.1, 0.4, 0.9]), torch.tensor([0.0, 0.0, 0.0]))
    metric.crack += 2**53
    metric.background += 2**54
    crack, background = 2**53 + 1, 2**54 + 1
    assert metric.compute().tolist() == [
        [2 * crack, 2 * background, crack, background],
        [crack, background, 2 * crack, 2 * background],
    ]


def test_large_counts_give_exact_figures() -> None:
    figures = scores(torch.tensor([3 * 10**12, 10**12, 10**12, 5 * 10**12]))
    assert figures["crack_iou"] == 0.6
    assert figures["false_positives"] == 1e12
    assert scores(torch.tensor([0, 2**24 + 1, 0, 0]))["false_positives"] == 2**24 + 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_dtypes_are_counted_by_their_value_in_float32(dtype: torch.dtype) -> None:
    probability, mask = random_batch()
    low = probability.to(dtype)
    expected = count(low.float(), mask, *THRESHOLD_GRID)
    assert torch.equal(count(low, mask, *THRESHOLD_GRID), expected)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64])
def test_masks_of_whole_numbers_are_counted(dtype: torch.dtype) -> None:
    probability, mask = random_batch()
    assert torch.equal(count(probability, mask.to(dtype)), count(probability, mask))


def test_counting_keeps_no_graph() -> None:
    probability, mask = random_batch()
    metric = ConfusionCounts()
    metric.update(probability.requires_grad_(), mask)
    assert not metric.crack.requires_grad


# What is refused.


@pytest.mark.parametrize("value", [-0.01, 1.01, 7.0, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_probability_is_refused_and_not_counted(value: float) -> None:
    probability, mask = random_batch()
    probability[1, 0, 2, 3] = value
    metric = ConfusionCounts()
    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\].*logits or not finite"):
        metric.update(probability, mask)
    assert metric.crack.sum() + metric.background.sum() == 0


def test_shapes_that_differ_are_refused_with_both() -> None:
    with pytest.raises(ValueError, match=r"\(2, 1, 4, 4\) and \(2, 4, 4\)"):
        ConfusionCounts().update(torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4))


@pytest.mark.parametrize("thresholds", [(), (0.5, 0.3), (0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_thresholds_that_do_not_ascend_are_refused(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="ascend within") as caught:
        ConfusionCounts(thresholds)
    assert str(list(thresholds)) in str(caught.value)


# Thresholds.


def rows_with_ious(*ious: float) -> Tensor:
    return torch.tensor([[round(1000 * iou), 1000 - round(1000 * iou), 0, 7] for iou in ious])


def test_best_threshold_has_the_largest_crack_iou() -> None:
    assert best_threshold(rows_with_ious(0.1, 0.4, 0.6, 0.3), (0.2, 0.5, 0.7, 0.9)) == 0.7


@pytest.mark.parametrize(
    ("ious", "chosen"),
    [
        ((0.6, 0.6, 0.6, 0.6), 0.45),
        ((0.6, 0.1, 0.6, 0.6), 0.7),
        ((0.6, 0.1, 0.1, 0.6), 0.2),
        ((0.0, 0.0, 0.0, 0.0), 0.45),
    ],
)
def test_best_threshold_among_equals_is_the_one_nearest_to_half(
    ious: tuple[float, ...], chosen: float
) -> None:
    assert best_threshold(rows_with_ious(*ious), (0.2, 0.45, 0.7, 0.9)) == chosen


def test_best_threshold_of_random_data_is_the_best_by_torchmetrics() -> None:
    probability, mask = random_batch()
    best = best_threshold(count(probability, mask, *THRESHOLD_GRID), THRESHOLD_GRID)
    theirs = {t: BinaryJaccardIndex(t)(probability, mask.int()).item() for t in THRESHOLD_GRID}
    assert theirs[best] == pytest.approx(max(theirs.values()), abs=1e-7)
    assert best != 0.5


def test_best_threshold_wants_a_row_for_each_threshold() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        best_threshold(rows_with_ious(0.1, 0.2), (0.5,))


def test_figures_at_both_thresholds_are_their_rows() -> None:
    probability, mask = random_batch()
    totals = count(probability, mask, *THRESHOLD_GRID)
    both = scores_at_half_and_stored(totals, 0.37)
    assert list(both) == ["half", "stored"]
    assert both["half"] == scores(count(probability, mask, 0.5)[0])
    assert both["stored"] == scores(count(probability, mask, 0.37)[0])
    assert both["half"] != both["stored"]


@pytest.mark.parametrize("name", ["val/loss", "train/loss", "val/false_positives"])
def test_losses_and_errors_are_better_when_small(name: str) -> None:
    assert monitor_mode(name) == "min"


@pytest.mark.parametrize("name", sorted(scores(torch.tensor([1, 1, 1, 1]))))
def test_every_figure_knows_its_direction(name: str) -> None:
    falls = name in ("false_positives", "false_negatives")
    assert monitor_mode(f"val/{name}") == ("min" if falls else "max")
