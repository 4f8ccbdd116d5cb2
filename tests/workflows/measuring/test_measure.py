"""Folders of photographs in; records, masks and totals of measured cracks out."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.cli.main import main
from crackseg.data.discovery.own_results import find_own_results
from crackseg.formats.record import read_record
from crackseg.formats.registry import FORMATS
from crackseg.inference.features import FeatureMoments
from crackseg.inference.prediction import Prediction
from crackseg.inference.predictor import Predictor
from crackseg.workflows.train import TrainResult
from tests.images.geotiffs import UTM, geotiff, keys
from tests.measurement.drawn import drawn_line, photographed

COVERAGE = drawn_line(6.0, 30.0)


POINTS = ("--scale-points", "0", "0", "30", "40", "--scale-length", "5")


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees the drawn line on every photograph of its size, and nothing elsewhere."""

    def whole(
        self: Predictor, photograph: object, name: str, moments: FeatureMoments | None
    ) -> Prediction:
        if moments is not None:
            moments.add(np.zeros((1, 1, 1, 1)))
        rgb = photograph.rows(0, photograph.size[0])  # type: ignore[attr-defined]
        found = COVERAGE if rgb.shape[:2] == COVERAGE.shape else np.zeros(rgb.shape[:2], "f4")
        return Prediction(rgb, found, found > 0.5, 0.5)

    monkeypatch.setattr(Predictor, "whole", whole)
    monkeypatch.setattr(Predictor, "familiarity", lambda *_: None)


def photograph(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photographed(COVERAGE)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        photograph(tmp_path / "in" / name)
    Image.new("RGB", (40, 30), (128, 128, 128)).save(tmp_path / "in" / "empty.png")
    return tmp_path / "in"


def measure(trained: TrainResult, folder: Path, *options: str) -> int:
    network = ["--checkpoint", str(trained.checkpoint), "--device", "cpu"]
    return main(
        ["measure", str(folder), "--output", str(folder.parent / "out"), *network, *options]
    )


def written(folder: Path) -> set[str]:
    output = folder.parent / "out"
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("sure")
def test_a_folder_is_measured_and_a_bad_file_is_named(
    trained: TrainResult, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "letter.jpg").write_text("Dear colleague, the wall has a crack.")
    options = ("--mm-per-pixel", "0.2", "--mm-per-pixel-uncertainty", "0.002")
    assert measure(trained, folder, *options, "--classes", "aci224r") == 1
    said = capsys.readouterr()
    assert str(folder / "letter.jpg") in said.err
    assert (
        "0.2 mm for each pixel, so that 1,000 pixels are 0.2 m (standard deviation 0.002)"
        in said.out
    )
    assert "4 photographs measured" in said.out
    assert "4 photographs in millimetres: 3 with cracks, 3 cracks, 90." in said.out
    assert " mm long together" in said.out
    assert "widths: 3 cracks resolved, 0 not" in said.out
    assert "widest: crack 1 of a/1.png, 95 % of it up to 1.2" in said.out
    assert "; its largest width, at x " in said.out
    assert "above 0.41 mm: 3" in said.out
    endings = ("_cracks.json", "_mask.png", "_measured.png")
    names = {f"{name}{end}" for name in ("a/1", "a/2", "b/1", "empty") for end in endings}
    assert written(folder) >= names
    measured = read_record(folder.parent / "out" / "a" / "1_cracks.json")
    assert measured.name == "a/1.png"
    assert measured.measurement.unit == "mm"
    assert read_record(folder.parent / "out" / "empty_cracks.json").measurement.cracks == ()


def test_tables_of_others_are_not_replaced(
    trained: TrainResult, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = folder.parent / "out" / "cracks.csv"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert measure(trained, folder) == 2
    assert f"no record there says that {mine} is a result" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert measure(trained, folder, "--overwrite") == 0
    assert mine.read_text().startswith("photograph,")
    assert measure(trained, folder) == 0


@pytest.mark.usefixtures("sure")
def test_what_is_measured_is_kept_until_the_scale_changes(
    trained: TrainResult, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure(trained, folder) == 0
    said = capsys.readouterr().out
    assert "4 photographs in pixels: 3 with cracks, 3 cracks, 4" in said
    assert "px long together" in said
    assert measure(trained, folder) == 0
    assert "0 photographs measured, 4 kept from before" in capsys.readouterr().out
    (folder.parent / "out" / "a" / "1_cracks.json").unlink()
    assert measure(trained, folder) == 0
    assert "1 photograph measured, 3 kept from before" in capsys.readouterr().out
    cut_short = folder.parent / "out" / "a" / "1_cracks.json"
    cut_short.write_bytes(cut_short.read_bytes()[:300])
    assert measure(trained, folder) == 0
    assert "1 photograph measured, 3 kept from before" in capsys.readouterr().out
    points = (*POINTS, "--scale-length-uncertainty", ".5")
    assert measure(trained, folder, *points) == 0
    said = capsys.readouterr().out
    assert "pixels are 0.1 m (standard deviation 0.01), for all photographs" in said
    assert "4 photographs measured, results" in said


@pytest.mark.usefixtures("sure")
def test_points_outside_of_a_photograph_are_warned_of(
    trained: TrainResult, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {Image.open(path).size for path in (folder / "a").glob("*.png")}
    width, height = max(sizes)
    outside = ("--scale-points", "0", "0", str(width + 1), "0", "--scale-length", "5")
    assert measure(trained, folder, *outside) == 0
    said = capsys.readouterr().err
    assert f"points of --scale-points are not in it, it has {width} x {height} pixels" in said
    inside = ("--scale-points", "0", "0", "1", "1", "--scale-length", "5")
    assert measure(trained, folder, *inside) == 0
    assert "--scale-points" not in capsys.readouterr().err


@pytest.mark.usefixtures("sure")
def test_shares_measure_each_photograph_once(
    trained: TrainResult, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure(trained, folder, "--shard", "1/2") == 0
    first = {name for name in written(folder) if name.endswith(".json")}
    assert measure(trained, folder, "--shard", "2/2") == 0
    records = {name for name in written(folder) if name.endswith(".json")}
    assert (len(first), len(records)) == (2, 4)
    lines = [
        json.loads(line)
        for path in (folder.parent / "out").glob("measurements-*-of-2.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert sorted(line["result"] for line in lines if line["way"]) == ["a/1", "a/2", "b/1", "empty"]
    capsys.readouterr()
    assert measure(trained, folder) == 0
    assert "0 photographs measured, 4 kept from before" in capsys.readouterr().out


@pytest.mark.usefixtures("sure")
def test_a_map_gives_the_scale_and_degrees_do_not(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.repeat(photographed(COVERAGE)[..., None], 3, axis=2)
    (tmp_path / "in").mkdir()
    geotiff(tmp_path / "in" / "utm.tif", keys(model=1, projected=UTM, unit=9001), pixels)
    geotiff(tmp_path / "in" / "world.tif", keys(model=2, geographic=4326), pixels)
    assert measure(trained, tmp_path / "in") == 0
    said = capsys.readouterr()
    assert "world.tif: measured in pixels, as its positions are in degrees" in said.err
    assert "1 photograph in millimetres" in said.out
    assert "1 photograph in pixels" in said.out
    measured = read_record(tmp_path / "out" / "utm_cracks.json")
    assert measured.measurement.scale is not None
    assert measured.measurement.scale.mm_per_pixel == pytest.approx(50.0)
    assert measured.georeference is not None
    assert measured.georeference.crs == "EPSG:25832"
    assert measure(trained, tmp_path / "in", "--mm-per-pixel", "49") == 0
    assert "its map says" not in capsys.readouterr().err
    assert measure(trained, tmp_path / "in", "--mm-per-pixel", "5") == 0
    said = capsys.readouterr().err
    assert "utm.tif: its map says 50 mm for each pixel, and 5 are taken as they were given" in said
    assert "world.tif" not in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mm-per-pixel", "0"], "mm_per_pixel=0.0: millimetres for each pixel, greater than 0"),
        (["--mm-per-pixel-uncertainty", "1"], "--mm-per-pixel-uncertainty: needs --mm-per-pixel"),
        (
            [*POINTS, "--mm-per-pixel-uncertainty", "1"],
            "needs --mm-per-pixel; that of --scale-length is --scale-length-uncertainty",
        ),
        (
            ["--mm-per-pixel", "1", "--scale-length-uncertainty", "1"],
            "--scale-length-uncertainty: needs --scale-points and --scale-length; that of",
        ),
        ([*POINTS, "--scale-length-uncertainty", "9"], "length_error_mm=9.0: standard deviation"),
        (["--scale-length", "1"], "--scale-points and --scale-length: name both"),
        (
            ["--mm-per-pixel", "1", "--scale-points", "1", "1", "2", "2", "--scale-length", "1"],
            "name the scale by one of them",
        ),
        (["--scale-points", "1", "1", "1", "1", "--scale-length", "1"], "both points are at"),
        (["--classes", "aci"], "classes=aci: one of aci224r"),
        (["--classes", ".3,.1"], "limits of width 0.3, 0.1: millimetres"),
        (["--shard", "0/8"], "shard=0/8: two whole numbers"),
    ],
)
def test_a_mistake_of_the_command_line_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    path = str(photograph(tmp_path / "x.png"))
    assert main(["measure", path, "--output", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("sure")
def test_whatever_is_written_is_known_as_no_truth(trained: TrainResult, folder: Path) -> None:
    """A format that is added must be known to the discovery of data sets too."""
    there = [one.name for one in FORMATS.values() if all(map(find_spec, one.libraries))]
    assert measure(trained, folder, "--format", ",".join(there), "--html") == 0
    output = folder.parent / "out"
    files = {Path(name) for name in written(folder)}
    assert files - set(find_own_results(output, [*files]).unchanged) == set()
