"""What a user of the library calls."""

import pytest

from crackseg.errors import ConfigError
from crackseg.inference.prediction import Prediction
from tests.measurement.drawn import drawn_line, photographed


def prediction() -> Prediction:
    coverage = drawn_line(6.0, 30.0)
    grey = photographed(coverage)
    return Prediction(grey[..., None].repeat(3, axis=2), coverage, coverage > 0.5, 0.5)


def test_a_prediction_measures_its_cracks_in_millimetres() -> None:
    found = prediction().measure(mm_per_pixel=0.2, mm_per_pixel_uncertainty=0.002)
    [crack] = found.cracks
    assert found.unit == "mm"
    assert crack.widths is not None
    assert found.in_unit(crack.widths.mean).value == pytest.approx(1.2, abs=0.03)
    assert found.in_unit(crack.length).value == pytest.approx(30, rel=0.01)


def test_a_scale_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mm_per_pixel=0\.0: millimetres for each pixel"):
        prediction().measure(mm_per_pixel=0.0)
