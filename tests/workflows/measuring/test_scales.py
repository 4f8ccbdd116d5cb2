"""Millimetres of a pixel on a map."""

import math
from types import SimpleNamespace

import pytest

from crackseg.images.georeference import Affine, Placement
from crackseg.measurement.photograph import Georeference
from crackseg.workflows.measuring.scales import NotedSizes, scale_of_map, why_no_scale


def on_map(affine: Affine) -> Placement:
    return Placement(Georeference(affine, "EPSG:25832"), 1.0)


def test_a_turned_square_has_one_scale() -> None:
    cos, sin = 0.002 * math.cos(0.3), 0.002 * math.sin(0.3)
    placement = on_map((cos, sin, 1e6, sin, -cos, 6e6))
    scale = scale_of_map(placement)
    assert scale is not None
    assert scale.mm_per_pixel == pytest.approx(2.0)
    assert scale.uncertainty == pytest.approx(0.0, abs=1e-12)
    assert why_no_scale(placement) == ""


def test_sides_that_hardly_differ_make_an_uncertain_scale() -> None:
    scale = scale_of_map(on_map((0.001, 0.0, 1e6, 0.0, -0.001008, 6e6)))
    assert scale is not None
    assert scale.mm_per_pixel == pytest.approx(1.004)
    assert scale.uncertainty == pytest.approx(0.004)


@pytest.mark.parametrize(
    "affine",
    [
        (0.001, 0.0, 1e6, 0.0, -0.00102, 6e6),
        # Both sides of the rhombus are a millimetre.
        (0.001, 0.0007, 1e6, 0.0, -0.000714143, 6e6),
    ],
)
def test_a_pixel_that_is_no_square_has_no_scale(affine: Affine) -> None:
    assert scale_of_map(on_map(affine)) is None
    assert why_no_scale(on_map(affine)) == "its pixels are no squares on the map"


def test_photographs_of_several_sizes_that_one_scale_was_given_for_are_told() -> None:
    def of(*sizes: tuple[int, int]) -> str:
        noted = NotedSizes(SimpleNamespace(measurement=SimpleNamespace(size=one)) for one in sizes)
        assert len(list(noted)) == len(sizes)
        return noted.warning

    assert of((30, 40), (40, 30)) == ""
    assert "of 2 sizes (2 of 40x30, 1 of 80x60)" in of((30, 40), (60, 80), (40, 30))
