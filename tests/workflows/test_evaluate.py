"""A checkpoint judged again, without the settings it was trained with."""

import csv
import json
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config.schema import DataConfig, EvaluateConfig, TrainConfig
from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import ConfigError, DatasetError, DatasetNotFoundError
from crackseg.evaluation import callback
from crackseg.evaluation.results import Evaluation
from crackseg.inference.predictor import Predictor
from crackseg.inference.scales import ScaleChoice
from crackseg.launch.paths import quote_paths
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult, train
from tests.helpers.commands import run, run_alone
from tests.helpers.data_sets import write_archive

pytestmark = pytest.mark.usefixtures("blank_plots")


def settings(checkpoint: Path, **others: object) -> EvaluateConfig:
    config = EvaluateConfig(checkpoint=str(checkpoint), **others)  # type: ignore[arg-type]
    config.trainer.accelerator = "cpu"
    return config


def naming(trained: TrainResult, root: Path, folder: Path) -> Path:
    """The same checkpoint, its data said to be elsewhere."""
    checkpoint = read_checkpoint(trained.checkpoint).content
    checkpoint["hyper_parameters"]["data"]["config"]["root"] = str(root)
    write_checkpoint(checkpoint, folder / "moved.ckpt")
    return folder / "moved.ckpt"


def test_a_new_process_gives_the_same_table_from_the_checkpoint_alone(
    trained: TrainResult, tmp_path: Path
) -> None:
    moved = shutil.copy(trained.checkpoint, tmp_path / "elsewhere.ckpt")
    arguments = [f"checkpoint={moved}", "trainer.accelerator=cpu", f"hydra.run.dir={tmp_path}"]
    done = run_alone("evaluate.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    judged = json.loads((tmp_path / "metrics.json").read_text())
    for row in ("half", "stored"):
        assert judged[row]["totals"] == pytest.approx(trained.metrics["test"][row], abs=1e-6)
    assert f"{judged['stored']['totals']['crack_iou']:.3f}".removeprefix("0") in done.stdout
    assert "dataset totals over 2 images at 32x32 (area), masks cut at >127" in done.stdout
    assert "the stored threshold was chosen on the checkpoint's validation subset" in done.stdout
    with (tmp_path / "images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name in ("false_positives", "false_negatives"):
        assert sum(int(row[name]) for row in rows) == judged["stored"]["totals"][name]
    for picture in ("precision_recall.png", "reliability.png"):
        assert (tmp_path / "figures" / picture).stat().st_size > 5000


@pytest.mark.parametrize(("subset", "count"), [("train", 16), ("val", 2), ("all", 20)])
def test_every_subset_can_be_judged(
    trained: TrainResult,
    tmp_path: Path,
    subset: str,
    count: int,
    recwarn: pytest.WarningsRecorder,
) -> None:
    judged = evaluate(settings(trained.checkpoint, subset=subset), tmp_path)
    assert not [one for one in recwarn if "logger" in str(one.message)]
    assert judged.images == count
    assert judged.leak_line.startswith("no leak" if subset == "val" else "LEAK: 16 of ")
    if subset == "val":
        assert judged.stored.totals == pytest.approx(trained.metrics["val"]["stored"], abs=1e-6)


def test_an_unknown_subset_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="subset=dev: one of train, val, test, all"):
        evaluate(settings(trained.checkpoint, subset="dev"), tmp_path)


def test_data_that_have_changed_since_are_refused(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "grown", count=21)
    with pytest.raises(DatasetError) as caught:
        evaluate(settings(naming(trained, root, tmp_path)), tmp_path)
    assert str(root) in str(caught.value)
    assert "these are not the photographs and subsets" in str(caught.value)
    assert "(there train 16, val 2, test 2, here train 1" in str(caught.value)
    assert "data.split=manifest data.manifest=FILE" in str(caught.value)


def test_data_that_were_moved_are_found_when_named(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "moved")
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    judged = evaluate(settings(trained.checkpoint, data=data), tmp_path)
    totals = judged.stored.totals
    assert totals == pytest.approx(trained.metrics["test"]["stored"], abs=1e-6)


def test_other_photographs_than_the_checkpoints_need_data(
    trained: TrainResult, tmp_path: Path
) -> None:
    """Which divide so badly that no comparison is reached."""
    few = write_archive(tmp_path / "few", count=2)
    with pytest.raises(DatasetError) as caught:
        evaluate(settings(trained.checkpoint, root=str(few), subset="all"), tmp_path)
    assert str(caught.value).startswith("root: it is for the photographs that the checkpoint names")
    assert str(caught.value).endswith("judge others with data=folder data.root=FOLDER")


def test_as_many_photographs_of_other_names_are_told_as_such(
    trained: TrainResult, archive: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(archive, tmp_path / "moved"))
    for path in moved.rglob("CFD_003.png"):
        path.rename(path.with_name("CFD_903.png"))
    with pytest.raises(DatasetError, match="as many, but named or divided otherwise"):
        evaluate(settings(trained.checkpoint, root=str(moved)), tmp_path)


def test_paths_are_taken_as_typed_where_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=1,b").mkdir()
    typed = ["checkpoint=a=1,b", "root=", "checkpoint=c,d", "subset=a=1,b", "-m"]
    read = quote_paths(typed)
    assert read == ['checkpoint="a=1,b"', "root=", "checkpoint=c,d", "subset=a=1,b", "-m"]


def test_a_path_of_a_sweep_needs_no_quotes(trained: TrainResult, tmp_path: Path) -> None:
    job = tmp_path / "model.dropout=0.1,seed=2"
    job.mkdir()
    copied = shutil.copy(trained.checkpoint, job / "best.ckpt")
    done = run(
        "evaluate.py", f"checkpoint={copied}", "trainer.accelerator=cpu", folder=tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr


def test_a_new_place_and_other_data_exclude_each_other(
    trained: TrainResult, data_config: DataConfig, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"root: it is for photographs that were moved since"):
        evaluate(settings(trained.checkpoint, data=data_config, root="x"), tmp_path)


def test_other_data_are_judged_with_a_warning(
    trained: TrainResult, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_archive(tmp_path / "other", count=30)
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    with caplog.at_level("WARNING", "crackseg"):
        judged = evaluate(settings(trained.checkpoint, data=data, subset="all"), tmp_path)
    assert judged.images == 30
    assert judged.leak_line.startswith("UNKNOWN: this is not the division that the checkpoint")
    assert "photographs of its training may be among these" in caplog.text


def test_photographs_that_were_moved_are_judged_as_what_they_are(
    trained: TrainResult, archive: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(archive, tmp_path / "moved"))
    named = settings(trained.checkpoint, root=str(moved))
    judged = evaluate(named, tmp_path / "judged")
    assert judged.leak_line.startswith("no leak: none of 2 val and 2 test items")
    # Given as other data they are still known by their division.
    data = DataConfig(name="tiny", root=str(moved), num_workers=0, cache=str(tmp_path))
    everything = evaluate(
        settings(trained.checkpoint, data=data, subset="all"), tmp_path / "everything"
    )
    assert everything.leak_line.startswith("LEAK: 16 of 20 images are those")
    (moved / "Final-Dataset-Vol1" / "Images" / "CFD_000.png").unlink()
    with pytest.raises(DatasetError, match=r"these are not the photographs .* name with root="):
        evaluate(named, tmp_path / "judged")


def test_photographs_that_are_gone_are_asked_for(trained: TrainResult, tmp_path: Path) -> None:
    checkpoint = read_checkpoint(trained.checkpoint).content
    checkpoint["hyper_parameters"]["data"]["config"]["root"] = str(tmp_path / "gone")
    write_checkpoint(checkpoint, tmp_path / "moved.ckpt")
    with pytest.raises(DatasetNotFoundError) as caught:
        evaluate(settings(tmp_path / "moved.ckpt"), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'gone'}: the photographs that the checkpoint was trained with are not there "
        "any more; say with root=FOLDER where they stand now, or judge others with data=folder "
        "data.root=FOLDER"
    )


def test_no_synthetic_photographs_are_made_where_others_are_looked_for(
    trained: TrainResult, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(trained.checkpoint).content
    checkpoint["hyper_parameters"]["data"]["config"] |= {"name": "synthetic", "count": 10}
    write_checkpoint(checkpoint, tmp_path / "synthetic.ckpt")
    mine = tmp_path / "mine"
    mine.mkdir()
    with pytest.raises(DatasetNotFoundError, match=r"mine: no data set here"):
        evaluate(settings(tmp_path / "synthetic.ckpt", root=str(mine)), tmp_path / "judged")
    assert list(mine.iterdir()) == []


def test_a_few_photographs_of_another_place_can_be_judged(
    trained: TrainResult, tmp_path: Path
) -> None:
    root = write_archive(tmp_path / "few", count=2)
    data = DataConfig(
        name="folder", root=str(root), num_workers=0, cache=str(tmp_path), split="grouped"
    )
    judged = evaluate(settings(trained.checkpoint, data=data, subset="all"), tmp_path)
    assert judged.images == 2
    with pytest.raises(DatasetError, match="or judge all of them with evaluate"):
        evaluate(settings(trained.checkpoint, data=data), tmp_path)
    undivided = replace(data, split="none")
    again = evaluate(settings(trained.checkpoint, data=undivided), tmp_path)
    assert again.stored == judged.stored
    assert "split none" in again.protocol[0]


def test_the_checkpoints_own_preprocessing_is_used(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "same")
    data = DataConfig(
        name="tiny", root=str(root), num_workers=0, cache=str(tmp_path), image_size=64
    )
    judged = evaluate(settings(trained.checkpoint, data=data), tmp_path)
    assert judged.half.totals == pytest.approx(trained.metrics["test"]["half"], abs=1e-6)


def test_an_unknown_resolution_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="resolution=full: one of training, native"):
        evaluate(settings(trained.checkpoint, resolution="full"), tmp_path)


def test_at_native_resolution_it_judges_what_a_prediction_would_write(
    trained: TrainResult, tmp_path: Path
) -> None:
    config = settings(trained.checkpoint, subset="val", resolution="native", save=True)
    judged = evaluate(config, tmp_path)
    root = Path(read_checkpoint(trained.checkpoint).parameters.data.root)
    predictor = Predictor.from_checkpoint(config.checkpoint)
    tp = fp = fn = 0
    for row in read_manifest(trained.checkpoint.with_name("manifest.csv"), root).subset("val"):
        found = predictor.predict(root / row.image).mask
        truth = read_mask_and_kind(root / row.mask)[0] > 127
        assert found.shape == (64, 64)
        saved = np.asarray(Image.open((tmp_path / "masks" / row.image).with_suffix(".png")))
        assert np.array_equal(saved, np.where(found, 255, 0))
        tp += int((found & truth).sum())
        fp += int((found & ~truth).sum())
        fn += int((~found & truth).sum())
    totals = judged.stored.totals
    assert (totals["false_positives"], totals["false_negatives"]) == (fp, fn)
    assert totals["crack_iou"] == pytest.approx(tp / (tp + fp + fn))


@pytest.mark.parametrize("scale", [0.4, [0.4, 1.0], "auto"])
def test_at_native_resolution_a_scale_is_looked_at_as_in_a_prediction(
    trained: TrainResult, tmp_path: Path, scale: ScaleChoice
) -> None:
    config = settings(trained.checkpoint, subset="val", resolution="native", save=True, scale=scale)
    judged = evaluate(config, tmp_path)
    predictor = Predictor.from_checkpoint(config.checkpoint, scale=scale)
    assert judged.scales == predictor.scales
    told = ", ".join(f"{one:.2f}" for one in predictor.scales[:-1])
    assert f"their own size (seen at {told}" in judged.protocol[0]
    assert f"{predictor.scales[-1]:.2f} of it)" in judged.protocol[0]
    assert json.loads((tmp_path / "metrics.json").read_text())["scales"] == list(judged.scales)
    root = Path(read_checkpoint(trained.checkpoint).parameters.data.root)
    for row in read_manifest(trained.checkpoint.with_name("manifest.csv"), root).subset("val"):
        saved = np.asarray(Image.open((tmp_path / "masks" / row.image).with_suffix(".png")))
        found = predictor.predict(root / row.image).mask
        assert found.any()
        assert (saved != np.where(found, 255, 0)).mean() < 1e-3


def test_a_network_of_a_range_of_scales_is_judged_at_all_of_them(
    trained: TrainResult, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(trained.checkpoint).content
    checkpoint["hyper_parameters"]["preprocessing"]["scales"] = [0.4, 1.0]
    write_checkpoint(checkpoint, tmp_path / "ranged.ckpt")
    common = {"subset": "val", "resolution": "native"}
    ranged = evaluate(settings(tmp_path / "ranged.ckpt", **common), tmp_path / "a")
    named = evaluate(
        settings(trained.checkpoint, scale=list(ranged.scales), **common), tmp_path / "b"
    )
    assert ranged.scales == pytest.approx((0.4, 0.4**0.5, 1.0))
    assert ranged.stored == named.stored
    at_stored = evaluate(settings(tmp_path / "ranged.ckpt", scale=0.5, **common), tmp_path / "c")
    assert at_stored.stored == evaluate(settings(trained.checkpoint, **common), tmp_path).stored
    assert at_stored.stored != ranged.stored


@pytest.mark.parametrize("seen", [{"scales": [0.4, 1.0]}, {"looks": 0.4, "scales": [0.8, 1.0]}])
def test_the_threshold_of_a_range_is_chosen_at_the_scales_of_a_prediction(
    train_config: TrainConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seen: dict[str, Any],
) -> None:
    train_config.data = replace(train_config.data, crop_size=32, **seen)
    train_config.trainer.max_epochs = 4
    ranged = train(train_config, tmp_path / "run")
    told = "dataset totals over 2 images at their own size (seen at 0.40, 0.63 and 1.00 of it)"
    assert capsys.readouterr().out.count(told) == 2
    for subset, resolution in (("val", "native"), ("val", "training"), ("test", "native")):
        config = settings(ranged.checkpoint, subset=subset, resolution=resolution)
        judged = evaluate(config, tmp_path / subset / resolution)
        assert judged.scales == ranged.metrics["scales"]
        if subset == "val":
            assert judged.own_best.totals["crack_iou"] - judged.stored.totals["crack_iou"] < 1e-6
        assert judged.stored.totals == pytest.approx(ranged.metrics[subset]["stored"], abs=1e-6)


def test_a_scale_that_makes_no_sense_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"scale=0\.5: it is for photographs .*resolution=native"):
        evaluate(settings(trained.checkpoint, scale=0.5), tmp_path)
    with pytest.raises(ConfigError, match="scale=half: training pixels per photograph pixel"):
        evaluate(settings(trained.checkpoint, scale="half", resolution="native"), tmp_path)


def test_masks_may_be_cut_elsewhere_than_in_training(trained: TrainResult, tmp_path: Path) -> None:
    """The truth is the judge's, the network and its threshold are the checkpoint's."""
    own, broad = (
        evaluate(settings(trained.checkpoint, mask_threshold=cut), tmp_path / f"{cut}")
        for cut in (None, 0)
    )

    def crack(judged: Evaluation, folder: str) -> int:
        with (tmp_path / folder / "images.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        return sum(int(row["true_positives"]) + int(row["false_negatives"]) for row in rows)

    assert crack(broad, "0") > crack(own, "None")
    assert own.stored.threshold == broad.stored.threshold
    assert own.manifest_hash == broad.manifest_hash
    assert "masks cut at >0" in broad.protocol[0]
    assert "validation subset, where masks were cut at >127; intervals" in broad.protocol[2]
    assert "where masks were cut" not in own.protocol[2]


def test_a_cut_that_cannot_be_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mask_threshold=255: at least 0 and at most 254"):
        evaluate(settings(trained.checkpoint, mask_threshold=255), tmp_path)


def test_the_folder_of_a_training_keeps_its_own_figures(trained: TrainResult) -> None:
    folder = trained.checkpoint.parent
    before = (folder / "metrics.json").read_bytes()
    with pytest.raises(ConfigError, match="holds a training, and nothing of it is overwritten"):
        evaluate(settings(trained.checkpoint), folder)
    assert (folder / "metrics.json").read_bytes() == before


def test_cracks_that_vanish_are_told_and_are_no_false_alarms(
    trained: TrainResult, tmp_path: Path
) -> None:
    root = write_archive(tmp_path / "archive", count=6)
    for path in root.rglob("Masks/CFD_00[0-2].png"):
        line = np.zeros((64, 64), np.uint8)
        line[20] = 255
        Image.fromarray(line).save(path)
    for path in root.rglob("Masks/CFD_003.png"):
        Image.fromarray(np.zeros((64, 64), np.uint8)).save(path)
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    judged = evaluate(
        settings(trained.checkpoint, data=data, subset="all", mask_threshold=200), tmp_path
    )
    assert (judged.vanished, judged.crack_free) == (3, 1)
    assert judged.alarms.images == 1
    assert judged.protocol[3].startswith("3 images have cracks of which resizing and cutting")
    with (tmp_path / "images.csv").open(newline="") as file:
        assert [row["vanished"] for row in csv.DictReader(file)].count("1") == 3


def test_masks_of_the_same_name_are_refused(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "archive", count=6)
    manifest = tmp_path / "manifest.csv"
    rows = ["stem,image,mask,source,photograph,subset"]
    for name in ("a.png", "a.bmp"):
        Image.new("RGB", (64, 64)).save(root / name)
    masks = sorted(path.relative_to(root) for path in root.rglob("Masks/*.png"))
    rows += [
        f"{name},{name},{mask},,,test"
        for name, mask in zip(("a.png", "a.bmp"), masks[:2], strict=True)
    ]
    rows += [f"CFD_000,Final-Dataset-Vol1/Images/CFD_000.png,{masks[2]},,,train"]
    manifest.write_text("\n".join(rows) + "\n")
    data = DataConfig(
        name="tiny", root=str(root), num_workers=0, cache=str(tmp_path),
        split="manifest", manifest=str(manifest), counts=None,
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"save: the masks of 2 images .* a\.png, a\.bmp"):
        evaluate(settings(trained.checkpoint, data=data, save=True), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_figures_do_not_depend_on_the_batch_size(trained: TrainResult, tmp_path: Path) -> None:
    alone, together = (
        evaluate(
            settings(sized(trained, size, tmp_path / f"{size}.ckpt"), subset="all"),
            tmp_path / str(size),
        )
        for size in (1, 7)
    )
    assert_same_figures(alone, together)


def test_figures_do_not_depend_on_who_measures(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(trained.checkpoint, subset="train")
    here = evaluate(config, tmp_path / "here")
    monkeypatch.setattr(callback, "_WORTH_A_WORKER", 1)
    in_workers = evaluate(config, tmp_path / "in_workers")
    assert here == in_workers
    rows = [(tmp_path / name / "images.csv").read_text() for name in ("here", "in_workers")]
    assert rows[0] == rows[1]
    assert [line.partition(",")[0] for line in rows[0].splitlines()[1:]] == sorted(
        line.partition(",")[0] for line in rows[0].splitlines()[1:]
    )


def assert_same_figures(first: Evaluation, second: Evaluation) -> None:
    """Equal counts, so equal figures; probabilities are rounded otherwise in other batches."""
    one, other = deepcopy(first.as_dict()), deepcopy(second.as_dict())
    for kind, name in (("calibration", "error"), ("curves", "average_precision")):
        assert one[kind].pop(name) == pytest.approx(other[kind].pop(name), abs=1e-6)
        bounds = [judged[kind]["intervals"].pop(name) for judged in (one, other)]
        assert bounds[0] == pytest.approx(bounds[1], abs=1e-6)
    bins = [judged["calibration"]["bins"].pop("probability") for judged in (one, other)]
    assert bins[0] == pytest.approx(bins[1], abs=1e-6)
    assert {**one, "checkpoint": ""} == {**other, "checkpoint": ""}


def sized(trained: TrainResult, batch_size: int, path: Path) -> Path:
    """The same checkpoint, its data read in other batches."""
    checkpoint = read_checkpoint(trained.checkpoint).content
    checkpoint["hyper_parameters"]["data"]["config"]["batch_size"] = batch_size
    write_checkpoint(checkpoint, path)
    return path


@pytest.mark.slow
def test_two_processes_judge_as_one(trained: TrainResult, tmp_path: Path) -> None:
    """Of an odd number of images, each process with a worker, and none is counted twice."""
    root = write_archive(tmp_path / "archive", count=2 * callback._WORTH_A_WORKER + 1)
    judged = []
    for name, devices in (("one", []), ("two", ["trainer.devices=2", "trainer.strategy=ddp"])):
        folder = tmp_path / name
        data = [f"data.root={root}", f"data.cache={tmp_path}", "data.batch_size=7", "subset=all"]
        arguments = [f"checkpoint={trained.checkpoint}", "trainer.accelerator=cpu", "data=folder"]
        done = run("evaluate.py", *arguments, *data, *devices, folder=folder)
        assert done.returncode == 0, done.stderr
        judged.append(Evaluation.from_json((folder / "metrics.json").read_bytes()))
        with (folder / "images.csv").open(newline="") as file:
            images = [row["image"] for row in csv.DictReader(file)]
        assert len(images) == len(set(images)) == 101
    assert_same_figures(*judged)


def test_other_photographs_are_as_bright_as_the_networks_white_level_says(
    trained: TrainResult, tmp_path: Path
) -> None:
    """Else a network of 12 bits sees nearly black photographs, or bright ones, here alone."""
    content = read_checkpoint(trained.checkpoint).content
    content["hyper_parameters"]["data"]["config"]["white_level"] = 4095
    content["hyper_parameters"]["preprocessing"]["white_level"] = 4095
    write_checkpoint(content, tmp_path / "deep.ckpt")
    root = write_archive(tmp_path / "root")
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    judged = evaluate(settings(tmp_path / "deep.ckpt", data=data), tmp_path / "judged")
    assert "white at 4095 in photographs deeper than 8 bits" in judged.protocol[0]
    data.white_level = 1023
    judged = evaluate(settings(tmp_path / "deep.ckpt", data=data), tmp_path / "own")
    assert "white at 1023 in photographs deeper than 8 bits" in judged.protocol[0]


def test_faint_noise_in_a_mask_marks_no_crack(trained: TrainResult, tmp_path: Path) -> None:
    """As JPEG leaves it: such photographs belong to those that false alarms are counted on."""
    root = write_archive(tmp_path / "root")
    masks = sorted((root / "Final-Dataset-Vol1" / "Final_Masks" / "Masks").iterdir())
    for path, noise in zip(masks[:3], (6, 31, 60), strict=True):
        size = Image.open(path).size
        Image.fromarray(np.full(size[::-1], noise, np.uint8)).save(path)
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    judged = evaluate(settings(trained.checkpoint, data=data, subset="all"), tmp_path / "judged")
    assert judged.alarms.images == 2


def test_nothing_is_found_where_a_photograph_is_transparent(
    trained: TrainResult, tmp_path: Path
) -> None:
    """As in a prediction: the parts that a mosaic does not show were judged too."""
    root = write_archive(tmp_path / "root")
    images = sorted((root / "Final-Dataset-Vol1" / "Images").iterdir())
    for path in images:
        rgb = np.asarray(Image.open(path).convert("RGB"))
        opacity = np.full(rgb.shape[:2], 255, np.uint8)
        opacity[:, : rgb.shape[1] // 2] = 0
        Image.fromarray(np.dstack([rgb, opacity])).save(path.with_suffix(".png"))
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    given = {"data": data, "subset": "all", "resolution": "native", "save": True}
    evaluate(settings(trained.checkpoint, **given), tmp_path / "judged")
    predictor = Predictor.from_checkpoint(trained.checkpoint, device="cpu")
    found = 0
    for path in images:
        mask = predictor.predict(path).mask
        saved = tmp_path / "judged" / "masks" / path.relative_to(root)
        assert np.array_equal(np.asarray(Image.open(saved)) > 0, mask)
        assert not mask[:, : mask.shape[1] // 2].any()
        found += mask.sum()
    assert found
