"""The inspection page in a browser: hover, keyboard, scale by two clicks, phone, paper."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crackseg.measurement.scale import COVERAGE, Measured, Scale
from crackseg.reporting.inspection.component import (
    component_script,
    component_style,
    photograph_component,
)
from crackseg.reporting.inspection.page import write_inspection_page
from crackseg.reporting.inspection.wording import length_in_words, width_in_words
from tests.helpers.browser import opened
from tests.helpers.inspected import folder, measured, picture

pytestmark = pytest.mark.slow
# Of the first photograph: its scale, and its cracks' length and width in pixels.
FIRST = "#photograph-1"
CRACK = Measured(5.0, 4.9, 5.1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("inspection") / "cracks.html"
    write_inspection_page(folder(), 5, target, "Bridge 7")
    return target


@pytest.fixture
def tab(path: Path, browser: str) -> Iterator[Any]:
    """The page without a network; it must ask for nothing, and nothing may be complained about."""
    asked: list[str] = []
    said: list[str] = []
    with opened(browser, (1280, 900)) as page:
        page.context.set_offline(True)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        yield page
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []


def stage(tab: Any, card: str = FIRST) -> Any:
    found = tab.locator(f"{card} .stage")
    found.scroll_into_view_if_needed()
    tab.wait_for_selector(f"{card} .stage svg")
    return found


def at(tab: Any, x: float, y: float, card: str = FIRST) -> tuple[float, float]:
    """Position on the screen of one in the photograph, as a whole photograph is shown."""
    box = stage(tab, card).bounding_box()
    k = min((box["width"] - 2) / 400, (box["height"] - 2) / 300)
    left = box["x"] + 1 + (box["width"] - 2 - 400 * k) / 2
    top = box["y"] + 1 + (box["height"] - 2 - 300 * k) / 2
    return left + (x + 0.5) * k, top + (y + 0.5) * k


def text(tab: Any, selector: str) -> str:
    return " ".join(tab.locator(selector).first.inner_text().split())


def first_widths(tab: Any, card: str = FIRST) -> str:
    return text(tab, f"{card} .crack dd:has([data-kind=width])")


def test_the_width_under_the_pointer_is_shown_with_its_interval(tab: Any) -> None:
    tab.mouse.move(*at(tab, 200, 100))
    bubble = text(tab, f"{FIRST} .bubble")
    assert bubble.startswith("Crack 1, ")
    assert "0.50 mm (0.47 to 0.53)" in bubble
    assert "class: above 0.41 mm" in bubble
    tab.mouse.move(*at(tab, 200, 200))
    assert "Crack 2" in text(tab, f"{FIRST} .bubble")
    assert "not resolved: 0.020 to 0.22 mm" in text(tab, f"{FIRST} .bubble")
    tab.mouse.move(*at(tab, 52, 100))
    assert "no width taken too close to an end" in text(tab, f"{FIRST} .bubble")
    tab.mouse.move(*at(tab, 200, 30))
    assert not tab.locator(f"{FIRST} .bubble").is_visible()


def test_the_keyboard_reads_every_width(tab: Any) -> None:
    stage(tab)
    places = tab.locator(f"{FIRST} [data-do=place]")
    places.focus()
    for _ in range(40):
        tab.keyboard.press("ArrowRight")
    spoken = places.get_attribute("aria-valuetext")
    assert spoken.startswith("Crack 1, 12.0 mm along: 0.50 mm (0.47 to 0.53)")
    assert tab.locator(f"{FIRST} .bubble").is_visible()


def test_a_number_that_would_cover_another_is_left_out(tab: Any) -> None:
    stage(tab).focus()
    numbers = f"{FIRST} .stage .lines text"

    def shown() -> int:
        return sum(one.is_visible() for one in tab.locator(numbers).all())

    assert shown() > 1
    tab.eval_on_selector_all(
        numbers,
        """(all) => all.forEach((one) =>
          ["x", "y"].forEach((name) => one.setAttribute(name, all[0].getAttribute(name))))""",
    )
    tab.keyboard.press("+")
    assert shown() == 1


def test_the_keyboard_zooms_and_moves_the_photograph(tab: Any) -> None:
    stage(tab).focus()

    def view() -> list[float]:
        box = tab.locator(f"{FIRST} .stage > svg").get_attribute("viewBox")
        return [float(one) for one in box.split()]

    whole = view()
    for key in "+++":
        tab.keyboard.press(key)
    near = view()
    assert near[2] == pytest.approx(whole[2] / 1.3**3)
    tab.keyboard.press("ArrowRight")
    assert view()[0] > near[0]
    tab.keyboard.press("0")
    assert view() == whole


def test_the_wheel_moves_the_page_and_zooms_with_ctrl(tab: Any) -> None:
    tab.mouse.move(*at(tab, 200, 150))
    before, box = tab.evaluate("scrollY"), tab.locator(f"{FIRST} .stage > svg")
    whole = box.get_attribute("viewBox")
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -200)
    tab.keyboard.up("Control")
    tab.wait_for_function(
        "([one, was]) => document.querySelector(one).getAttribute('viewBox') !== was",
        arg=[f"{FIRST} .stage > svg", whole],
    )
    assert tab.evaluate("scrollY") == before


def set_scale(tab: Any, length: str, error: str = "0", card: str = FIRST) -> None:
    """Two clicks 200 pixels apart, and their distance."""
    stage(tab, card)
    tab.locator(f"{card} [data-do=scale]").click()
    tab.mouse.click(*at(tab, 100, 250, card))
    tab.mouse.click(*at(tab, 300, 250, card))
    tab.locator(f"{card} [name=distance]").fill(length)
    tab.locator(f"{card} [name=error]").fill(error)


def test_two_clicks_and_a_length_make_every_width_anew(tab: Any) -> None:
    set_scale(tab, "100", "0,5")
    tab.keyboard.press("Enter")
    wanted = Scale.of_two_points((100, 250), (300, 250), 100.0, 0.5)
    said = text(tab, f"{FIRST} [data-scale]")
    found = re.match(r"([\d.]+) ± ([\d.]+) mm per pixel", said)
    assert found
    # Clicks fall on whole pixels of the screen.
    assert float(found[1]) == pytest.approx(0.5, rel=5e-3)
    assert float(found[2]) == pytest.approx(wanted.uncertainty, rel=0.03)
    shown = first_widths(tab)
    numbers = [float(one) for one in re.findall(r"[\d.]+", shown)]
    width = wanted.millimetres(CRACK)
    assert numbers == pytest.approx([width.value, width.low, width.high], abs=0.02)
    # The same crack in the table, which stands first now; and in the totals: 500 px at .5 and
    # at .1, and 300 at .05, instead of .1, .1 and .05.
    tab.wait_for_function(
        "document.querySelector('[data-total=value]').textContent.startsWith('315 mm')"
    )
    assert text(tab, "table.worst tbody tr").startswith("pier/a.jpg, crack 1")
    assert shown in text(tab, "table.worst tbody tr")
    assert text(tab, "#classes tr[data-label='above 0.41 mm'] td").endswith(" mm")
    tab.mouse.move(*at(tab, 200, 100))
    assert re.search(r"2\.(49|50|51) mm", text(tab, f"{FIRST} .bubble"))


def test_a_reset_brings_back_what_was_measured(tab: Any) -> None:
    before = (first_widths(tab), text(tab, "#glance"), text(tab, "#classes"))
    set_scale(tab, "100")
    tab.keyboard.press("Enter")
    assert first_widths(tab) != before[0]
    tab.locator(f"{FIRST} [data-do=reset]").click()
    tab.wait_for_function(
        "document.querySelector('[data-total=value]').textContent.startsWith('115 mm')"
    )
    assert (first_widths(tab), text(tab, "#glance"), text(tab, "#classes")) == before
    assert not tab.locator(f"{FIRST} [data-do=reset]").is_visible()


def test_one_scale_can_be_that_of_all_photographs(tab: Any) -> None:
    set_scale(tab, "100")
    tab.locator(f"{FIRST} [name=everywhere]").check()
    tab.keyboard.press("Enter")
    for card in (2, 3, 5):
        said = text(tab, f"#photograph-{card} [data-scale]")
        assert said == text(tab, f"{FIRST} [data-scale]")
    tab.wait_for_function("document.querySelector('[data-total=scaled]').textContent === '5 of 5'")


def test_a_photograph_without_a_scale_gets_classes_with_one(tab: Any) -> None:
    card = "#photograph-2"
    assert "px" in first_widths(tab, card)
    assert text(tab, f"{card} [data-class]") == "-"
    set_scale(tab, "10", card=card)
    tab.keyboard.press("Enter")
    assert first_widths(tab, card).startswith("0.45 mm")
    assert text(tab, f"{card} [data-class]") == "above 0.41 mm"
    tab.wait_for_function("document.querySelector('[data-total=scaled]').textContent === '5 of 5'")


def test_the_keyboard_sets_the_scale_too(tab: Any) -> None:
    stage(tab)
    tab.locator(f"{FIRST} [data-do=scale]").press("Enter")
    tab.keyboard.press("Enter")
    for _ in range(20):
        tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Enter")
    tab.keyboard.type("10")
    tab.keyboard.press("Enter")
    assert text(tab, f"{FIRST} [data-scale]").startswith("0.5 ± 0.018 mm")
    assert tab.evaluate("document.activeElement.dataset.do") == "scale"


@pytest.mark.parametrize(("length", "error"), [("", "0"), ("-3", "0"), ("10", "x")])
def test_a_length_that_is_none_is_refused_in_words(tab: Any, length: str, error: str) -> None:
    before = first_widths(tab)
    set_scale(tab, length or "0", error)
    tab.keyboard.press("Enter")
    wrong = "distance" if error == "0" else "error"
    assert "number of millimetres" in text(tab, f"{FIRST} [data-step]")
    assert tab.locator(f"{FIRST} [name={wrong}]").get_attribute("aria-invalid") == "true"
    tab.keyboard.press("Escape")
    tab.locator(f"{FIRST} [data-do=cancel]").click()
    assert first_widths(tab) == before


def test_the_table_is_ordered_by_any_column(tab: Any) -> None:
    def names() -> list[str]:
        found = tab.locator("table.worst tbody th").all_inner_texts()
        return [name.replace("\xa0", " ") for name in found]

    heading = tab.locator("th[data-column=length]")
    heading.locator("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert names()[0] == "pier/a.jpg, crack 1"
    assert names()[4] == "deck/<d>&.jpg, crack 1"
    heading.locator("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert names()[0] == "deck/<d>&.jpg, crack 1"
    assert tab.locator("[aria-sort]").count() == 1


def test_a_row_leads_to_its_crack(tab: Any) -> None:
    tab.locator("table.worst tbody a").nth(2).click()
    assert tab.evaluate("location.hash") == "#photograph-5-1"
    tab.wait_for_selector("#photograph-5-1 .along svg")


def test_each_crack_has_its_width_along_its_length(tab: Any) -> None:
    stage(tab)
    plots = tab.locator(f"{FIRST} .along svg")
    assert [one.get_attribute("aria-label") for one in plots.all()] == [
        "Width along crack 1: 0.50 to 0.50 mm over 30.0 mm; 100 % of the places are resolved",
        "Width along crack 2: 0.12 to 0.12 mm over 20.0 mm; 0 % of the places are resolved",
    ]
    assert plots.nth(0).locator(".band").count() == 1
    assert plots.nth(1).locator(".band").count() == 0
    assert plots.nth(1).locator(".bound").count() == 2


def test_the_script_words_lengths_as_python_does(tab: Any) -> None:
    scales = (None, Scale(0.2137, 0.0031), Scale(1.5))
    lengths = [
        Measured(value, max(value - 0.3 * value**0.5, 0.0), value * 1.07, value != 1.25)
        for value in (0.0, 0.3333, 1.25, 9.996, 10.04, 99.97, 480.06, 987.654, 15000.4)
    ]
    for scale in scales:
        for length in lengths:
            asked = {
                "length": vars(length),
                "scale": scale and [scale.mm_per_pixel, scale.uncertainty, COVERAGE],
            }
            said = tab.evaluate(
                "({length, scale}) => [crackseg.widthWords(length, scale),"
                " crackseg.lengthWords(length, scale)]",
                asked,
            )
            assert [" ".join(one) for one in said] == [
                f"{words(length, scale).value} {words(length, scale).ends}"
                for words in (width_in_words, length_in_words)
            ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_fits_and_has_the_readers_colours(tab: Any, width: int, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 740})
    stage(tab)
    tab.locator(f"{FIRST} [data-do=scale]").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) > 600) is (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_what_is_behind_them(tab: Any, scheme: str) -> None:
    """Contrast of 4.5, as WCAG 2.1 asks for (AA); large letters would need less."""
    tab.emulate_media(color_scheme=scheme)
    for card in (1, 2, 3, 4, 5):
        stage(tab, f"#photograph-{card}")
    assert tab.evaluate(FAINT) == []


# Texts whose contrast to the ground behind them is below 4.5, with that contrast.
FAINT = """
() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = numbers(getComputedStyle(one).backgroundColor);
      if (found.length < 4 || found[3] > 0.8) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
    const style = getComputedStyle(element);
    if (!words || element.closest("script, style, noscript, .lines, .map") || element.matches(":disabled")) continue;
    if (!element.getClientRects().length || style.visibility === "hidden") continue;
    const ink = numbers(element.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(element))].sort((one, other) => other - one);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.push(`${words.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
}
"""  # noqa: E501


def test_paper_has_every_overlay_and_plot_and_cuts_no_card(tab: Any, tmp_path: Path) -> None:
    tab.pdf(path=str(tmp_path / "page.pdf"), format="A4", print_background=True)
    paper = (tmp_path / "page.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", paper)) > 2
    assert paper.count(b"/Subtype /Image") >= 1
    # What has to be there on paper is drawn before it is printed, also far below the window.
    assert tab.locator(".stage > svg").count() == 5
    assert tab.locator(".along svg").count() == 6
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    # Both fill the same frame, whatever the width of the paper.
    overlay, photograph = tab.locator(f"{FIRST} .stage > svg"), f"{FIRST} .stage img"
    assert overlay.get_attribute("viewBox") == "0 0 400 300"
    assert overlay.bounding_box() == tab.locator(photograph).bounding_box()
    fit = f"getComputedStyle(document.querySelector('{photograph}')).objectFit"
    assert tab.evaluate(fit) == "contain"
    for one in (".stage", ".crack", ".glance", "tr"):
        uncut = f"getComputedStyle(document.querySelector('{one}')).breakInside"
        assert tab.evaluate(uncut) == "avoid", one
    assert not tab.locator(".tools:visible").count()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_fingers_move_the_page_until_a_photograph_is_zoomed(tab: Any) -> None:
    touch = f"getComputedStyle(document.querySelector('{FIRST} .stage')).touchAction"
    stage(tab)
    assert tab.evaluate(touch) == "pan-y"
    tab.locator(f"{FIRST} [data-do=in]").click()
    assert tab.evaluate(touch) == "none"


def test_fragments_that_come_later_work_too(tmp_path: Path, browser: str) -> None:
    """As in a page that puts in HTML whenever something was measured."""
    fragments = [
        photograph_component(measured(f"{key}.jpg", Scale(0.1)), picture(), key=key)
        for key in ("one", "two")
    ]
    host = f"<!doctype html><style>{component_style()}</style><div id=host></div>"
    (tmp_path / "host.html").write_text(
        f"{host}<script>{component_script()}</script><script>{component_script()}</script>",
        encoding="utf-8",
    )
    with opened(browser, (1000, 900)) as page:
        page.goto((tmp_path / "host.html").as_uri())
        for html in fragments:
            page.evaluate("(html) => { host.innerHTML = html; }", html)
            page.wait_for_selector(".stage > svg")
            assert page.locator(".stage > svg").count() == 1
            assert page.evaluate("crackseg.photographs().length") == 1
        page.mouse.move(*at(page, 200, 100, "#two"))
        assert "0.50 mm" in text(page, "#two .bubble")
        assert math.isclose(page.evaluate("crackseg.of('two').scale[0]"), 0.1)
