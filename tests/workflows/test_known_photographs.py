"""What a training keeps of its photographs, and what it does without."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.data.splits.manifest import Manifest, Row, read_manifest
from crackseg.errors import CheckpointError, OutputError
from crackseg.inference.engines import OpenedModel, open_model
from crackseg.inference.familiarity import known_calibration, known_photographs
from crackseg.inference.predictor import Predictor
from crackseg.parameters.known_photographs import KEY, KnownPhotographs
from crackseg.parameters.promise import Promise
from crackseg.workflows import known_photographs as workflow
from crackseg.workflows.known_photographs import drawn, keep_known, look_at_known
from crackseg.workflows.train import TrainResult


@pytest.fixture
def manifest(trained: TrainResult) -> Manifest:
    return read_manifest(trained.checkpoint.with_name("manifest.csv"))


@pytest.fixture
def model(trained: TrainResult) -> OpenedModel:
    return open_model(trained.checkpoint, device="cpu")


def row(source: str, number: int) -> Row:
    return Row(f"{source}_{number}", f"{source}_{number}.png", "", source, "", "", "train")


def test_a_training_keeps_what_it_sees_again(
    trained: TrainResult, archive: Path, manifest: Manifest, model: OpenedModel
) -> None:
    kept = read_checkpoint(trained.checkpoint).parameters.known
    assert kept is not None
    assert set(kept.photographs) == {one.source for one in manifest.subset("train")}
    found = look_at_known(model, archive, manifest)
    assert found is not None
    assert found.limit == pytest.approx(kept.limit, rel=1e-3)
    for name, rows in kept.rows().items():
        np.testing.assert_allclose(found.rows()[name], rows, atol=0.02)


def test_the_largest_sources_are_drawn_some_photographs_of_each() -> None:
    counts = {"a": 40, "b": 3, "c": 20, "": 7}
    rows = [row(name, number) for name, count in counts.items() for number in range(count)]
    found = drawn(rows, 16)
    assert {name: len(of) for name, of in found.items()} == {"": 7, "a": 16, "b": 3, "c": 16}
    assert list(drawn(rows, 16, 2)) == ["a", "c"]
    assert found == drawn(rows, 16)
    assert all(one.source == name for name, of in found.items() for one in of)
    assert len({one.image for one in found["a"]}) == 16


def test_a_source_that_is_in_validation_alone_has_no_say(
    archive: Path, manifest: Manifest, model: OpenedModel, tmp_path: Path
) -> None:
    """Else the limit would be how far a foreign source is."""
    alone = [replace(one, source="foreign") for one in manifest.subset("val")]
    foreign = Manifest((*manifest.subset("train"), *alone))
    without = look_at_known(model, archive, Manifest(tuple(manifest.subset("train"))))
    assert look_at_known(model, archive, foreign) == without
    assert without is not None
    assert "foreign" not in without.photographs


def test_a_photograph_that_is_gone_is_left_out_and_named(
    archive: Path,
    manifest: Manifest,
    model: OpenedModel,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    root = Path(shutil.copytree(archive, tmp_path / "copy"))
    gone, *_ = manifest.subset("train")
    (root / gone.image).write_bytes(b"no picture")
    found = look_at_known(model, root, manifest)
    assert found is not None
    assert any(gone.image in message for message in caplog.messages)
    for one in manifest.rows:
        (root / one.image).write_bytes(b"no picture")
    assert look_at_known(model, root, manifest) is None


def test_no_more_pixels_are_looked_at_than_there_is_time_for(
    archive: Path, manifest: Manifest, model: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    whole = Predictor.whole

    def counted(self: Predictor, photograph: object, name: str, *rest: object) -> object:
        looked.append(name)
        return whole(self, photograph, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Predictor, "whole", counted)
    monkeypatch.setattr(workflow, "_MOST_PIXELS", 4 * 64 * 64)
    assert look_at_known(model, archive, manifest) is not None
    assert len(looked) == 4
    # Training and validation have their turns.
    subsets = {one.image: one.subset for one in manifest.rows}
    seen = [subsets[Path(name).relative_to(archive).as_posix()] for name in looked]
    assert set(seen) == {"train", "val"}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("look_at_known", CheckpointError("no number")),
        ("write_checkpoint", OutputError("no room left")),
    ],
)
def test_a_checkpoint_stays_as_it_is_where_nothing_can_be_kept(
    step: str,
    error: Exception,
    trained: TrainResult,
    archive: Path,
    manifest: Manifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = Path(shutil.copy(trained.checkpoint, tmp_path / "best.ckpt"))
    before = path.read_bytes()

    def refuse(*_: object) -> KnownPhotographs:
        raise error

    monkeypatch.setattr(workflow, step, refuse)
    keep_known(path, "cpu", archive, manifest)
    assert path.read_bytes() == before
    assert str(error) in caplog.text
    assert "will not tell photographs that are unlike those of its training" in caplog.text


def test_a_checkpoint_can_be_read_with_all_that_a_wide_network_knows(
    trained: TrainResult, tmp_path: Path
) -> None:
    """Of 2,048 channels; a promise knows as much again."""
    random = np.random.default_rng(0)
    wide = {name: random.standard_normal((32, 4096)) for name in map(str, range(40))}
    known = known_photographs(wide, [], (1.0,))
    of_promise = known_calibration(random.standard_normal((200, 4096)), 4, 1.1, (1.0,))
    assert known is not None
    checkpoint = read_checkpoint(trained.checkpoint).with_known(known)
    promise = Promise(0.3, 0.1, 0.9, 200, 0.05, (1.0,), of_promise)
    write_checkpoint(checkpoint.with_promise(promise).content, tmp_path / "wide.ckpt")
    found = read_checkpoint(tmp_path / "wide.ckpt").parameters
    assert found.known == known
    assert found.promise == promise


def test_what_earlier_versions_knew_is_passed_over(trained: TrainResult, tmp_path: Path) -> None:
    checkpoint = read_checkpoint(trained.checkpoint)
    parameters = {**checkpoint.parameters.as_dict(), "known": {"means": {"": [1.0]}}}
    del parameters[KEY]
    content = {**checkpoint.content, "hyper_parameters": parameters}
    write_checkpoint(content, tmp_path / "former.ckpt")
    assert read_checkpoint(tmp_path / "former.ckpt").parameters.known is None
