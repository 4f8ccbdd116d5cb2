"""Files, folders and globs in; masks below the same relative folders out."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.cli.main import main
from crackseg.errors import CrackSegError, DatasetNotFoundError, OutputError
from crackseg.inference.engines import open_model
from crackseg.inference.predictor import Predictor
from crackseg.inference.reliance import reliance
from crackseg.inference.scales import scales_of
from crackseg.parameters.known_photographs import KnownPhotographs, packed
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.plan import Job, plan
from crackseg.workflows.predict import predict
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import IMAGES, draw_pair, noise_of


def photograph(path: Path, size: tuple[int, int] = (40, 60)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_pair(1, size)[0]).save(path)
    return path


def targets(*paths: str, output: Path) -> dict[str, str]:
    return {
        job.photograph.name: job.target.relative_to(output).as_posix()
        for job in plan(paths, output).jobs
    }


def test_a_folder_keeps_its_folders_and_equal_names_apart(tmp_path: Path) -> None:
    for name in ("x.jpg", "from_browser.jfif", "a/1.png", "b/1.png", "b/deep/1.png"):
        photograph(tmp_path / "in" / name)
    jobs = plan([str(tmp_path / "in")], tmp_path / "out").jobs
    written = {job.target.relative_to(tmp_path / "out").as_posix() for job in jobs}
    assert written == {"x", "from_browser", "a/1", "b/1", "b/deep/1"}


def test_files_are_placed_below_what_they_share(tmp_path: Path) -> None:
    files = [str(photograph(tmp_path / "in" / name)) for name in ("a/1.png", "b/1.png")]
    jobs = plan(files, tmp_path / "out").jobs
    assert [job.target.relative_to(tmp_path / "out").as_posix() for job in jobs] == ["a/1", "b/1"]


def test_a_glob_in_quotes_is_expanded(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.jpg", "b/3.png"):
        photograph(tmp_path / "in" / name)
    found = targets(str(tmp_path / "in" / "**" / "*.png"), output=tmp_path / "out")
    assert found == {"1.png": "a/1", "3.png": "b/3"}


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    path = photograph(tmp_path / "wall [north].png")
    assert targets(str(path), output=tmp_path / "out") == {path.name: "wall [north]"}


def test_one_stem_with_two_suffixes_gives_two_results(tmp_path: Path) -> None:
    for name in ("x.png", "x.jpg", "y.png"):
        photograph(tmp_path / "in" / name)
    found = targets(str(tmp_path / "in"), output=tmp_path / "out")
    assert found == {"x.png": "x_png", "x.jpg": "x_jpg", "y.png": "y"}


def test_a_file_named_twice_is_done_once(tmp_path: Path) -> None:
    path = photograph(tmp_path / "in" / "x.png")
    assert len(plan([str(path), str(path.parent)], tmp_path / "out").jobs) == 1


def test_earlier_results_are_no_photographs(tmp_path: Path) -> None:
    photograph(tmp_path / "x.png")
    photograph(tmp_path / "out" / "x_mask.png")
    assert targets(str(tmp_path), output=tmp_path / "out") == {"x.png": "x"}


def test_a_link_keeps_its_own_place_and_name(tmp_path: Path) -> None:
    photograph(tmp_path / "store" / "123.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wall.png").symlink_to(tmp_path / "store" / "123.png")
    assert targets(str(tmp_path / "in"), output=tmp_path / "out") == {"wall.png": "wall"}


def test_results_may_stand_below_the_photographs(tmp_path: Path) -> None:
    photograph(tmp_path / "x.png")
    photograph(tmp_path / "found" / "x_overlay.png")
    assert targets(str(tmp_path), output=tmp_path / "found") == {"x.png": "x"}


def test_no_two_photographs_share_a_result(tmp_path: Path) -> None:
    for name in ("x.png", "x.jpg", "x_jpg.tif"):
        photograph(tmp_path / "in" / name)
    found = targets(str(tmp_path / "in"), output=tmp_path / "out")
    assert len(set(found.values())) == len(found) == 3


@pytest.mark.parametrize("name", ["missing.jpg", "empty"])
def test_a_path_without_photographs_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetNotFoundError, match=name):
        plan([str(tmp_path / name)], tmp_path / "out")


def test_the_command_writes_masks_and_overlays_of_the_photographs_size(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph(tmp_path / "in" / "a" / "x.png", (45, 61))
    command = ["predict", str(tmp_path / "in"), "--checkpoint", str(trained.checkpoint)]
    code = main([*command, "--output", str(tmp_path / "out"), "--probability", "--device", "cpu"])
    assert code == 0
    written = {path.name: Image.open(path) for path in (tmp_path / "out" / "a").iterdir()}
    assert set(written) == {"x_mask.png", "x_overlay.png", "x_probability.png"}
    assert {picture.size for picture in written.values()} == {(61, 45)}
    assert (written["x_mask.png"].mode, written["x_overlay.png"].mode) == ("L", "RGB")
    mask, probability = (np.asarray(written[f"x_{kind}.png"]) for kind in ("mask", "probability"))
    assert set(np.unique(mask)) <= {0, 255}
    assert np.all((mask == 255) <= (probability >= 255 * trained.threshold - 1))
    said = capsys.readouterr().out
    assert "1 photograph done" in said
    assert f"cracks found in {int(mask.any())} of 1 photograph" in said


def test_a_bad_file_is_named_and_skipped_and_the_exit_code_says_so(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "letter.jpg").write_text("Dear colleague, the wall has a crack.")
    command = ["predict", str(tmp_path / "in"), "--checkpoint", str(trained.checkpoint)]
    code = main([*command, "--output", str(tmp_path / "out"), "--device", "cpu"])
    assert code == 1
    told = capsys.readouterr().err
    assert "skipped" in told
    assert str(tmp_path / "in" / "letter.jpg") in told
    assert (tmp_path / "out" / "good_mask.png").is_file()
    assert not list((tmp_path / "out").glob("letter*"))


def test_a_photograph_larger_than_allowed_is_skipped(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph(tmp_path / "in" / "small.png", (80, 100))
    photograph(tmp_path / "in" / "wide.png", (80, 1000))
    command = ["predict", str(tmp_path / "in"), "--checkpoint", str(trained.checkpoint)]
    limit = ["--max-megapixels", "0.05", "--output", str(tmp_path / "out"), "--device", "cpu"]
    assert main([*command, *limit]) == 1
    said = capsys.readouterr().err
    assert "wide.png: its 1,000 x 80 pixels are more than the 0.05 megapixels" in said
    assert sorted(path.name for path in (tmp_path / "out").glob("*mask.png")) == ["small_mask.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--checkpoint", "none.ckpt"], "none.ckpt: there is no such file"),
        (["--checkpoint", "CKPT", "--threshold", "2"], "threshold=2.0: a probability"),
        (["--checkpoint", "CKPT", "--scale", "0"], "scale=0: training pixels per photograph"),
        (["--checkpoint", "CKPT", "--scale", "1,x"], "scale=1,x: training pixels per photograph"),
        (["--checkpoint", "CKPT", "--device", "quantum"], "device=quantum: not there"),
    ],
)
def test_a_mistake_of_the_command_line_is_exit_code_2(
    trained: TrainResult,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    path = str(photograph(tmp_path / "x.png"))
    given = [str(trained.checkpoint) if word == "CKPT" else word for word in arguments]
    assert main(["predict", path, *given, "--output", str(tmp_path / "out")]) == 2
    assert f"error: {message}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_results_do_not_stand_among_the_photographs(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "walls"
    shutil.copytree(archive / "Final-Dataset-Vol1" / "Images", folder)
    for paths in ([str(folder)], [str(folder / "CFD_000.png")]):
        with pytest.raises(CrackSegError, match="masks would stand beside their photographs, such"):
            plan(paths, folder)
    assert len(plan([str(folder)], folder / "found").jobs) == 10


def test_what_is_no_photograph_by_name_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photograph(tmp_path / "walls" / "one.png")
    for name in ("notes.txt", "clip.mp4"):
        (tmp_path / "walls" / name).write_bytes(b"")
    for name in ("empty", "out"):
        (tmp_path / name).mkdir()
    for name in ("predictions.jsonl", "cracks.csv"):
        (tmp_path / "out" / name).write_text("", encoding="utf-8")
    caplog.set_level("INFO")
    targets(*(str(tmp_path / name) for name in ("walls", "empty")), output=tmp_path / "out")
    named = "walls: 2 files that are no photographs by name, left out: clip.mp4, notes.txt"
    assert named in caplog.text
    assert f"{tmp_path / 'empty'}: no photograph in it" in caplog.text
    caplog.clear()
    targets(str(tmp_path), output=tmp_path / "out")
    assert "2 files that are no photographs" in caplog.text
    assert "cracks.csv" not in caplog.text


def test_files_that_say_where_photographs_lie_are_not_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("a.jpg", "a.jgw", "a.prj", "b.png", "b.PGW", "b.PRJ", "c.tif", "c.wld", "d.tfw", "prj")
    for name in names:
        (tmp_path / name).write_bytes(b"")
    caplog.set_level("INFO")
    targets(str(tmp_path), output=tmp_path / "out")
    assert "2 files that are no photographs by name, left out: d.tfw, prj\n" in caplog.text


def test_masks_of_photographs_that_are_there_too_are_no_photographs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a/images/1.jpg", "a/masks/1.png", "b/2.jpg", "b/2_mask.png", "masks/3.jpg"):
        photograph(tmp_path / "walls" / name)
    with caplog.at_level("INFO", "crackseg"):
        found = targets(str(tmp_path / "walls"), output=tmp_path / "out")
    # A mask without its photograph may be a photograph after all, such as of a masked wall.
    assert sorted(found) == ["1.jpg", "2.jpg", "3.jpg"]
    assert "2 masks of photographs that are there too, left out: a/masks/1.png" in caplog.text
    assert len(targets(str(tmp_path / "walls/a/masks"), output=tmp_path / "out")) == 1


def test_pictures_that_cannot_be_read_are_counted_and_files_left_behind_are_not(
    tmp_path: Path,
) -> None:
    for name in ("a.jpg", "b.CR2", "._a.jpg", "__MACOSX/a.jpg", ".ipynb_checkpoints/a.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    planned = plan([str(tmp_path / "in")], tmp_path / "out")
    assert [job.photograph.name for job in planned.jobs] == ["a.jpg"]
    assert [path.name for path in planned.unread] == ["b.CR2"]


@pytest.mark.parametrize("name", ["..png", "...jpg", "n" * 250 + ".png"])
def test_no_name_leads_out_of_the_results_or_is_too_long(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).touch()
    (job,) = plan([str(tmp_path / "in" / name)], tmp_path / "out").jobs
    assert job.target.parent == tmp_path / "out"
    result = job.target.with_name(f"{job.target.name}_probability.png")
    result.parent.mkdir()
    result.touch()


def test_names_that_differ_in_case_alone_have_results_of_their_own(tmp_path: Path) -> None:
    for name in ("wall.jpg", "WALL.jpg"):
        (tmp_path / name).touch()
    jobs = plan([str(tmp_path)], tmp_path / "out").jobs
    assert len({str(job.target).casefold() for job in jobs}) == len(jobs)


@pytest.mark.parametrize("path", ["a**b", "n" * 300, "not/there.png"])
def test_a_path_that_names_nothing_is_one_message(tmp_path: Path, path: str) -> None:
    with pytest.raises(DatasetNotFoundError, match="there is no such file or folder"):
        plan([path], tmp_path / "out")


def test_a_path_with_a_slip_says_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "wall.jpg").touch()
    meant = re.escape(f"file or folder; did you mean {tmp_path / 'wall.jpg'}?")
    with pytest.raises(DatasetNotFoundError, match=meant):
        plan([str(tmp_path / "wal.jpg")], tmp_path / "out")
    with pytest.raises(DatasetNotFoundError, match=r"file or folder$"):
        plan([str(tmp_path / "bridge.tif")], tmp_path / "out")


def test_a_circle_of_links_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").touch()
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "b_mask.png").symlink_to("b_mask.png")
    (job,) = plan([str(tmp_path / "in")], tmp_path / "out").jobs
    assert job.photograph.name == "a.jpg"


def test_shares_write_each_photograph_once_and_the_whole_run_finds_all_done(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        photograph(tmp_path / "in" / name)
    command = ["predict", str(tmp_path / "in"), "--checkpoint", str(trained.checkpoint)]
    command += ["--output", str(tmp_path / "out"), "--device", "cpu"]
    written: list[set[str]] = []
    for shard in ("1/2", "2/2"):
        assert main([*command, "--shard", shard]) == 0
        there = {str(path) for path in (tmp_path / "out").rglob("*.png")}
        written.append(there - set().union(*written))
    assert [len(names) for names in written] == [4, 2]
    assert main(command) == 0
    assert "0 photographs done, 3 kept from before" in capsys.readouterr().out
    assert main([*command, "--shard", "3/2"]) == 2
    assert "error: shard=3/2: two whole numbers" in capsys.readouterr().err


class TestGoingOn:
    """A prediction over a folder that is typed again keeps what is done and still true."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        generator = np.random.default_rng(0)
        (tmp_path / "in").mkdir()
        for name in ("a", "b", "c"):
            pixels = generator.integers(0, 256, (32, 32, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
        return tmp_path / "in"

    @pytest.fixture
    def predictor(self, trained: TrainResult) -> Predictor:
        return Predictor.from_checkpoint(trained.checkpoint, device="cpu")

    @pytest.mark.parametrize("left", [0, 50])
    def test_a_mask_that_was_cut_short_is_made_anew(
        self, folder: Path, predictor: Predictor, left: int
    ) -> None:
        output = folder.parent / "out"
        predict([str(folder)], predictor, output)
        mask = output / "b_mask.png"
        whole = mask.read_bytes()
        mask.write_bytes(whole[:left])
        again = predict([str(folder)], predictor, output)
        assert (len(again.done), len(again.kept)) == (1, 2)
        assert mask.read_bytes() == whole

    def test_masks_that_are_there_are_kept(self, folder: Path, predictor: Predictor) -> None:
        output = folder.parent / "out"
        assert len(predict([str(folder)], predictor, output).done) == 3
        again = predict([str(folder)], predictor, output)
        assert (len(again.done), len(again.kept)) == (0, 3)
        assert len(predict([str(folder)], predictor, output, overwrite=True).done) == 3

    def test_photographs_that_changed_or_whose_masks_are_gone_are_done_anew(
        self, folder: Path, predictor: Predictor
    ) -> None:
        output = folder.parent / "out"
        predict([str(folder)], predictor, output)
        Image.new("RGB", (40, 32)).save(folder / "a.png")
        (output / "b_overlay.png").unlink()
        again = predict([str(folder)], predictor, output)
        assert [job.name for job in again.done] == ["a.png", "b.png"]

    def test_results_of_another_photograph_of_the_same_name_are_not_replaced(
        self, folder: Path, predictor: Predictor
    ) -> None:
        output, other = folder.parent / "out", folder.parent / "other" / "b.png"
        predict([str(folder)], predictor, output)
        other.parent.mkdir()
        Image.new("RGB", (40, 32)).save(other)
        message = rf"out: holds the results of {folder / 'b.png'}, which those of {other} would rep"
        with pytest.raises(CrackSegError, match=message):
            predict([str(other)], predictor, output)
        assert Image.open(output / "b_mask.png").size == (32, 32)
        assert len(predict([str(other)], predictor, output, overwrite=True).done) == 1
        assert Image.open(output / "b_mask.png").size == (40, 32)
        for path in output.glob("a_*.png"):
            path.unlink()
        assert len(predict([str(other.rename(other.with_name("a.png")))], predictor, output).done)

    @pytest.mark.parametrize(
        "another", [{"threshold": 0.123}, {"scale": 0.4}, {"scale": (0.5, 1.0)}, {"scale": "auto"}]
    )
    def test_another_threshold_or_scale_does_all_anew(
        self, folder: Path, predictor: Predictor, trained: TrainResult, another: dict[str, Any]
    ) -> None:
        output = folder.parent / "out"
        predict([str(folder)], predictor, output)
        other = Predictor.from_checkpoint(trained.checkpoint, device="cpu", **another)
        assert len(predict([str(folder)], other, output).done) == 3

    def test_a_mask_that_somebody_corrected_is_not_replaced_by_another_threshold(
        self, folder: Path, predictor: Predictor, trained: TrainResult
    ) -> None:
        output = folder.parent / "out"
        predict([str(folder)], predictor, output)
        Image.new("L", (32, 32), 255).save(output / "b_mask.png")
        assert len(predict([str(folder)], predictor, output).kept) == 3
        other = Predictor.from_checkpoint(trained.checkpoint, device="cpu", threshold=0.123)
        with pytest.raises(CrackSegError, match=r"1 mask there would be replaced.*b_mask\.png$"):
            predict([str(folder)], other, output)
        assert len(predict([str(folder)], other, output, overwrite=True).done) == 3

    def test_in_which_photographs_cracks_were_found_is_kept(
        self, folder: Path, predictor: Predictor, trained: TrainResult
    ) -> None:
        output = folder.parent / "out"
        every, none = (
            Predictor.from_checkpoint(trained.checkpoint, device="cpu", threshold=threshold)
            for threshold in (1e-6, 1 - 1e-6)
        )
        assert predict([str(folder / "b.png")], every, output).cracks == (True,)
        assert predict([str(folder)], none, output).cracks == (False,) * 3
        assert predict([str(folder)], none, output).cracks == (False,) * 3

    def test_pictures_that_are_not_made_anew_are_told(
        self,
        folder: Path,
        predictor: Predictor,
        trained: TrainResult,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """A probability of another network beside its mask would be taken for this one's."""
        output = folder.parent / "out"
        predict([str(folder / "b.png")], predictor, output, probability=True)
        other = Predictor.from_checkpoint(trained.checkpoint, device="cpu", threshold=0.123)
        assert not caplog.text
        predict([str(folder)], other, output)
        assert "1 picture not made anew, and of an earlier call" in caplog.text
        assert f"made anew: {output / 'b_probability.png'}\n" in caplog.text
        caplog.clear()
        predict([str(folder)], other, output, probability=True)
        assert not caplog.text

    def test_an_interrupted_one_goes_on_behind_half_a_line(
        self, folder: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output, real = folder.parent / "out", predictor.open

        def dies_at_the_last(path: Path) -> object:
            if path.name == "c.png":
                raise KeyboardInterrupt
            return real(path)

        monkeypatch.setattr(predictor, "open", dies_at_the_last)
        with pytest.raises(KeyboardInterrupt):
            predict([str(folder)], predictor, output)
        with (output / "predictions.jsonl").open("a") as file:
            file.write('{"result": "c", "photogr')
        monkeypatch.setattr(predictor, "open", real)
        again = predict([str(folder)], predictor, output)
        assert [job.name for job in again.done] == ["c.png"]
        assert len(predict([str(folder)], predictor, output).kept) == 3

    def test_a_disk_that_is_full_ends_it_and_keeps_what_is_done(
        self, folder: Path, predictor: Predictor
    ) -> None:
        output = folder.parent / "out"
        (output / "b_overlay.png").mkdir(parents=True)
        with pytest.raises(OutputError, match=r"b_overlay\.png: cannot be written"):
            predict([str(folder)], predictor, output)
        lines = map(json.loads, (output / "predictions.jsonl").read_text().splitlines())
        assert [line["result"] for line in lines if line["way"]] == ["a"]
        assert not list(output.glob(".*"))

    def test_large_photographs_are_done_one_at_a_time(
        self, folder: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps: list[str] = []
        real, add = predictor.open, FinishedRecord.add

        def opened(path: Path) -> object:
            steps.append(f"open {path.stem}")
            return real(path)

        def added(record: FinishedRecord, job: Job) -> None:
            steps.append(f"done {job.photograph.stem}")
            add(record, job)

        monkeypatch.setattr("crackseg.workflows.folders.work._LARGE", 1000)
        monkeypatch.setattr(predictor, "open", opened)
        monkeypatch.setattr(FinishedRecord, "add", added)
        predict([str(folder)], predictor, folder.parent / "out")
        assert steps == [f"{what} {name}" for name in "abc" for what in ("open", "done")]

    def test_memory_that_is_not_there_skips_one_photograph(
        self, folder: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def too_much(tile: np.ndarray) -> np.ndarray:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

        monkeypatch.setattr(predictor.engine, "logits", too_much)
        outcome = predict([str(folder)], predictor, folder.parent / "out")
        assert len(outcome.skipped) == 3
        assert "too large for the memory" in outcome.skipped[0].reason


def test_photographs_unlike_those_of_the_training_are_warned_of(
    trained: TrainResult, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = noise_of(tmp_path)
    told = ["--checkpoint", str(trained.checkpoint), "--output"]
    for command in ("predict", "measure"):
        output = str(tmp_path / command)
        # The second call finds all of it done, and the warning is as true as before.
        for _ in range(2):
            assert main([command, noise, *told, output]) == 0
            warned = capsys.readouterr().err
            assert "warning: the 5 photographs are unlike those that the network was" in warned
            advised = f"crackseg adapt FOLDER --checkpoint {trained.checkpoint} --suggest 5"
            assert f"{advised} --output TO_LABEL" in warned
    images = [str(path) for path in sorted((archive / IMAGES).iterdir())[:8]]
    assert main(["predict", *images, *told, str(tmp_path / "own")]) == 0
    said = capsys.readouterr()
    assert "the 8 photographs are like those that the network was trained on" in said.out
    assert "warning" not in said.err
    # Features at another scale are others, with which nothing can be compared.
    scaled = [*told, str(tmp_path / "scaled"), "--scale", "1"]
    assert main(["predict", noise, *scaled]) == 0
    assert "unlike" not in capsys.readouterr().err


def test_what_is_known_of_another_network_is_not_compared_with(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = read_checkpoint(trained.checkpoint)
    scales = scales_of(None, checkpoint.parameters)
    of_other = KnownPhotographs({"": packed(np.ones((1, 1)))}, (0.0,), (1.0,), 0.4, scales)
    write_checkpoint(checkpoint.with_known(of_other).content, tmp_path / "other.ckpt")
    told = [noise_of(tmp_path), "--checkpoint", str(tmp_path / "other.ckpt")]
    # The masks are as good.
    assert main(["predict", *told, "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert "other.ckpt: what it says of known photographs is of another network" in said
    assert "unlike" not in said


def test_a_network_of_8_bits_is_not_to_be_adapted(exported: Path) -> None:
    model = replace(open_model(exported), precision="int8")
    predictor = Predictor(model)
    assert predictor.known is not None
    far = [np.array(predictor.known.spread) * 1000] * 5
    found = reliance(predictor, far)
    assert found is not None
    assert "adapt the network in float that this one in 8 bits was made of" in found.advice


def test_a_network_of_the_box_is_named_as_its_option(filled_box: Path) -> None:
    predictor = Predictor.from_checkpoint(filled_box / "open.onnx")
    assert predictor.known is not None
    far = [np.array(predictor.known.spread) * 1000] * 5
    found = reliance(predictor, far)
    assert found is not None
    assert "crackseg adapt FOLDER --model open --suggest 5" in found.advice
    assert reliance(predictor, far[:4]) is None


def test_a_lower_threshold_is_named_for_strangers(filled_box: Path) -> None:
    def advice(threshold: float) -> str:
        predictor = Predictor.from_checkpoint(filled_box / "open.onnx", threshold=threshold)
        assert predictor.known is not None
        found = reliance(predictor, [np.array(predictor.known.spread) * 1000] * 5)
        assert found is not None
        return found.advice

    assert "; try --threshold 0.08, which mostly finds more" in advice(0.4)
    assert "; look through some, or label five" in advice(0.08)
