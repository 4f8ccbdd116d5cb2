"""ONNX file of a network: written completely or not at all, read within limits.

The file holds the graph of :mod:`crackseg.inference.graphs.export` and, as metadata, all that is
needed to use it. Nothing here needs torch.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import onnx
from onnx import checker

from crackseg.errors import CheckpointError
from crackseg.inference.graphs.limits import graph_faults
from crackseg.inference.scales import scales_of
from crackseg.parameters.foreign_files import ONNX, foreign
from crackseg.parameters.form import Fields, FormError
from crackseg.parameters.judged_set import FIGURE, JudgedSet, are_figures, are_texts
from crackseg.parameters.usage import UsageParameters
from crackseg.system.files import atomic_write
from crackseg.system.limits import Limits
from crackseg.weights.registry import bundled_at

SUFFIX = ".onnx"
_KEY = "crackseg"
# Of a file in protocol buffers.
_MOST_BYTES = 2_000_000_000
_STRIDE = Limits(1, 256, whole=True)
_RADIUS = Limits(0, 4096, whole=True)


@dataclass(frozen=True)
class Quantization:
    """How a network was brought to 8 bits, and what it lost by that.

    Attributes:
        calibration: Photographs that its ranges of values were measured on, in words.
        float_layers: Names of the layers that stayed in float.
        float_threshold: Threshold of the network in float.
        float_iou: Crack IoU of the network in float by source of photographs, each a dataset
            total over the validation subset at ``float_threshold``; ``all`` is that of all.
        int8_iou: The same of this network at its own threshold.
    """

    calibration: str
    float_layers: list[str]
    float_threshold: float
    float_iou: dict[str, float]
    int8_iou: dict[str, float]

    @property
    def loss(self) -> float:
        """Crack IoU that was lost over all validation photographs."""
        return self.float_iou["all"] - self.int8_iou["all"]


@dataclass(frozen=True)
class ModelInfo(UsageParameters):
    """What goes with a network into its ONNX file.

    Attributes:
        version: Version of crackseg that wrote the file.
        network: Name of the network.
        arguments: Arguments of its constructor by name; None in files of earlier versions.
        stride: Number of pixels that the network pads both sides to a multiple of.
        radius: Largest distance at which a pixel influences the output, in pixels.
        licence: Licence of the weights.
        leak_line: Overlap of validation and test with training, in words.
        figures: Measured figures by subset, at the stored threshold; empty where none are known.
        protocol: Lines that belong to the figures.
        quantization: How the network was brought to 8 bits; None where it is in float.
        judged: Figures on sets of photographs that the network was judged on since.
        card: Model card as Markdown; empty where it has none.
    """

    version: str
    network: str
    stride: int
    radius: int
    licence: str
    leak_line: str
    figures: Mapping[str, Mapping[str, float]]
    protocol: list[str]
    quantization: Quantization | None = None
    judged: tuple[JudgedSet, ...] = ()
    card: str = ""
    arguments: Mapping[str, Any] | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelInfo":
        """Reads the form of :meth:`as_dict`.

        Raises:
            FormError: Values are missing or of another form; all of them are named.
        """
        form = Fields(values)
        info = cls(
            version=form.text("version"),
            network=form.text("network"),
            **cls.usage(form),
            stride=form.number("stride", _STRIDE),
            radius=form.number("radius", _RADIUS),
            licence=form.text("licence"),
            leak_line=form.text("leak_line"),
            figures=form.table("figures", are_figures, "numbers by name"),
            protocol=form.take("protocol", are_texts, "a list of texts"),
            quantization=_quantization(form) if "quantization" in form else None,
            judged=_judged(form) if "judged" in form else (),
            card=form.text("card") if "card" in form else "",
            arguments=form.mapping("arguments") if "arguments" in form else None,
        )
        form.refuse()
        return info

    def as_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, texts and numbers, as they stand in the file."""
        of_usage = {field.name for field in fields(UsageParameters)}
        own = {name: value for name, value in vars(self).items() if name not in of_usage}
        made, judged, card = own.pop("quantization"), own.pop("judged"), own.pop("card")
        arguments = own.pop("arguments")
        whole = {**super().as_dict(), **own}
        if arguments is not None:
            whole["arguments"] = arguments
        if made is not None:
            whole["quantization"] = asdict(made)
        if judged:
            whole["judged"] = [one.as_dict() for one in judged]
        if card:
            whole["card"] = card
        return whole


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """Content of an ONNX file.

    Attributes:
        graph: Serialised graph, as a runtime takes it.
        info: What goes with the network.
        quantised: Whether a part of the network computes with whole numbers of 8 bits.
    """

    graph: bytes
    info: ModelInfo
    quantised: bool


def write_model(graph: onnx.ModelProto, info: ModelInfo, path: Path) -> None:
    """Writes an ONNX file completely or not at all.

    Other tools find the most important numbers as metadata of their own; ``crackseg`` holds all.

    Raises:
        OutputError: The file cannot be written, see :func:`crackseg.system.files.atomic_write`.
    """
    properties = {
        _KEY: json.dumps(info.as_dict()),
        "threshold": f"{info.threshold:g}",
        "scale": repr(info.scale),
        "scales": ",".join(map(repr, scales_of(None, info))),
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
    try:
        info = _info(properties[_KEY])
        _check_graph(model)
    except FormError as error:
        raise CheckpointError(f"{path}: refused, {error}; {_remedy(path)}") from error
    return ExportedModel(data, info, quantised=_is_quantised(model))


def _parsed(path: Path, data: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(data)
        checker.check_model(model)
    except Exception as error:
        # A foreign or damaged file can fail in any way.
        said = f"{path}: not an ONNX file, or truncated or damaged; {_remedy(path)}"
        raise CheckpointError(foreign(path, ONNX) or said) from error
    return model


def _remedy(path: Path) -> str:
    return "install crackseg again" if bundled_at(path) else "export the network again"


def _info(text: str) -> ModelInfo:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormError(["its metadata cannot be read"]) from error
    if not isinstance(values, dict):
        raise FormError(["its metadata are no table"])
    return ModelInfo.from_dict(values)


def _check_graph(model: onnx.ModelProto) -> None:
    faults = graph_faults(model)
    if faults:
        raise FormError(faults)


def _is_quantised(model: onnx.ModelProto) -> bool:
    return any(node.op_type == "QuantizeLinear" for node in model.graph.node)


def _judged(form: Fields) -> tuple[JudgedSet, ...]:
    found = form.take("judged", lambda value: isinstance(value, list), "a list") or ()
    numbered = {str(place): one for place, one in enumerate(found)}
    sets = Fields(numbered, "judged", form.faults)
    return tuple(JudgedSet.from_fields(sets.part(place)) for place in numbered)


def _quantization(form: Fields) -> Quantization:
    made = form.part("quantization")
    return Quantization(
        calibration=made.text("calibration"),
        float_layers=made.take("float_layers", are_texts, "a list of texts"),
        float_threshold=made.number("float_threshold", FIGURE),
        float_iou=made.table("float_iou", FIGURE.hold, "numbers"),
        int8_iou=made.table("int8_iou", FIGURE.hold, "numbers"),
    )
