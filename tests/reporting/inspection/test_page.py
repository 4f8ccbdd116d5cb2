"""The inspection page: whole, sound, by itself, and what its figures are."""

import base64
import gc
import hashlib
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.errors import OutputError
from crackseg.evaluation.certificate_record import shipped
from crackseg.inference.reliance import Reliance
from crackseg.measurement.classes import class_limits
from crackseg.measurement.photograph import Georeference, Location
from crackseg.measurement.scale import Measured, Scale
from crackseg.reporting.inspection.component import (
    component_script,
    component_style,
    photograph_component,
)
from crackseg.reporting.inspection.page import (
    InspectedPhotograph,
    LeftOut,
    write_inspection_page,
)
from crackseg.reporting.inspection.pictures import PAGE_BYTES, Room, shown_picture
from crackseg.reporting.inspection.positions import plain_maps
from crackseg.reporting.inspection.samples import sample
from crackseg.reporting.inspection.summaries import PhotographSummary, summarize
from crackseg.reporting.inspection.totals import Totals, class_rows, worst_cracks
from tests.helpers.html import Parsed
from tests.helpers.inspected import LOCATION, crack, folder, level, measured, picture

ACI = class_limits("aci224r")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("inspection") / "cracks.html"
    left_out = [LeftOut("deck/bad.jpg", "cannot be decoded as an image (truncated)")]
    write_inspection_page(folder(), 5, target, "Bridge <7>", left_out=left_out)
    return target


@pytest.fixture(scope="module")
def page(path: Path) -> Parsed:
    return Parsed(path.read_text(encoding="utf-8"))


def summaries(*photographs: InspectedPhotograph) -> list[PhotographSummary]:
    return [
        summarize(f"photograph-{place}", one.measured, sample(one.measured.measurement, 999), ACI)
        for place, one in enumerate(photographs, 1)
    ]


def test_every_section_is_there_and_listed(page: Parsed) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == ["glance", "worst", "widths", "map", "photographs", "unresolved", "method"]
    links = [attributes["href"] for attributes in page.all("a")]
    assert links[: len(sections)] == [f"#{section}" for section in sections]
    assert {link[1:] for link in links} <= set(ids)


def test_headings_leave_out_no_level(page: Parsed) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_control_has_a_name_and_every_picture_words(page: Parsed) -> None:
    assert [image["alt"].split(":")[0] for image in page.all("img")] == [
        one.measured.name for one in folder()
    ]
    for tag, attributes in page.tags:
        if tag == "svg" or attributes.get("role") in ("application", "group", "region", "img"):
            named = {"aria-label", "aria-labelledby", "aria-hidden"} & set(attributes)
            assert named, (tag, attributes)
    assert all(head.get("scope") for head in page.all("th"))
    assert all(button.get("type") for button in page.all("button"))


def test_nothing_is_loaded_and_only_the_pages_own_script_runs(path: Path, page: Parsed) -> None:
    text = path.read_text(encoding="utf-8")
    assert not {"link", "iframe", "object", "base", "form action"} & {tag for tag, _ in page.tags}
    assert all(image["src"].startswith("data:image/webp;base64,") for image in page.all("img"))
    assert not any(name.startswith("on") for _, found in page.tags for name in found)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    (policy,) = [one["content"] for one in page.all("meta") if "http-equiv" in one]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["img-src"] == "data:"
    assert "connect-src" not in rules


def test_names_are_shown_as_they_are(page: Parsed) -> None:
    assert "deck/<d>&.jpg" in page.text
    assert page.text.count("Bridge <7>") == 2
    assert "d" not in {tag for tag, _ in page.tags}


def test_photographs_unlike_those_of_the_training_are_said_first_and_in_the_method(
    page: Parsed, tmp_path: Path
) -> None:
    unlike = Reliance("the 5 photographs are unlike those before", "look through some")
    like = Reliance("the 5 photographs are like those before", "")
    pages = []
    for one in (unlike, like):
        write_inspection_page(folder(), 5, tmp_path / "cracks.html", "Bridge", reliance=one)
        pages.append(Parsed((tmp_path / "cracks.html").read_text(encoding="utf-8")))
    assert "Check the masks: the 5 photographs" in pages[0].text
    assert "By the network's own features" in pages[0].text
    assert "are unlike those before: look through some." in pages[0].text
    assert [note for note in pages[0].all("p") if note.get("role") == "note"]
    assert "Check the masks" not in pages[1].text
    assert "features the 5 photographs are like those before." in pages[1].text
    # Nothing is said where nothing is known.
    assert "By the network's own" not in page.text


def test_one_scale_for_photographs_of_several_sizes_is_said(page: Parsed, tmp_path: Path) -> None:
    small = measured("small.jpg", Scale(0.1, 0.001), ())
    small = replace(small, measurement=replace(small.measurement, size=(150, 200)))
    two = [folder()[0], InspectedPhotograph(small, picture()[:150, :200])]
    write_inspection_page(two, 2, tmp_path / "cracks.html", "Bridge")
    text = Parsed((tmp_path / "cracks.html").read_text(encoding="utf-8")).text
    assert "Check the millimetres: one scale was taken for photographs of 2 sizes" in text
    assert "Check the millimetres" not in page.text


def test_totals_say_how_many_and_how_long(page: Parsed) -> None:
    for words in (
        "Photographs 5 1 without a crack; 1 more could not be measured",
        "Cracks 6",
        # 300 + 200 px at .1 twice, and 300 px at .05; and 300 px without a scale.
        "115 mm and 300 px",
        "Photographs with a scale 4 of 5",
        "deck/bad.jpg : cannot be decoded as an image (truncated)",
        "1 photograph without a crack deck/empty.jpg",
    ):
        assert words in page.text, words


def test_the_worst_cracks_stand_first_and_lead_to_their_cards() -> None:
    every = summaries(*folder())
    found = [(one.photograph.name, one.crack.number) for one in worst_cracks(every, 99)]
    # In millimetres from .49, .49, .445, .02 and .02 up, then in pixels.
    assert found == [
        *[("pier/a.jpg", 1), ("deck/c.jpg", 1), ("deck/<d>&.jpg", 1)],
        *[("pier/a.jpg", 2), ("deck/c.jpg", 2)],
        ("pier/b.jpg", 1),
    ]
    assert len(worst_cracks(every, 2)) == 2


def test_lengths_by_class_add_up_to_all_cracks() -> None:
    (one,) = summaries(folder()[0])
    lengths = dict(one.lengths)
    assert sum(lengths.values()) == pytest.approx(500.0, abs=0.1)
    assert lengths["no width taken"] == pytest.approx(100.0, rel=0.05)
    assert lengths["not resolved"] == pytest.approx(160.0, rel=0.05)
    assert lengths["above 0.41 mm"] == pytest.approx(240.0, rel=0.05)
    rows = {row.label: row for row in class_rows([one], ACI)}
    assert rows["above 0.41 mm"].millimetres == pytest.approx(24.0, rel=0.05)
    assert sum(row.share for row in rows.values()) == pytest.approx(1.0)


def test_a_width_whose_interval_spans_two_classes_has_none() -> None:
    between = (crack(1, level(150.0, 4.0, resolved=True)),)
    (one,) = summaries(InspectedPhotograph(measured("a", Scale(0.1), between), picture()))
    assert {label for label, length in one.lengths.items() if length > 0} == {
        "cannot tell",
        "no width taken",
    }


def test_classes_are_limits_with_a_source_and_no_verdict(page: Parsed) -> None:
    assert "Limits: ACI 224R-01, table 4.1" in page.text
    assert "design or rating" in page.text
    assert "no verdict on a structure" in page.text


def test_totals_of_nothing_are_no_figures() -> None:
    none = Totals.of([])
    assert (none.resolved, none.unmeasured) == (None, None)
    assert none.millimetres == Measured(0, 0, 0)


def test_a_page_without_a_photograph_is_a_page(tmp_path: Path) -> None:
    write_inspection_page([], 0, tmp_path / "cracks.html", "Nothing")
    page = Parsed((tmp_path / "cracks.html").read_text(encoding="utf-8"))
    assert "No crack is long enough for a width" in page.text
    assert page.all("article") == []


def test_method_and_accuracy_are_said(page: Parsed) -> None:
    assert (
        "model: research (for research only). A pixel is crack above a probability of 0.55; "
        "scales 0.5 to 1; crackseg 1.2.3." in page.text
    )
    assert all(certificate.line in page.text for certificate in shipped())


def test_places_of_many_cracks_are_fewer_than_asked_for_and_keep_the_ends() -> None:
    found = measured().measurement
    (one, _) = sample(found, 100)
    assert len(one.width) < 100
    assert one.points[0].tolist() == [50.0, 100.5]
    assert one.points[-1].tolist() == [350.0, 100.5]
    assert one.step * len(one.width) == pytest.approx(300.0)
    packed = one.packed()
    assert np.cumsum(packed["x"])[-1] == 3500
    assert packed["width"][0] == -1
    assert set(packed["resolved"]) == {"0", "1"}


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("count", "longest"), [(1, 1600), (300, 900), (3000, 320)])
def test_photographs_shrink_until_they_fit_their_room(count: int, longest: int) -> None:
    room = Room.for_one_of(count)
    shown = shown_picture(noise(1500, 2000), room)
    assert max(shown.size) <= longest
    assert len(shown.address) <= room.picture or max(shown.size) <= 320
    content = base64.b64decode(shown.address.partition(",")[2])
    assert Image.open(io.BytesIO(content)).size == shown.size[::-1]


def test_small_photographs_keep_their_size() -> None:
    assert shown_picture(picture(), Room.for_one_of(1)).size == (300, 400)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photographs(tmp_path: Path) -> None:
    """Each is written before the next is asked for."""
    one = measured("a.jpg", Scale(0.1))
    alive: list[int] = []

    def pictures(count: int) -> Iterator[InspectedPhotograph]:
        for place in range(count):
            gc.collect()
            alive.append(tracemalloc.get_traced_memory()[0])
            yield InspectedPhotograph(replace(one, name=f"{place}.jpg"), noise(500, 700))

    tracemalloc.start()
    write_inspection_page(pictures(8), 8, tmp_path / "cracks.html", "Many")
    tracemalloc.stop()
    # Five more photographs of a megabyte each.
    assert alive[-1] - alive[2] < 2e6
    assert (tmp_path / "cracks.html").stat().st_size < PAGE_BYTES


def test_a_photograph_that_fails_leaves_an_older_page_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "cracks.html"
    target.write_text("older", encoding="utf-8")

    def failing() -> Iterator[InspectedPhotograph]:
        yield folder()[0]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        write_inspection_page(failing(), 2, target, "Bridge")
    assert target.read_text(encoding="utf-8") == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_page_where_a_file_stands_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="there is a file where a folder is needed"):
        write_inspection_page([], 0, tmp_path / "file" / "cracks.html", "Bridge")


def test_photographs_without_a_location_have_no_map(tmp_path: Path) -> None:
    write_inspection_page(folder()[:2], 2, tmp_path / "cracks.html", "Bridge")
    page = Parsed((tmp_path / "cracks.html").read_text(encoding="utf-8"))
    assert "map" not in {one["id"] for one in page.all("section")}
    assert "#map" not in {one["href"] for one in page.all("a")}


def located(latitude: float, longitude: float) -> InspectedPhotograph:
    place = Location(latitude, longitude, None)
    return InspectedPhotograph(measured("a.jpg", location=place), picture())


def test_the_map_is_to_scale_with_north_upwards() -> None:
    # A thousandth of a degree of latitude is 111.2 m; of longitude at 60 degrees half of that.
    places = summaries(located(60.0, 10.0), located(60.001, 10.0), located(60.0, 10.002))
    (found,) = plain_maps(places)
    south, north, east = found.marks
    length, words = found.bar
    metres = length / float(words.removesuffix(" m"))
    assert (south.y - north.y) / metres == pytest.approx(111.2, rel=1e-3)
    assert (east.x - south.x) / metres == pytest.approx(111.2, rel=1e-3)
    assert north.x == pytest.approx(south.x)


def test_marks_that_would_cover_each_other_are_one() -> None:
    (found,) = plain_maps(summaries(located(60.0, 10.0), located(60.0, 10.0), located(60.1, 10.0)))
    assert [len(mark.photographs) for mark in found.marks] == [2, 1]


def test_one_photograph_has_a_map_too() -> None:
    (found,) = plain_maps(summaries(located(60.0, 10.0)))
    assert len(found.marks) == 1
    assert found.bar[1] == "2 m"


def test_middles_of_georeferenced_photographs_are_on_a_map_of_their_system() -> None:
    reference = Georeference((0.5, 0.0, 1000.0, 0.0, -0.5, 5000.0), "EPSG:25832")
    one = InspectedPhotograph(measured("a.tif", georeference=reference), picture())
    (found,) = plain_maps(summaries(one))
    (_, position) = found.photographs[0]
    assert (position.x, position.y) == (1000 + 0.5 * 199.5, 5000 - 0.5 * 149.5)
    assert not found.is_geographic


def test_a_fragment_stands_by_itself() -> None:
    page = Parsed(photograph_component(measured(scale=Scale(0.1, 0.001)), picture(), key="one"))
    (article,) = page.all("article")
    assert article["id"] == "one"
    assert "0.50 mm" in page.text
    assert component_script().count("new Photograph(root)") == 1
    assert "--accent" in component_style()


def test_a_fragment_without_a_crack_says_so_in_words() -> None:
    page = Parsed(photograph_component(measured("wall.jpg", cracks=()), picture()))
    assert "No cracks." in page.text
    assert page.all("img")[0]["alt"] == "wall.jpg: no cracks"


def test_a_fragment_holds_what_its_script_needs() -> None:
    html = photograph_component(measured("</script>", Scale(0.1, 0.001)), picture())
    found = re.search(r'<script type="application/json" class="data">(.*?)</script>', html)
    assert found
    data = json.loads(found[1])
    assert data["size"] == [300, 400]
    assert data["scale"] == [0.1, 0.001]
    assert data["limits"] == list(ACI.limits_mm)
    assert [one["crack"] for one in data["branches"]] == [1, 2]


def test_time_and_place_are_said_only_where_they_were_asked_for() -> None:
    asked = photograph_component(measured(location=LOCATION), picture())
    assert "2026-05-01 12:30:00" in asked
    assert "52.500000° N, 13.400000° E" in asked
    other = photograph_component(measured(), picture())
    assert "Taken" not in other
    assert "°" not in other
