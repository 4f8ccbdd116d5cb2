"""Scales that a user names, and those that auto takes for a network."""

from dataclasses import replace
from itertools import pairwise

import pytest

from crackseg.errors import ConfigError
from crackseg.inference.scales import ScaleChoice, scales_of
from tests.inference.test_model_file import INFO

RANGED = replace(INFO, scales=(0.35, 1.2))


@pytest.mark.parametrize(
    ("choice", "scales"),
    [
        (None, (0.32,)),
        (0.5, (0.5,)),
        (1, (1,)),
        ((0.5, 1.0), (0.5, 1.0)),
        ([1.0, 0.5], (1.0, 0.5)),
        ("0.5", (0.5,)),
        ("0.5,1", (0.5, 1.0)),
        ("0.5, 1", (0.5, 1.0)),
    ],
)
def test_scales_are_those_that_were_named(choice: ScaleChoice, scales: tuple[float, ...]) -> None:
    assert scales_of(choice, INFO) == scales


def test_auto_spans_the_range_of_the_training_and_is_what_such_a_network_takes() -> None:
    scales = scales_of("auto", RANGED)
    assert (scales[0], scales[-1]) == pytest.approx((0.35, 1.2))
    factors = [high / low for low, high in pairwise(scales)]
    assert factors == pytest.approx([factors[0]] * len(factors))
    assert 1.4 < factors[0] < 1.6
    assert scales_of(None, RANGED) == scales
    assert scales_of(0.32, RANGED) == (0.32,)


@pytest.mark.parametrize(
    ("stored", "ends"), [(0.32, (0.32, 1.0)), (1.0, (1.0, 1.0)), (2.0, (1.0, 2.0))]
)
def test_auto_of_a_network_of_one_scale_spans_from_it_to_the_photographs_own(
    stored: float, ends: tuple[float, float]
) -> None:
    scales = scales_of("auto", replace(INFO, scale=stored))
    assert (scales[0], scales[-1]) == pytest.approx(ends)
    assert len(scales) == len(set(scales))


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
