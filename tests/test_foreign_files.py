"""Networks of other programs are named as what they are, not as damaged files."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.inference.model_file import read_model
from tests.helpers.refusals import refusal_of

REMEDY = "take the .ckpt file of a crackseg training, or the .onnx file of crackseg export"
SAFETENSORS = (
    b'\x3a\0\0\0\0\0\0\0{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}    \0\0\0\0'
)


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return content.getvalue()


def of_torch(old: bool = False) -> bytes:
    content = io.BytesIO()
    torch.save({"w": torch.ones(2)}, content, _use_new_zipfile_serialization=not old)
    return content.getvalue()


def of_onnx() -> bytes:
    graph = onnx.helper.make_graph([], "empty", [], [])
    content: bytes = onnx.helper.make_model(graph, producer_name="pytorch").SerializeToString()
    return content


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (SAFETENSORS, "a safetensors file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file, as Keras writes them"),
        (zipped("metadata.json", "model.weights.h5"), "a Keras file"),
        (zipped("net/data.pkl", "net/constants.pkl"), "a TorchScript file"),
        (zipped("model.py", "weights.bin"), "a zip archive without a checkpoint in it"),
        (b"\x1c\0\0\0TFL3" + bytes(99), "a TensorFlow Lite file"),
        (of_torch(old=True), "a pickle, as torch wrote them before version 1.6"),
        (of_onnx(), "an ONNX file, the name of which must end in .onnx"),
    ],
    ids=["safetensors", "h5", "keras", "script", "zip", "tflite", "old", "onnx"],
)
def test_a_network_of_another_program_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(content)
    assert refusal_of(read_checkpoint, path) == f"{path}: {kind}; {REMEDY}"


def test_weights_alone_are_told_from_a_checkpoint_of_crackseg(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(of_torch())
    said = f"{path}: a checkpoint, but not one that crackseg wrote; {REMEDY}"
    assert refusal_of(read_checkpoint, path) == said


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (SAFETENSORS, "a safetensors file"),
        (of_torch(), "a file of torch, not an ONNX file"),
    ],
    ids=["safetensors", "torch"],
)
def test_what_is_named_onnx_and_is_not_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    assert refusal_of(read_model, path) == f"{path}: {kind}; {REMEDY}"


def test_a_folder_of_tensorflow_is_named(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    said = f"{tmp_path}: a TensorFlow SavedModel; {REMEDY}"
    assert refusal_of(read_checkpoint, tmp_path) == said


@pytest.mark.parametrize(
    ("read", "name", "content"),
    [(read_checkpoint, "cut.ckpt", of_torch()), (read_model, "cut.onnx", of_onnx() + b"\xff")],
)
def test_damaged_files_stay_damaged_ones(
    tmp_path: Path, read: Callable[[Path], object], name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 9 // 10] if name == "cut.ckpt" else content)
    assert "truncated or damaged" in refusal_of(read, path)
    # So little is left that no list of its parts is.
    path.write_bytes(content[:25])
    assert "truncated or damaged" in refusal_of(read, path)
