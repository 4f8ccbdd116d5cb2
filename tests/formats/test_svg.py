"""Drawings in SVG, opened again by an XML parser and by a browser."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from crackseg.images.png import write_png
from crackseg.measurement.classes import class_limits
from crackseg.measurement.scale import Scale
from tests.formats.measured import blank, result, write_photograph
from tests.helpers.browser import find_browser, opened

SVG = "{http://www.w3.org/2000/svg}"


def strokes(path: Path) -> list[ElementTree.Element]:
    return ElementTree.parse(path).getroot().findall(f"{SVG}path")


def test_strokes_are_the_branches_as_wide_as_they_are(tmp_path: Path) -> None:
    one = result(scale=Scale(0.5))
    [path] = write_photograph("svg", one, tmp_path, class_limits([0.5, 2.5]))
    ring, wide, hairline = strokes(path)
    assert ElementTree.parse(path).getroot().get("viewBox") == "0 0 300 240"
    crack = one.photograph.measurement.cracks[1]
    corners = [pair.split(",") for pair in str(wide.get("d")).removeprefix("M").split()]
    assert np.array(corners, float) == pytest.approx(crack.points + 0.5, abs=0.006)
    assert crack.widths is not None
    assert float(str(wide.get("stroke-width"))) == pytest.approx(crack.widths.mean.value, abs=0.01)
    assert wide.get("class") == "width-above-2-5-mm"
    assert ring.get("class") == "width-0-5-to-2-5-mm"
    assert hairline.get("class") == "width-cannot-tell not-resolved"
    assert str(hairline.findtext(f"{SVG}title")).startswith("crack 3, branch 1: width not resolved")
    about = str(ElementTree.parse(path).getroot().findtext(f"{SVG}desc"))
    assert "Units are pixels" in about
    assert "no verdict on a structure" in about


def test_titles_write_wide_cracks_as_people_do(tmp_path: Path) -> None:
    [path] = write_photograph("svg", result(scale=Scale(250.0)), tmp_path)
    titles = [str(one.findtext(f"{SVG}title")) for one in strokes(path)]
    assert re.fullmatch(r"crack 2, branch 1: 1[45]\d\d mm \(1[45]\d\d to 1[456]\d\d\)", titles[1])
    assert "e+" not in "".join(titles)


def test_the_link_leads_to_the_photograph(tmp_path: Path) -> None:
    one = result("walls/50 % & more.jpg")
    [path] = write_photograph("svg", one, tmp_path)
    image = ElementTree.parse(path).getroot().find(f"{SVG}image")
    assert image is not None
    assert (path.parent / unquote(str(image.get("href")))).resolve() == one.file


def test_a_link_leads_to_a_file_whose_name_is_no_text_too(tmp_path: Path) -> None:
    one = replace(result(), file=Path("/photographs/caf\udce9.jpg"))
    [path] = write_photograph("svg", one, tmp_path)
    assert "/photographs/caf%E9.jpg" in path.read_text()


def test_a_photograph_without_cracks_has_no_strokes(tmp_path: Path) -> None:
    assert strokes(write_photograph("svg", blank(), tmp_path)[0]) == []


@pytest.mark.slow
def test_a_browser_draws_it_over_the_photograph(tmp_path: Path) -> None:
    pytest.importorskip("playwright", reason="needs the extra browser")
    browser = find_browser()
    if browser is None:
        pytest.skip("needs a Chromium")
    drawn = result(scale=Scale(0.5))
    photograph = tmp_path / "one.png"
    write_png(drawn.image(), photograph)
    one = replace(drawn, file=photograph)
    [path] = write_photograph("svg", one, tmp_path / "out", class_limits([0.5, 2.5]))
    with opened(browser, (600, 480)) as page:
        page.goto(path.as_uri())
        # The middle of the wide crack, at twice its size.
        colour = page.evaluate("getComputedStyle(document.elementFromPoint(190, 170)).stroke")
        title = page.evaluate("document.elementFromPoint(190, 170).textContent")
        loaded = page.evaluate(
            "new Promise(done => { const one = new Image(); one.onload = () => "
            "done(one.naturalWidth); one.src = document.querySelector('image').href.baseVal })"
        )
    assert colour not in ("none", "")
    assert title.startswith("crack 2, branch 1: ")
    assert loaded == 300
