"""The page in a browser: what a user does, and what stays on the machine."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from crackseg.app.limits import AppLimits
from crackseg.app.server import served
from crackseg.errors import ConfigError
from crackseg.inference.predictor import Predictor
from tests.app.browsing import LICENCE, App, drop, red_pixels, wait_until

pytestmark = pytest.mark.slow


def slide(page: Any, name: str, value: float, kind: str) -> None:
    page.eval_on_selector(
        f".viewer .{name}",
        "(slider, [to, kind]) => { slider.value = to; slider.dispatchEvent(new Event(kind)); }",
        [value, kind],
    )


def test_a_photograph_is_shown_with_its_cracks_and_their_table(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph())
    assert red_pixels(page) > 1000
    assert LICENCE in page.inner_text("#head")
    assert "1 crack at threshold 0.5" in page.inner_text(".viewer .summary")
    (row,) = page.locator(".viewer tbody tr").all_inner_texts()
    assert re.search(r"149 px\s+147 to 151\s+6\.0\d px", row)


def test_sliders_answer_without_a_request_and_a_threshold_is_measured_without_a_prediction(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph())
    page.wait_for_timeout(500)
    predicted, asked, before = len(app.network.predicted), len(app.requests), red_pixels(page)
    slide(page, "threshold", 0.05, "input")
    assert red_pixels(page) > before
    slide(page, "opacity", 0.0, "input")
    assert red_pixels(page) == 0
    assert len(app.requests) == asked
    slide(page, "threshold", 0.05, "change")
    page.wait_for_function(
        "document.querySelector('.viewer .summary').innerText.includes('threshold 0.05')"
    )
    assert len(app.network.predicted) == predicted


def test_a_scale_in_numbers_makes_millimetres_and_classes(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph("a.png"), photograph("b.png"))
    page.fill(".viewer .mm", "0.1")
    page.fill(".viewer .uncertainty", "0.001")
    page.check(".viewer .all")
    page.click(".viewer .scale button")
    page.wait_for_selector(".viewer .classes:visible")
    assert "14.9 mm" in page.inner_text(".viewer tbody")
    assert "above 0.4 mm" in page.inner_text(".viewer tbody")
    page.get_by_label("b.png: 1 crack").check()
    page.wait_for_function("document.querySelector('.viewer .name').innerText === 'b.png'")
    assert "0.1 ± 0.001 mm per pixel" in page.inner_text(".viewer .summary")


def test_numbers_that_cannot_be_are_refused_with_a_reason(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph())
    page.fill(".viewer .mm", "0.1")
    page.fill(".viewer .uncertainty", "0.2")
    page.click(".viewer .scale button")
    page.get_by_text("uncertainty=0.2: standard deviation").wait_for()
    page.click("#classes input")
    page.get_by_role("option", name="Limits of your own").click()
    page.get_by_label("Limits in mm").fill("0,1; 0,3")
    page.get_by_label("Limits in mm").press("Enter")
    page.get_by_text("numbers in mm with commas between them").first.wait_for()


def test_two_clicks_among_the_widths_set_the_scale(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph())
    page.get_by_role("tab", name="Widths").click()
    frame = page.frame_locator("#widths iframe")
    frame.get_by_role("button", name="Set the scale").click()
    stage = frame.locator(".stage")
    box = stage.bounding_box()
    for share in (0.25, 0.75):
        stage.click(position={"x": share * box["width"], "y": 0.5 * box["height"]})
    frame.locator('input[name="distance"]').fill("20")
    frame.get_by_role("button", name="Apply").click()
    page.get_by_role("tab", name="Overlay").click()
    page.wait_for_function("document.querySelector('.viewer .mm').value !== ''")
    # Half of the stage is 20 mm, and its height the photograph's 200 pixels.
    apart = 0.5 * box["width"] / box["height"] * 200
    assert float(page.input_value(".viewer .mm")) == pytest.approx(20 / apart, rel=0.02)
    assert float(page.input_value(".viewer .uncertainty")) > 0


def test_everything_can_be_downloaded(app: App, photograph: Callable[..., str]) -> None:
    page = app.page()
    drop(page, photograph("a.png"), photograph("b.png"))
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "cracks.zip"
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        assert {"cracks.csv", "mask/a.png", "record/b_cracks.json"} <= set(archive.namelist())


def test_a_download_of_nothing_says_so(app: App) -> None:
    page = app.page()
    page.click("#download")
    page.get_by_text("nothing to download yet").wait_for()


def test_a_bad_file_names_itself_and_others_go_on(
    app: App, photograph: Callable[..., str], tmp_path: Path
) -> None:
    bad = tmp_path / "<b>notes.txt"
    bad.write_text("no photograph")
    page = app.page()
    drop(page, str(bad), photograph())
    assert "notes.txt: cannot be decoded as an image" in page.inner_text("#failures")
    assert page.locator('#failures [role="alert"]').count() == 1
    assert "wall.png: 1 crack" in page.inner_text("#photographs")


def test_two_users_at_once_see_only_their_own_and_leave_nothing(
    app: App, photograph: Callable[..., str]
) -> None:
    one, other = app.page(), app.page()
    # The very same file, and another.
    drop(one, photograph("same.png"), photograph("secret.png"))
    drop(other, photograph("same.png"))
    assert "secret.png" not in other.inner_text("body")
    assert {path.name for path in app.uploads()} == {"same.png", "secret.png"}
    one.close()
    other.wait_for_timeout(3000)
    assert [path.name for path in app.uploads()] == ["same.png"]
    with other.expect_download():
        other.click("#download")
    other.close()
    assert wait_until(lambda: app.files() == [])


def test_nothing_is_asked_of_another_machine(app: App, photograph: Callable[..., str]) -> None:
    page = app.page()
    drop(page, photograph())
    page.get_by_role("tab", name="Widths").click()
    page.frame_locator("#widths iframe").locator(".stage").wait_for()
    hosts = {url.split("/")[2] for url in app.requests if url.startswith("http")}
    assert hosts == {app.address.split("/")[2]}
    assert all(url.split(":")[0] in ("http", "data", "blob", "about") for url in app.requests)
    away = [
        to for to in app.connected if isinstance(to, tuple) and to[0] not in ("127.0.0.1", "::1")
    ]
    assert away == []


def test_the_server_fetches_nothing_for_anybody(app: App) -> None:
    with urllib.request.urlopen(app.address) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{app.address}gradio_api/file=http://198.51.100.1/secret")


def test_all_controls_have_names_and_the_stage_is_moved_by_keys(
    app: App, photograph: Callable[..., str]
) -> None:
    page = app.page()
    drop(page, photograph())
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, iframe")]
          .filter((one) => one.checkVisibility() && !one.labels?.length && !one.textContent.trim()
            && !one.ariaLabel && !one.title && !one.getAttribute("aria-labelledby"))
          .map((one) => one.outerHTML)"""
    )
    assert unnamed == []
    before = red_pixels(page)
    page.focus(".viewer .stage")
    for _ in range(6):
        page.keyboard.press("+")
    assert red_pixels(page) > before
    page.keyboard.press("0")
    assert red_pixels(page) == before


def test_a_port_that_is_taken_is_refused_in_one_line(app: App) -> None:
    port = int(app.address.split(":")[2].strip("/"))
    taken = served(cast(Predictor, app.network), LICENCE, AppLimits(), port=port)
    with pytest.raises(ConfigError, match=f"--port {port}: "), taken:
        pass


def test_sigterm_ends_the_command_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="needs pip install crackseg[app]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "import sys; from crackseg.cli.main import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "app", "--port", str(port), "--model", "open"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "model: open" in process.stdout.readline()
    assert process.stdout.readline().startswith(f"open http://127.0.0.1:{port}/")
    head = 'Content-Disposition: form-data; name="files"; filename="a.png"'
    body = f"--x\r\n{head}\r\n\r\n1\r\n--x--\r\n".encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/gradio_api/upload",
        body,
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    with urllib.request.urlopen(request) as answer:
        assert b"a.png" in answer.read()
    assert list(tmp_path.rglob("a.png")) != []
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert complaints.strip() == "stopped by SIGTERM"
    assert list(tmp_path.iterdir()) == []
