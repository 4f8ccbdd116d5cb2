"""ONNX file of a network: written completely or not at all, read within limits.

The file holds the graph of :mod:`crackseg.inference.export` and, as metadata, all that is needed
to use it. Nothing here needs torch.
"""

from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import checker
from pydantic import TypeAdapter, ValidationError

from crackseg.errors import CheckpointError, name_some
from crackseg.images.pixels import Resize
from crackseg.inference.graph_limits import graph_faults
from crackseg.system.files import atomic_write
from crackseg.system.limits import SCALE_LIMITS, WHITE_LIMITS, Limits

SUFFIX = ".onnx"
_KEY = "crackseg"
# Of a file in protocol buffers.
_MOST_BYTES = 2_000_000_000
_LIMITS = {
    "threshold": Limits(0, 1, above=True, below=True),
    "scale": SCALE_LIMITS,
    "stride": Limits(1, 256, whole=True),
    "radius": Limits(0, 4096, whole=True),
}


@dataclass(frozen=True)
class ModelInfo:
    """What goes with a network into its ONNX file.

    Attributes:
        version: Version of crackseg that wrote the file.
        network: Name of the network.
        threshold: Probability above which a pixel is called crack.
        scale: Training pixels per photograph pixel, along a side.
        resize: Way in which photographs were resized in training.
        white_level: Value that is white in photographs deeper than 8 bits; None takes what each
            file says or suggests.
        stride: Number of pixels that the network pads both sides to a multiple of.
        radius: Largest distance at which a pixel influences the output, in pixels.
        licence: Licence of the weights.
        data: Name of the data that it was trained on.
        counts: Number of photographs in each subset.
        split: Way in which photographs were divided.
        manifest_hash: Hash of the division.
        leak_line: Overlap of validation and test with training, in words.
        figures: Measured figures by subset, at the stored threshold; empty where none are known.
        protocol: Lines that belong to the figures.
    """

    version: str
    network: str
    threshold: float
    scale: float
    resize: Resize
    white_level: int | None
    stride: int
    radius: int
    licence: str
    data: str
    counts: dict[str, int]
    split: str
    manifest_hash: str
    leak_line: str
    figures: dict[str, dict[str, float]]
    protocol: list[str]


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """Content of an ONNX file.

    Attributes:
        graph: Serialised graph, as a runtime takes it.
        info: What goes with the network.
    """

    graph: bytes
    info: ModelInfo


def write_model(graph: onnx.ModelProto, info: ModelInfo, path: Path) -> None:
    """Writes an ONNX file completely or not at all.

    Other tools find the most important numbers as metadata of their own; ``crackseg`` holds all.

    Raises:
        OutputError: The file cannot be written, see :func:`crackseg.system.files.atomic_write`.
    """
    properties = {
        _KEY: TypeAdapter(ModelInfo).dump_json(info).decode(),
        "threshold": f"{info.threshold:g}",
        "scale": repr(info.scale),
        "licence": info.licence,
    }
    onnx.helper.set_model_props(graph, properties)
    with atomic_write(path) as name:
        name.write_bytes(graph.SerializeToString())


def read_model(path: str | Path) -> ExportedModel:
    """Reads an ONNX file that this package wrote.

    Raises:
        CheckpointError: The path is missing; the file is damaged or foreign; or the graph or the
            metadata are beyond their limits.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file; name one that crackseg export wrote")
    if path.stat().st_size > _MOST_BYTES:
        raise CheckpointError(f"{path}: refused, larger than 2 GB; export the network again")
    data = path.read_bytes()
    model = _parsed(path, data)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if _KEY not in properties:
        raise CheckpointError(
            f"{path}: an ONNX file, but not one that crackseg export wrote without --for; export "
            "the network from its checkpoint"
        )
    info = _info(path, properties[_KEY])
    faults = [
        f"{name}: {limits}"
        for name, limits in _LIMITS.items()
        if not limits.hold(getattr(info, name))
    ]
    if info.white_level is not None and not WHITE_LIMITS.hold(info.white_level):
        faults.append(f"white_level: {WHITE_LIMITS}")
    faults = faults or graph_faults(model)
    if faults:
        raise CheckpointError(f"{path}: refused, {name_some(faults, 3)}; export the network again")
    return ExportedModel(data, info)


def _parsed(path: Path, data: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(data)
        checker.check_model(model)
    except Exception as error:
        # A foreign or damaged file can fail in any way.
        raise CheckpointError(
            f"{path}: not an ONNX file, or truncated or damaged; export the network again"
        ) from error
    return model


def _info(path: Path, text: str) -> ModelInfo:
    try:
        return TypeAdapter(ModelInfo).validate_json(text)
    except ValidationError as error:
        fields = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        raise CheckpointError(
            f"{path}: refused, its metadata lack or mistake {name_some(fields, 3)}; "
            "export the network again"
        ) from error
