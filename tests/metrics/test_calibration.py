"""Calibration against torchmetrics, a plain loop and cases by hand."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from crackseg.metrics.calibration import binned, calibration_error, reliability
from crackseg.metrics.histogram import count_probabilities


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
