"""The page in a browser, and what a user does there."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.app.stand_ins import DarkIsCrack

LICENCE = "Network: a stand-in (CC0)"
TIMEOUT = 20_000


class App:
    """A served app, with what it asked of the network and what its pages asked for."""

    def __init__(self, chromium: Any, address: str, network: DarkIsCrack, root: Path) -> None:
        self.chromium, self.address, self.network, self.root = chromium, address, network, root
        self.requests: list[str] = []
        self.connected: list[object] = []

    def page(self, width: int = 1400, height: int = 1000, **settings: Any) -> Any:
        size = {"width": width, "height": height}
        page = self.chromium.new_context(viewport=size, **settings).new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(self.address)
        page.wait_for_selector("#drop input[type=file]", state="attached")
        return page

    def files(self) -> list[Path]:
        # Folders may go while they are looked through, which os.walk bears.
        below = [os.walk(folder) for folder in self.root.glob("crackseg-app-*/sessions")]
        return [Path(folder, name) for walk in below for folder, _, names in walk for name in names]

    def uploads(self) -> list[Path]:
        return [path for path in self.files() if path.parent.name == "upload"]


def wait_until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.2)
    return true()


def drop(page: Any, *paths: str) -> None:
    page.set_input_files("#drop input[type=file]", list(paths))
    page.wait_for_selector('.viewer[data-state="ready"]')
    page.wait_for_function(
        "count => document.querySelectorAll('#photographs label').length === count"
        " && !/waiting|finding|measuring/.test(document.querySelector('#photographs').innerText)",
        arg=sum(Path(path).suffix != ".txt" for path in paths),
    )


def red_pixels(page: Any) -> int:
    """Number of pixels on the canvas that are coloured as crack."""
    return int(
        page.evaluate(
            """async () => {
              const frame = () => new Promise(requestAnimationFrame);
              await frame();
              await frame();
              const canvas = document.querySelector(".viewer canvas");
              const pen = canvas.getContext("2d");
              const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let at = 0; at < data.length; at += 4) count += data[at] - data[at + 1] > 60;
              return count;
            }"""
        )
    )
