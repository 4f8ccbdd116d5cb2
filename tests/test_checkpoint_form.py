"""A checkpoint of another form than it declares is refused before anything is built."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.checkpoint import CheckpointParameters, Origin, read_checkpoint
from crackseg.metrics.calibration import PlattScaling
from crackseg.models.limits import outline
from crackseg.parameters.form import FormError
from tests.helpers.checkpoints import checkpoint_content, parameter_values, put
from tests.helpers.refusals import refusal_of

NAN, INF = math.nan, math.inf
WEIGHT = "network.encoder.0.layers.0.weight"


def refusal(path: Path, content: Any) -> str:
    """The message, without the file's name and the advice."""
    torch.save(content, path)
    message = refusal_of(read_checkpoint, path)
    assert message.startswith(f"{path}: refused, ")
    assert message.endswith("; take another checkpoint")
    return message.removeprefix(f"{path}: refused, ").removesuffix("; take another checkpoint")


def test_parameters_keep_their_form() -> None:
    values = parameter_values()
    parameters = CheckpointParameters.from_dict(values)
    assert parameters.as_dict() == values
    assert list(parameters.as_dict()) == list(values)
    assert parameters.preprocessing.image_size == (64, 64)
    assert parameters.loss.class_weights == (0.53, 7.5)


def test_parameters_without_a_size_weights_or_leaks_keep_their_form() -> None:
    values = parameter_values()
    values["preprocessing"]["image_size"] = None
    values["loss"] = {"terms": {"bce": 1.0}, "class_weights": None}
    del values["data"]["leaks"]
    assert CheckpointParameters.from_dict(values).as_dict() == values


def test_a_range_of_scales_keeps_its_form_and_its_lack_too() -> None:
    values = parameter_values()
    assert CheckpointParameters.from_dict(values).scales is None
    values["preprocessing"]["scales"] = [0.35, 1.2]
    parameters = CheckpointParameters.from_dict(values)
    assert parameters.scales == (0.35, 1.2)
    assert parameters.as_dict() == values


def test_a_factor_of_lower_levels_keeps_its_form_and_its_lack_too() -> None:
    values = parameter_values()
    assert CheckpointParameters.from_dict(values).loss.deep_supervision is None
    values["loss"]["deep_supervision"] = 0.5
    parameters = CheckpointParameters.from_dict(values)
    assert parameters.loss.deep_supervision == 0.5
    assert parameters.as_dict() == values


def test_parameters_of_earlier_versions_get_what_held_then() -> None:
    values = parameter_values()
    del values["scheduler"]["name"], values["scheduler"]["warmup"]
    for key in ("encoder_lr_factor", "freeze", "freeze_statistics"):
        del values["optimizer"][key]
    parameters = CheckpointParameters.from_dict(values)
    assert (parameters.scheduler.name, parameters.scheduler.warmup) == ("plateau", 0)
    assert (parameters.optimizer.encoder_lr_factor, parameters.optimizer.freeze) == (1, ())
    assert not parameters.optimizer.freeze_statistics


def test_the_origin_of_the_first_weights_is_kept() -> None:
    values = {**parameter_values(), "init_from": {"path": "/a.ckpt", "sha256": "0" * 64}}
    parameters = CheckpointParameters.from_dict(values)
    assert parameters.init_from == Origin("/a.ckpt", "0" * 64)
    assert parameters.as_dict() == values
    values["init_from"] = {"path": 5}
    with pytest.raises(FormError, match=r"init_from.path=5: a text, it lacks init_from.sha256"):
        CheckpointParameters.from_dict(values)


def test_the_scaling_of_logits_is_kept() -> None:
    values = {**parameter_values(), "scaling": {"slope": 0.8, "intercept": -2.5}}
    parameters = CheckpointParameters.from_dict(values)
    assert parameters.scaling == PlattScaling(0.8, -2.5)
    assert parameters.as_dict() == values
    values["scaling"] = {"slope": 0.0, "intercept": 5000.0}
    with pytest.raises(FormError) as caught:
        CheckpointParameters.from_dict(values)
    assert str(caught.value) == (
        "scaling.slope=0.0: at least 0.05 and at most 20, "
        "scaling.intercept=5000.0: at least -1000 and at most 1000"
    )


def test_all_faults_are_named_together() -> None:
    values = {**parameter_values(), "threshold": 2, "seed": "x"}
    del values["versions"]
    with pytest.raises(FormError) as caught:
        CheckpointParameters.from_dict(values)
    assert str(caught.value) == (
        "threshold=2: one of 0.01, 0.02, ... 0.99, seed='x': at least 0 and at most 4294967295, "
        "it lacks versions"
    )


TABLE = "a table of plain values by name"
SIDES = "two whole numbers, each at least 1 and at most 8192"
SCALE = "at least 0.001 and at most 100"
SCALES = f"each {SCALE}"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        *(
            ("threshold", value, f"threshold={told}: one of 0.01")
            for value, told in (
                (True, "True"),
                ("0.5", "'0.5'"),
                (None, "None"),
                ([0.5], "a list"),
                (torch.tensor(0.5), "a tensor"),
                (2, "2"),
                (NAN, "nan"),
                (0.0, "0.0"),
                (0.123456, "0.123456"),
            )
        ),
        *(("preprocessing", value, f": {TABLE}") for value in (None, [], "x")),
        ("preprocessing", {}, "it lacks preprocessing.image_size, it lacks preprocessing.resize"),
        *(
            ("preprocessing/image_size", value, f"preprocessing.image_size=a list: {SIDES}")
            for value in ([64], [0, 64], [10**9, 64], [64.0, 64.0], [True, True])
        ),
        ("preprocessing/image_size", 64, f"preprocessing.image_size=64: {SIDES}"),
        ("preprocessing/resize", "cubic", "preprocessing.resize='cubic': area, bilinear"),
        ("preprocessing/mask_threshold", 256, "mask_threshold=256: at least 0 and at most 254"),
        ("preprocessing/mask_threshold", 12.5, "mask_threshold=12.5: at least 0 and at most 254"),
        *(
            ("preprocessing/scale", value, f"preprocessing.scale={value}: {SCALE}")
            for value in (1e-9, NAN, INF, True, 1e9)
        ),
        *(
            ("preprocessing/scales", value, f"preprocessing.scales=a list: two numbers, {SCALES}")
            for value in ([0.5], [0.0, 1.0], [0.5, NAN], [0.5, "1"])
        ),
        ("preprocessing/scales", 0.5, f"preprocessing.scales=0.5: two numbers, {SCALES}"),
        ("preprocessing/scales", [1.0, 0.5], "preprocessing.scales: the smallest scale, then the"),
        ("model", None, f"model=None: {TABLE}"),
        ("model", [], f"model=a list: {TABLE}"),
        ("model", {"arguments": {}}, "it lacks model.name"),
        ("model", {"name": "unet", "arguments": [1]}, f"model.arguments=a list: {TABLE}"),
        ("model/name", "resnet", "model.name=resnet: one of unet"),
        ("model/name", ["unet"], "model.name=a list: a text"),
        ("model/arguments/depth", 10**9, "model.depth=1000000000: at least 1 and at most 8"),
        ("model/arguments/base_channels", 10**6, "model.base_channels=1000000: at least 1"),
        ("model/arguments/convs_per_level", 10**7, "model.convs_per_level=10000000: at least 1"),
        ("model/arguments/activation", "gelu", "model.activation=gelu: one of leaky_relu, relu"),
        ("model/arguments/norm_eps", -1, "model.norm_eps=-1: greater than 0"),
        ("model/arguments/width", 1, "model.width: the network unet has no such argument"),
        ("model/arguments/depth", 2, f"it lacks the weights {WEIGHT[:16]}1."),
        ("data", None, f"data=None: {TABLE}"),
        ("data/counts", {"train": "16"}, "data.counts=a table: a table of whole numbers by name"),
        ("data/counts/test", -1, "data.counts=a table: a table of whole numbers by name"),
        ("data/counts", {"train": 16}, "data.counts: of train, val, test"),
        ("data/class_weights", [NAN, 1.0], "data.class_weights=a list: two numbers, each greater"),
        ("data/class_weights", [1.0], "data.class_weights=a list: two numbers, each greater"),
        ("data/manifest_hash", 5, "data.manifest_hash=5: a text"),
        ("data/root", None, "data.root=None: a text"),
        ("data/config", "x", f"data.config='x': {TABLE}"),
        ("data/config/root", torch.zeros(2), f"data=a table: {TABLE}"),
        ("data/leaks", 5, f"data.leaks=5: {TABLE}"),
        ("loss/terms", {}, "loss.terms: it is empty"),
        ("loss/terms", {"hinge": 1.0}, "loss.terms: there is no loss term hinge"),
        ("loss/terms/weighted_bce", NAN, "loss.terms=a table: a table of numbers greater than 0"),
        ("loss/class_weights", None, "loss.class_weights: missing"),
        ("loss/deep_supervision", 0, "loss.deep_supervision=0: greater than 0"),
        ("optimizer/lr", "fast", "optimizer.lr='fast': at least 0"),
        ("optimizer/freeze", "head", "optimizer.freeze='head': a list of texts"),
        ("optimizer/freeze_statistics", 1, "optimizer.freeze_statistics=1: true or false"),
        ("optimizer/freeze", ["neck"], "optimizer.freeze=neck: model=unet has the parts encoder"),
        ("optimizer/encoder_lr_factor", 0, "optimizer.encoder_lr_factor=0: greater than 0"),
        ("scheduler/patience", 1.5, "scheduler.patience=1.5: at least 0"),
        ("scheduler/monitor", None, "scheduler.monitor=None: a text"),
        ("scheduler/name", "step", "scheduler.name='step': plateau, cosine, one_cycle"),
        ("scheduler/warmup", -1, "scheduler.warmup=-1: at least 0"),
        ("versions/torch", 2, "versions=a table: a table of texts by name"),
        ("versions", None, "versions=None: a table of texts by name"),
        ("seed", 2**32, "seed=4294967296: at least 0 and at most 4294967295"),
        ("seed", 1.5, "seed=1.5: at least 0 and at most 4294967295"),
    ],
)
def test_a_parameter_of_another_form_is_named(
    tmp_path: Path, place: str, value: object, message: str
) -> None:
    content = checkpoint_content()
    put(content["hyper_parameters"], place, value)
    assert message in refusal(tmp_path / "a.ckpt", content)


@pytest.mark.parametrize("key", ["epoch", "global_step"])
@pytest.mark.parametrize("value", [-1, 1.5, "1", None, True, 2**62, torch.tensor(1)])
def test_the_place_in_a_training_is_a_whole_number(tmp_path: Path, key: str, value: object) -> None:
    assert f"{key}=" in refusal(tmp_path / "a.ckpt", {**checkpoint_content(), key: value})


@pytest.mark.parametrize(
    "change",
    [
        torch.Tensor.double,
        torch.Tensor.half,
        torch.Tensor.long,
        torch.Tensor.flatten,
        lambda weight: torch.cat([weight, weight]),
        lambda weight: weight[:1].clone(),
        lambda weight: None,
        lambda weight: weight.tolist(),
        lambda weight: "x",
    ],
    ids=["float64", "float16", "whole", "flat", "larger", "smaller", "none", "list", "text"],
)
def test_weights_of_another_form_are_named(
    tmp_path: Path, change: Callable[[torch.Tensor], object]
) -> None:
    content = checkpoint_content()
    content["state_dict"][WEIGHT] = change(content["state_dict"][WEIGHT])
    wanted = f"the weights {WEIGHT} are not of the form of its network"
    assert refusal(tmp_path / "a.ckpt", content) == wanted


@pytest.mark.parametrize(
    "change",
    [
        torch.Tensor.to_sparse,
        lambda weight: weight.to("meta"),
        lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8),
        lambda weight: weight.to(torch.complex64),
        torch.nn.Parameter,
        torch.Tensor.numpy,
    ],
    ids=["sparse", "meta", "quantized", "complex", "parameter", "numpy"],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_weights_of_another_kind_are_refused(
    tmp_path: Path, change: Callable[[torch.Tensor], object]
) -> None:
    content = checkpoint_content()
    content["state_dict"][WEIGHT] = change(content["state_dict"][WEIGHT])
    assert "more than weights and plain values" in refusal(tmp_path / "a.ckpt", content)


def test_missing_and_foreign_weights_are_named(tmp_path: Path) -> None:
    content = checkpoint_content()
    content["state_dict"]["network.more"] = content["state_dict"].pop(WEIGHT)
    assert refusal(tmp_path / "a.ckpt", content) == (
        f"it lacks the weights {WEIGHT}, its network has no weights network.more"
    )


@pytest.mark.parametrize("value", [None, [1], "x", {1: torch.zeros(1)}, torch.zeros(1)])
def test_weights_are_a_table(tmp_path: Path, value: object) -> None:
    told = refusal(tmp_path / "a.ckpt", {**checkpoint_content(), "state_dict": value})
    assert told.endswith(": a table of weights by name")


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_weights_are_numbers(tmp_path: Path, value: float) -> None:
    content = checkpoint_content()
    content["state_dict"][WEIGHT][0] = value
    assert refusal(tmp_path / "a.ckpt", content) == (
        "1 of its weights are not finite numbers: its training went wrong, or the file is damaged "
        f"({WEIGHT})"
    )


@pytest.mark.parametrize(
    "name", ["\x1b[2Junet", "unet\nTraceback", "unet\r\x07", "u" * 10**6, "un\udce9t"]
)
def test_a_message_shows_no_more_than_a_line_of_what_a_file_says(tmp_path: Path, name: str) -> None:
    content = checkpoint_content()
    content["hyper_parameters"]["model"]["name"] = name
    told = refusal(tmp_path / "a.ckpt", content)
    assert told.isprintable()
    assert len(told) < 200
    told.encode()


def test_nothing_is_built_of_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []

    def watched(*arguments: Any) -> Any:
        built.append(arguments)
        return outline(*arguments)

    monkeypatch.setattr("crackseg.checkpoint.file.outline", watched)
    content = checkpoint_content()
    torch.save(content, tmp_path / "good.ckpt")
    read_checkpoint(tmp_path / "good.ckpt")
    assert built
    built.clear()
    content["hyper_parameters"]["model"]["arguments"]["convs_per_level"] = 10**7
    refusal(tmp_path / "a.ckpt", content)
    assert built == []
