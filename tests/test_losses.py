"""The loss terms against numbers worked out by hand, and what their sum refuses."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from crackseg.data.class_weights import balancing_weights
from crackseg.errors import ConfigError
from crackseg.losses import (
    PLAIN_TERMS,
    WEIGHTED_TERMS,
    SegmentationLoss,
    bce,
    dice,
    skeleton_recall,
    uses_class_weights,
    weighted_bce,
    weighted_bce_reduced,
)
from crackseg.losses.centreline import middle_lines
from crackseg.losses.looks import loss_of_each

ALL_TERMS = [*PLAIN_TERMS, *WEIGHTED_TERMS]
# It never stands alone.
BESIDE = {"skeleton_recall": {"dice": 1.0}}

# Two background pixels and two of crack would hide a mean over classes: one crack in four.
LOGITS = torch.tensor([[[[0.0, 2.0], [-1.0, 3.0]]]])
MASK = torch.tensor([[[[0.0, 1.0], [0.0, 0.0]]]])
BACKGROUND, CRACK = 0.5, 4.0
WEIGHTS = torch.tensor([BACKGROUND, CRACK])


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


# -log(1 - p) for background, -log(p) for crack.
PER_PIXEL = [
    -math.log(1 - sigmoid(0.0)),
    -math.log(sigmoid(2.0)),
    -math.log(1 - sigmoid(-1.0)),
    -math.log(1 - sigmoid(3.0)),
]


def compute(name: str, logits: Tensor, mask: Tensor, weights: Tensor = WEIGHTS) -> Tensor:
    if name in PLAIN_TERMS:
        return PLAIN_TERMS[name](logits, mask)
    return WEIGHTED_TERMS[name](logits, mask, weights)


def build(name: str, weights: Sequence[float] = (BACKGROUND, CRACK)) -> SegmentationLoss:
    terms = {name: 1.0, **BESIDE.get(name, {})}
    return SegmentationLoss(terms, weights if name in WEIGHTED_TERMS else None)


def random_batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, 1, 8, 9, generator=generator)
    return logits, (torch.rand(3, 1, 8, 9, generator=generator) < 0.2).float()


def message_of(terms: dict[str, float], weights: Sequence[float] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        SegmentationLoss(terms, weights)
    return str(caught.value)


# Each term by hand.


def test_bce_is_the_mean_over_pixels() -> None:
    assert bce(LOGITS, MASK).item() == pytest.approx(sum(PER_PIXEL) / 4, rel=1e-6)


def test_weighted_bce_weighs_each_pixel_by_its_own_class() -> None:
    expected = (
        BACKGROUND * PER_PIXEL[0]
        + CRACK * PER_PIXEL[1]
        + BACKGROUND * PER_PIXEL[2]
        + BACKGROUND * PER_PIXEL[3]
    ) / 4
    assert weighted_bce(LOGITS, MASK, WEIGHTS).item() == pytest.approx(expected, rel=1e-6)


def test_weighted_bce_reduced_scales_the_mean_by_the_mean_weight() -> None:
    mean_weight = (3 * BACKGROUND + CRACK) / 4
    expected = mean_weight * sum(PER_PIXEL) / 4
    assert weighted_bce_reduced(LOGITS, MASK, WEIGHTS).item() == pytest.approx(expected, rel=1e-6)


def test_weighted_bce_reduced_favours_no_class_and_the_true_one_does() -> None:
    """The report's mistake: the weights change the length of the gradient alone."""

    def gradient(name: str) -> Tensor:
        logits = LOGITS.clone().requires_grad_()
        compute(name, logits, MASK).backward()
        assert logits.grad is not None
        return logits.grad

    plain, reduced, weighted = (
        gradient(n) for n in ("bce", "weighted_bce_reduced", "weighted_bce")
    )
    mean_weight = (3 * BACKGROUND + CRACK) / 4
    torch.testing.assert_close(reduced, mean_weight * plain)
    torch.testing.assert_close(weighted, plain * torch.where(MASK > 0, CRACK, BACKGROUND))
    assert not torch.allclose(weighted, reduced, rtol=0.1)


def test_weighted_losses_differ_when_classes_are_unequal() -> None:
    logits, mask = random_batch()
    weighted = weighted_bce(logits, mask, WEIGHTS)
    reduced = weighted_bce_reduced(logits, mask, WEIGHTS)
    assert not torch.isclose(weighted, reduced, rtol=1e-2)


@pytest.mark.parametrize("name", WEIGHTED_TERMS)
def test_equal_class_weights_of_one_leave_plain_bce(name: str) -> None:
    logits, mask = random_batch()
    weighted = compute(name, logits, mask, torch.ones(2))
    torch.testing.assert_close(weighted, bce(logits, mask))


@pytest.mark.parametrize("name", WEIGHTED_TERMS)
def test_first_class_weight_is_the_backgrounds(name: str) -> None:
    logits = torch.zeros(1, 1, 4, 4)
    background, crack = torch.zeros_like(logits), torch.ones_like(logits)
    assert compute(name, logits, background).item() == pytest.approx(BACKGROUND * math.log(2))
    assert compute(name, logits, crack).item() == pytest.approx(CRACK * math.log(2))


def test_dice_by_hand() -> None:
    probability = [sigmoid(0.0), sigmoid(2.0), sigmoid(-1.0), sigmoid(3.0)]
    expected = 1 - (2 * probability[1] + 1) / (sum(probability) + 1 + 1)
    assert dice(LOGITS, MASK).item() == pytest.approx(expected, rel=1e-6)


def test_dice_is_over_the_batch_and_not_per_image() -> None:
    logits = torch.cat([LOGITS, torch.full_like(LOGITS, -1.0)])
    mask = torch.cat([MASK, torch.zeros_like(MASK)])
    first = sum(sigmoid(logit) for logit in (0.0, 2.0, -1.0, 3.0))
    expected = 1 - (2 * sigmoid(2.0) + 1) / (first + 4 * sigmoid(-1.0) + 1 + 1)
    assert dice(logits, mask).item() == pytest.approx(expected, rel=1e-6)


def test_dice_of_an_empty_mask_costs_the_false_alarms_alone() -> None:
    empty = torch.zeros(1, 1, 2, 2)
    none_found = torch.full((1, 1, 2, 2), -100.0)
    assert dice(none_found, empty).item() == pytest.approx(0.0, abs=1e-6)
    half_everywhere = torch.zeros(1, 1, 2, 2)
    assert dice(half_everywhere, empty).item() == pytest.approx(1 - 1 / 3, rel=1e-6)


def test_dice_of_a_perfect_mask_is_nothing() -> None:
    _, mask = random_batch()
    assert dice(200 * mask - 100, mask).item() == pytest.approx(0.0, abs=1e-6)


def crossing() -> Tensor:
    """A bar of 3x9 pixels and a column of one."""
    mask = torch.zeros(1, 1, 12, 12)
    mask[..., 2:5, 1:10] = mask[..., 5:11, 5] = 1
    return mask


def test_middle_lines_are_where_they_must_be() -> None:
    lines = middle_lines(crossing() > 0)[0, 0]
    # The bar's middle row as far as a pixel from its ends, and the column but where they touch.
    assert lines[3, 2:9].all()
    assert lines[6:11, 5].all()
    assert int(lines.sum()) == 7 + 5 + int(lines[4, 5])


def test_a_crack_that_fills_the_image_has_no_line() -> None:
    assert not middle_lines(torch.ones(1, 1, 9, 9, dtype=torch.bool)).any()


def test_a_crack_of_one_pixel_is_its_own_line_and_images_do_not_touch() -> None:
    crack = torch.zeros(2, 1, 6, 7, dtype=torch.bool)
    crack[0, 0, 5] = crack[1, 0, 0] = True
    torch.testing.assert_close(middle_lines(crack), crack)


def test_skeleton_recall_by_hand() -> None:
    column = torch.zeros(1, 1, 4, 3)
    column[..., 1] = 1
    logits = torch.tensor([0.0, 2.0, -1.0, 3.0]).reshape(1, 1, 4, 1).expand_as(column)
    covered = sum(sigmoid(logit) for logit in (0.0, 2.0, -1.0, 3.0))
    loss = skeleton_recall(logits, column)
    assert loss.item() == pytest.approx(1 - (covered + 1) / (4 + 1), rel=1e-6)


@pytest.mark.parametrize("angle", [0, 20, 27, 35, 45])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 10])
def test_a_straight_crack_counts_for_about_its_length(width: int, angle: int) -> None:
    """Its pixels are no true skeleton: up to two for one pixel of length, or a third of one."""
    places = torch.arange(160) - 79.5
    x, y = places[None, :], places[:, None]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along, across = x * cos + y * sin, y * cos - x * sin
    # Of an odd width at no angle, its middle is a row of pixels.
    crack = ((across - 0.5).abs() <= width / 2 - 1e-3) & (along.abs() <= 60)
    count = int(middle_lines(crack[None, None]).sum())
    assert 0.3 * 120 < count < 2.1 * 120
    if width == 1:
        assert count == int(crack.sum())


def test_skeleton_recall_counts_length_and_not_area() -> None:
    """Of a bar and a line whose middles are as long, either costs the same when it is missed."""
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 5:12, 2:38], mask[..., 30, 5:35] = 1, 1
    bar, column = mask.clone(), mask.clone()
    bar[..., 20:, :], column[..., :20, :] = 0, 0
    missed = [skeleton_recall(200 * one - 100, mask).item() for one in (bar, column)]
    assert missed[0] == pytest.approx(missed[1], abs=1e-6)
    assert dice(200 * column - 100, mask) > 4 * dice(200 * bar - 100, mask)


def test_skeleton_recall_pulls_at_the_lines_alone() -> None:
    logits = torch.zeros(1, 1, 12, 12, requires_grad=True)
    skeleton_recall(logits, crossing()).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad < 0, middle_lines(crossing() > 0))


def test_skeleton_recall_without_cracks_is_nothing() -> None:
    assert skeleton_recall(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)).item() == 0


def test_skeleton_recall_alone_is_refused() -> None:
    message = message_of({"skeleton_recall": 1.0})
    assert message.startswith(
        "loss.terms: skeleton_recall alone is least where everything is crack"
    )
    SegmentationLoss({"bce": 1.0, "skeleton_recall": 0.5})


# What holds for all terms.


@pytest.mark.parametrize("name", ALL_TERMS)
@pytest.mark.parametrize("logit", [100.0, -100.0])
def test_large_logits_give_finite_losses_and_gradients(name: str, logit: float) -> None:
    _, mask = random_batch()
    logits = torch.full_like(mask, logit).requires_grad_()
    loss = build(name)(logits, mask)
    loss.backward()
    assert torch.isfinite(loss)
    assert loss > 0.1
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", ALL_TERMS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_logits_of_low_precision_are_computed_in_float32(name: str, dtype: torch.dtype) -> None:
    logits, mask = random_batch()
    low = logits.to(dtype)
    loss = build(name)(low, mask)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, build(name)(low.float(), mask))
    assert compute(name, low, mask).dtype == torch.float32


@pytest.mark.parametrize("name", ALL_TERMS)
def test_better_logits_cost_less(name: str) -> None:
    logits, mask = random_batch()
    better = logits + (2 * mask - 1)
    assert build(name)(better, mask) < build(name)(logits, mask)


@pytest.mark.parametrize("name", ALL_TERMS)
def test_every_term_goes_by_its_name(name: str) -> None:
    logits, mask = random_batch()
    terms = {name: 1.0, **BESIDE.get(name, {})}
    expected = sum(factor * compute(one, logits, mask) for one, factor in terms.items())
    torch.testing.assert_close(build(name)(logits, mask), expected)


# The sum.


def test_sum_adds_every_term_times_its_factor() -> None:
    logits, mask = random_batch()
    terms = {"bce": 0.5, "dice": 2.0, "weighted_bce": 0.25}
    expected = (
        0.5 * bce(logits, mask)
        + 2.0 * dice(logits, mask)
        + 0.25 * weighted_bce(logits, mask, WEIGHTS)
    )
    torch.testing.assert_close(SegmentationLoss(terms, (BACKGROUND, CRACK))(logits, mask), expected)


def test_class_weights_stay_out_of_the_state_dict() -> None:
    loss = SegmentationLoss({"weighted_bce": 1.0}, [BACKGROUND, CRACK])
    assert loss.state_dict() == {}
    assert isinstance(loss.class_weights, Tensor)
    loss.load_state_dict({})
    assert loss.class_weights.tolist() == [BACKGROUND, CRACK]


@pytest.mark.parametrize("name", ALL_TERMS)
def test_loss_moves_to_another_dtype(name: str) -> None:
    logits, mask = random_batch()
    before = build(name)(logits, mask)
    torch.testing.assert_close(build(name).to(torch.float64)(logits, mask), before)


@pytest.mark.parametrize("name", ALL_TERMS)
def test_loss_moves_to_another_device(name: str) -> None:
    logits = torch.zeros(1, 1, 4, 4, device="meta")
    assert build(name).to("meta")(logits, logits).device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ALL_TERMS)
def test_loss_on_a_gpu_equals_the_cpus(name: str) -> None:
    logits, mask = random_batch()
    on_gpu = build(name).to("cuda")(logits.cuda(), mask.cuda())
    on_cpu = build(name)(logits, mask)
    torch.testing.assert_close(on_gpu.cpu(), on_cpu, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ALL_TERMS)
def test_only_weighted_terms_use_class_weights(name: str) -> None:
    assert uses_class_weights({name: 1.0}) == (name in ("weighted_bce", "weighted_bce_reduced"))
    assert uses_class_weights({"dice": 1.0, name: 1.0}) == (name in WEIGHTED_TERMS)


# What is refused.


def test_unknown_term_is_refused_by_naming_those_there_are() -> None:
    message = message_of({"bce": 1.0, "focal": 1.0, "lovasz": 1.0})
    assert message.startswith("loss.terms: ")
    assert "focal, lovasz" in message
    known = message.partition("known: ")[2]
    assert known.split(", ") == ALL_TERMS


def test_sum_of_nothing_is_refused() -> None:
    message = message_of({})
    assert message.startswith("loss.terms: it is empty")
    assert all(name in message for name in ALL_TERMS)


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan])
def test_factor_that_is_not_positive_is_refused(factor: float) -> None:
    message = message_of({"bce": 1.0, "dice": factor})
    assert f"loss.terms.dice={factor}" in message
    assert "greater than 0" in message


def test_class_weights_that_would_be_ignored_are_refused() -> None:
    message = message_of({"bce": 1.0, "dice": 1.0}, (0.5, 4.0))
    assert message.startswith("loss.class_weights: ")
    assert "no term of bce, dice uses class weights" in message
    assert "leave them null" in message
    assert all(name in message for name in WEIGHTED_TERMS)


@pytest.mark.parametrize("name", WEIGHTED_TERMS)
def test_missing_class_weights_are_asked_for(name: str) -> None:
    message = message_of({"dice": 1.0, name: 1.0})
    assert message.startswith("loss.class_weights: missing")
    assert "two numbers (background, crack)" in message
    assert "auto" in message


@pytest.mark.parametrize(
    "weights", [(1.0,), (1.0, 2.0, 3.0), (), (0.0, 1.0), (1.0, -2.0), (1.0, math.nan)]
)
def test_class_weights_are_two_numbers_above_zero(weights: tuple[float, ...]) -> None:
    message = message_of({"weighted_bce": 1.0}, weights)
    assert f"loss.class_weights={weights}" in message
    assert "two numbers greater than 0 and at most 1000000000, background and crack" in message


def test_balancing_weights_by_hand() -> None:
    # Of 600 pixels 30 are crack.
    background, crack = balancing_weights(600, 30)
    assert background == pytest.approx(600 / (2 * 570))
    assert crack == pytest.approx(600 / (2 * 30))
    assert balancing_weights(100, 50) == (1.0, 1.0)


@pytest.mark.parametrize(("crack", "expected"), [(0, (0.5, 50.0)), (100, (50.0, 0.5))])
def test_a_class_that_does_not_occur_weighs_as_one_pixel(
    crack: int, expected: tuple[float, float]
) -> None:
    assert balancing_weights(100, crack) == expected


def test_each_of_several_looks_is_judged_a_little() -> None:
    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        return ((logits - mask) ** 2).mean()

    one, other = torch.full((1, 1, 2, 2), 3.0), torch.full((1, 1, 2, 2), -1.0)
    mask = torch.zeros(1, 1, 2, 2)
    # They are 3 and 1 away, and a fifth of the mean square counts.
    assert loss_of_each(loss, [one, other], mask).item() == pytest.approx(0.2 * (9 + 1) / 2)
    assert loss_of_each(loss, [one], mask).item() == 0
