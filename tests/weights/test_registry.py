"""The networks that come with the package are found by name, and say on which terms."""

from pathlib import Path

import pytest

import crackseg
from crackseg.cli.main import main
from crackseg.config.schema import EvaluateConfig
from crackseg.errors import CheckpointError, ConfigError
from crackseg.inference.model_file import read_model
from crackseg.weights.registry import (
    BUNDLED,
    DEFAULT,
    bundled,
    bundled_at,
    chosen_file,
)
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

RESEARCH = "model: research (for research only); another: --model open (CC BY 4.0, for firms too)\n"
OPEN = "model: open (CC BY 4.0, for firms too); another: --model research (for research only)\n"


def test_the_default_is_the_first_one_and_names_are_unique() -> None:
    assert (DEFAULT.name, bundled("research"), len({m.name for m in BUNDLED})) == (
        "research",
        DEFAULT,
        len(BUNDLED),
    )
    assert chosen_file("best.ckpt", None) == Path("best.ckpt")
    assert bundled_at(Path("best.ckpt")) is None


def test_every_one_has_a_licence_of_its_own() -> None:
    for model in BUNDLED:
        assert model.name in model.licence_path.read_text(encoding="utf-8")


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.name)
def test_a_file_in_the_box_can_be_used_and_says_its_licence(model: object) -> None:
    """The real files, where this copy has them."""
    present = [one for one in BUNDLED if one == model and one.path.is_file()]
    if not present:
        pytest.skip("this copy of the sources has no such file")
    (one,) = present
    assert one.path.stat().st_size < 5e6
    assert read_model(one.path).info.licence == one.licence


@pytest.mark.parametrize(
    ("given", "line"),
    [([], RESEARCH), (["--model", "research"], RESEARCH), (["--model", "open"], OPEN)],
)
def test_a_prediction_begins_with_the_model_its_licence_and_the_other_one(
    filled_box: Path,
    archive: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    line: str,
) -> None:
    photograph = next(archive.rglob("*.png"))
    assert main(["predict", str(photograph), *given, "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith(line)
    assert len(list((tmp_path / "out").glob("*_mask.png"))) == 1


def test_a_prediction_by_another_file_begins_with_its_name_and_licence(
    exported: Path,
    trained: TrainResult,
    archive: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photograph = str(next(archive.rglob("*.png")))
    for file, licence in ((exported, " (licence: not stated;"), (trained.checkpoint, "\n")):
        main(["predict", photograph, "--checkpoint", str(file), "--output", str(tmp_path / "out")])
        assert capsys.readouterr().out.startswith(f"model: {file}{licence}")


def test_load_takes_a_model_by_name_or_the_default(filled_box: Path) -> None:
    photograph = draw_pair(1, (40, 60))[0]
    assert crackseg.load().line + "\n" == RESEARCH
    predictor = crackseg.load(model="open")
    assert predictor.line + "\n" == OPEN
    assert predictor.predict(photograph).mask.shape == (40, 60)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"model": "open", "checkpoint": "best.ckpt"},
            ConfigError,
            "model=open, checkpoint=best.ckpt: these are two networks; give one of them",
        ),
        (
            {"model": "reserch"},
            ConfigError,
            "model=reserch: one of research, open; did you mean research?",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    arguments: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        crackseg.load(**arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_the_command_refuses_a_model_beside_a_checkpoint_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(tmp_path), "--model", "open", "--checkpoint", "a.ckpt"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("error: model=open, checkpoint=a.ckpt: these are two networks")


def test_a_copy_without_the_file_says_so_in_one_line(
    filled_box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundled("research").path.unlink()
    assert main(["predict", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"error: {filled_box / 'research.onnx'}: this copy of crackseg lacks the model research; "
        "install its wheel, or give a checkpoint of your own\n"
    )


@pytest.mark.parametrize("kept", [0, 1000, -1000])
def test_a_damaged_file_says_what_to_do(filled_box: Path, kept: int) -> None:
    path = bundled("open").path
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"open\.onnx: .*; install crackseg again$"):
        crackseg.load(model="open")


def test_a_name_stands_where_a_path_does_unless_a_file_has_it(
    filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert chosen_file("open", None) == filled_box / "open.onnx"
    assert chosen_file("runs/best.ckpt", None) == Path("runs/best.ckpt")
    # A folder is no network.
    Path("research").mkdir()
    assert chosen_file("research", None) == filled_box / "research.onnx"
    Path("open").write_bytes(b"")
    assert chosen_file("open", None) == Path("open")
    bundled("research").path.unlink()
    with pytest.raises(CheckpointError, match="this copy of crackseg lacks the model research"):
        chosen_file("research", None)


def test_an_evaluation_takes_a_name(
    filled_box: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = EvaluateConfig(checkpoint="open", root=str(archive))
    found = evaluate(config, tmp_path / "judged", show=False)
    assert found.checkpoint == str(filled_box / "open.onnx")
    Path("open").write_bytes(b"mine")
    with pytest.raises(CheckpointError, match=r"^open: not a checkpoint"):
        evaluate(config, tmp_path / "judged", show=False)
