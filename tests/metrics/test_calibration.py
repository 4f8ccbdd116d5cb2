"""Calibration against torchmetrics, a plain loop and cases by hand."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from crackseg.metrics.calibration import (
    SCALING_THRESHOLDS,
    PlattScaling,
    binned,
    calibration_error,
    platt_scaling,
    reliability,
)
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.histogram import Counts, count_probabilities


def made(seed: int = 0, bias: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probability = generator.beta(0.5, 1.5, (120, 150)).astype(np.float32)
    return probability, generator.random((120, 150)) < np.clip(probability + bias, 0, 1)


@pytest.mark.parametrize("bins", [1, 8, 16, 32])
@pytest.mark.parametrize("bias", [0.0, 0.2])
def test_error_equals_torchmetrics(bins: int, bias: float) -> None:
    probability, truth = made(bias=bias)
    ours = calibration_error(reliability(binned(count_probabilities(probability, truth), bins)))
    parts = (torch.from_numpy(probability), torch.from_numpy(truth))
    assert ours == pytest.approx(binary_calibration_error(*parts, bins).item(), abs=1e-6)


def test_curve_by_a_plain_loop() -> None:
    probability, truth = made(bias=0.1)
    curve = reliability(binned(count_probabilities(probability, truth)))
    for place, lower in enumerate(np.arange(16) / 16):
        within = (probability > lower) & (probability <= lower + 1 / 16)
        assert curve.lower[place] == lower
        assert curve.pixels[place] == within.sum()
        assert curve.share[place] == pytest.approx(truth[within].mean())
        assert curve.probability[place] == pytest.approx(probability[within].mean(), abs=1e-6)


def test_error_by_hand_and_empty_bins_left_out() -> None:
    probability = np.array([[0.1, 0.1, 0.9, 0.9]], np.float32)
    truth = np.array([[0, 0, 1, 0]], bool)
    curve = reliability(binned(count_probabilities(probability, truth)))
    assert curve.pixels.tolist() == [2, 2]
    assert curve.probability == pytest.approx([0.1, 0.9], abs=1e-7)
    assert curve.share.tolist() == [0, 0.5]
    assert calibration_error(curve) == pytest.approx((0.1 + 0.4) / 2)


def test_sure_and_right_has_no_error_and_sure_and_wrong_the_largest() -> None:
    truth = np.eye(5, dtype=bool)
    for sure, error in ((truth, 0.0), (~truth, 1.0)):
        assert (
            calibration_error(
                reliability(binned(count_probabilities(sure.astype(np.float32), truth)))
            )
            == error
        )


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    probability = np.array([[0.25, 0.75]], np.float32)
    curve = reliability(binned(count_probabilities(probability, np.array([[True, False]]))))
    assert calibration_error(curve) == pytest.approx(0.75)


def test_no_pixels_have_no_error() -> None:
    counted = count_probabilities(np.zeros((0, 3), np.float32), np.zeros((0, 3), bool))
    assert calibration_error(reliability(binned(counted))) == 0


@pytest.mark.parametrize("bins", [0, 15, 8192])
def test_bins_that_do_not_divide_are_refused(bins: int) -> None:
    with pytest.raises(ValueError, match=f"{bins} bins do not divide the 4096"):
        binned(count_probabilities(*made()), bins)


def counted(logits: np.ndarray, truth: np.ndarray) -> Counts:
    counts = ConfusionCounts(SCALING_THRESHOLDS)
    counts.update(torch.sigmoid(torch.from_numpy(logits)), torch.from_numpy(truth))
    return counts.compute().numpy()


def drawn(slope: float, intercept: float, middle: float = -2.0) -> Counts:
    """Pixels that are crack as often as a scaling says."""
    generator = np.random.default_rng(0)
    logits = generator.normal(middle, 3, 400_000).astype(np.float32)
    share = 1 / (1 + np.exp(-(slope * logits + intercept)))
    return counted(logits, generator.random(logits.shape) < share)


@pytest.mark.parametrize(
    ("slope", "intercept"),
    # As it is; as class weights make it, where whole steps lead away; too sure; in doubt.
    [(1.0, 0.0), (0.83, -2.84), (0.3, -0.5), (3.0, 1.0)],
)
def test_the_scaling_is_that_by_which_the_truth_was_drawn(slope: float, intercept: float) -> None:
    found = platt_scaling(drawn(slope, intercept))
    assert found == pytest.approx((slope, intercept), rel=0.03, abs=0.03)


def test_background_far_below_counts_at_its_logit() -> None:
    found = platt_scaling(drawn(0.3, 0.0, middle=-20.0))
    assert found
    assert found.slope == pytest.approx(0.3, abs=0.03)
    # Where the pixels are: the intercept alone lies far from all of them.
    assert found.slope * -20 + found.intercept == pytest.approx(-6, abs=0.1)


def test_the_scaling_is_the_likeliest() -> None:
    logits = np.linspace(-9.9, 9.9, 5001).astype(np.float32)
    truth = np.random.default_rng(1).random(logits.shape) < 1 / (1 + np.exp(1 - 0.4 * logits))
    found = platt_scaling(counted(logits, truth))
    assert found

    def loss(scaling: PlattScaling) -> float:
        scaled = scaling.slope * logits + scaling.intercept
        return float(np.sum(np.logaddexp(0, scaled) - truth * scaled))

    others = [(a, b) for a in (-0.02, 0, 0.02) for b in (-0.1, 0, 0.1) if a or b]
    for slope, intercept in others:
        assert loss(found) < loss(PlattScaling(found.slope + slope, found.intercept + intercept))


@pytest.mark.parametrize("case", ["no crack", "all crack", "upside down"])
def test_there_is_no_scaling_where_pixels_do_not_tell(case: str) -> None:
    logits = np.linspace(-5, 5, 1000).astype(np.float32)
    truth = {"no crack": logits > 9, "all crack": logits < 9, "upside down": logits < 0}
    assert platt_scaling(counted(logits, truth[case])) is None


def test_a_network_without_a_fault_gets_surer_but_not_without_end() -> None:
    logits = np.linspace(-5, 5, 1000).astype(np.float32)
    found = platt_scaling(counted(logits, logits > 0))
    assert found is not None
    assert 2 < found.slope < 20
