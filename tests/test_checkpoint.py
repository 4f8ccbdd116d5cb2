"""Checkpoint files: read back whole, refused in one line, never half-written."""

import builtins
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.checkpoint import FORMAT, read_checkpoint, write_checkpoint
from crackseg.inference.torch_engine import network_of
from crackseg.metrics.calibration import PlattScaling
from crackseg.models import build_network
from tests.helpers import refusals
from tests.helpers.checkpoints import checkpoint_content


def checkpoint(**changed: Any) -> dict[str, Any]:
    """What a training writes, with changed parameters."""
    content = checkpoint_content()
    content["hyper_parameters"] |= changed
    return content


def refusal_of(path: Path) -> str:
    """The message, which is short."""
    message = refusals.refusal_of(read_checkpoint, path)
    assert len(message) < len(str(path)) + 250
    return message


class Trap:
    """Unpickling it creates a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return builtins.open, (str(self.file), "w")


# Reading what was written.


@pytest.mark.parametrize("as_text", [True, False])
def test_written_checkpoint_is_read_back(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "best.ckpt"
    written = checkpoint()
    write_checkpoint(written, path)
    read = read_checkpoint(str(path) if as_text else path)
    assert read.content.keys() == written.keys()
    assert read.parameters.as_dict() == written["hyper_parameters"]
    assert (read.epoch, read.step) == (3, 12)
    assert read.module_weights.keys() == written["state_dict"].keys()
    for name, value in written["state_dict"].items():
        assert torch.equal(read.module_weights[name], value)
    assert [p.name for p in tmp_path.iterdir()] == ["best.ckpt"]


def test_network_weights_fit_the_network_that_the_checkpoint_names(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    read = read_checkpoint(path)
    network = build_network(read.parameters.model.name, read.parameters.model.arguments)
    network.load_state_dict(read.network_weights)
    assert set(read.network_weights) == set(network.state_dict())


def test_weights_for_use_are_calibrated_and_those_of_the_training_are_not(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    plain = read_checkpoint(path)
    write_checkpoint(plain.with_scaling(PlattScaling(0.8, -2.5)).content, path)
    scaled = read_checkpoint(path)
    for name, weight in plain.module_weights.items():
        assert torch.equal(scaled.module_weights[name], weight)
    image = torch.rand(1, 3, 32, 32)
    networks = [network_of(one).eval() for one in (plain, scaled)]
    before, after = (network(image) for network in networks)
    torch.testing.assert_close(after, 0.8 * before - 2.5)


def test_what_is_read_is_what_torch_reads(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    content = checkpoint()
    weight = content["state_dict"]["network.encoder.0.layers.0.weight"]
    content["state_dict"] = {
        **content["state_dict"],
        "network.encoder.0.layers.0.weight": weight.to(memory_format=torch.channels_last),
    }
    content["callbacks"] = {
        "half": torch.arange(6).half().reshape(2, 3).T,
        "bits": torch.tensor([True, False]),
        "none": torch.empty(0, 3),
        "part": torch.arange(10)[3:7],
        "figure": torch.tensor(0.5, dtype=torch.float64),
        "values": ((1, "\u00fc"), [None, -1.5, 2**40], {1: float("-inf")}),
    }
    write_checkpoint(content, path)
    ours, theirs = read_checkpoint(path).content, torch.load(path, weights_only=True)
    for name, value in theirs["state_dict"].items():
        assert torch.equal(ours["state_dict"][name], value)
        assert ours["state_dict"][name].stride() == value.stride()
    for name, value in theirs["callbacks"].items():
        found = ours["callbacks"][name]
        if isinstance(value, torch.Tensor):
            assert torch.equal(found, value), name
            assert (found.dtype, found.stride()) == (value.dtype, value.stride())
        else:
            assert found == value
            assert type(found) is type(value)


def test_a_threshold_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    read = read_checkpoint(path)
    write_checkpoint(read.with_threshold(0.61).content, path)
    again = read_checkpoint(path)
    assert again.parameters.threshold == 0.61
    assert again.content.keys() == read.content.keys()


def test_checkpoint_is_replaced_by_a_later_one(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    write_checkpoint(checkpoint(threshold=0.61), path)
    assert read_checkpoint(path).parameters.threshold == 0.61


# Code that must not run.


@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoint_that_would_run_code_is_refused_and_none_runs(
    tmp_path: Path, zipped: bool
) -> None:
    path, opened = tmp_path / "trap.ckpt", tmp_path / "opened"
    content = checkpoint(extra=Trap(opened))
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    message = refusal_of(path)
    assert not opened.exists()
    if zipped:
        assert "refused" in message
        assert "could run code" in message
        assert "take another checkpoint" in message
    # The trap is a real one: a reader that trusts the file springs it.
    torch.load(path, weights_only=False)
    assert opened.exists()


def test_bare_pickle_is_refused_and_none_of_it_runs(tmp_path: Path) -> None:
    path, opened = tmp_path / "trap.ckpt", tmp_path / "opened"
    path.write_bytes(pickle.dumps(Trap(opened)))
    assert "not a checkpoint" in refusal_of(path)
    assert not opened.exists()
    pickle.loads(path.read_bytes())
    assert opened.exists()


def test_pickle_with_a_zip_behind_it_is_refused_and_none_of_it_runs(tmp_path: Path) -> None:
    """Such a file is a zip to those who look at its end, a pickle to those who read its start."""
    path, opened = tmp_path / "trap.ckpt", tmp_path / "opened"
    torch.save(checkpoint(extra=Trap(opened)), path, _use_new_zipfile_serialization=False)
    archive = io.BytesIO()
    torch.save(checkpoint(), archive)
    with path.open("ab") as file:
        file.write(archive.getvalue())
    assert zipfile.is_zipfile(path)
    refusal_of(path)
    assert not opened.exists()


# Files that are none.


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_truncated_checkpoint_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    message = refusal_of(path)
    assert "not a checkpoint, or truncated" in message
    assert "copy or train it again" in message


def test_checkpoint_whose_weights_are_missing_is_refused(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.ckpt", tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if "/data/" not in name:
                target.writestr(name, source.read(name))
    message = refusal_of(path)
    assert "damaged" in message
    assert "copy or train it again" in message


def test_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.ckpt"
    path.write_text("This is no checkpoint.\n")
    assert "not a checkpoint" in refusal_of(path)


def test_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photographs.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photographs/readme.txt", "photographs")
    assert "a zip archive without a checkpoint in it" in refusal_of(path)


@pytest.mark.parametrize(
    "content",
    [
        {"a": 1},
        [1, 2],
        torch.zeros(3),
        {"state_dict": {}},
        {"state_dict": {}, "hyper_parameters": [1]},
        {"state_dict": {}, "hyper_parameters": {"lr": 0.1}},
    ],
    ids=["dict", "list", "tensor", "weights-only", "list-inside", "other-lightning"],
)
def test_checkpoint_of_another_program_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "foreign.ckpt"
    torch.save(content, path)
    assert "a checkpoint, but not one that crackseg wrote" in refusal_of(path)


@pytest.mark.parametrize("key", ["model", "preprocessing", "threshold", "data"])
def test_checkpoint_without_what_prediction_needs_is_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "best.ckpt"
    content = checkpoint()
    del content["hyper_parameters"][key]
    write_checkpoint(content, path)
    assert f"refused, it lacks {key}" in refusal_of(path)


def test_checkpoint_without_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    torch.save({"hyper_parameters": checkpoint()["hyper_parameters"]}, path)
    assert "refused, it lacks state_dict" in refusal_of(path)


def test_checkpoint_with_a_changed_byte_among_the_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    written = checkpoint()
    torch.save(written, path)
    content = bytearray(path.read_bytes())
    weight = written["state_dict"]["network.encoder.0.layers.0.weight"]
    content[bytes(content).index(weight.numpy().tobytes()) + 20] ^= 1
    path.write_bytes(content)
    assert "not a checkpoint, or truncated or damaged" in refusal_of(path)


def test_newer_layout_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(format=FORMAT + 1), path)
    message = refusal_of(path)
    assert f"its layout is version {FORMAT + 1}" in message
    assert f"reads version {FORMAT}" in message
    assert "use the crackseg that wrote it" in message


def test_missing_path_is_said(tmp_path: Path) -> None:
    message = refusal_of(tmp_path / "none.ckpt")
    assert "there is no such file" in message
    assert "name a .ckpt file" in message


def test_folder_is_said_to_be_one(tmp_path: Path) -> None:
    message = refusal_of(tmp_path)
    assert "is a folder" in message
    assert "name a .ckpt file" in message
    write_checkpoint(checkpoint(), tmp_path / "best.ckpt")
    assert f"such as {tmp_path / 'best.ckpt'}" in refusal_of(tmp_path)


# Interrupted writing.


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError("no space left on device")])
def test_interrupted_writing_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: Any
) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    before = path.read_bytes()

    def save_half(content: Any, file: Path) -> None:
        file.write_bytes(before[: len(before) // 2])
        raise interruption

    monkeypatch.setattr(torch, "save", save_half)
    with pytest.raises((KeyboardInterrupt, OSError)):
        write_checkpoint(checkpoint(threshold=0.9), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["best.ckpt"]


def test_what_cannot_be_saved_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        write_checkpoint({"function": lambda: None}, tmp_path / "best.ckpt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    content = checkpoint()
    name = next(name for name in content["state_dict"] if name.endswith("weight"))
    content["state_dict"][name].flatten()[0] = value
    write_checkpoint(content, tmp_path / "best.ckpt")
    message = refusal_of(tmp_path / "best.ckpt")
    assert "1 of its weights are not finite numbers" in message
    assert name in message


def test_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    """One reader takes the first of them, another one the last."""
    path = tmp_path / "best.ckpt"
    write_checkpoint(checkpoint(), path)
    with zipfile.ZipFile(path, "a") as archive:
        (pickled,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(pickled, archive.read(pickled))
    assert "not a checkpoint, or truncated or damaged" in refusal_of(path)


@pytest.mark.parametrize(
    ("version", "is_known"),
    [
        ("2.6.0", True),
        ("2.6.0.post0", True),
        ("2.6.0+cpu", True),
        ("2.6.0.dev1", True),
        ("10.0", True),
        ("1.9.5", False),
        ("two", False),
        ("2" * 50, False),
    ],
)
def test_checkpoints_that_lightning_would_migrate_are_refused(
    tmp_path: Path, version: str, is_known: bool
) -> None:
    path = tmp_path / "best.ckpt"
    write_checkpoint({**checkpoint(), "pytorch-lightning_version": version}, path)
    if is_known:
        assert read_checkpoint(path)
    else:
        assert "pytorch-lightning_version" in refusal_of(path)
