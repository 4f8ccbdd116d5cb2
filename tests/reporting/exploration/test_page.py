"""The page about a data set: whole, sound, and by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackseg.data.analysis.explore import explore
from crackseg.preprocessing import Preprocessing
from crackseg.reporting.exploration.page import write_page
from tests.helpers.browser import opened
from tests.helpers.data_sets import draw_pair, write_archive, write_traps
from tests.helpers.html import Parsed

SECTIONS = ("glance", "photographs", "sources", "share", "width", "balance", "cuts", "division")
HOSTILE = ("<script>alert(1)<script>", '"onerror="alert(2)', "a&amp;b", "{{ 7 * 7 }}", "$x^2$")


def written(root: Path, folder: Path, cut: int = 127) -> Path:
    preprocessing = Preprocessing((32, 32), "area", cut)
    return write_page(explore([root], preprocessing, folder / "cache"), folder / "page")


def parsed(page: Path) -> Parsed:
    return Parsed(page.read_text(encoding="utf-8"))


def save_pair(root: Path, stem: str, photograph: np.ndarray, mask: np.ndarray) -> None:
    for folder, picture in (("images", photograph), ("masks", mask)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / folder / f"{stem}.png")


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about an archive with every trap in it."""
    folder = tmp_path_factory.mktemp("traps")
    return written(write_traps(folder / "archive"), folder)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page about files whose names are HTML, a template and a formula."""
    folder = tmp_path_factory.mktemp("hostile")
    for place, stem in enumerate([*HOSTILE, *(f"w{number}" for number in range(8))]):
        save_pair(folder / "walls", stem, *draw_pair(place))
    (folder / "walls/images/<b>lonely.png").write_bytes(b"")
    return written(folder / "walls", folder)


def test_every_section_is_there_and_listed(traps: Path) -> None:
    page = parsed(traps)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == [*SECTIONS, "found"]
    links = [attributes["href"] for attributes in page.all("a")]
    assert links[: len(sections)] == [f"#{section}" for section in sections]
    assert {link[1:] for link in links} <= set(ids)
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1


def test_all_pictures_are_inside_and_have_words(traps: Path) -> None:
    page = parsed(traps)
    images = page.all("img")
    assert len(images) > 30
    for image in images:
        assert image["src"].startswith(("data:image/webp;base64,", "data:image/svg+xml;base64,"))
        assert image["alt"].strip()
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0


def test_nothing_is_loaded_and_nothing_is_run(traps: Path, hostile: Path) -> None:
    for path in (traps, hostile):
        page = parsed(path)
        assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
        addresses = [
            value
            for _, attributes in page.tags
            for name, value in attributes.items()
            if name in ("src", "href", "srcset", "data", "poster", "action")
        ]
        assert all(address.startswith(("#", "data:image/")) for address in addresses)
        assert not any(name.startswith("on") for _, found in page.tags for name in found)
        assert "url(" not in path.read_text(encoding="utf-8")
        policy = [found for found in page.all("meta") if "http-equiv" in found]
        assert policy[0]["content"].startswith("default-src 'none'; img-src data:")


def test_names_are_shown_as_they_are(hostile: Path) -> None:
    page = parsed(hostile)
    for stem in HOSTILE:
        assert stem in page.text
    assert "images/<b>lonely.png" in page.text
    assert any(HOSTILE[0] in image["alt"] for image in page.all("img"))


def test_every_problem_is_shown_or_named(traps: Path) -> None:
    text = " ".join(parsed(traps).text.split())
    for words in (
        "Something here would spoil a training",
        "files that cannot be read 1",
        "Volker_x_1_2_3_4.png",
        "saliency maps, photographs or small numbers instead of masks",
        "photographs and masks of different sizes and one shape 1",
        "masks that look inverted 1",
        "masks that different photographs share 1",
        "equal pixel for pixel 1",
        "resized, turned or recompressed 1",
        "images without a mask 1",
        "lonely.png",
        "masks without an image 1",
        "orphan.png",
        "1 of them cannot be read",
    ):
        assert words in text, words


def test_the_pictures_lie_beside_the_page(traps: Path) -> None:
    names = {path.name for path in traps.parent.iterdir()}
    plots = {"sources.png", "crack-share.png", "crack-width.png", "balance.png", "mask-values.png"}
    sheets = {f"sheet-{source}.png" for source in ("CFD", "Ceramic", "masonry", "noncrack")}
    found = {f"found-{kind}.png" for kind in ("inverted", "borrowed_mask", "near_duplicates")}
    assert {"index.html", "cuts.png"} | plots | sheets | found <= names
    assert "found-unreadable.png" not in names
    for path in traps.parent.glob("*.png"):
        with Image.open(path) as picture:
            picture.load()
            assert np.asarray(picture).std() > 1


@pytest.mark.usefixtures("blank_plots")
def test_figures_are_those_of_the_masks(tmp_path: Path) -> None:
    photograph = draw_pair(0)[0]
    for number in range(2):
        mask = np.zeros((64, 64), np.uint8)
        mask[10 : 10 + 8 * number] = 255
        save_pair(tmp_path / "walls", f"CFD_{number}", np.roll(photograph, number), mask)
    text = " ".join(parsed(written(tmp_path / "walls", tmp_path)).text.split())
    # A 16th is crack: 1 / (2 * 15/16) and 1 / (2 / 16).
    assert "Class weights 0.533 : 8 background : crack" in text
    assert "Crack, of all pixels 6.2 % at 32 \N{MULTIPLICATION SIGN} 32" in text
    assert "> 127 (chosen) 6.2 % 0 6.2 % 0 0.533 8" in text
    assert "CFD 2 2 1 12 % 8 \N{MIDDLE DOT} 8 \N{MIDDLE DOT} 8" in text


@pytest.mark.usefixtures("blank_plots")
def test_divisions_stand_there_with_their_leaks(tmp_path: Path) -> None:
    text = " ".join(parsed(written(write_archive(tmp_path / "archive"), tmp_path)).text.split())
    line = "no leak: none of 2 val and 2 test items shares a photograph or a near duplicate"
    for name in ("random", "grouped"):
        assert f"{name} {line}" in text
        assert f"{name} train 16, val 2, test 2 {line}" in text


@pytest.mark.usefixtures("blank_plots")
def test_the_same_data_set_gives_the_same_page(tmp_path: Path) -> None:
    """Of plots by themselves the tests of data URIs say so."""
    root = write_archive(tmp_path / "archive", count=6)
    pages = [written(root, tmp_path / name).read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]


def test_a_data_set_without_any_crack_has_a_page(tmp_path: Path) -> None:
    for number in range(4):
        photograph, mask = draw_pair(number)
        save_pair(tmp_path / "walls", f"noncrack_wall_{number}_0", photograph, 0 * mask)
    page = written(tmp_path / "walls", tmp_path)
    text = " ".join(parsed(page).text.split())
    assert "No photograph here shows any crack" in text
    assert "There is no crack whose width could be measured." in text
    assert "There is no crack on which the cuts differ." in text
    assert "Nothing here would spoil a training." in text
    assert not {"crack-width.png", "cuts.png"} & {path.name for path in page.parent.iterdir()}


@pytest.mark.parametrize("size", [(64, 64), (9, 9), (30, 200)])
def test_one_pair_has_a_page(tmp_path: Path, size: tuple[int, int]) -> None:
    save_pair(tmp_path / "walls", "CFD_001", *draw_pair(0, size))
    text = " ".join(parsed(written(tmp_path / "walls", tmp_path)).text.split())
    assert "Pairs of photograph and mask 1 all of them can be read" in text
    assert "All pairs are of one source" in text
    assert "pairs make 0 for training" in text


@pytest.mark.usefixtures("blank_plots")
def test_a_fourth_cut_is_shown_too(tmp_path: Path) -> None:
    save_pair(tmp_path / "walls", "CFD_001", *draw_pair(0))
    page = parsed(written(tmp_path / "walls", tmp_path, cut=30))
    assert "> 30 (chosen)" in page.text
    cuts = [image["alt"] for image in page.all("img") if "the cut at 30 leaves" in image["alt"]]
    assert len(cuts) == 2


# In a browser.


@pytest.fixture
def tab(browser: str) -> Iterator[Any]:
    """A tab that must stay with the file it is given, and hear no complaint."""
    asked: list[str] = []
    said: list[str] = []
    with opened(browser, (390, 844)) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        yield page
    assert [url for url in asked if not url.startswith("data:")] == asked[:1]
    assert asked[0].startswith("file:")
    assert said == []


@pytest.mark.slow
def test_pages_need_nothing_else_and_fit_a_phone(tab: Any, traps: Path) -> None:
    tab.goto(traps.as_uri())
    # What lies far below is decoded once it is scrolled to.
    tab.evaluate("document.querySelectorAll('img').forEach(one => { one.loading = 'eager'; })")
    tab.wait_for_function("[...document.images].every(one => one.complete)", timeout=20_000)
    assert tab.evaluate("[...document.images].filter(one => !one.naturalWidth).length") == 0
    for width in (320, 390, 768, 1280, 1920):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_hostile_names_do_nothing(tab: Any, hostile: Path) -> None:
    tab.goto(hostile.as_uri())
    tab.wait_for_timeout(300)
    assert tab.locator("script").count() == 0
    assert tab.get_by_text(HOSTILE[0], exact=True).first.is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_light_or_dark_as_preferred_and_light_on_paper(
    tab: Any, traps: Path, scheme: str
) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.goto(traps.as_uri())
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"
    assert (int(tab.evaluate(brightness)) > 128) == (scheme == "light")
    assert tab.locator(f".plot .on-{scheme}").first.is_visible()
    assert tab.locator(".plot img:visible").count() == 5
    tab.emulate_media(media="print", color_scheme=scheme)
    assert int(tab.evaluate(brightness)) > 128
    assert tab.locator(".plot .on-light").first.is_visible()
    assert not tab.locator(".plot .on-dark").first.is_visible()
