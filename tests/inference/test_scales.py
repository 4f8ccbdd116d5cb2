"""Scales that a user names, and those that auto takes for a network."""

from dataclasses import replace

import numpy as np
import pytest

from crackseg.errors import ConfigError
from crackseg.inference.scales import ScaleChoice, scales_of
from tests.inference.test_model_file import INFO


@pytest.mark.parametrize(
    ("choice", "scales"),
    [
        (None, (0.32,)),
        (0.5, (0.5,)),
        (1, (1,)),
        (np.float32(0.5), (0.5,)),
        (np.int64(1), (1,)),
        (np.array([0.5, 1.0], np.float32), (0.5, 1.0)),
        ((0.5, 1.0), (0.5, 1.0)),
        ([1.0, 0.5], (1.0, 0.5)),
        ("0.5", (0.5,)),
        ("0.5,1", (0.5, 1.0)),
        ("0.5, 1", (0.5, 1.0)),
    ],
)
def test_scales_are_those_that_were_named(choice: ScaleChoice, scales: tuple[float, ...]) -> None:
    assert scales_of(choice, INFO) == scales


@pytest.mark.parametrize(
    ("trained_at", "scales"),
    [
        ((0.4, 1.25), (0.4, 0.632, 1.0)),
        ((0.35, 1.0), (0.35, 0.592, 1.0)),
        ((0.1, 0.2), (0.1, 0.2)),
        ((0.95, 3.0), (0.95, 1.0)),
        ((1.5, 3.0), (1.5,)),
    ],
)
def test_auto_spans_the_range_of_the_training_up_to_the_photographs_own_scale(
    trained_at: tuple[float, float], scales: tuple[float, ...]
) -> None:
    ranged = replace(INFO, scales=trained_at)
    assert scales_of("auto", ranged) == pytest.approx(scales, abs=1e-3)
    assert scales_of(None, ranged) == scales_of("auto", ranged)
    assert scales_of(INFO.scale, ranged) == (INFO.scale,)


@pytest.mark.parametrize(
    ("stored", "scales"), [(0.32, (0.32, 0.566, 1.0)), (1.0, (1.0,)), (2.0, (2.0,))]
)
def test_auto_of_a_network_of_one_scale_spans_from_it_to_the_photographs_own(
    stored: float, scales: tuple[float, ...]
) -> None:
    network = replace(INFO, scale=stored)
    assert scales_of("auto", network) == pytest.approx(scales, abs=1e-3)
    assert scales_of(None, network) == (stored,)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (0, "0"),
        (101.0, "101.0"),
        (float("nan"), "nan"),
        (True, "True"),
        ((), ""),
        ([0.5, -1.0], "0.5,-1.0"),
        ([0.5, "half"], "0.5,half"),
        ("", ""),
        ("half", "half"),
        ("0.5,", "0.5,"),
        ("0.5;1", "0.5;1"),
        ("0.5,1000", "0.5,1000"),
        ("inf", "inf"),
        ("automatic", "automatic"),
    ],
)
def test_a_scale_that_cannot_be_is_named(choice: ScaleChoice, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        scales_of(choice, INFO)
    assert str(caught.value) == (
        f"scale={told}: training pixels per photograph pixel, at least 0.001 and at most 100; one "
        "number, several with commas between, or auto"
    )


def test_a_comma_in_place_of_a_point_is_told() -> None:
    with pytest.raises(ConfigError, match=r"or auto; write 0\.5 for one scale$"):
        scales_of("0,5", INFO)
