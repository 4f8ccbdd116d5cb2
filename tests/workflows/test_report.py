"""Reports on trainings that were really made."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.cli.main import main
from crackseg.config.schema import EvaluateConfig, write_config
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import ConfigError, DatasetError, RunsNotFoundError
from crackseg.evaluation.results import IMAGES, METRICS
from crackseg.runs.record import recording
from crackseg.workflows import run_results
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.export import export
from crackseg.workflows.report import report
from crackseg.workflows.run_predictions import predict_images
from crackseg.workflows.train import train
from tests.helpers.data_sets import write_archive
from tests.helpers.html import Parsed
from tests.helpers.runs import write_run
from tests.helpers.settings import small_config

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trainings with different test sets, a failed and an interrupted one; judged."""
    root = tmp_path_factory.mktemp("report")
    archive = write_archive(root / "archive", 30)
    for seed in (0, 1):
        config = small_config(archive, root / "cache")
        config.data.split_seed = seed
        folder = root / "sweep" / f"data.split_seed={seed}"
        overrides = [f"data.split_seed={seed}", "trainer.max_epochs=2"]
        with recording(folder, overrides, ["data.split_seed"]):
            write_config(config, folder / "config.yaml")
            train(config, folder)
    write_run(root / "sweep" / "data.split_seed=2", "failed", error="loss is nan")
    write_run(root / "sweep" / "data.split_seed=3", "interrupted")
    report([root / "sweep"], root / "first.html")
    return root


@pytest.fixture
def sweep(original: Path, tmp_path: Path) -> Path:
    """A copy that may be changed; its data stand where they were."""
    return Path(shutil.copytree(original / "sweep", tmp_path / "sweep"))


def evaluations(call: Any, patch: pytest.MonkeyPatch) -> dict[str, EvaluateConfig]:
    """Which evaluations a call makes, and with which settings."""
    made: dict[str, EvaluateConfig] = {}
    evaluate = run_results.evaluate

    def watched(config: EvaluateConfig, folder: Path, show: bool = True) -> Any:
        made[f"{folder.parents[1].name}/{folder.name}"] = config
        return evaluate(config, folder, show)

    patch.setattr(run_results, "evaluate", watched)
    call()
    return made


def test_runs_are_judged_once_and_their_states_told(
    original: Path, sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Parsed((original / "first.html").read_text(encoding="utf-8")).text
    assert "Finished runs 2 2 more are not compared" in text
    assert "data.split_seed=2 failed loss is nan" in text
    assert "data.split_seed=3 interrupted" in text
    assert evaluations(lambda: report([sweep], tmp_path / "page.html"), monkeypatch) == {}


def test_figures_are_those_of_the_evaluation(original: Path, sweep: Path, tmp_path: Path) -> None:
    found = report([sweep], tmp_path / "page.html")
    for one in found.entries:
        for subset, judged in (("val", one.val), ("test", one.test)):
            kept = json.loads(
                (one.run.folder / "evaluation" / f"{subset}-training" / METRICS).read_text()
            )
            assert json.loads(json.dumps(judged.metrics.as_dict())) == kept
            assert kept["stored"]["totals"]["crack_iou"] == pytest.approx(
                one.run.figure(f"{subset}/crack_iou"), abs=1e-6
            )
    network = read_checkpoint(sweep / "data.split_seed=0" / "best.ckpt").content["state_dict"]
    trained = sum(
        value.numel()
        for name, value in network.items()
        if name.startswith("network.") and name.endswith(("weight", "bias"))
    )
    assert [one.weights for one in found.entries] == [trained] * 2


def test_another_checkpoint_is_judged_anew(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sweep / "data.split_seed=1" / "best.ckpt"
    checkpoint = read_checkpoint(path).content
    checkpoint["hyper_parameters"]["threshold"] = 0.13
    write_checkpoint(checkpoint, path)
    made = evaluations(lambda: report([sweep], tmp_path / "page.html"), monkeypatch)
    assert list(made) == ["data.split_seed=1/val-training", "data.split_seed=1/test-training"]
    text = Parsed((tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "0.13 epoch" in text


def test_runs_with_other_test_sets_are_not_compared(sweep: Path, tmp_path: Path) -> None:
    found = report([sweep], tmp_path / "page.html", baseline="data.split_seed=1")
    own, apart = found.comparisons
    assert (own.baseline.name, own.others) == ("data.split_seed=1", ())
    assert apart.reason.startswith("judged on other photographs")
    assert {len(looks) for _, looks in found.scenes} == {1}


def test_looks_are_what_was_judged(original: Path, sweep: Path, tmp_path: Path) -> None:
    found = report([sweep], tmp_path / "page.html")
    images = found.entries[0].test.images
    folder = found.entries[0].run.folder
    looks = predict_images(folder, images.names, "training", original / "archive")
    for name, counts in zip(images.names, images.counts, strict=True):
        mask, truth = looks[name].mask, looks[name].truth
        pairs = [(mask & truth), (mask & ~truth), (~mask & truth), (~mask & ~truth)]
        # Batches of other sizes round a little differently.
        assert np.abs([int(one.sum()) for one in pairs] - counts).max() <= 1
        assert looks[name].photograph.shape == (32, 32, 3)


def test_native_resolution_is_judged_and_shown(sweep: Path, tmp_path: Path) -> None:
    run = sweep / "data.split_seed=0"
    found = report([run], tmp_path / "page.html", resolution="native")
    assert (run / "evaluation" / "test-native" / IMAGES).is_file()
    assert "their own size" in " ".join(found.entries[0].test.metrics.protocol)
    assert found.scenes[0][1][0][1].photograph.shape == (64, 64, 3)


def test_validation_can_be_reported_on(sweep: Path, tmp_path: Path) -> None:
    found = report([sweep], tmp_path / "page.html", subset="val")
    assert found.entries[0].test is found.entries[0].val
    text = Parsed((tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "on the val subset" in text
    assert "test Dice" not in text


def move_data(run: Path, root: Path) -> None:
    """A run's checkpoint says that its data lie elsewhere."""
    checkpoint = read_checkpoint(run / "best.ckpt").content
    named = checkpoint["hyper_parameters"]["data"]
    named["root"] = named["config"]["root"] = str(root)
    write_checkpoint(checkpoint, run / "best.ckpt")


def test_photographs_to_be_judged_that_are_gone_are_told(
    original: Path, sweep: Path, tmp_path: Path
) -> None:
    run = sweep / "data.split_seed=0"
    moved = Path(shutil.copytree(original / "archive", tmp_path / "moved"))
    (moved / read_manifest(run / "manifest.csv").subset("test")[0].image).unlink()
    move_data(run, moved)
    with pytest.raises(DatasetError) as caught:
        report([sweep], tmp_path / "page.html")
    message = str(caught.value)
    assert message.startswith(f"{run}: its val subset cannot be judged: {moved}: ")
    assert message.endswith(
        "Put back what it was trained on, say with --root where it stands now, or name other runs"
    )
    assert not (tmp_path / "page.html").exists()


def test_photographs_to_be_shown_that_are_gone_are_named(sweep: Path, tmp_path: Path) -> None:
    run = sweep / "data.split_seed=0"
    images = [row.image for row in read_manifest(run / "manifest.csv").subset("test")]
    with pytest.raises(DatasetError) as caught:
        predict_images(run, images, "training", tmp_path / "nowhere")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'nowhere'}: {2 * len(images)} files that the page is")
    assert images[0] in message
    assert "put the data set back where data.split_seed=0 was trained on it, say with" in message


def test_photographs_that_were_moved_are_found_when_named(
    original: Path, sweep: Path, tmp_path: Path
) -> None:
    run, moved = sweep / "data.split_seed=0", tmp_path / "moved"
    shutil.copytree(original / "archive", moved)
    move_data(run, tmp_path / "nowhere")
    kept = json.loads((run / "evaluation" / "test-training" / METRICS).read_text())
    page = tmp_path / "page.html"
    assert main(["report", str(run), "--output", str(page), "--root", str(moved)]) == 0
    judged = json.loads((run / "evaluation" / "test-training" / METRICS).read_text())
    assert judged["stored"] == kept["stored"]
    assert judged["leak_line"] == kept["leak_line"]
    fewer = write_archive(tmp_path / "fewer", 20)
    move_data(run, tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="these are not the photographs and subsets that the"):
        report([run], page, roots=[fewer])


def test_other_masks_under_the_same_names_are_not_shown(
    original: Path, sweep: Path, tmp_path: Path
) -> None:
    run, moved = sweep / "data.split_seed=0", tmp_path / "moved"
    shutil.copytree(original / "archive", moved)
    move_data(run, tmp_path / "nowhere")
    page = tmp_path / "page.html"
    report([run], page, roots=[moved])
    for mask in (moved / "Final-Dataset-Vol1/Final_Masks/Masks").iterdir():
        Image.fromarray(np.zeros((64, 64), np.uint8)).save(mask)
    with pytest.raises(DatasetError, match=r"masks have other cracks than when .* was judged"):
        report([run], page, roots=[moved])
    # A root that is not needed is not taken.
    report([sweep / "data.split_seed=1"], page, roots=[moved])


def test_a_page_does_not_tell_where_its_writer_s_folder_stands(
    original: Path, sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(original)
    report([sweep], tmp_path / "page.html")
    text = Parsed((tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "data.root archive" in text
    assert str(original) not in text


def test_a_run_without_test_photographs_is_left_out(sweep: Path, tmp_path: Path) -> None:
    path = sweep / "data.split_seed=1" / "best.ckpt"
    checkpoint = read_checkpoint(path).content
    checkpoint["hyper_parameters"]["data"]["counts"]["test"] = 0
    write_checkpoint(checkpoint, path)
    report([sweep], tmp_path / "page.html")
    text = Parsed((tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "Finished runs 1 3 more are not compared" in text
    assert "data.split_seed=1 done its test subset is empty" in text
    with pytest.raises(RunsNotFoundError, match="no run has photographs in its test subset; ch"):
        report([sweep / "data.split_seed=1"], tmp_path / "page.html")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.yaml", "a: [1\n  b: {", "config.yaml cannot be read"),
        ("config.yaml", "", "config.yaml holds no settings"),
        ("best.ckpt", "", "best.ckpt: not a checkpoint, or truncated or damaged"),
    ],
)
def test_a_run_with_a_broken_file_is_named_and_left_out(
    name: str,
    content: str,
    reason: str,
    sweep: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (sweep / "data.split_seed=1" / name).write_text(content)
    assert len(report([sweep], tmp_path / "page.html").entries) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert line.startswith("left out data.split_seed=1: ")
    assert reason in line


def test_runs_are_judged_by_one_process(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lightning would start further ones with the command line of the whole report."""
    shutil.rmtree(sweep / "data.split_seed=0" / "evaluation" / "test-training")
    made = evaluations(lambda: report([sweep], tmp_path / "page.html"), monkeypatch)
    assert [config.trainer.devices for config in made.values()] == [1]


def test_folders_without_finished_runs_are_told(original: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "page.html"
    with pytest.raises(RunsNotFoundError, match="empty: no runs here; name the folder of a run"):
        report([original / "sweep", tmp_path / "empty"], output)
    with pytest.raises(RunsNotFoundError, match="no finished run to report on: data"):
        report([original / "sweep" / "data.split_seed=2"], output)
    with pytest.raises(RunsNotFoundError, match="there is no such folder"):
        report([tmp_path / "nowhere"], output)


def test_an_unknown_baseline_is_refused_with_the_known_ones(original: Path, tmp_path: Path) -> None:
    with pytest.raises(RunsNotFoundError) as caught:
        report([original / "sweep"], tmp_path / "page.html", baseline="data.split_seed=2")
    assert str(caught.value) == (
        "--baseline data.split_seed=2: none of the finished runs; they are data.split_seed=0, "
        "data.split_seed=1"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subset": "all"}, "--subset all: one of train, val, test"),
        ({"resolution": "full"}, "--resolution full: one of training, native"),
        ({"output": Path("page.pdf")}, "--output page.pdf: a page's name ends in .html or .md"),
    ],
)
def test_settings_that_do_not_exist_are_refused(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        report([tmp_path], **{"output": tmp_path / "page.html", **settings})


def test_the_command_writes_markdown_and_says_so(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "pages" / "runs.md"
    assert (
        main(
            [
                "report",
                str(sweep),
                "--output",
                str(page),
                "--baseline",
                str(sweep / "data.split_seed=1"),
            ]
        )
        == 0
    )
    assert capsys.readouterr().out == f"2 finished runs compared: {page}\n"
    assert page.read_text(encoding="utf-8").startswith("# Runs compared: sweep\n")
    assert (tmp_path / "pages" / "runs_pictures" / "precision-recall.png").is_file()


def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: no runs here; name the folder of a run or of a sweep, crackseg runs "
        "lists them\n"
    )


@pytest.mark.slow
def test_an_evaluation_of_an_onnx_file_is_shown_with_its_engine(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweep / "data.split_seed=0"
    export(folder / "best.ckpt", folder / "best.onnx")
    judged = folder / "evaluation" / "test-training"
    # The file does not say where the photographs of its training stand.
    photographs = read_checkpoint(folder / "best.ckpt").parameters.data.root
    config = EvaluateConfig(str(folder / "best.onnx"), engine="onnxruntime", root=[photographs])
    evaluate(config, judged, show=False)
    page = tmp_path / "page.html"
    assert evaluations(lambda: report([sweep], page), monkeypatch) == {}
    text = Parsed(page.read_text(encoding="utf-8")).text
    assert text.count("split random, float32 by onnxruntime, no tolerance") == 1
    assert text.count("split random, float32, no tolerance") == 1


def test_a_folder_of_photographs_that_is_not_there_is_said_before_any_work(
    original: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"--root .*nowhere: there is no such folder"):
        report([original], tmp_path / "page.html", roots=[tmp_path / "nowhere"])
