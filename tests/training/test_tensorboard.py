"""TensorBoard's page in a browser: it lists the runs, their curves, settings and outcomes.

Run as a script it takes a picture of a page instead:

    python tests/training/test_tensorboard.py outputs timeseries docs/images/tensorboard.png
"""

import argparse
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
import torch

from crackseg.config.schema import LoggerConfig, TrainConfig, model_config
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.thresholds import THRESHOLD_GRID, scores_at_half_and_stored
from crackseg.training.loggers import build_loggers, log_outcome, log_threshold_curves
from tests.helpers.browser import BROWSERS, find_browser, opened


@contextmanager
def served(logdir: Path) -> Iterator[str]:
    """TensorBoard on a folder; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_runs(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for_runs(address: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if urlopen(f"{address}/data/runs").read().strip() != b"[]":
                return
        except URLError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"TensorBoard at {address} has shown no run for {seconds:g} s")


def link(address: str, tab: str, tags: str) -> str:
    """To a tab with the curves whose names ``tags`` finds, not smoothed.

    The Time Series tab reads what stands before the sign, the others what follows it.
    """
    found = quote(tags, safe="")
    return f"{address}/?tagFilter={found}&smoothing=0#{tab}&tagFilter={found}&_smoothingWeight=0"


def screenshot(
    logdir: Path, tab: str, path: Path, tags: str = "", size: tuple[int, int] = (1600, 1000)
) -> None:
    """Takes a picture of a tab.

    Args:
        logdir: with the runs.
        tab: ``timeseries``, ``scalars``, ``images``, ``hparams`` or ``pr_curves``.
        path: of the PNG.
        tags: a regular expression; only the curves whose names it finds are shown.
        size: of the window, width and height.
    """
    browser = find_browser()
    assert browser is not None, f"none of {', '.join(BROWSERS)} is installed"
    with served(logdir) as address, opened(browser, size) as page:
        page.goto(link(address, tab, tags))
        page.wait_for_load_state("networkidle")
        side_pane = page.get_by_label("Close side pane")
        if side_pane.count():
            side_pane.click()
        # Curves are drawn with an animation.
        page.wait_for_timeout(3000)
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)


# A page with two runs, made once for all tests.


def fabricate(folder: Path, config: TrainConfig, seed: int, test: bool) -> None:
    loggers = build_loggers(LoggerConfig(tensorboard=True), folder, None)
    for epoch in range(4):
        value = {"epoch": epoch, "val/crack_iou": epoch / 8, "train/loss": 1 / (epoch + 1)}
        loggers[0].log_metrics(value, 10 * epoch + 9)
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(10_000, generator=generator) < 0.1).int()
    counts = ConfusionCounts(THRESHOLD_GRID)
    counts.update(torch.sigmoid(torch.randn(10_000, generator=generator) + 2 * mask), mask)
    judged = scores_at_half_and_stored(counts.compute(), 0.75)
    metrics = {"threshold": 0.75, "val": judged, **({"test": judged} if test else {})}
    log_threshold_curves(loggers, "val", counts.compute(), 0.75, 40)
    log_outcome(loggers, asdict(config), metrics, 40)
    loggers[0].finalize("success")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    paper, default = (
        TrainConfig(model=model_config("unet_paper")()),
        TrainConfig(model=model_config("unet")()),
    )
    paper.optimizer.lr = 0.125
    fabricate(folder / "first", paper, seed=0, test=False)
    fabricate(folder / "second", default, seed=1, test=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> str:
    pytest.importorskip("playwright", reason="needs pip install crackseg[browser]")
    found = find_browser()
    if found is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    return found


@pytest.fixture(scope="module")
def address(runs: Path, browser: str) -> Iterator[str]:
    with served(runs) as found:
        yield found


@pytest.fixture
def page(address: str, browser: str) -> Iterator[Any]:
    """A page that must find all it needs on this machine."""
    strangers: list[str] = []
    with opened(browser) as found:
        local = (address, "data:", "blob:")
        found.on("request", lambda request: strangers.append(request.url))
        yield found
    assert [url for url in strangers if not url.startswith(local)] == []


@pytest.mark.slow
@pytest.mark.parametrize(("tab", "title"), [("timeseries", "{}"), ("scalars", "tag: {}")])
def test_curves_of_both_runs_are_listed(page: Any, address: str, tab: str, title: str) -> None:
    for tag in ("val/crack_iou", "train/loss"):
        page.goto(link(address, tab, tag))
        page.get_by_text(title.format(tag), exact=True).first.wait_for()
        for run in ("first/tensorboard", "second/tensorboard"):
            page.get_by_text(run).first.wait_for()


@pytest.mark.slow
def test_hparams_tab_compares_runs_of_different_networks(page: Any, address: str) -> None:
    page.goto(f"{address}/#hparams")
    shown = ("optimizer.lr", "model.activation", "hparams/val/crack_iou", "hparams/test/crack_iou")
    for text in (*shown, "0.12500", "unet_paper"):
        page.get_by_text(text, exact=True).first.wait_for()


@pytest.mark.slow
def test_pr_curves_tab_shows_both_runs(page: Any, address: str) -> None:
    page.goto(f"{address}/#pr_curves")
    for text in ("val/precision_recall", "first/tensorboard", "second/tensorboard", "step 40"):
        page.get_by_text(text).first.wait_for()


@pytest.mark.slow
def test_screenshot_is_a_picture(browser: str, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "docs" / "page.png"
    screenshot(runs, "timeseries", path, tags="val/crack_iou", size=(800, 600))
    assert path.read_bytes().startswith(b"\x89PNG")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logdir", type=Path)
    parser.add_argument("tab")
    parser.add_argument("path", type=Path)
    parser.add_argument("--tags", default="", help="regular expression")
    parser.add_argument("--size", nargs=2, type=int, default=(1600, 1000))
    arguments = parser.parse_args()
    screenshot(**{**vars(arguments), "size": tuple(arguments.size)})
