"""ONNX files: read back as they were written, refused in one line when damaged or hostile."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from crackseg.inference.graphs.limits import graph_faults
from crackseg.inference.model_file import ModelInfo, read_model, write_model
from crackseg.inference.quantization import inner_layers_of, quantize, value_ranges
from crackseg.parameters.usage import DataIdentity
from crackseg.preprocessing import Preprocessing
from tests.helpers.networks import small_graph
from tests.helpers.refusals import refusal_of

INFO = ModelInfo(
    version="0.1.0",
    network="unet",
    preprocessing=Preprocessing((128, 128), "area", 127),
    scale=0.32,
    data=DataIdentity(
        name="tiny",
        root="/photographs",
        manifest_hash="8e21b6dd77240a72",
        counts={"train": 16, "val": 2, "test": 2},
        leaks=None,
        class_weights=(0.5, 8.0),
        config={"split": "random"},
    ),
    threshold=0.6,
    stride=4,
    radius=24,
    licence="CC0",
    leak_line="no leak",
    figures={"val": {"crack_iou": 0.5}},
    protocol=["dataset totals"],
)


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return small_graph("unet")


@pytest.fixture
def model(graph: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    return copy


@pytest.mark.parametrize("scales", [None, (0.35, 1.2)])
def test_what_was_written_is_read_back(
    model: onnx.ModelProto, tmp_path: Path, scales: tuple[float, float] | None
) -> None:
    path, info = tmp_path / "model.onnx", replace(INFO, scales=scales)
    write_model(model, info, path)
    read = read_model(path)
    assert read.info == info
    assert read.graph == path.read_bytes()
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert properties["threshold"] == "0.6"
    assert properties["licence"] == "CC0"
    assert json.loads(properties["crackseg"]) == info.as_dict()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused(model: onnx.ModelProto, tmp_path: Path, share: float) -> None:
    path = tmp_path / "model.onnx"
    write_model(model, INFO, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "export the network" in refusal_of(read_model, path)


def test_a_file_of_another_program_is_refused(model: onnx.ModelProto, tmp_path: Path) -> None:
    onnx.save(model, tmp_path / "foreign.onnx")
    assert "not one that crackseg export wrote" in refusal_of(read_model, tmp_path / "foreign.onnx")
    assert "there is no such file" in refusal_of(read_model, tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("threshold", 1.5, "threshold=1.5: one of 0.01, 0.02, ... 0.99"),
        ("threshold", "much", "threshold='much': one of"),
        ("threshold", None, "threshold=None: one of"),
        ("stride", 10**9, "stride=1000000000: at least 1"),
        ("radius", -1, "radius=-1: at least 0"),
        ("figures", {"val": {"crack_iou": "good"}}, "figures=a table: a table of numbers by name"),
        ("protocol", "float32", "protocol='float32': a list of texts"),
        ("preprocessing.scale", 1e9, "preprocessing.scale=1000000000.0: at least 0.001"),
        ("preprocessing.white_level", 0, "preprocessing.white_level=0: at least 1"),
        ("preprocessing.resize", "cubic", "preprocessing.resize='cubic': area, bilinear"),
        ("data.counts", [1], "data.counts=a list: a table of whole numbers by name"),
        ("data.counts", {}, "data.counts: of train, val, test"),
        ("data.config", "random", "data.config='random': a table of plain values"),
        ("judged", {}, "judged=a table: a list"),
        ("judged", [3], "judged.0=3: a table of plain values by name"),
        ("judged", [{"title": "x"}], "it lacks judged.0.protocol, it lacks judged.0.total"),
        ("card", 3, "card=3: a text"),
    ],
)
def test_metadata_beyond_their_limits_are_refused(
    model: onnx.ModelProto, tmp_path: Path, place: str, value: Any, message: str
) -> None:
    values = INFO.as_dict()
    *parts, key = place.split(".")
    target = values
    for part in parts:
        target = target[part]
    target[key] = value
    helper.set_model_props(model, {"crackseg": json.dumps(values)})
    onnx.save(model, tmp_path / "model.onnx")
    assert f"refused, {message}" in refusal_of(read_model, tmp_path / "model.onnx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "its metadata cannot be read"),
        ("[" * 100_000, "its metadata cannot be read"),
        ("[]", "its metadata are no table"),
        ("{}", "it lacks version"),
    ],
)
def test_metadata_that_are_no_table_of_values_are_refused(
    model: onnx.ModelProto, tmp_path: Path, text: str, message: str
) -> None:
    helper.set_model_props(model, {"crackseg": text})
    onnx.save(model, tmp_path / "model.onnx")
    assert f"refused, {message}" in refusal_of(read_model, tmp_path / "model.onnx")


def of_another_operator(model: onnx.ModelProto) -> None:
    model.graph.node[-1].op_type = "Softplus"


def of_an_operator_of_its_own(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("evil", 1))


def with_weights_elsewhere(model: onnx.ModelProto) -> None:
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")


def with_weights_that_are_no_numbers(model: onnx.ModelProto) -> None:
    weights = next(one for one in model.graph.initializer if one.data_type == TensorProto.FLOAT)
    values = np.full(tuple(weights.dims), np.nan, np.float32)
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))


def with_another_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def with_wide_padding(model: onnx.ModelProto) -> None:
    pad = next(node for node in model.graph.node if node.op_type == "Pad")
    widths = np.array([0, 0, 0, 0, 0, 0, 10**9, 10**9], np.int64)
    model.graph.initializer.append(numpy_helper.from_array(widths, "wide"))
    pad.input[1] = "wide"


def with_large_steps(model: onnx.ModelProto) -> None:
    up = next(node for node in model.graph.node if node.op_type == "ConvTranspose")
    for attribute in up.attribute:
        if attribute.name == "strides":
            attribute.ints[:] = [10**6, 10**6]


def with_sizes_that_grow(model: onnx.ModelProto) -> None:
    pad = next(node for node in model.graph.node if node.op_type == "Pad")
    name = pad.input[1]
    joined = []
    for number in range(40):
        joined.append(helper.make_node("Concat", [name, name], [f"more{number}"], axis=0))
        name = f"more{number}"
    pad.input[1] = name
    place = list(model.graph.node).index(pad)
    nodes = [*model.graph.node[:place], *joined, *model.graph.node[place:]]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (of_another_operator, "its operators Softplus are none of a network"),
        (of_an_operator_of_its_own, "it has functions or operators of its own"),
        (with_weights_elsewhere, "its weights are in another file"),
        (with_weights_that_are_no_numbers, "some of its weights are not finite numbers"),
        (with_another_input, "it does not take pixels uint8 (N, 3, H, W)"),
        (with_wide_padding, "the sizes within its graph do not fit"),
        (with_large_steps, "the sizes within its graph do not fit"),
        (with_sizes_that_grow, "too much arithmetic within the computation of a size"),
    ],
)
def test_a_hostile_graph_is_refused_before_it_runs(
    model: onnx.ModelProto, change: Callable[[onnx.ModelProto], None], fault: str
) -> None:
    assert graph_faults(model) == []
    change(model)
    (found,) = graph_faults(model)
    assert fault in found


@pytest.fixture(scope="module")
def quantized_graph(graph: onnx.ModelProto) -> onnx.ModelProto:
    tile = np.random.default_rng(0).integers(0, 256, (1, 3, 16, 16), np.uint8)
    return quantize(graph, inner_layers_of(graph), value_ranges(graph, [tile]))


def replace_tensor(model: onnx.ModelProto, name: str, values: np.ndarray) -> None:
    tensor = next(one for one in model.graph.initializer if one.name == name)
    tensor.CopyFrom(numpy_helper.from_array(values, name))


def node_of(model: onnx.ModelProto, kind: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == kind)


@pytest.mark.parametrize("kind", ["QuantizeLinear", "DequantizeLinear"])
@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (0.0, "steps of quantisation are not positive"),
        (-1.0, "steps of quantisation are not positive"),
        (np.nan, "some of its weights are not finite numbers"),
        (np.inf, "some of its weights are not finite numbers"),
    ],
)
def test_steps_that_nothing_can_be_divided_by_are_refused(
    quantized_graph: onnx.ModelProto, kind: str, step: float, fault: str
) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(quantized_graph)
    assert graph_faults(model) == []
    name = node_of(model, kind).input[1]
    old = next(one for one in model.graph.initializer if one.name == name)
    replace_tensor(model, name, np.full(tuple(old.dims), step, np.float32))
    (found,) = graph_faults(model)
    assert fault in found


@pytest.mark.parametrize("kind", ["QuantizeLinear", "DequantizeLinear"])
@pytest.mark.parametrize(
    "zero",
    [np.array(0, np.int32), np.array(7, np.int32), np.array(0, np.uint16), np.zeros(3, np.uint8)],
)
def test_zeros_of_another_type_or_number_are_refused(
    quantized_graph: onnx.ModelProto, kind: str, zero: np.ndarray
) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(quantized_graph)
    replace_tensor(model, node_of(model, kind).input[2], zero)
    assert len(graph_faults(model)) == 1


def test_steps_that_the_graph_computes_are_refused(quantized_graph: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(quantized_graph)
    node_of(model, "QuantizeLinear").input[1] = "image"
    (found,) = graph_faults(model)
    assert "steps of quantisation" in found


def test_faults_of_a_graph_refuse_its_file(model: onnx.ModelProto, tmp_path: Path) -> None:
    of_another_operator(model)
    write_model(model, INFO, tmp_path / "model.onnx")
    assert "refused, its operators Softplus" in refusal_of(read_model, tmp_path / "model.onnx")
