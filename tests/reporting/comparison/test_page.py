"""The page that compares runs: whole, sound, and by itself."""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from PIL import Image

from crackseg.reporting.comparison import plots
from crackseg.reporting.comparison.entries import RunResult
from crackseg.reporting.comparison.page import Report, write_report
from crackseg.reporting.comparison.plots import PANELS
from crackseg.reporting.html.theme import LIGHT
from tests.helpers.browser import opened
from tests.helpers.evaluations import NAMES, a_run, entry, judgement, report_of
from tests.helpers.html import Parsed

SECTIONS = (
    "glance", "runs", "differences", "curves", "precision-recall", "sources", "photographs",
    "failures", "settings",
)  # fmt: skip
HOSTILE = '<script>alert("1")</script>'
UNFINISHED = (
    ("lr=9", replace(a_run(Path("lr=9")), state="failed", error="loss is nan\nsecond line")),
    ("lr=8", replace(a_run(Path("lr=8")), state="interrupted")),
)


def two_runs(folder: Path) -> list[RunResult]:
    return [
        entry(folder / "lr=1", {"optimizer.lr": "1", "seed": "0"}, judgement(folder / "1")),
        entry(
            folder / "lr=2",
            {"optimizer.lr": "2", "seed": "0"},
            judgement(folder / "2", blur=1.7),
            minute=1,
            history={},
        ),
    ]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Two finished runs, a failed and an interrupted one."""
    return report_of(two_runs(tmp_path_factory.mktemp("runs")), UNFINISHED)


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_report(report, path)
    return path


def parsed(path: Path) -> Parsed:
    return Parsed(path.read_text(encoding="utf-8"))


def written(report: Report, folder: Path) -> Parsed:
    write_report(report, folder / "page.html")
    return parsed(folder / "page.html")


def test_every_section_is_there_and_every_link_leads_somewhere(page: Path) -> None:
    found = parsed(page)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert set(SECTIONS) <= set(ids)
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for attributes in found.all("a")}
    assert {link[1:] for link in links} <= set(ids)
    assert {"#run-1", "#run-2"} <= links


def test_the_table_holds_the_figures_with_their_intervals(page: Path, report: Report) -> None:
    text = parsed(page).text
    for one in report.entries:
        low, high = one.test_iou_bounds
        assert f"{one.test_iou:.3f} {low:.3f}\N{EN DASH}{high:.3f}" in text
        assert f"{one.test.metrics.curves.ods.value:.3f}" in text
    assert "1 lr=1 baseline" in text
    assert "7 min 246,805" in text
    assert "epoch 7/9" in text


def test_the_table_of_sources_tells_what_the_stored_threshold_costs(
    page: Path, report: Report, tmp_path: Path
) -> None:
    write_report(report, tmp_path / "page.md")
    text, markdown = parsed(page).text, (tmp_path / "page.md").read_text(encoding="utf-8")
    for one in report.entries:
        part = one.test.metrics.by.source["CFD"]
        assert part.own_best
        best = f"{part.own_best.value:.3f} at {part.own_best.threshold:.2f}"
        assert f"{part.totals['crack_iou']:.3f} {best}" in text
        assert f"| {part.totals['crack_iou']:.3f} ({best}) |" in markdown


def test_the_headline_says_how_figures_were_measured(page: Path) -> None:
    text = parsed(page).text
    assert "test: dataset totals over 6 photographs; threshold on val. no leak: none of 6" in text


def test_differences_beyond_noise_are_marked(page: Path, report: Report) -> None:
    (_, differences), *_ = report.comparisons[0].others
    found = differences["crack_iou"]
    assert found.beyond_noise
    assert f"\N{MINUS SIGN}{-found.value:.3f} ▼" in parsed(page).text
    assert "Differ from it beyond noise 1 of 1" in parsed(page).text


def test_runs_that_did_not_finish_are_told_and_left_out(page: Path) -> None:
    text = parsed(page).text
    assert "Finished runs 2 2 more are not compared" in text
    assert "lr=9 failed loss is nan" in text
    assert "second line" not in text
    assert "lr=8 interrupted" in text


def test_pictures_and_plots_are_within_the_page(page: Path, report: Report) -> None:
    images = parsed(page).all("img")
    assert all(image["alt"] for image in images)
    assert all(re.match(r"data:image/(webp|svg\+xml);base64,", image["src"]) for image in images)
    alts = [image["alt"] for image in images]
    for panel in PANELS:
        # For a light page and for a dark one.
        assert alts.count(f"Lines: {panel.title} of every run over the epochs") == 2
    for choice, _ in report.scenes:
        for number in (1, 2):
            assert f"{choice.image} under run {number}: mask against truth" in alts
    for failure, _ in report.failures:
        for image, pixels in failure.worst:
            assert f"{image}: {pixels:,} {failure.unit}" in alts


def test_pictures_show_what_the_run_saw(page: Path, report: Report) -> None:
    choice, looks = report.scenes[0]
    alt = f"{choice.image} under run 1: mask against truth"
    source = next(one["src"] for one in parsed(page).all("img") if one["alt"] == alt)
    with Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as picture:
        colours = {colour: count for count, colour in picture.convert("RGB").getcolors()}
    mask, truth = looks[0][1].mask, looks[0][1].truth
    expected = [(mask & truth), (mask & ~truth), (~mask & truth), (~mask & ~truth)]
    assert sorted(colours.values()) == sorted(int(one.sum()) for one in expected if one.any())


def test_nothing_is_asked_for_from_elsewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = parsed(page)
    assert not {"script", "link", "iframe", "object", "source"} & {tag for tag, _ in found.tags}
    assert not re.search(r"url\(|@import|https?://", re.sub(r"data:[^\"]*", "", text))
    assert "default-src 'none'" in found.all("meta")[3]["content"]


def test_settings_code_and_division_are_told(page: Path) -> None:
    text = parsed(page).text
    assert "optimizer.lr 1 2" in text
    assert "crackseg 0.1.0, commit 51c77849a4, changed since" in text
    assert "8e21b6dd77240a72" in text
    assert "3 settings that all runs share" in text
    assert "No curves of 2 : no readable csv/metrics.csv." in text


@pytest.mark.usefixtures("blank_plots")
def test_runs_on_other_photographs_are_not_compared(tmp_path: Path) -> None:
    first, second = two_runs(tmp_path / "runs")
    others = [name.replace("CFD_00", "CFD_90") for name in NAMES[:4]] + list(NAMES[4:])
    data = replace(second.parameters.data, manifest_hash="f0")
    parameters = replace(second.parameters, data=data)
    apart = replace(second, test=judgement(tmp_path / "3", others), parameters=parameters)
    found = written(report_of([first, apart]), tmp_path)
    assert "judged on other photographs (2 of 6 are the same)" in found.text
    assert "a difference could as well be that of what was judged" in found.text
    assert "figures of theirs do not compare with the others', and their order among" in found.text
    assert "with another cut are left out" in found.text
    assert not [image for image in found.all("img") if "under run 2" in image["alt"]]
    assert "▼" not in found.text


@pytest.mark.parametrize("name", ["page.html", "page.md"])
@pytest.mark.usefixtures("blank_plots")
def test_runs_at_another_size_are_not_ranked_without_a_word(tmp_path: Path, name: str) -> None:
    first, second = two_runs(tmp_path / "runs")
    larger = replace(second, test=judgement(tmp_path / "3", size=64))
    write_report(report_of([first, larger]), tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert (
        "judged on the same photographs at another size or with another mask cut: figures" in text
    )
    assert (
        text.count("at another size or with\n  another cut")
        + text.count("at another size or with another cut")
        == 2
    )


@pytest.mark.usefixtures("blank_plots")
def test_runs_of_other_divisions_on_the_same_test_photographs_are_told(tmp_path: Path) -> None:
    first, second = two_runs(tmp_path / "runs")
    data = replace(second.parameters.data, manifest_hash="f0")
    parameters = replace(second.parameters, data=data)
    found = written(report_of([first, replace(second, parameters=parameters)]), tmp_path)
    assert "The runs are of 2 divisions of the data" in found.text


@pytest.mark.slow
@pytest.mark.usefixtures("blank_plots")
def test_more_runs_than_colours_are_told_apart_by_their_dashes(tmp_path: Path) -> None:
    found = judgement(tmp_path / "found")
    runs = [entry(tmp_path / f"{rate:02}", {"lr": f"{rate:02}"}, found) for rate in range(50)]
    numbered = [replace(one, number=place) for place, one in enumerate(runs, 1)]
    looks = {(plots.colour(one, LIGHT), plots.dashes_of(one)) for one in numbered}
    assert len(looks) == len(runs)
    few, many = (written(report_of(some), tmp_path) for some in (runs[:10], runs[:12]))
    assert not few.all("svg")
    strokes = [path.get("stroke-dasharray") for path in many.all("path")]
    dashed = " ".join(map(str, plots.DASHES[1]))
    assert strokes[:12] == [None] * 10 + [dashed] * 2


def test_one_run_alone_makes_a_page(tmp_path: Path) -> None:
    found = written(report_of(two_runs(tmp_path / "runs")[:1]), tmp_path)
    assert "There is no run that was judged on the same pixels" in found.text
    assert "Settings in which the runs differ" not in found.text


@pytest.mark.parametrize("name", ["page.html", "page.md"])
def test_sources_without_any_crack_are_told(tmp_path: Path, name: str) -> None:
    (run, _) = two_runs(tmp_path / "runs")
    metrics = run.test.metrics
    parts = {
        source: replace(part, crack_free=part.images) for source, part in metrics.by.source.items()
    }
    by = replace(metrics.by, source=parts)
    free = replace(run, test=replace(run.test, metrics=replace(metrics, by=by)))
    write_report(report_of([free]), tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "No source has a photograph of test with a crack" in text
    assert "Dataset totals of crack IoU on test" not in text


def test_runs_without_any_curves_have_no_such_section(tmp_path: Path) -> None:
    found = written(report_of(two_runs(tmp_path / "runs")[1:]), tmp_path)
    assert "Learning curves" not in found.text


def three_seeds_each(folder: Path) -> list[RunResult]:
    """The second kind of run is worse under each seed."""
    blurs = {"1": (0.6, 1.0, 1.2), "2": (1.0, 1.7, 2.0)}
    return [
        entry(
            folder / f"{lr},{seed}",
            {"optimizer.lr": lr, "seed": f"{seed}"},
            judgement(folder / f"{lr}{seed}", blur=blur),
        )
        for lr in blurs
        for seed, blur in enumerate(blurs[lr])
    ]


@pytest.mark.usefixtures("blank_plots")
def test_seeds_are_summed_up_and_compared(tmp_path: Path) -> None:
    runs = three_seeds_each(tmp_path / "runs")
    found = written(report_of(runs), tmp_path)
    ious = [one.val_iou for one in runs]
    spread = f"{sum(ious[:3]) / 3:.3f} {min(ious[:3]):.3f}\N{EN DASH}{max(ious[:3]):.3f}"
    assert re.search(rf"lr=1 \d \d \d {spread} {spread}", found.text)
    each = [ious[place + 3] - ious[place] for place in range(3)]
    lost = [f"\N{MINUS SIGN}{-one:.3f}" for one in (sum(each) / 3, min(each), max(each))]
    assert f"{lost[0]} {lost[1]} to {lost[2]}, 3 seeds" in found.text
    assert "bold where three seeds or more agree" in found.text
    assert [cell for cell in found.all("td") if cell.get("class") == "agreed"]


@pytest.mark.usefixtures("blank_plots")
def test_seeds_are_compared_in_markdown(tmp_path: Path) -> None:
    runs = three_seeds_each(tmp_path / "runs")
    write_report(report_of(runs), tmp_path / "page.md")
    rows = [line for line in (tmp_path / "page.md").read_text().splitlines() if "lr=" in line]
    ious = [one.val_iou for one in runs]
    mean = sum(ious[place + 3] - ious[place] for place in range(3)) / 3
    assert any(
        row.startswith("| lr=2 (") and f"**\N{MINUS SIGN}{-mean:.3f}** (" in row for row in rows
    )


@pytest.mark.parametrize("name", ["page.html", "page.md"])
@pytest.mark.usefixtures("blank_plots")
def test_a_baseline_of_one_seed_is_why_seeds_are_not_compared(tmp_path: Path, name: str) -> None:
    alone = entry(tmp_path / "alone", {"optimizer.lr": "9", "seed": "0"}, judgement(tmp_path / "9"))
    write_report(report_of([alone, *three_seeds_each(tmp_path / "runs")]), tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "Not compared seed by seed: no other seed of" in text
    assert "of the same seed, on test" not in text


@pytest.mark.usefixtures("blank_plots")
def test_seeds_of_one_kind_of_run_have_nothing_to_differ_from(tmp_path: Path) -> None:
    found = written(report_of(three_seeds_each(tmp_path / "runs")[:3]), tmp_path)
    assert "differ in nothing but their seeds" in found.text
    assert "from the baseline" not in found.text


def hostile_report(folder: Path) -> Report:
    names = [f"images/{HOSTILE.replace('/', '')}_{number}.png" for number in range(3)]
    runs = [
        entry(
            folder / f"run-{number}",
            {"data.name": f"{HOSTILE}{number}", "model.name": f"$x^2${{{{ 7 * 7 }}}}|*a*{number}"},
            judgement(folder / str(number), names, blur=1 + number),
            name=f"{HOSTILE}{number}",
        )
        for number in range(2)
    ]
    failed = replace(a_run(folder), state="failed", error=f"{HOSTILE} failed")
    return report_of(runs, [(HOSTILE, failed)], title=HOSTILE)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    found = written(hostile_report(tmp_path / "runs"), tmp_path)
    assert not found.all("script")
    assert "alert" not in {name for _, attributes in found.tags for name in attributes}
    assert f"{HOSTILE} failed" in found.text
    assert "{{ 7 * 7 }}|*a*" in found.text


@pytest.mark.usefixtures("blank_plots")
def test_hostile_names_are_text_in_markdown(tmp_path: Path) -> None:
    write_report(hostile_report(tmp_path / "runs"), tmp_path / "page.md")
    html = MarkdownIt("commonmark").enable("table").render((tmp_path / "page.md").read_text())
    assert "<script" not in html
    assert "<em>a" not in html
    assert "{{ 7 * 7 }}" in html


@pytest.fixture(scope="module")
def markdown(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("markdown") / "my page.md"
    write_report(report, path)
    return path


def test_markdown_shows_pictures_that_lie_beside_it(markdown: Path) -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", markdown.read_text())
    pictures = {markdown.parent / unquote(one) for one in shown}
    assert pictures == set((markdown.parent / "my page_pictures").iterdir())
    for picture in pictures:
        with Image.open(picture) as found:
            assert found.format == "PNG"


def test_markdown_has_the_same_tables(markdown: Path, report: Report) -> None:
    html = MarkdownIt("commonmark").enable("table").render(markdown.read_text())
    for one in report.entries:
        assert f"{one.test_iou:.3f}" in html
        assert f"{one.number} lr={one.number}" in html
    tables = markdown.read_text().split("\n\n")
    for table in (block for block in tables if block.startswith("|")):
        widths = {line.count("|") for line in table.splitlines()}
        assert len(widths) == 1, table
    assert html.count("<table>") >= 6
    assert "not compared: lr=9, failed: loss is nan" in html


@pytest.fixture
def shown(page: Path, browser: str) -> Iterator[Any]:
    """The page in a browser; it must ask for nothing but itself."""
    asked: list[str] = []
    with opened(browser) as found:
        found.on("request", lambda request: asked.append(request.url))
        found.goto(page.as_uri())
        yield found
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]


@pytest.mark.slow
def test_a_browser_shows_tables_plots_and_pictures(shown: Any) -> None:
    assert shown.locator("table.runs tbody tr").count() == 2
    images = shown.locator("img")
    shown.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    shown.wait_for_function("[...document.images].every(one => one.complete)")
    assert images.count() > 30
    assert shown.evaluate("[...document.images].every(one => one.naturalWidth > 0)")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_has_the_readers_colours(shown: Any, width: int, scheme: str) -> None:
    shown.emulate_media(color_scheme=scheme)
    shown.set_viewport_size({"width": width, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    ground = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(one) for one in re.findall(r"\d+", ground)]
    assert (sum(channels) > 600) is (scheme == "light")
    for name, seen in (("light", scheme == "light"), ("dark", scheme == "dark")):
        assert shown.locator(f".plot .on-{name}").first.is_visible() is seen
        assert shown.locator(f".grid .on-{name}").first.is_visible() is seen


@pytest.mark.slow
def test_paper_is_white_whatever_the_screen(shown: Any) -> None:
    shown.emulate_media(color_scheme="dark", media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.locator(".grid .on-light").first.is_visible()
    assert not shown.locator(".grid .on-dark").first.is_visible()
