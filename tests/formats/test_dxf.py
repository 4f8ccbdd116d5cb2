"""Drawings for CAD, opened again by ezdxf, and by GDAL's reader of its own."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from crackseg.measurement.classes import class_limits
from crackseg.measurement.scale import Scale
from tests.formats.measured import blank, result, write_photograph

ezdxf = pytest.importorskip("ezdxf", reason="needs the extra cad")


def test_a_polyline_a_branch_in_millimetres_with_y_upwards(tmp_path: Path) -> None:
    one = result(scale=Scale(0.5))
    [path] = write_photograph("dxf", one, tmp_path)
    document = ezdxf.readfile(path)
    assert not document.audit().has_issues
    assert document.header["$INSUNITS"] == ezdxf.units.MM
    branches = [branch for crack in one.photograph.measurement.cracks for branch in crack.branches]
    polylines = list(document.modelspace().query("LWPOLYLINE"))
    assert len(polylines) == len(branches)
    assert {polyline.dxf.layer for polyline in polylines} == {"CRACKS"}
    x, y = branches[0].line.points.T
    drawn = np.array(polylines[0].get_points("xys"))
    assert drawn[:, 0] == pytest.approx(0.5 * (x + 0.5), abs=1e-6)
    assert drawn[:, 1] == pytest.approx(0.5 * (240 - 0.5 - y), abs=1e-6)
    resolved = branches[0].widths.resolved == 1
    assert drawn[resolved, 2] == pytest.approx(0.5 * branches[0].widths.value[resolved])
    assert (drawn[~resolved, 2] == 0).all()


def test_layers_are_the_classes(tmp_path: Path) -> None:
    limits = class_limits([0.5, 2.5])
    [path] = write_photograph("dxf", result(scale=Scale(0.5)), tmp_path, limits)
    document = ezdxf.readfile(path)
    layers = [polyline.dxf.layer for polyline in document.modelspace().query("LWPOLYLINE")]
    assert layers == ["CRACKS 0.5 to 2.5 mm", "CRACKS above 2.5 mm", "CRACKS cannot tell"]
    [(_, said)] = document.modelspace().query("LWPOLYLINE")[0].get_xdata("CRACKSEG")
    assert said.startswith("crack 1, branch 1: ")
    assert said.endswith(", 0.5 to 2.5 mm")


def test_without_a_scale_it_is_in_pixels_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crackseg.images.notices._warned", defaultdict(set))
    [path] = write_photograph("dxf", result("a\nb.jpg"), tmp_path, class_limits("en1992"))
    document = ezdxf.readfile(path)
    assert document.header["$INSUNITS"] == 0
    about = [value for _, value in document.header.custom_vars]
    assert about[0] == "a?b.jpg"
    assert about[1].startswith("Units are PIXELS, as the scale is not known")
    assert any("for research only" in note for note in about)
    assert "whose scale is not known are in pixels" in caplog.text


def test_a_photograph_without_cracks_is_an_empty_drawing(tmp_path: Path) -> None:
    [path] = write_photograph("dxf", blank(), tmp_path)
    assert len(ezdxf.readfile(path).modelspace()) == 0


def test_another_reader_sees_the_same_lines(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="needs the extra gis")
    shapely = pytest.importorskip("shapely", reason="needs the extra gis")
    one = result(scale=Scale(0.5))
    [path] = write_photograph("dxf", one, tmp_path)
    _, _, shapes, _ = pyogrio.raw.read(path, read_geometry=True)
    lengths = [
        0.5 * np.hypot(*np.diff(branch.line.points, axis=0).T).sum()
        for crack in one.photograph.measurement.cracks
        for branch in crack.branches
    ]
    assert shapely.length(shapely.from_wkb(shapes)) == pytest.approx(lengths, rel=1e-6)
