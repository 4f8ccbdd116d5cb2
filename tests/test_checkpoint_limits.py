"""A checkpoint takes no more memory than its size, whatever it says, and calls nothing."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.checkpoint.archive import MOST_VALUES
from tests.helpers.checkpoints import checkpoint_content
from tests.helpers.refusals import refusal_of

WEIGHT = "network.encoder.0.layers.0.weight"
CODE = "refused, it holds more than weights and plain values and could run code when loaded"
DAMAGED = "not a checkpoint, or truncated or damaged"
Parts = list[tuple[str, bytes]]


def refusal(path: Path) -> str:
    """The message; reading takes less than 200 MB more than was ever taken before."""
    resource = pytest.importorskip("resource", reason="needs a POSIX system")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = refusal_of(read_checkpoint, path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    return message.removeprefix(f"{path}: ")


def parts_of(content: Any) -> Parts:
    file = io.BytesIO()
    torch.save(content, file)
    with zipfile.ZipFile(file) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


def zipped(parts: Parts, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def changed(ending: str, change: Callable[[bytes], bytes]) -> Parts:
    parts = parts_of(checkpoint_content())
    return [(n, change(part) if n.endswith(ending) else part) for n, part in parts]


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def with_pickle(path: Path, *operations: bytes) -> Path:
    code = b"".join((b"\x80\x02", *operations, b"."))
    path.write_bytes(zipped(changed("data.pkl", lambda _: code)))
    return path


# The container.


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_parts_are_not_unpacked(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(zipped(changed("data/0", lambda _: bytes(300_000_000)), method))
    assert DAMAGED in refusal(path)


def test_a_long_directory_is_not_read(tmp_path: Path) -> None:
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 33, *[0] * 3, 1, *[0] * 6
    )
    directory = (entry + b"a") * 500_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(directory), 0, 0)
    path = tmp_path / "a.ckpt"
    path.write_bytes(directory + end)
    assert DAMAGED in refusal(path)


def test_parts_that_are_read_several_times_are_counted(tmp_path: Path) -> None:
    file, path = io.BytesIO(), tmp_path / "a.ckpt"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts_of(checkpoint_content()):
            archive.writestr(name, content)
        archive.writestr("archive/data/x", bytes(10_000))
        for number in range(10):
            again = copy(archive.filelist[-1])
            again.filename = f"archive/data/x{number}"
            archive.filelist.append(again)
    path.write_bytes(file.getvalue())
    assert "its parts are larger than the file" in refusal(path)


def test_a_long_list_of_values_is_not_read(tmp_path: Path) -> None:
    assert "its values take more than 4 MB" in refusal(
        with_pickle(tmp_path / "a.ckpt", b"]" * 5_000_000)
    )


def test_what_stands_before_the_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(b"#!/bin/sh\n" + zipped(parts_of(checkpoint_content())))
    assert DAMAGED in refusal(path)


# The pickle.


class Call:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("it ran",)


@pytest.mark.parametrize(
    "operations",
    [
        pickle.dumps(Call(), 2)[2:-1],
        pickle.dumps(Call(), 4)[2:-1],
        b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR",
        b"(" + text("it ran") + b"ibuiltins\nprint\n",
        b"\x82\x01",
        b"c_codecs\nencode\n(tR",
        b"ctorch\nFloatStorage\n)R",
        b"}" + text("hyper_parameters") + b"ctorch\nFloatStorage\ns",
        b"ccollections\nOrderedDict\n(](e\x85tR",
        b"]" + text("x") + b"b",
        b"\x96" + struct.pack("<Q", 2**40),
        b"\x8b" + struct.pack("<i", 10**6) + b"\x7f" * 10**6,
        b"})Ns",
        b"})" + b"\x85" * 300_000 + b"Ns",
    ],
    ids=[
        "reduce",
        "stack-global",
        "memory",
        "inst",
        "extension",
        "codecs",
        "storage",
        "class",
        "copies",
        "state",
        "array",
        "long-number",
        "tuple-as-key",
        "deep-tuple-as-key",
    ],
)
def test_a_pickle_that_calls_or_makes_something_is_refused(
    tmp_path: Path, operations: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refusal(with_pickle(tmp_path / "a.ckpt", operations)) in (
        f"{CODE}; take another checkpoint",
        f"{DAMAGED}; copy or train it again",
    )
    assert "it ran" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        (b"]r\xff\xff\xff\xff", "not one that crackseg wrote"),
        (b"N0" * MOST_VALUES, CODE),
        (b"N" * MOST_VALUES + b"]", "more than 500,000 values"),
        (b"]" * 100_000 + b"a" * 99_999, "its values stand in one another more than 20 times"),
        (b"]q\0h\0a", "its values stand in one another more than 20 times"),
        (
            # Ten lists, each with thirty times the one before.
            b"](" * 10
            + b"]q\0"
            + b"".join((b"h" + bytes([n])) * 30 + b"eq" + bytes([n + 1]) for n in range(10)),
            "more than 500,000 values",
        ),
        (b"](" + text("x" * 10**6) + b"q\0" + b"h\0" * 1000 + b"e", "more than 500,000 values"),
        (b"\x8a\x09" + b"\x7f" * 9, "a whole number of more than 64 bits"),
        (b"X\xff\xff\xff\xff", DAMAGED),
        (b"aaaa", DAMAGED),
        (b"\xff", DAMAGED),
        (b"", DAMAGED),
    ],
    ids=[
        "memo",
        "pops",
        "operations",
        "depth",
        "circle",
        "fold",
        "text",
        "number",
        "short",
        "stack",
        "unknown",
        "empty",
    ],
)
def test_a_pickle_that_grows_is_refused(tmp_path: Path, operations: bytes, message: str) -> None:
    assert message in refusal(with_pickle(tmp_path / "a.ckpt", operations))


# Tensors.


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(10**6, 10**6),
        torch.zeros(1).expand(2, 3, 3, 3),
        torch.zeros(10**6).as_strided((10**6 - 10**3, 10**3), (1, 1)),
    ],
    ids=["repeated", "right-shape", "overlapping"],
)
@pytest.mark.parametrize("place", ["weights", "state"])
def test_a_tensor_is_no_larger_than_its_part(
    tmp_path: Path, tensor: torch.Tensor, place: str
) -> None:
    content = checkpoint_content()
    if place == "state":
        content["optimizer_states"] = [{"state": {0: {"exp_avg": tensor}}}]
    else:
        content["state_dict"][WEIGHT] = tensor
    torch.save(content, tmp_path / "a.ckpt")
    assert "a tensor is larger than its part" in refusal(tmp_path / "a.ckpt")


@pytest.mark.parametrize("length", [0, 4, 400, 40_000_000])
def test_a_part_is_as_long_as_its_tensor_says(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(zipped(changed("data/0", lambda _: bytes(length))))
    assert "the size of its part 0 is not the one that it declares" in refusal(path)


def described(offset: object, shape: object, stride: object, numel: object = 54) -> bytes:
    """A pickle of a tensor by hand; what torch itself would never write."""
    dumped = [pickle.dumps(value, 2)[2:-1] for value in (offset, shape, stride)]
    kind = b"ctorch\nFloatStorage\n"
    pid = b"(" + text("storage") + kind + text("0") + text("cpu") + pickle.dumps(numel, 2)[2:-1]
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + pid
        + b"tQ"
        + b"".join(dumped)
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (described(10**6, (2,), (1,)), "a tensor is larger than its part 0"),
        (described(0, (2,), (2**40,)), "a tensor is larger than its part 0"),
        (described(0, (2**30, 2**30), (1, 1)), "a tensor is larger than its part 0"),
        (described(-1, (2,), (1,)), "the size of its part 0"),
        (described(0, (-2,), (1,)), "the size of its part 0"),
        (described(0, (2,), (-1,)), "the size of its part 0"),
        (described(0, (2,), ()), "the size of its part 0"),
        (described(0, (1,) * 10_000, (1,) * 10_000), "the size of its part 0"),
        (described(0, (2.0,), (1,)), "the size of its part 0"),
        (described(0, (2,), (1,), numel=10**12), "the size of its part 0"),
        (described(0, (2,), (1,), numel="x"), "the size of its part 0"),
        (described(0, [2], (1,)), CODE),
        (described(0, "ab", (1,)), CODE),
    ],
)
def test_a_tensor_stands_in_its_part(tmp_path: Path, tensor: bytes, message: str) -> None:
    assert message in refusal(with_pickle(tmp_path / "a.ckpt", b"}" + text("x") + tensor + b"s"))
