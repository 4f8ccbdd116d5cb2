"""How the page looks: on small screens, in the dark, and to those who use keys."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app.browsing import App, drop

pytestmark = pytest.mark.slow


def open_widths(page: Any) -> Any:
    page.get_by_role("tab", name="Widths").click()
    frame = page.frame_locator("#widths iframe")
    frame.locator(".stage svg").first.wait_for()
    return frame


def colour_at(page: Any, x: float, y: float) -> list[int]:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return np.asarray(picture)[int(y), int(x)].tolist()


def test_a_number_of_the_table_brings_its_crack_onto_the_screen(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page(height=600)
    drop(page, photograph())
    number = page.get_by_role("button", name="Show crack 1")
    number.scroll_into_view_if_needed()
    assert page.locator(".viewer .stage").bounding_box()["y"] < -1
    number.click()
    assert page.locator(".viewer .stage").bounding_box()["y"] > -1


def test_the_widths_fit_the_screen_and_have_the_colour_of_the_page(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page(height=800, color_scheme="dark")
    drop(page, photograph())
    stage = open_widths(page).locator(".stage").bounding_box()
    assert stage["height"] == pytest.approx(0.64 * 800, abs=1)
    frame = page.locator("#widths iframe").bounding_box()
    assert stage["width"] <= frame["width"]
    x, y = frame["x"], frame["y"] + 2
    assert colour_at(page, x + 2, y) == colour_at(page, x - 4, y)


def test_a_phone_shows_all_of_the_page_without_moving_it_sideways(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page(390, 844, has_touch=True)
    drop(page, photograph())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".viewer .stage").bounding_box()["height"] <= 390


def test_a_list_closes_behind_those_who_go_on_by_keys(app: App) -> None:
    page = app.page()
    page.focus("#classes input")
    page.locator("#classes .options").wait_for()
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)
    assert not page.locator("#classes .options").is_visible()
