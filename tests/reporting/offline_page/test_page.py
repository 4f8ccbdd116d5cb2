"""The offline page: what is in it, what it forbids itself, and what it finds in a browser."""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.errors import CrackSegError, DownloadError
from crackseg.inference.graphs.export import export_network
from crackseg.inference.model_file import ExportedModel, ModelInfo, read_model, write_model
from crackseg.inference.predictor import Predictor
from crackseg.models import build_network
from crackseg.reporting.offline_page import runtime as module
from crackseg.reporting.offline_page.page import write_offline_page
from crackseg.reporting.offline_page.runtime import RELEASE, Release, Runtime, read_runtime
from tests.helpers.browser import opened
from tests.helpers.html import Parsed
from tests.inference.test_model_file import INFO

RUNTIME = Runtime("1.2.3", b"export default 1", b"\0asm")


def page_of(info: ModelInfo, folder: Path) -> str:
    write_offline_page(
        ExportedModel(b"a graph", info, quantised=False), RUNTIME, folder / "page.html"
    )
    return (folder / "page.html").read_text(encoding="utf-8")


def part(page: str, name: str) -> str:
    found = re.search(rf'<script type="[^"]*" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found
    return found[1]


def test_network_and_runtime_are_inside(tmp_path: Path) -> None:
    page = page_of(INFO, tmp_path)
    wanted = {"model": b"a graph", "program": RUNTIME.program, "code": RUNTIME.code}
    for name, content in wanted.items():
        assert gzip.decompress(base64.b64decode(part(page, name))) == content
    assert json.loads(part(page, "info")) == {"resize": "area", "stride": 4, "radius": 24}


def test_nothing_is_loaded_and_nothing_can_be_sent(tmp_path: Path) -> None:
    page = page_of(INFO, tmp_path)
    parsed = Parsed(page)
    assert not re.search(r"https?:|//[a-z]", re.sub(r"^\s*//.*", "", page, flags=re.M))
    assert all("src" not in script for script in parsed.all("script"))
    assert parsed.all("link") == []
    assert parsed.all("form") == []
    (policy,) = [one["content"] for one in parsed.all("meta") if "http-equiv" in one]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    hashes = {
        kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for kind, text in re.findall(r"<(script|style)>(.*?)</\1>", page, re.DOTALL)
    }
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{hashes['script']}' blob: 'wasm-unsafe-eval'",
        "worker-src": "blob:",
        "style-src": f"'sha256-{hashes['style']}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_says_what_its_figures_mean(tmp_path: Path) -> None:
    parsed = Parsed(page_of(replace(INFO, leak_line="LEAK: 1 of 2 val items"), tmp_path))
    for words in (
        "crackseg 0.1.0", "unet", "0.6, chosen on validation", "0.32 training pixels per photo",
        "tiny: 16 train, 2 val, 2 test; random split", "LEAK: 1 of 2 val items", "CC0",
        "crack IoU", "0.500", "dataset totals", "onnxruntime-web 1.2.3",
    ):  # fmt: skip
        assert words in parsed.text
    (threshold,) = [one for one in parsed.all("input") if one.get("id") == "threshold"]
    assert threshold["value"] == "0.6"
    assert [one["value"] for one in parsed.all("option")] == ["0.32", "1"]
    assert {"class": "bad"} in parsed.all("dd")


def test_a_network_without_figures_or_scale_says_no_more_than_it_knows(tmp_path: Path) -> None:
    parsed = Parsed(page_of(replace(INFO, figures={}, protocol=[], scale=1), tmp_path))
    assert parsed.all("table") == []
    assert [one["value"] for one in parsed.all("option")] == ["1"]


def test_names_from_a_file_are_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    data = replace(INFO.data, name=evil)
    page = page_of(replace(INFO, licence=evil, data=data, leak_line=evil), tmp_path)
    assert "<script>alert" not in page
    assert Parsed(page).text.count("alert(1)") == 3


def archive(folder: Path) -> tuple[Path, Release]:
    path = folder / "onnxruntime-web-1.2.3.tgz"
    names = {
        "package/dist/ort.wasm.bundle.min.mjs": RUNTIME.program,
        "package/dist/ort-wasm-simd-threaded.wasm": RUNTIME.code,
    }
    with tarfile.open(path, "w:gz") as file:
        for name, content in names.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))
    content = path.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return path, Release("1.2.3", len(content), hashlib.md5(content).hexdigest(), digest)


def test_a_given_runtime_is_read(tmp_path: Path) -> None:
    path, release = archive(tmp_path)
    found = read_runtime(path, release)
    assert (found.version, found.program, found.code) == ("1.2.3", RUNTIME.program, RUNTIME.code)


def test_a_runtime_in_the_cache_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, release = archive(tmp_path)
    monkeypatch.setattr(module, "CACHE", path.parent)
    assert read_runtime(None, release).code == RUNTIME.code


def test_a_runtime_that_cannot_be_fetched_says_how_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, release = archive(tmp_path)

    def refuse(*arguments: object) -> None:
        raise DownloadError("no answer")

    asked = []
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "HttpClient", lambda advice: asked.append(advice) or Client())
    Client = type("Client", (), {"file": refuse})  # noqa: N806
    with pytest.raises(DownloadError):
        read_runtime(None, release)
    assert asked == [f"or fetch {release.address} in a browser, and give it by --runtime FILE"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"another", r"is not onnxruntime-web-1\.30\.0\.tgz \(its SHA-512"), (None, "cannot be read")],
)
def test_another_runtime_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "runtime.tgz"
    if content:
        path.write_bytes(content)
    with pytest.raises(CrackSegError, match=f"--runtime .*runtime.tgz: {message}"):
        read_runtime(path, RELEASE)


def test_a_network_of_a_range_of_scales_looks_at_several(tmp_path: Path) -> None:
    parsed = Parsed(page_of(replace(INFO, scale=1, scales=(0.25, 1.5)), tmp_path))
    several, once = (one["value"] for one in parsed.all("option"))
    assert [round(float(one), 3) for one in several.split(",")] == [0.25, 0.397, 0.63, 1]
    assert once == "1"
    assert "0.25, 0.397, 0.63 and 1 training pixels per photograph pixel" in parsed.text


@pytest.mark.slow
def test_paper_shows_the_photograph_and_nothing_to_act_on(tmp_path: Path, browser: str) -> None:
    page_of(INFO, tmp_path)
    with opened(browser) as window:
        window.goto((tmp_path / "page.html").as_uri())
        window.emulate_media(media="print", color_scheme="dark")
        # Its graph is none.
        window.wait_for_selector('[data-state="failed"]')
        window.evaluate("document.querySelector('#name').textContent = 'wall.jpg'")
        window.evaluate("document.body.dataset.state = 'done'")
        seen = {
            name: window.locator(name).is_visible()
            for name in ("#name", "#chosen", "#photo", "#threshold", "#scale", "#save", ".drop b")
        }
        background = window.evaluate("getComputedStyle(document.body).backgroundColor")
    assert [name for name, visible in seen.items() if visible] == ["#name", "#chosen", "#photo"]
    assert background == "rgb(255, 255, 255)"


@pytest.mark.slow
@pytest.mark.parametrize("scales", [None, (0.2, 0.5)], ids=["one", "range"])
def test_the_browser_finds_what_the_predictor_finds(
    scales: tuple[float, float] | None, tmp_path: Path, browser: str
) -> None:
    """The runtime is fetched into the cache of the working folder, once."""
    network = build_network("unet", {"base_channels": 4, "depth": 2})
    info = replace(INFO, stride=network.stride, radius=network.radius, scale=0.5, scales=scales)
    write_model(export_network(network), info, tmp_path / "model.onnx")
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    photograph = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC)
    photograph.save(tmp_path / "wall.jpg", exif=turned)
    probability = (
        Predictor.from_checkpoint(tmp_path / "model.onnx")
        .predict(tmp_path / "wall.jpg")
        .probability
    )
    threshold = round(float(np.median(probability)), 2)
    write_model(
        export_network(network), replace(info, threshold=threshold), tmp_path / "model.onnx"
    )
    write_offline_page(read_model(tmp_path / "model.onnx"), read_runtime(), tmp_path / "page.html")
    found = found_in_browser(browser, tmp_path / "page.html", tmp_path / "wall.jpg")
    wanted = probability > threshold
    assert found.shape == (4000, 3000)
    assert 0.1 < wanted.mean() < 0.9
    assert (found & wanted).sum() / (found | wanted).sum() > 0.98


def found_in_browser(browser: str, page: Path, photograph: Path) -> np.ndarray:
    with opened(browser) as window:
        asked: list[str] = []
        window.on("request", lambda request: asked.append(request.url))
        window.goto(page.as_uri())
        window.set_input_files("#file", photograph)
        # Seconds on cores that do nothing else, see docs/tools/offline-page.md.
        window.wait_for_selector('[data-state="done"]', timeout=600_000)
        with window.expect_download() as download:
            window.click("#save")
        assert download.value.suggested_filename == f"{photograph.stem}_mask.png"
        download.value.save_as(page.with_name("mask.png"))
        assert [one for one in asked if not one.startswith("blob:")] == [page.as_uri()]
    return np.asarray(Image.open(page.with_name("mask.png")).convert("L")) > 127
