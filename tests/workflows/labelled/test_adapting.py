"""crackseg adapt: a network for one site, by labelled photographs, where that helps."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import crackseg
from crackseg.adaptation import fitting
from crackseg.checkpoint import (
    CheckpointParameters,
    Origin,
    read_checkpoint,
    write_checkpoint,
)
from crackseg.cli.main import main
from crackseg.config.schema import EvaluateConfig
from crackseg.data.discovery.pairs import find_pairs
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import DatasetError, DatasetNotFoundError
from crackseg.images.png import write_png
from crackseg.inference.model_file import read_model, write_model
from crackseg.inference.reliance import reliance
from crackseg.parameters.adaptation import Adaptation
from crackseg.parameters.form import Fields
from crackseg.parameters.promise import Promise
from crackseg.training.initial import initial_network
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.export import export
from crackseg.workflows.labelled import adapting
from crackseg.workflows.labelled.adapting import FITTED, THRESHOLD_ALONE, adapt
from crackseg.workflows.labelled.promising import write_promise
from crackseg.workflows.train import TrainResult

PROMISE = Promise(0.07, 0.1, 0.9, 40, 0.04, (1.0,))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six walls of another kind than the archive's: light, with a dark crack of five pixels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fitting, "STEPS", 12)
    return write_site(tmp_path / "site", 6)


def write_site(folder: Path, count: int) -> Path:
    random = np.random.default_rng(0)
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(count):
        image = random.integers(150, 250, (72, 80, 3), np.uint8)
        mask = np.zeros((72, 80), np.uint8)
        row = 6 + 10 * number
        mask[row : row + 5, 8 * number :] = 255
        image[mask > 0] -= 120
        Image.fromarray(image).save(folder / "images" / f"wall{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"wall{number}.png")
    return folder


def test_adapt_writes_a_network_that_says_what_it_was_made_of(
    trained: TrainResult, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "our site.ckpt"
    told = ["adapt", str(site), "--checkpoint", str(trained.checkpoint), "--output", str(output)]
    assert main(told) == 0
    said = capsys.readouterr().out
    record = read_checkpoint(output).parameters.adaptation
    assert record is not None
    assert (record.base, record.licence, record.photographs) == ("best.ckpt", "", 6)
    assert record.after > record.before
    assert record.low <= record.after - record.before <= record.high
    assert record.changed in said
    assert "6 photographs; threshold" in said
    assert f"{record.before:.3f}" in said
    assert f"{record.after:.3f}" in said
    assert f"predict --checkpoint '{output}'" in said
    predictor = crackseg.load(output)
    assert record.line in predictor.line
    # It is good at what it was adapted to, as was measured.
    ious = []
    for path in sorted((site / "images").iterdir()):
        truth = np.asarray(Image.open(site / "masks" / path.name)) > 127
        mask = predictor.predict(path).mask
        ious.append((mask & truth).sum() / (mask | truth).sum())
    assert np.mean(ious) > record.before + 0.5 * (record.after - record.before)


def test_five_photographs_and_more_fit_the_network(
    trained: TrainResult, site: Path, tmp_path: Path
) -> None:
    adapted = adapt(trained.checkpoint, [site], tmp_path / "site.ckpt")
    assert adapted.changed == FITTED
    assert len(adapted.photographs) == 6
    assert adapted.threshold == crackseg.load(tmp_path / "site.ckpt").threshold
    assert adapted.former == trained.threshold


def test_fewer_than_five_photographs_change_the_threshold_alone(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = write_site(tmp_path / "few", 4)
    # So that there is something to gain.
    base = tmp_path / "bad.ckpt"
    write_checkpoint(read_checkpoint(trained.checkpoint).with_threshold(0.99).content, base)
    adapted = adapt(base, [site], tmp_path / "site.ckpt")
    assert adapted.changed == THRESHOLD_ALONE
    before = read_checkpoint(base).network_weights
    after = read_checkpoint(tmp_path / "site.ckpt").network_weights
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_onnx_in_and_out_keep_the_licence(exported: Path, site: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.onnx"
    file = read_model(exported)
    write_model(
        onnx.load_model_from_string(file.graph), replace(file.info, licence="research only"), base
    )
    adapt(base, [site], tmp_path / "site.ckpt")
    record = read_checkpoint(tmp_path / "site.ckpt").parameters.adaptation
    assert record is not None
    assert record.licence == "research only"
    line = crackseg.load(tmp_path / "site.ckpt").line
    assert "adapted from base.onnx" in line
    assert "(licence: research only)" in line
    export(tmp_path / "site.ckpt", tmp_path / "site.onnx")
    info = read_model(tmp_path / "site.onnx").info
    assert (info.licence, info.adaptation, info.figures) == ("research only", record, {})
    # Who states another licence says it.
    export(tmp_path / "site.ckpt", tmp_path / "own.onnx", licence="mine")
    assert "(licence: mine)" in crackseg.load(tmp_path / "own.onnx").line


def test_an_adapted_network_is_not_brought_to_8_bits_by_photographs_of_others(
    trained: TrainResult, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "site.ckpt"
    adapt(trained.checkpoint, [site], output)
    assert main(["export", str(output), "--int8", "--output", str(tmp_path / "site.onnx")]) == 2
    assert "adapted to photographs that --int8 does not know" in capsys.readouterr().err


def test_licences_go_along_with_weights(trained: TrainResult, tmp_path: Path) -> None:
    parameters = read_checkpoint(trained.checkpoint).parameters
    assert parameters.inherited_licence == ""
    taught = Origin("teacher.onnx", "0" * 64, "research only")
    begun = Origin("first.ckpt", "1" * 64, "CC BY 4.0")
    both = replace(parameters, init_from=begun, teacher=taught)
    assert both.inherited_licence == "CC BY 4.0; research only"
    assert CheckpointParameters.from_dict(both.as_dict()) == both
    unstated = replace(parameters, init_from=Origin("first.ckpt", "1" * 64))
    assert unstated.as_dict()["init_from"] == {"path": "first.ckpt", "sha256": "1" * 64}


def test_a_promise_does_not_survive_and_what_is_known_is_the_place(
    trained: TrainResult, site: Path, archive: Path, tmp_path: Path
) -> None:
    promised = tmp_path / "promised.ckpt"
    write_promise(trained.checkpoint, PROMISE, promised)
    adapt(promised, [site], tmp_path / "site.ckpt")
    before = read_checkpoint(promised).parameters.known
    adapted = read_checkpoint(tmp_path / "site.ckpt").parameters
    assert before is not None
    assert set(before.photographs) != {""}
    assert adapted.promise is None
    assert adapted.known is not None
    assert set(adapted.known.photographs) == {""}
    assert (adapted.known.spread, adapted.known.limit) == (before.spread, max(before.limit, 0.6))
    predictor = crackseg.load(tmp_path / "site.ckpt", device="cpu")
    here, elsewhere = (
        reliance(
            predictor, [predictor.features(root / pair.image) for pair in find_pairs(root).pairs]
        )
        for root in (site, archive)
    )
    assert here is not None
    assert elsewhere is not None
    assert "are like those that the network was adapted to" in here.line
    assert "are unlike those that the network was adapted to" in elsewhere.line
    # A training on photographs whose source has no name was adapted to nothing.
    unnamed = replace(before, photographs=adapted.known.photographs)
    checkpoint = tmp_path / "unnamed.ckpt"
    write_checkpoint(read_checkpoint(trained.checkpoint).with_known(unnamed).content, checkpoint)
    predictor = crackseg.load(checkpoint, device="cpu")
    pictures = [site / one.image for one in find_pairs(site).pairs]
    trained_on = reliance(predictor, [predictor.features(path) for path in pictures])
    assert trained_on is not None
    assert "those that the network was trained on" in trained_on.line


def test_below_five_photographs_nothing_is_known_of_the_place(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "_require_gain", lambda *_: None)
    adapt(trained.checkpoint, [write_site(tmp_path / "four", 4)], tmp_path / "site.ckpt")
    assert read_checkpoint(tmp_path / "site.ckpt").parameters.known is None


def test_what_gains_nothing_is_not_written(
    trained: TrainResult, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "with_threshold_of_others", lambda ious: ious.min(axis=1))
    output = tmp_path / "site.ckpt"
    with pytest.raises(
        DatasetError,
        match=r"not adapted: .* with 6 photographs a gain is believed above 0\.017; keep",
    ):
        adapt(trained.checkpoint, [site], output)
    assert not output.exists()


def test_too_few_photographs_are_said_with_what_to_do(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = write_site(tmp_path / "one", 1)
    with pytest.raises(DatasetError, match="1 labelled photographs with cracks; adapting takes"):
        adapt(trained.checkpoint, [site], tmp_path / "site.ckpt")


def test_photographs_without_any_label_are_said_with_what_to_do(
    trained: TrainResult, tmp_path: Path
) -> None:
    site = write_site(tmp_path / "site", 2)
    shutil.rmtree(site / "masks")
    with pytest.raises(DatasetNotFoundError, match=r"2 images and 0 masks, .* adapt FOLDER --sug"):
        adapt(trained.checkpoint, [site], tmp_path / "site.ckpt")


@pytest.mark.parametrize("name", ["site", "site.pt", "site.onnx.txt"])
def test_an_output_of_another_kind_is_refused_before_any_work(
    name: str, trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["adapt", str(tmp_path), "--checkpoint", str(trained.checkpoint)]
    assert main([*told, "--output", str(tmp_path / name)]) == 2
    assert ".ckpt" in capsys.readouterr().err


def test_suggest_outlines_what_adapt_reads_back(
    trained: TrainResult,
    exported: Path,
    site: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "to_label"
    told = ["adapt", str(site / "images"), "--checkpoint", str(exported)]
    assert main([*told, "--suggest", "3", "--output", str(output)]) == 0
    said = capsys.readouterr().out
    labelled = output / "labelme"
    documents = sorted(labelled.glob("*.json"))
    assert len(documents) == 3
    for document in documents:
        assert (labelled / json.loads(document.read_text())["imagePath"]).is_file()
        assert f"{document.stem}.png" in said
    # The same network, or another one would be adapted.
    assert f"then crackseg adapt {labelled} --checkpoint {exported} --output NEW.ckpt" in said
    # What was corrected by hand is not written over, in whichever folder it is.
    (labelled / "north").mkdir()
    for path in list(labelled.glob("*.*")):
        path.rename(labelled / "north" / path.name)
    assert main([*told, "--suggest", "4", "--output", str(output)]) == 2
    assert f"{labelled}: there are outlines already" in capsys.readouterr().err
    for path in list((labelled / "north").iterdir()):
        path.rename(labelled / path.name)
    low = tmp_path / "low.ckpt"
    write_checkpoint(read_checkpoint(trained.checkpoint).with_threshold(0.99).content, low)
    adapted = ["adapt", str(labelled), "--checkpoint", str(low)]
    assert main([*adapted, "--output", str(tmp_path / "site.ckpt")]) == 2
    assert (
        "the outlines or masks of all 3 photographs are as crackseg wrote"
        in capsys.readouterr().err
    )
    # Corrected by hand: the truth as outlines, but of one.
    for document in documents[1:]:
        content = json.loads(document.read_text())
        truth = np.asarray(Image.open(site / "masks" / f"{document.stem}.png")) > 127
        rows, columns = np.nonzero(truth)
        box = [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]
        shape = {"label": "crack", "shape_type": "rectangle", "points": np.array(box).tolist()}
        document.write_text(json.dumps({**content, "shapes": [shape]}))
    capsys.readouterr()
    assert main([*adapted, "--output", str(tmp_path / "site.ckpt")]) == 0
    told = capsys.readouterr()
    assert "3 photographs" in told.out
    assert (
        "the outlines or masks of 1 of 3 photographs are as crackseg wrote them, and are"
        in told.err
    )
    assert documents[0].name in told.err
    assert f"model: {low}" in told.err


def test_no_mask_is_suggested_for_labelling(
    trained: TrainResult, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["adapt", str(site), "--checkpoint", str(trained.checkpoint), "--suggest", "9"]
    assert main([*told, "--output", str(tmp_path / "to_label")]) == 0
    assert len(list((tmp_path / "to_label" / "labelme").glob("*.json"))) == 6
    told[1] = str(site / "masks")
    assert main([*told, "--output", str(tmp_path / "other")]) == 0
    (site / "images").rename(tmp_path / "away")
    told[1] = str(site)
    assert main([*told, "--output", str(tmp_path / "none")]) == 2
    assert "there are only pictures in folders that are named like masks" in capsys.readouterr().err


def test_an_adaptation_is_read_back_and_checked() -> None:
    record = Adaptation("research", "for research only", 5, FITTED, 0.3, 0.5, 0.05, 0.35)
    fields = Fields(record.as_dict())
    assert Adaptation.from_fields(fields) == record
    broken = Fields({**record.as_dict(), "before": 7, "base": 3})
    Adaptation.from_fields(broken)
    assert broken.faults == ["base=3: a text", "before=7: at least 0 and at most 1"]


def test_no_figure_of_an_adapted_network_is_called_free_of_leaks(
    trained: TrainResult, site: Path, tmp_path: Path
) -> None:
    """The photographs of its site may be of the test subset of the network that it was made of."""
    adapt(trained.checkpoint, [site], tmp_path / "site.ckpt")
    judged = evaluate(EvaluateConfig(checkpoint=str(tmp_path / "site.ckpt")), tmp_path / "judged")
    line = "UNKNOWN: these images may be among the 6 that it was adapted to"
    assert judged.leak_line == line
    initial = initial_network(str(tmp_path / "site.ckpt"))
    assert initial is not None
    manifest = read_manifest(trained.checkpoint.with_name("manifest.csv"))
    assert initial.beyond(manifest) == "site.ckpt"


@pytest.mark.parametrize("command", ["adapt", "calibrate"])
def test_masks_of_the_network_itself_are_no_truth(
    command: str,
    trained: TrainResult,
    site: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No network is better, or misses less, than it says itself."""
    for path in (site / "masks").iterdir():
        write_png(np.asarray(Image.open(path)), path, sealed=True)
    told = [command, str(site), "--checkpoint", str(trained.checkpoint)]
    assert main([*told, "--output", str(tmp_path / "new.ckpt")]) == 2
    said = capsys.readouterr().err
    assert "masks of all 6 photographs are as crackseg wrote them, so that there is noth" in said


def test_the_seed_of_the_draws_can_be_chosen(
    trained: TrainResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seeds = []

    def noted(*arguments: object) -> None:
        seeds.append(arguments[-1])
        raise DatasetError("enough")

    monkeypatch.setattr(adapting, "adapt", noted)
    told = ["adapt", str(tmp_path), "--checkpoint", str(trained.checkpoint)]
    told += ["--output", str(tmp_path / "new.ckpt")]
    assert main(told) == main([*told, "--seed", "7"]) == 2
    assert seeds == [0, 7]
    capsys.readouterr()
    assert main([*told, "--seed", "7", "--suggest", "3"]) == 2
    assert "--seed: of labelled photographs, not with --suggest" in capsys.readouterr().err
