import pytest

from crackseg.errors import ConfigError
from crackseg.measurement.classes import CANNOT_TELL, PRESETS, ClassLimits, class_limits
from crackseg.measurement.cracks import Measurement
from crackseg.measurement.scale import Measured, Scale


def test_millimetres_carry_the_uncertainty_of_width_and_scale() -> None:
    """u^2 = (s u_px)^2 + (w u_s / s)^2, of which an interval has 1.96 on each side."""
    width = Scale(0.2, 0.01).millimetres(Measured(5.0, 5.0 - 1.96 * 0.1, 5.0 + 1.96 * 0.1))
    expected = 1.96 * ((0.2 * 0.1) ** 2 + (1.0 * 0.01 / 0.2) ** 2) ** 0.5
    assert width.value == pytest.approx(1.0)
    assert width.high - width.value == pytest.approx(expected)
    assert width.value - width.low == pytest.approx(expected)


def test_bounds_stay_bounds_in_millimetres() -> None:
    assert not Scale(0.2).millimetres(Measured(1.0, 0.5, 2.0, resolved=False)).resolved
    assert Scale(0.2).millimetres(Measured(1.0, 0.5, 2.0)).high == pytest.approx(0.4)


def test_bounds_in_millimetres_take_the_bounds_of_the_scale() -> None:
    """What is not resolved may be as wide as its upper bound, at the largest scale that may be."""
    found = Scale(0.2, 0.02).millimetres(Measured(1.0, 0.5, 3.0, resolved=False))
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.5 * (0.2 - 1.96 * 0.02))
    assert found.high == pytest.approx(3.0 * (0.2 + 1.96 * 0.02))
    unsure = Scale(0.2, 0.15).millimetres(Measured(1.0, 0.5, 3.0, resolved=False))
    assert unsure.low == 0.0


def test_widths_are_in_the_order_of_what_they_surely_reach() -> None:
    narrow, wide = Measured(1.4, 1.3, 1.5), Measured(4.7, 3.9, 5.6, resolved=False)
    hairline, blurred = Measured(0.3, 0.0, 0.8, False), Measured(0.4, 0.0, 6.0, False)
    assert sorted([narrow, hairline, wide, blurred], key=lambda one: one.order) == [
        *(hairline, blurred, narrow, wide)
    ]


def test_two_points_and_a_length_make_a_scale() -> None:
    scale = Scale.of_two_points((0, 0), (300, 400), 100.0, length_error_mm=0.5)
    assert scale.mm_per_pixel == pytest.approx(0.2)
    assert scale.uncertainty == pytest.approx(0.2 * ((0.5**0.5 / 500) ** 2 + 0.005**2) ** 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Scale(0.0), "mm_per_pixel=0.0: millimetres for each pixel, greater than 0"),
        (lambda: Scale(float("nan")), "mm_per_pixel=nan: millimetres for each pixel"),
        (lambda: Scale(1.0, -1.0), r"uncertainty=-1.0: standard deviation of the 1 mm for each"),
        (
            lambda: Scale(0.2, 0.2),
            r"uncertainty=0.2: .* 0.2 mm for each pixel, at least 0 and below",
        ),
        (
            lambda: Scale.of_two_points((3, 4), (3, 4), 1.0),
            r"both points are at \(3, 4\): take two that are far apart",
        ),
        (
            lambda: Scale.of_two_points((3, 4), (3, 5), 0.0),
            "length_mm=0.0: the distance of the points, greater than 0",
        ),
        (
            lambda: Scale.of_two_points((3, 4), (3, 5), 2.0, -1.0),
            "length_error_mm=-1.0: standard deviation of the 2 mm between the points",
        ),
        (
            lambda: class_limits("en1982"),
            "classes=en1982: one of aci224r, en1992, bre251, tm5-826-6, or limits in millimetres; "
            "did you mean en1992",
        ),
        (lambda: class_limits([0.3, 0.2]), "limits of width 0.3, 0.2: millimetres greater than 0"),
        (lambda: class_limits([]), r"limits of width \(none\): millimetres greater than 0"),
    ],
)
def test_an_impossible_scale_or_class_is_refused(call: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()  # type: ignore[operator]


def test_the_unit_is_that_of_the_scale() -> None:
    in_pixels = Measurement((), (10, 10), None, 1.0)
    in_mm = Measurement((), (10, 10), Scale(0.5), 1.0)
    assert (in_pixels.unit, in_mm.unit) == ("px", "mm")
    assert in_pixels.in_unit(Measured(4.0, 3.0, 5.0)).value == 4.0
    assert in_mm.in_unit(Measured(4.0, 3.0, 5.0)).value == 2.0


def test_presets_hold_the_published_limits() -> None:
    limits = {name: one.limits_mm for name, one in PRESETS.items()}
    assert limits == {
        "aci224r": (0.10, 0.15, 0.18, 0.30, 0.41),
        "en1992": (0.2, 0.3, 0.4),
        "bre251": (0.1, 1.0, 5.0, 15.0, 25.0),
        "tm5-826-6": (3.2, 12.7, 25.4),
    }


def test_a_class_is_certain_where_the_whole_interval_lies_in_it() -> None:
    found = class_limits("en1992").classify(Measured(0.25, 0.21, 0.29))
    assert found.label == "0.2 to 0.3 mm"
    assert found.is_certain


def test_a_class_cannot_be_told_where_the_interval_spans_two() -> None:
    found = ClassLimits("mine", "", (0.2, 0.3)).classify(Measured(0.25, 0.15, 0.35))
    assert found.label == CANNOT_TELL
    assert (found.lowest, found.highest) == ("up to 0.2 mm", "above 0.3 mm")


def test_a_width_at_a_limit_is_of_the_class_below() -> None:
    assert class_limits([0.2]).classify(Measured(0.2, 0.2, 0.2)).label == "up to 0.2 mm"
