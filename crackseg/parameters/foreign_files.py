"""Tells files of networks that other programs wrote, where one of crackseg was expected."""

import os
from pathlib import Path

CHECKPOINT = "a file of torch, not an ONNX file"
ONNX = "an ONNX file, the name of which must end in .onnx"
REMEDY = "take the .ckpt file of a crackseg training, or the .onnx file of crackseg export"

# The list of a zip's parts stands at its end.
_AT_START, _AT_END = 2**16, 2**22
_ZIP_PARTS = {
    b"/constants.pkl": "a TorchScript file",
    b"/data.pkl": CHECKPOINT,
    b"model.weights.h5": "a Keras file",
    # The end of its list, so that it is whole.
    b"PK\x05\x06": "a zip archive without a checkpoint in it",
}
# Where in a file its kind is known by which bytes.
_MARKS = (
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes them"),
    (0, b"\x80\x02", "a pickle, as torch wrote them before version 1.6"),
    (4, b"TFL3", "a TensorFlow Lite file"),
    (8, b'{"', "a safetensors file"),
)


def foreign(path: Path, expected: str) -> str | None:
    """Says of a file or folder of another program what it is, and what to take instead.

    It is asked about what could not be read; what it reads of it has a limit.

    Args:
        path: Path of the file or folder.
        expected: Kind that it was read as, :data:`CHECKPOINT` or :data:`ONNX`.

    Returns:
        A message; None where it is of that kind or of none that is known.
    """
    if path.is_dir():
        saved = (path / "saved_model.pb").is_file()
        kind = "a TensorFlow SavedModel" if saved else None
    else:
        kind = _kind_of(path)
    return None if kind in (None, expected) else f"{path}: {kind}; {REMEDY}"


def _kind_of(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(_AT_START)
        file.seek(-min(_AT_END, path.stat().st_size), os.SEEK_END)
        end = file.read()
    if start.startswith(b"PK\x03\x04"):
        kinds = (kind for name, kind in _ZIP_PARTS.items() if name in start or name in end)
        return next(kinds, None)
    # The version of its format, and then the program that wrote it.
    if start[:1] == b"\x08" and start[2:3] == b"\x12":
        return ONNX
    return next((kind for place, mark, kind in _MARKS if start[place:].startswith(mark)), None)
