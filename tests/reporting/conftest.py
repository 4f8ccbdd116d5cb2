"""What the tests of pages share."""

import pytest

from tests.helpers.browser import find_browser


@pytest.fixture(scope="session")
def browser() -> str:
    """A Chromium of the system, driven by Playwright."""
    pytest.importorskip("playwright", reason="needs pip install crackseg[browser]")
    found = find_browser()
    if found is None:
        pytest.skip("needs a Chromium")
    return found
