"""``crackseg measure``: folders of photographs in; records, tables and a page out."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.cli.main import main
from crackseg.errors import ConfigError
from crackseg.formats.record import read_record
from crackseg.workflows.measuring.exporting import chosen_formats
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

PLACE = {1: "N", 2: (50.0, 5.0, 6.0), 3: "E", 4: (14.0, 25.0, 12.0)}


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "bridge"
    folder.mkdir()
    for number in (1, 2):
        exif = Image.Exif()
        exif[0x8825] = PLACE
        exif[0x0132] = "2025:06:01 10:20:30"
        picture = Image.fromarray(draw_pair(number, (60, 90))[0])
        picture.save(folder / f"pier_{number}.jpg", exif=exif, quality=95)
    return folder


def measure(trained: TrainResult, photographs: Path, output: Path, *more: str) -> int:
    network = ("--checkpoint", str(trained.checkpoint))
    return main(["measure", str(photographs), *network, "--output", str(output), *more])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_gives_records_tables_and_a_page(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found"
    asked = ("--mm-per-pixel", "0.5", "--format", "csv,svg,mask", "--html", "--classes", "en1992")
    assert measure(trained, photographs, output, *asked) == 0
    said = capsys.readouterr().out
    assert "pixels are 0.5 m (taken as exact: --mm-per-pixel-uncertainty widens" in said
    assert "2 photographs in millimetres" in said
    names = [row["photograph"] for row in rows(output / "photographs.csv")]
    assert names == ["pier_1.jpg", "pier_2.jpg"]
    record = read_record(output / "pier_1_cracks.json")
    assert record.measurement.size == (60, 90)
    assert (output / "svg" / "pier_2.svg").is_file()
    mask = np.asarray(Image.open(output / "pier_1_mask.png"))
    np.testing.assert_array_equal(np.asarray(Image.open(output / "mask" / "pier_1.png")), mask)
    page = (output / "cracks.html").read_text(encoding="utf-8")
    assert "pier_1.jpg" in page
    assert "pier_2.jpg" in page


def test_what_is_done_is_kept_and_one_bad_file_stops_nothing(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found"
    (photographs / "broken.jpg").write_bytes(b"no picture")
    assert measure(trained, photographs, output) == 1
    before = (output / "pier_1_cracks.json").stat().st_mtime_ns
    assert measure(trained, photographs, output) == 1
    found = capsys.readouterr()
    assert "2 kept from before" in found.out
    assert "broken.jpg" in found.err
    assert (output / "pier_1_cracks.json").stat().st_mtime_ns == before


def test_files_of_an_earlier_call_that_are_not_made_anew_are_named(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found"
    assert measure(trained, photographs, output, "--format", "csv,svg", "--html") == 0
    assert measure(trained, photographs, output, "--format", "csv") == 0
    assert "of an earlier call" not in capsys.readouterr().out
    assert measure(trained, photographs, output, "--mm-per-pixel", ".4") == 0
    assert "of an earlier call: cracks.html, svg; name them again" in capsys.readouterr().out


def test_outlines_corrected_by_hand_are_left_unless_they_may_be_replaced(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelme = ("--format", "labelme")
    assert measure(trained, photographs, tmp_path / "found", *labelme) == 0
    mine, other = (tmp_path / "found" / "labelme" / f"pier_{number}.json" for number in (1, 2))
    mine.write_text(json.dumps({**json.loads(mine.read_text()), "shapes": []}))
    corrected = mine.read_bytes()
    other.unlink()
    capsys.readouterr()
    # As typed again, and in another way, in which all is measured anew.
    for more in ((), ("--threshold", ".9")):
        assert measure(trained, photographs, tmp_path / "found", *labelme, *more) == 0
        assert mine.read_bytes() == corrected
        assert other.is_file()
        said = capsys.readouterr().err
        assert "1 file not written anew" in said
        assert f"--overwrite replaces such files too: {mine}" in said
    assert measure(trained, photographs, tmp_path / "found", *labelme, "--overwrite") == 0
    assert mine.read_bytes() != corrected
    assert "not written anew" not in capsys.readouterr().err


def test_masks_corrected_by_hand_are_left_and_their_figures_told(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found"
    assert measure(trained, photographs, output, "--format", "mask") == 0
    mine, of_format = output / "pier_1_mask.png", output / "mask" / "pier_2.png"
    for path in (mine, of_format):
        Image.fromarray(np.full((60, 90), 255, np.uint8)).save(path)
    corrected = mine.read_bytes()
    capsys.readouterr()
    assert measure(trained, photographs, output, "--format", "mask") == 0
    said = capsys.readouterr().err
    assert "1 mask corrected by hand, or of an earlier version: lengths, widths and lines" in said
    assert said.count(str(mine)) == 1
    assert f"--overwrite replaces such files too: {of_format}" in said
    assert measure(trained, photographs, output, "--threshold", ".9") == 2
    assert "1 mask there would be replaced" in capsys.readouterr().err
    assert mine.read_bytes() == of_format.read_bytes() == corrected
    asked = ("--threshold", ".9", "--format", "mask", "--overwrite")
    assert measure(trained, photographs, output, *asked) == 0
    assert "corrected by hand" not in capsys.readouterr().err
    assert mine.read_bytes() != corrected != of_format.read_bytes()


def test_shards_write_each_photograph_once_and_the_whole_collects(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "found"
    written = []
    for number in (1, 2):
        before = set(output.glob("*_cracks.json"))
        assert measure(trained, photographs, output, "--shard", f"{number}/2") == 0
        written.append(len(set(output.glob("*_cracks.json")) - before))
    assert written == [1, 1]
    assert not (output / "photographs.csv").exists()
    assert "the same command without --shard" in capsys.readouterr().out
    assert measure(trained, photographs, output) == 0
    assert "0 photographs measured, 2 kept from before" in capsys.readouterr().out
    assert len(rows(output / "photographs.csv")) == 2


def test_place_and_time_are_kept_only_where_they_are_asked_for(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent, told = tmp_path / "silent", tmp_path / "told"
    formats = ("--format", "csv,svg,labelme,numbered", "--html")
    assert measure(trained, photographs, silent, *formats) == 0
    assert "place and time" not in capsys.readouterr().out
    for file in (path for path in silent.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert b"50.08" not in content
        assert b"2025:06:01" not in content
        assert b"2025-06-01" not in content
    assert measure(trained, photographs, told, *formats, "--with-location") == 0
    assert "place and time of the photographs go into all results" in capsys.readouterr().out
    place = read_record(told / "pier_1_cracks.json").location
    assert place is not None
    assert (place.latitude, place.longitude) == pytest.approx((50.085, 14.42))
    assert str(place.time) == "2025-06-01 10:20:30"
    assert float(rows(told / "photographs.csv")[0]["latitude_deg"]) == pytest.approx(50.085)


def test_results_among_photographs_are_not_measured_again(
    trained: TrainResult, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = photographs / "found"
    for _ in range(2):
        assert measure(trained, photographs, output, "--format", "labelme,mask,numbered") == 0
    assert "0 photographs measured, 2 kept from before" in capsys.readouterr().out
    # Nor by a call with another folder for its results.
    assert measure(trained, photographs, photographs / "again") == 0
    assert "2 photographs measured" in capsys.readouterr().out


def test_a_folder_with_the_name_of_a_format_is_not_mixed_up_with_it(
    trained: TrainResult, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "mask").mkdir()
    (photographs / "pier_1.jpg").rename(photographs / "mask" / "pier_1.jpg")
    assert measure(trained, photographs, tmp_path / "found", "--format", "mask") == 2
    assert "--format mask: its folder " in capsys.readouterr().err
    assert measure(trained, photographs, tmp_path / "found") == 0


def test_a_name_that_is_no_text_and_signs_of_addresses_are_shown_and_linked(
    trained: TrainResult, photographs: Path, tmp_path: Path
) -> None:
    output = tmp_path / "found"
    odd = photographs / os.fsdecode(b"50%#\xff.jpg")
    try:
        (photographs / "pier_1.jpg").rename(odd)
    except OSError:
        pytest.skip("this file system takes text alone")
    (photographs / "broken.jpg").write_bytes(b"no picture")
    assert measure(trained, photographs, output, "--html") == 1
    page = (output / "cracks.html").read_text(encoding="utf-8")
    assert 'href="50%25%23%FF_measured.png"' in page
    assert "<b>broken.jpg</b>: cannot be decoded" in page
    assert str(photographs) not in page


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--mm-per-pixel", "0"], "mm_per_pixel=0.0: millimetres for each pixel, greater than 0"),
        (["--scale-length", "5"], "--scale-points and --scale-length: name both"),
        (["--mm-per-pixel-uncertainty", ".1"], "needs --mm-per-pixel"),
        (["--classes", "aci"], "classes=aci: one of aci224r"),
        (["--classes", "inf"], "limits of width inf: millimetres greater than 0"),
        (["--mm-per-pixel", "1e300"], "1,000,000 (a kilometre) at the most"),
        (["--shard", "3/2"], "shard=3/2: two whole numbers"),
        (["--format", "cvs"], "--format cvs: one of csv"),
        (["--format", "html"], "or several with commas between; --html writes the page"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(
    asked: list[str],
    message: str,
    trained: TrainResult,
    photographs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert measure(trained, photographs, tmp_path / "found", *asked) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "found").exists()


def test_a_format_that_is_misspelt_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"did you mean .?geojson"):
        chosen_formats("csv,geojsn")
