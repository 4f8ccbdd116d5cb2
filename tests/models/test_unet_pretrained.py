"""The U-Net on an encoder of timm: its weights on ImageNet, its padding, what it refuses."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from skimage import data
from torch import Tensor, nn

from crackseg.errors import ConfigError, MissingLibraryError
from crackseg.models import SkipNetwork, build_network
from crackseg.models.limits import network_faults, outline
from crackseg.models.timm_encoder import (
    WEIGHT_PACKAGES,
    DepthwiseConv,
    SamePaddedDepthwiseConv,
    TimmEncoder,
    is_packaged,
    packaged_file,
    packaged_weights,
)

needs_timm = pytest.mark.skipif(find_spec("timm") is None, reason="needs the extra pretrained")
LITE0 = "tf_efficientnet_lite0"


def needs_weights(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not is_packaged(name), reason=f"needs {WEIGHT_PACKAGES[name]}")


every_package = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_weights(name)) for name in WEIGHT_PACKAGES]
)


def make(**arguments: Any) -> SkipNetwork:
    torch.manual_seed(0)
    return build_network("unet_pretrained", arguments)


def encoder_of(network: SkipNetwork) -> TimmEncoder:
    encoder = network.get_submodule("encoder")
    assert isinstance(encoder, TimmEncoder)
    return encoder


def given(gradient: Tensor | None) -> Tensor:
    assert gradient is not None
    return gradient


def weights_of(network: SkipNetwork) -> int:
    return sum(weight.numel() for weight in network.parameters())


def by_own_names(weights: Mapping[str, Tensor], image: Tensor) -> Tensor:
    """Logits of the classes of a normalised image, by the names under which a package has them.

    EfficientNet-Lite: a depthwise convolution between a wide and a narrow 1x1 convolution, ReLU6
    after the first two, a shortcut where the size stays, no squeeze and excitation.
    """

    def conv_norm(x: Tensor, conv: str, norm: str, stride: int = 1) -> Tensor:
        kernel = weights[f"{conv}.weight"]
        side = kernel.shape[-1]
        groups = x.shape[1] // kernel.shape[1]
        # TensorFlow's padding of an even size.
        more = max(side - stride, 0)
        x = F.pad(x, (more // 2, more - more // 2) * 2)
        x = F.conv2d(x, kernel, stride=stride, groups=groups)
        statistics = [weights[f"{norm}.{key}"] for key in ("running_mean", "running_var")]
        factors = [weights[f"{norm}.{key}"] for key in ("weight", "bias")]
        return F.batch_norm(x, *statistics, *factors, eps=1e-3)

    x = F.relu6(conv_norm(image, "_conv_stem", "_bn0", 2))
    strides = iter((1, 2, 2, 2, 1, 2, 1))
    width = None
    for place in range(sum(key.endswith("_project_conv.weight") for key in weights)):
        block = f"_blocks.{place}"
        outputs = len(weights[f"{block}._project_conv.weight"])
        stride = next(strides) if outputs != width else 1
        y = x
        if f"{block}._expand_conv.weight" in weights:
            y = F.relu6(conv_norm(y, f"{block}._expand_conv", f"{block}._bn0"))
        y = F.relu6(conv_norm(y, f"{block}._depthwise_conv", f"{block}._bn1", stride))
        y = conv_norm(y, f"{block}._project_conv", f"{block}._bn2")
        x = x + y if outputs == width else y
        width = outputs
    x = F.relu6(conv_norm(x, "_conv_head", "_bn1")).mean((2, 3))
    return F.linear(x, weights["_fc.weight"], weights["_fc.bias"])


@needs_timm
@every_package
def test_packaged_weights_mean_the_same_under_timms_names(name: str) -> None:
    import timm

    network = timm.create_model(name)
    network.load_state_dict(packaged_weights(name))
    image = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    own = torch.load(packaged_file(name), weights_only=True)
    with torch.no_grad():
        wanted = by_own_names(own, image)
        torch.testing.assert_close(network.eval()(image), wanted, atol=1e-4, rtol=1e-4)
    assert wanted.std() > 0.5


@needs_timm
@every_package
@pytest.mark.parametrize(
    ("photograph", "classes"),
    # Tabby, tiger cat, Egyptian cat; espresso, cup, coffee mug.
    [("chelsea", {281, 282, 285}), ("coffee", {967, 968, 504})],
)
def test_packaged_weights_know_a_photograph(name: str, photograph: str, classes: set[int]) -> None:
    import timm

    network = timm.create_model(name)
    network.load_state_dict(packaged_weights(name))
    pixels = torch.from_numpy(getattr(data, photograph)()).permute(2, 0, 1)[None].float() / 255
    height, width = pixels.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[..., top : top + side, left : left + side]
    image = F.interpolate(square, (224, 224), mode="bilinear", antialias=True)
    with torch.no_grad():
        probability = network.eval()((image - 0.5) / 0.5).softmax(1)[0]
    assert int(probability.argmax()) in classes
    assert probability[list(classes)].sum() > 0.5


@needs_timm
@pytest.mark.parametrize("name", [LITE0, "resnet10t"])
def test_features_are_timms_own_of_the_normalised_image(name: str) -> None:
    import timm

    encoder = encoder_of(make(encoder=name)).eval()
    own = timm.create_model(name, features_only=True).eval()
    own.load_state_dict(encoder.layers.state_dict(), strict=False)
    settings = timm.models.get_pretrained_cfg(name)
    mean, deviation = (torch.tensor(one)[:, None, None] for one in (settings.mean, settings.std))
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        pairs = list(zip(encoder(image), own((image - mean) / deviation), strict=True))
    assert [tuple(found.shape[-2:]) for found, _ in pairs] == [
        (64 // step, 96 // step) for step in (2, 4, 8, 16, 32)
    ]
    for found, wanted in pairs:
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)
        assert wanted.std() > 0


@pytest.mark.parametrize(
    "conv",
    [
        DepthwiseConv(8, 8, 3, padding=1, groups=8),
        SamePaddedDepthwiseConv(8, 8, 5, 2, groups=8, bias=False),
    ],
)
def test_convolution_by_channel_is_in_float32_on_a_cpu(conv: nn.Conv2d) -> None:
    """Only the result is rounded: bfloat16 weights would be wrong by more than this allows."""
    image = torch.rand(2, 8, 16, 16).bfloat16()
    wanted = conv(image.float())
    wanted.sum().backward()
    gradient = given(conv.weight.grad).clone()
    conv.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        found = conv(image)
        found.float().sum().backward()
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, wanted.bfloat16())
    torch.testing.assert_close(conv.weight.grad, gradient, atol=1e-4, rtol=1e-6)


@needs_timm
def test_every_convolution_by_channel_of_an_encoder_is_in_float32() -> None:
    convs = [one for one in make(encoder=LITE0).modules() if isinstance(one, nn.Conv2d)]
    by_channel = [one for one in convs if one.groups > 1]
    assert len(by_channel) == 16
    assert all(isinstance(one, DepthwiseConv) for one in by_channel)


@needs_timm
@pytest.mark.parametrize(
    ("arguments", "count"),
    [({}, 3_787_025), ({"encoder_levels": 4}, 874_097), ({"convs_per_level": 1}, 3_588_369)],
)
def test_network_has_its_number_of_weights(arguments: Mapping[str, Any], count: int) -> None:
    assert weights_of(make(**arguments)) == count


@needs_timm
def test_decoder_narrows_level_by_level() -> None:
    network = make().eval()
    seen = []
    for level in network.get_submodule("decoder").children():
        level.register_forward_hook(lambda module, given, made: seen.append(tuple(made.shape[1:])))
    with torch.no_grad():
        network(torch.rand(1, 3, 64, 96))
    assert seen == [(128, 4, 6), (64, 8, 12), (32, 16, 24), (16, 32, 48), (16, 64, 96)]


@needs_timm
@needs_weights(LITE0)
@pytest.mark.parametrize(("levels", "count"), [(3, 90), (5, 288)])
def test_training_begins_with_the_packaged_weights(levels: int, count: int) -> None:
    network = make(encoder_levels=levels)
    packaged = packaged_weights(LITE0)
    layers = encoder_of(network).layers

    def equal() -> list[bool]:
        return [torch.equal(value, packaged[name]) for name, value in layers.state_dict().items()]

    assert not all(equal())
    network.begin_training()
    assert len(equal()) == count
    assert all(equal())


@needs_timm
def test_training_begins_with_random_weights_where_it_is_told_to() -> None:
    network = make(pretrained=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.begin_training()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@needs_timm
def test_a_network_is_built_without_weights_on_imagenet(monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    asked = []
    create = timm.create_model

    def watched(name: str, pretrained: bool = False, **how: Any) -> Any:
        asked.append(pretrained)
        return create(name, pretrained=pretrained, **how)

    monkeypatch.setattr(timm, "create_model", watched)
    make()
    outline("unet_pretrained", {})
    assert asked == [False, False]


@needs_timm
def test_weights_that_cannot_be_fetched_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    network = make(encoder="resnet10t", encoder_levels=2)

    def offline(*given: Any, **how: Any) -> Any:
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ConfigError) as caught:
        network.begin_training()
    message = str(caught.value)
    assert "model.encoder=resnet10t" in message
    assert "(no route to host)" in message
    assert f"those of {', '.join(WEIGHT_PACKAGES)} are installed by pip" in message
    assert "model.pretrained=false" in message


@needs_timm
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tf_efficientnet_lite", "timm has no such encoder; did you mean tf_efficientnet_lite"),
        ("hf-hub:timm/resnet18.a1_in1k", "timm has no such encoder"),
        ("local-dir:/tmp", "timm has no such encoder"),
        ("resnet18.of_mine", "timm gives no features of 5 levels of it"),
        ("mobilenetv3_small_100", "looks at the whole image (squeeze and excitation)"),
        ("vit_tiny_patch16_224", "a U-Net halves it level by level"),
        ("dla34", "a U-Net halves it level by level"),
        ("convnext_atto", "timm gives no features of 5 levels of it"),
    ],
)
def test_encoder_that_does_not_serve_is_refused(name: str, reason: str) -> None:
    [fault] = network_faults("unet_pretrained", {"encoder": name})
    assert fault.startswith(f"model.encoder={name}: ")
    assert reason in fault
    with pytest.raises(ConfigError):
        make(encoder=name)


@needs_timm
def test_outline_is_that_of_the_network() -> None:
    arguments = {"encoder_levels": 4}
    thin, whole = outline("unet_pretrained", arguments), make(**arguments)
    assert all(value.is_meta for value in thin.state_dict().values())
    assert {name: value.shape for name, value in thin.state_dict().items()} == {
        name: value.shape for name, value in whole.state_dict().items()
    }
    assert (thin.stride, thin.radius) == (whole.stride, whole.radius) == (16, 214)


def test_missing_library_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'crackseg\[pretrained\]'"):
        network_faults("unet_pretrained", {})
    assert network_faults("unet_pretrained", {"encoder_levels": 9}) == [
        "model.encoder_levels=9: at least 1 and at most 6"
    ]
