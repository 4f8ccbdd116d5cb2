"""Pages in a Chromium of the system."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def opened(browser: str, size: tuple[int, int] = (1600, 1000)) -> Iterator[Any]:
    """A page of a headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        yield chromium.new_page(viewport={"width": size[0], "height": size[1]})
        chromium.close()


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)
