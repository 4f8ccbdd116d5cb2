"""A promised miss rate: made by labelled photographs, stored, used, refused where there is none."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import crackseg
from crackseg.checkpoint import read_checkpoint
from crackseg.cli.labelled.calibrate import print_check
from crackseg.cli.main import main
from crackseg.errors import ConfigError, DatasetError
from crackseg.inference.engines import OpenedModel, open_model
from crackseg.inference.familiarity import familiarity
from crackseg.inference.model_file import read_model
from crackseg.metrics.calibration import PlattScaling
from crackseg.parameters.promise import Promise
from crackseg.workflows.export import export
from crackseg.workflows.labelled.promising import Observed, Terms, check, promise, write_promise
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import noise_of

EASY = Terms(miss=0.5, confidence=0.6)
PROMISE = Promise(0.07, 0.1, 0.9, 40, 0.04, (1.0,))


def observed(missed: float, count: int = 60) -> Observed:
    """Photographs of which as much is missed at every threshold."""
    features = np.random.default_rng(0).standard_normal((count, 3))
    return Observed(np.full((count, 99), missed), np.zeros((count, 99)), features)


@pytest.fixture
def photographs(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs in a folder where a cache may be made."""
    monkeypatch.chdir(tmp_path)
    return archive


@pytest.mark.parametrize("suffix", [".ckpt", ".onnx"])
def test_calibrate_stores_a_promise_that_predictions_use(
    suffix: str,
    trained: TrainResult,
    exported: Path,
    photographs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = trained.checkpoint if suffix == ".ckpt" else exported
    output = tmp_path / f"we promised{suffix}"
    told = ["calibrate", str(photographs), "--checkpoint", str(network), "--output", str(output)]
    assert main([*told, "--miss", "0.9", "--confidence", "0.5", "--check", "5"]) == 0
    said = capsys.readouterr().out
    predictor = crackseg.load(output, guarantee=True)
    assert predictor.promise is not None
    assert predictor.threshold == predictor.promise.threshold
    assert f"{predictor.promise.line}; of these {predictor.promise.missed:.3f} was missed" in said
    assert "only if the network was not trained on these photographs" in said
    assert "5 random divisions: " in said
    assert f"predict --checkpoint '{output}' --guarantee" in said
    assert re.search(
        rf"^ +{predictor.threshold:.2f} +{predictor.promise.missed:.3f} .*promised", said, re.M
    )
    # Photographs of the calibration are like themselves, and others are not.
    images = [str(path) for path in sorted(photographs.rglob("Images/*.png"))]
    use = ["--checkpoint", str(output), "--guarantee", "--output", str(tmp_path / suffix)]
    assert main(["predict", *images, *use]) == 0
    assert "like those that the promise was made with" in capsys.readouterr().out
    use[-1] += "_noise"
    assert main(["predict", noise_of(tmp_path), *use]) == 0
    warned = capsys.readouterr().err
    assert "unlike those that the promise was made with" in warned
    assert "the promised miss rate is not known to hold for them; calibrate anew" in warned
    # All else stays as it was.
    before, after = crackseg.load(network), crackseg.load(output)
    assert after.threshold == before.threshold
    image = np.asarray(Image.open(next(photographs.rglob("Images/*.png"))).convert("RGB"))
    assert np.array_equal(after.predict(image).probability, before.predict(image).probability)


def test_photographs_of_a_part_of_the_calibrated_places_are_alike() -> None:
    """Three sites that follow each other by their names, and a folder of the first one."""
    sites = np.repeat([[0.0], [5.0], [10.0]], 20, axis=0)
    drawn = sites + np.random.default_rng(0).standard_normal((60, 8))
    at_all = replace(observed(0.01), features=drawn)
    known = promise(at_all, Terms(0.3, 0.6), (1.0,)).known
    assert known is not None
    one_site = np.random.default_rng(1).standard_normal((12, 8))
    for site, unlike in ((0, False), (5, False), (10, False), (30, True)):
        found = familiarity(one_site + site, known)
        assert found is not None
        assert found.unlike == unlike


def test_predict_says_the_promise_that_it_keeps(
    exported: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    promised = tmp_path / "promised.onnx"
    scales = tuple(crackseg.load(exported).scales)
    write_promise(exported, replace(PROMISE, scales=scales), promised)
    photograph = next(archive.rglob("Images/*.png"))
    told = ["predict", str(photograph), "--checkpoint", str(promised), "--guarantee"]
    assert main([*told, "--output", str(tmp_path / "out")]) == 0
    assert PROMISE.line in capsys.readouterr().out
    assert "0.1 of the crack length" in PROMISE.line
    assert "the 40 that it was made with" in PROMISE.line


def test_a_guarantee_needs_a_promise(exported: Path) -> None:
    with pytest.raises(ConfigError, match="promises no miss rate; crackseg calibrate FOLDER"):
        crackseg.load(exported, guarantee=True)


def test_a_guarantee_is_for_its_threshold_and_scales_alone(exported: Path, tmp_path: Path) -> None:
    promised = tmp_path / "promised.onnx"
    scales = tuple(crackseg.load(exported).scales)
    write_promise(exported, replace(PROMISE, scales=scales), promised)
    assert crackseg.load(promised, guarantee=True).threshold == 0.07
    with pytest.raises(ConfigError, match=r"for its own threshold, 0\.07; give no other"):
        crackseg.load(promised).from_checkpoint(promised, threshold=0.5, guarantee=True)
    with pytest.raises(ConfigError, match=r"the promise is for the scales .*; give no others"):
        crackseg.load(promised, scale=0.77, guarantee=True)
    with pytest.raises(ConfigError, match=r"not with white_level=4095; give none"):
        crackseg.load(promised).from_checkpoint(promised, white_level=4095, guarantee=True)


def test_a_guarantee_looks_at_the_scales_that_the_promise_was_made_at(
    exported: Path, tmp_path: Path
) -> None:
    promised = tmp_path / "promised.onnx"
    scales = (0.7071067811865476, 1.25)
    write_promise(exported, replace(PROMISE, scales=scales), promised)
    assert crackseg.load(promised, guarantee=True).scales == scales
    assert crackseg.load(promised, scale="0.7071067811865476,1.25", guarantee=True).scales == scales
    with pytest.raises(ConfigError, match=r"for the scales 0\.7071067811865476,1\.25; give no"):
        crackseg.load(promised, scale=1, guarantee=True)


def test_a_guarantee_is_kept_in_the_precision_that_it_was_made_in(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised, asked = tmp_path / "promised.onnx", []
    write_promise(
        exported, replace(PROMISE, scales=tuple(crackseg.load(exported).scales)), promised
    )

    def opened(*given: Any, float32: bool = False) -> OpenedModel:
        asked.append(float32)
        return open_model(*given, float32=float32)

    monkeypatch.setattr("crackseg.inference.predictor.open_model", opened)
    for guarantee in (True, False):
        crackseg.load(promised, guarantee=guarantee)
    assert asked == [True, False]


def test_float_exports_keep_a_promise_and_16_bits_do_not(
    trained: TrainResult, one_graph: None, tmp_path: Path
) -> None:
    promised = tmp_path / "promised.ckpt"
    write_promise(trained.checkpoint, PROMISE, promised)
    assert read_checkpoint(promised).parameters.promise == PROMISE
    export(promised, tmp_path / "float.onnx")
    export(promised, tmp_path / "half.onnx", half=True)
    assert read_model(tmp_path / "float.onnx").info.promise == PROMISE
    assert read_model(tmp_path / "half.onnx").info.promise is None


def test_logits_that_are_scaled_anew_keep_no_promise(trained: TrainResult, tmp_path: Path) -> None:
    promised = tmp_path / "promised.ckpt"
    write_promise(trained.checkpoint, PROMISE, promised)
    scaled = read_checkpoint(promised).with_scaling(PlattScaling(0.8, -2.5))
    assert scaled.parameters.promise is None
    assert read_checkpoint(promised).parameters.promise == PROMISE


def test_a_promise_of_another_form_is_refused(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.onnx"
    write_promise(exported, replace(PROMISE, threshold=0.123, miss=1.0, scales=()), wrong)
    assert main(["predict", "x.jpg", "--checkpoint", str(wrong)]) == 2
    said = capsys.readouterr().err
    assert "promise.threshold=0.123: one of 0.01" in said
    assert "promise.miss=1.0" in said
    assert "promise.scales" in said


def test_too_few_photographs_promise_nothing() -> None:
    with pytest.raises(
        DatasetError, match=r"photographs: 24; .* takes 25 or more with .*label more"
    ):
        Terms().require(24, "photographs", halves=False)
    with pytest.raises(
        DatasetError, match=r"photographs: 49; .* takes 50 .*half of them to promise"
    ):
        Terms().require(49, "photographs", halves=True)
    Terms().require(25, "photographs", halves=False)
    Terms().require(50, "photographs", halves=True)
    assert promise(observed(0.0, 25), Terms(), (1.0,)).photographs == 25


def test_too_few_photographs_are_said_before_the_network_looks(
    exported: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("crackseg.inference.predictor.Predictor.predict", None)
    told = ["calibrate", str(photographs), "--checkpoint", str(exported)]
    assert main([*told, "--miss", "0.01", "--output", str(tmp_path / "x.onnx")]) == 2
    assert "to promise 0.01 with a confidence of 0.9 takes 2" in capsys.readouterr().err


def test_a_network_that_misses_too_much_promises_nothing() -> None:
    with pytest.raises(DatasetError, match=r"even at the lowest threshold, 0.01, 0.300 of the"):
        promise(observed(0.3), Terms(), (1.0,))


def test_a_check_counts_broken_promises() -> None:
    # Where few of those that lose everything are in one half, many are in the other.
    losses = np.zeros((60, 99))
    losses[:10] = 1.0
    found = check(Observed(losses, losses, losses), Terms(0.2, 0.6), 200)
    assert found.divisions == 200
    assert 0 < found.without < 200
    assert 0 < found.broken < 0.4
    assert found.missed is not None
    # Ours are those few halves that few of them are in, which is more than promised elsewhere.
    assert 0.2 < found.missed < 0.4
    assert found.broken == pytest.approx((200 - found.without) / 200)


def test_a_check_of_halves_that_promise_nothing_has_no_figure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = check(observed(0.05, 50), Terms(), 20)
    assert (found.without, found.missed, found.broken) == (20, None, 0.0)
    print_check(found, 0.1)
    assert capsys.readouterr().out == (
        "20 random divisions: no half of the photographs promises anything\n"
    )


def test_crops_of_a_stated_photograph_count_as_one(
    exported: Path, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(path.name for path in photographs.rglob("Images*/*.png"))
    table = tmp_path / "origins.csv"
    rows = [f"{name},wall_{place // 4},site" for place, name in enumerate(names)]
    table.write_text("\n".join(["file,photograph,source", *rows]), encoding="utf-8")
    told = ["calibrate", str(photographs), "--checkpoint", str(exported), "--origins", str(table)]
    assert main([*told, "--output", str(tmp_path / "x.onnx")]) == 2
    assert "error: photographs: 5; to promise 0.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--miss", "1.5"], "--miss 1.5: a share, at least 0.001 and below 1"),
        (["--miss", "1e-9"], "--miss 1e-09: a share, at least 0.001 and below 1"),
        (["--confidence", "0"], "--confidence 0.0: a share, greater than 0 and below 1"),
        (["--output", "x.ckpt"], "x.ckpt: a .onnx file; name it x.onnx"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    given: list[str], said: str, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["calibrate", "nowhere", "--checkpoint", str(exported), "--output", "x.onnx", *given]
    assert main(told) == 2
    assert said in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said_in_words(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "x.onnx"
    told = ["calibrate", str(tmp_path / "nope"), "--checkpoint", str(exported)]
    assert main([*told, "--output", str(output)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"error: {tmp_path / 'nope'}: there is no such folder of labelled photographs"
    told[1] = str(exported)
    assert main([*told, "--output", str(output)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"error: {exported}: it is a file, not a folder of labelled photographs"


def test_photographs_without_cracks_are_refused(
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("images", "masks"):
        (tmp_path / "walls" / kind).mkdir(parents=True)
    grey = np.random.default_rng(0).integers(0, 255, (5, 64, 64, 3), np.uint8)
    for place, pixels in enumerate(grey):
        Image.fromarray(pixels).save(tmp_path / "walls" / "images" / f"{place}.png")
        Image.new("L", (64, 64)).save(tmp_path / "walls" / "masks" / f"{place}.png")
    told = ["calibrate", "walls", "--checkpoint", str(exported), "--output", "x.onnx"]
    assert main([*told, "--miss", "0.9", "--confidence", "0.5"]) == 2
    assert "photographs with cracks: 0; to promise 0.9" in capsys.readouterr().err
    assert not (tmp_path / "x.onnx").exists()
