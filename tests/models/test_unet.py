"""The networks: what holds for all of them, and what each one promises of its own."""

import math
from pathlib import Path
from types import MethodType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crackseg.errors import ConfigError, ImageSizeError
from crackseg.models import NETWORKS, SkipNetwork, build_network
from crackseg.models.blocks import PoolingNetwork, check_fits
from crackseg.models.unet import PaperUNet, UNet
from tests.helpers.networks import small_arguments, with_statistics

every_network = pytest.mark.parametrize("name", NETWORKS)
every_pooling_network = pytest.mark.parametrize("name", ["unet", "unet_paper"])


def make(name: str, seed: int = 0, depth: int = 4, **arguments: Any) -> SkipNetwork:
    """A narrow network whose batch normalisations have something to say in inference."""
    torch.manual_seed(seed)
    network = build_network(name, {**small_arguments(name, depth), "dropout": 0.0, **arguments})
    return with_statistics(network)


def picture(*size: int, seed: int = 1) -> Tensor:
    return torch.rand(size, generator=torch.Generator().manual_seed(seed))


def weights(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def outputs_of(network: nn.Module, image: Tensor, *names: str) -> list[Tensor]:
    """What the named modules put out in one pass over ``image``."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            seen[name] = output.detach().clone()

        handles.append(network.get_submodule(name).register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in names:
        keep(name)
    network(image)
    for handle in handles:
        handle.remove()
    return [seen[name] for name in names]


# What holds for every network.


@every_network
def test_the_head_gives_the_logit(name: str) -> None:
    """So that a calibration can scale its weights and its bias."""
    network = make(name).eval()
    image = picture(1, 3, 48, 64)
    before = network(image)
    with torch.no_grad():
        for part in (network.head.weight, network.head.bias):
            part.mul_(0.5)
        network.head.bias.add_(-3)
    torch.testing.assert_close(network(image), 0.5 * before - 3)


@every_network
@pytest.mark.parametrize("size", [(97, 131), (1, 1), (16, 16), (15, 64), (3, 200)])
def test_inference_gives_finite_logits_of_the_image_size_for_any_size(
    name: str, size: tuple[int, int]
) -> None:
    network = make(name).eval()
    with torch.no_grad():
        logits = network(picture(2, 3, *size))
    assert logits.shape == (2, 1, *size)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


@every_network
def test_odd_size_equals_the_same_photograph_padded_by_its_edge(name: str) -> None:
    network = make(name).eval()
    image = picture(1, 3, 21, 42)
    padded = nn.functional.pad(image, (0, 6, 0, 11), mode="replicate")
    assert padded.shape[-2:] == (32, 48)
    with torch.no_grad():
        torch.testing.assert_close(network(image), network(padded)[..., :21, :42])


@every_network
@pytest.mark.parametrize("training", [True, False])
def test_backward_reaches_every_parameter(name: str, training: bool) -> None:
    network = make(name).train(training)
    logits = network(picture(2, 3, 32, 48))
    (logits * picture(2, 1, 32, 48, seed=2)).mean().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key
        # In training, batch normalisation takes away whatever bias its convolution added.
        if not training or parameter.ndim == 4:
            assert parameter.grad.abs().max() > 1e-7, key


@every_network
def test_saved_and_loaded_weights_give_equal_outputs(name: str, tmp_path: Path) -> None:
    saved, loaded = make(name, seed=1).eval(), make(name, seed=2).eval()
    image = picture(1, 3, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(saved(image), loaded(image))
        torch.save(saved.state_dict(), tmp_path / "weights.pt")
        loaded.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
        assert torch.equal(saved(image), loaded(image))


@every_network
@pytest.mark.parametrize("training", [True, False])
def test_channels_last_gives_the_same_logits(name: str, training: bool) -> None:
    image = picture(2, 3, 32, 48).double()
    with torch.no_grad():
        contiguous = make(name).double().train(training)(image)
        network = make(name).double().train(training).to(memory_format=torch.channels_last)
        last = network(image.to(memory_format=torch.channels_last))
    torch.testing.assert_close(last, contiguous, atol=1e-9, rtol=1e-9)


@every_network
def test_inference_of_an_image_does_not_depend_on_its_batch(name: str) -> None:
    network = make(name, dropout=0.3).double().eval()
    images = picture(3, 3, 33, 40).double()
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-9, rtol=1e-9)


@every_network
def test_same_seed_same_weights(name: str) -> None:
    one, same, other = (make(name, seed=seed).state_dict() for seed in (5, 5, 6))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


@every_network
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "shape", [(3, 32, 32), (1, 1, 32, 32), (2, 4, 32, 32), (1, 3, 0, 32), (0, 3, 32, 32)]
)
def test_what_is_no_batch_of_images_is_refused(
    name: str, training: bool, shape: tuple[int, ...]
) -> None:
    network = make(name).train(training)
    with pytest.raises(ImageSizeError) as caught:
        network(torch.zeros(shape))
    assert "(N, 3, H, W)" in str(caught.value)
    assert str(shape) in str(caught.value)


@every_network
def test_training_size_that_does_not_fit_is_refused_with_the_nearest_that_do(name: str) -> None:
    with pytest.raises(ImageSizeError) as caught:
        make(name).train()(picture(2, 3, 100, 130))
    message = str(caught.value)
    assert "100x130" in message
    assert "multiples of 16" in message
    assert "96x128 and 112x144" in message


@pytest.mark.parametrize(
    ("size", "stride", "nearest"),
    [
        ((96, 130), 16, "96x128 and 96x144"),
        ((5, 40), 16, "16x32 and 16x48"),
        ((7, 9), 4, "4x8 and 8x12"),
        ((0, 8), 8, "8x8 and 8x8"),
    ],
)
def test_nearest_sizes_are_multiples_on_both_sides(
    size: tuple[int, int], stride: int, nearest: str
) -> None:
    with pytest.raises(ImageSizeError, match=nearest):
        check_fits(size, stride)


@pytest.mark.parametrize("size", [(16, 16), (128, 96), (400, 400)])
def test_size_that_fits_is_taken(size: tuple[int, int]) -> None:
    check_fits(size, 16)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("unet", {"depth": 2}),
        ("unet", {"depth": 3, "convs_per_level": 1}),
        ("unet", {"depth": 2, "convs_per_level": 3}),
        ("unet", {"depth": 4, "base_channels": 2}),
        ("unet_paper", {"depth": 2}),
        ("unet_paper", {"depth": 4}),
        ("unet_pretrained", {"depth": 2}),
        ("unet_pretrained", {"depth": 3, "convs_per_level": 1}),
        ("unet_pretrained", {"depth": 3, "encoder": "resnet10t"}),
    ],
)
def test_changed_pixel_changes_nothing_farther_than_the_radius(
    name: str, arguments: dict[str, Any]
) -> None:
    network = make(name, **arguments).eval()
    stride, radius = network.stride, network.radius
    width = (2 * (radius // stride) + 4) * stride
    farthest = 0
    for offset in range(stride):
        # Not-a-number spreads along every path, whatever the weights and the maxima are.
        column = width // 2 - stride // 2 + offset
        image = picture(1, 3, stride, width)
        image[..., column] = torch.nan
        with torch.no_grad():
            touched = network(image).isnan().any(dim=2).flatten().nonzero().flatten()
        farthest = max(farthest, int((touched - column).abs().max()))
    assert farthest <= radius
    # The bound is one, but not far off: tiles would be cut for nothing.
    assert farthest > radius / 2


@every_network
def test_stride_and_channels_follow_the_arguments(name: str) -> None:
    network = make(name, depth=3, in_channels=1)
    assert network.stride == 8
    assert network.in_channels == 1
    assert network.train()(picture(2, 1, 8, 24)).shape == (2, 1, 8, 24)


def test_unknown_network_is_refused_by_naming_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        build_network("resnet", {})
    assert "model.name=resnet" in str(caught.value)
    assert all(name in str(caught.value) for name in NETWORKS)


@every_network
def test_unknown_argument_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_network(name, {"drop_out": 0.1})
    assert f"model={name}" in str(caught.value)
    assert "drop_out" in str(caught.value)


@every_pooling_network
def test_built_network_is_of_the_class_and_has_the_arguments(name: str) -> None:
    network = build_network(name, {"base_channels": 8})
    assert type(network) is NETWORKS[name]
    assert network.head.weight.shape[1] == (8 if name == "unet" else 9)


# Dropout.


@every_network
def test_dropout_is_active_in_training_only(name: str) -> None:
    network = make(name, dropout=0.5)
    image = picture(2, 3, 32, 32)
    with torch.no_grad():
        network.train()
        assert not torch.equal(network(image), network(image))
        network.eval()
        assert torch.equal(network(image), network(image))
        still = make(name, dropout=0.0).train()
        assert torch.equal(still(image), still(image))


@every_pooling_network
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropout_takes_single_activations_at_the_share_asked_for(
    name: str, layout: torch.memory_format
) -> None:
    network = make(name, dropout=0.25, base_channels=8).train().to(memory_format=layout)
    image = picture(8, 3, 32, 32).to(memory_format=layout)
    # In training the report's last level is never joined; its dropout sees skip and rest apart.
    last = {"unet": "decoder.3", "unet_paper": "decoder.3.after.2"}[name]
    for features in outputs_of(network, image, "encoder.0", "encoder.3", "decoder.0", last):
        dropped = (features == 0).float()
        assert dropped.mean().item() == pytest.approx(0.25, abs=0.03)
        for dims in ((0, 2, 3), (0, 1, 2), (0, 1, 3)):  # each channel, column, row
            share = dropped.mean(dim=dims)
            assert (share > 0).all()
            assert (share < 0.9).all()


@every_pooling_network
def test_dropout_scales_what_it_keeps(name: str) -> None:
    arguments = {"convs_per_level": 1} if name == "unet" else {}
    image = picture(4, 3, 32, 32)
    (clean,) = outputs_of(make(name, **arguments).train(), image, "encoder.0")
    thinned = make(name, dropout=0.25, **arguments).train()
    (features,) = outputs_of(thinned, image, "encoder.0")
    kept = features != 0
    torch.testing.assert_close(features[kept], clean[kept] / 0.75)


@every_network
def test_dropout_follows_torchs_seed(name: str) -> None:
    network = make(name, dropout=0.5).train()
    image = picture(2, 3, 32, 32)
    runs = []
    for seed in (7, 7, 8):
        torch.manual_seed(seed)
        runs.append(network(image))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@every_network
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_gradient_is_the_slope_of_the_loss(name: str, dropout: float) -> None:
    network = make(name, depth=2, dropout=dropout).train().double()
    image, step = picture(2, 3, 16, 16).double(), 1e-6

    def loss() -> Tensor:
        torch.manual_seed(3)  # the same activations dropped each time
        return (network(image) * picture(2, 1, 16, 16, seed=2)).mean()

    loss().backward()
    parameter = next(network.parameters())
    assert parameter.grad is not None
    direction = parameter.grad / parameter.grad.norm()
    with torch.no_grad():
        parameter += step * direction
        above = loss()
        parameter -= 2 * step * direction
        below = loss()
    slope = (above - below) / (2 * step)
    torch.testing.assert_close(slope, parameter.grad.norm(), rtol=1e-3, atol=1e-8)


# The default U-Net.


def test_default_unet_has_its_number_of_weights() -> None:
    assert weights(UNet()) == 1_944_049


def test_unet_levels_halve_the_size_and_double_the_channels() -> None:
    names = [f"encoder.{i}" for i in range(4)] + ["bottom"] + [f"decoder.{i}" for i in range(4)]
    shapes = [tuple(x.shape[1:]) for x in outputs_of(UNet(), picture(2, 3, 64, 96), *names)]
    down = [(16, 64, 96), (32, 32, 48), (64, 16, 24), (128, 8, 12)]
    assert shapes == [*down, (256, 4, 6), *down[::-1]]


def test_unet_batch_norm_constants_follow_the_arguments() -> None:
    def constants(network: nn.Module) -> set[tuple[float | None, float]]:
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        return {(norm.momentum, norm.eps) for norm in norms}

    assert constants(UNet(base_channels=2)) == {(0.1, 1e-5)}
    changed = UNet(base_channels=2, norm_momentum=0.02, norm_eps=1e-3)
    assert constants(changed) == {(0.02, 1e-3)}


def test_unet_convolutions_per_level_take_effect() -> None:
    for convs in (1, 2, 3):
        network = make("unet", depth=2, convs_per_level=convs)
        count = sum(isinstance(m, nn.Conv2d) for m in network.modules())
        assert count == 5 * convs + 1  # two levels down, the bottom, two up, and the head


def test_unet_activation_and_slope_take_effect() -> None:
    image = picture(1, 3, 32, 32)

    def run(**arguments: Any) -> tuple[Tensor, Tensor]:
        network = make("unet", init="glorot", **arguments).eval()
        with torch.no_grad():
            logits = network(image)
            (features,) = outputs_of(network, image, "bottom")
        return logits, features

    relu, relu_features = run(activation="relu")
    leaky, leaky_features = run(activation="leaky_relu", negative_slope=0.3)
    steep, _ = run(activation="leaky_relu", negative_slope=0.6)
    flat, _ = run(activation="leaky_relu", negative_slope=0.0)
    assert relu_features.min() == 0
    assert leaky_features.min() < 0
    assert not torch.allclose(leaky, steep, atol=1e-3)
    torch.testing.assert_close(flat, relu)


def convolutions(network: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [module for module in network.modules() if isinstance(module, kinds)]


def glorot_bound(conv: nn.Conv2d | nn.ConvTranspose2d) -> float:
    field = math.prod(conv.kernel_size)
    return math.sqrt(6 / (conv.in_channels * field + conv.out_channels * field))


@pytest.mark.parametrize(
    ("name", "arguments"), [("unet_paper", {}), ("unet", {"init": "glorot", "depth": 3})]
)
def test_glorot_is_uniform_within_its_bounds_and_biases_are_zero(
    name: str, arguments: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    for conv in convolutions(build_network(name, arguments)):
        bound = glorot_bound(conv)
        assert conv.weight.abs().max() <= bound
        if conv.weight.numel() > 400:
            assert conv.weight.abs().max() > 0.98 * bound
            assert conv.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
        assert conv.bias is not None
        assert not conv.bias.any()


@pytest.mark.parametrize(("activation", "slope"), [("leaky_relu", 0.5), ("relu", 0.0)])
def test_he_keeps_the_scale_through_the_activation_used(activation: Any, slope: float) -> None:
    torch.manual_seed(0)
    for conv in convolutions(UNet(activation=activation, negative_slope=0.5)):
        assert conv.bias is not None
        assert not conv.bias.any()
        if isinstance(conv, nn.Conv2d) and conv.weight.numel() > 10_000:
            std = math.sqrt(2 / (1 + slope**2) / (9 * conv.in_channels))
            assert conv.weight.std().item() == pytest.approx(std, rel=0.03)
            assert conv.weight.abs().max() > 2.5 * std  # normal, not uniform


# The report's U-Net.


def test_paper_unet_has_exactly_the_reports_weights_layer_by_layer() -> None:
    network = PaperUNet()
    layers = [
        (name, weights(module))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d)
    ]
    assert layers == [
        ("encoder.0.layers.0", 3 * 16 * 9 + 16),
        ("encoder.0.layers.1", 2 * 16),
        ("encoder.1.layers.0", 16 * 32 * 9 + 32),
        ("encoder.1.layers.1", 2 * 32),
        ("encoder.2.layers.0", 32 * 64 * 9 + 64),
        ("encoder.2.layers.1", 2 * 64),
        ("encoder.3.layers.0", 64 * 128 * 9 + 128),
        ("encoder.3.layers.1", 2 * 128),
        ("decoder.0.up", 128 * 128 * 4 + 128),
        ("decoder.0.after.0", 2 * 256),
        ("decoder.1.up", 256 * 64 * 4 + 64),
        ("decoder.1.after.0", 2 * 128),
        ("decoder.2.up", 128 * 32 * 4 + 32),
        ("decoder.2.after.0", 2 * 64),
        ("decoder.3.up", 64 * 1 * 4 + 1),
        ("decoder.3.after.0", 2 * 17),
        ("head", 17 + 1),
    ]
    assert weights(network) == 246_805


def test_paper_unet_has_the_reports_shapes_level_by_level() -> None:
    names = [f"encoder.{i}" for i in range(4)] + ["bottom"]
    names += [f"decoder.{i}.up" for i in range(4)] + [f"decoder.{i}.after" for i in range(4)]
    outputs = outputs_of(PaperUNet().eval(), picture(2, 3, 128, 128), *names, "head")
    assert [tuple(x.shape[1:]) for x in outputs] == [
        *[(16, 128, 128), (32, 64, 64), (64, 32, 32), (128, 16, 16)],
        (128, 8, 8),
        *[(128, 16, 16), (64, 32, 32), (32, 64, 64), (1, 128, 128)],
        *[(256, 16, 16), (128, 32, 32), (64, 64, 64), (17, 128, 128)],
        (1, 128, 128),
    ]


def test_paper_unet_joins_each_level_with_its_mirror() -> None:
    """The first channels after a join come from below, the others are the encoder's own."""
    network = make("unet_paper", depth=2).eval()
    # Batch normalisation out of the way: the joins pass through as they are, but for the slope.
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
            module.eps = 1e-30
    names = [f"{part}.{i}" for part in ("encoder", "decoder") for i in range(2)]
    shallow, deep, joined_deep, joined_shallow = outputs_of(network, picture(1, 3, 16, 16), *names)
    for joined, skip in ((joined_deep, deep), (joined_shallow, shallow)):
        again = nn.functional.leaky_relu(skip, 0.1)
        torch.testing.assert_close(joined[:, -skip.shape[1] :], again)


def test_paper_unet_has_keras_batch_norm() -> None:
    norms = [m for m in PaperUNet(dropout=0.5).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 8
    assert {norm.eps for norm in norms} == {1e-3}
    assert [norm.momentum for norm in norms] == pytest.approx([1 - 0.99] * 8)


def test_paper_unet_keeps_99_of_100_parts_of_the_running_mean() -> None:
    network = PaperUNet()
    network.train()
    (features,) = outputs_of(network, picture(4, 3, 32, 32), "encoder.0.layers.0")
    norm = network.get_submodule("encoder.0.layers.1")
    mean = features.mean(dim=(0, 2, 3))
    torch.testing.assert_close(norm.running_mean, 0.01 * mean, atol=1e-6, rtol=1e-3)


def test_paper_unet_leaks_a_tenth_below_zero() -> None:
    slopes = [m.negative_slope for m in PaperUNet().modules() if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.1] * 8


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_paper_unet_trains_as_if_its_last_level_were_joined(layout: torch.memory_format) -> None:
    """Over steps: logits, gradients, weights and running statistics."""
    apart, joined = (make("unet_paper").double().train().to(memory_format=layout) for _ in "ab")
    whole = MethodType(PoolingNetwork.logits_on_grid, joined)
    joined.logits_on_grid = whole  # type: ignore[method-assign]
    image, mask = picture(4, 3, 32, 48).double(), (picture(4, 1, 32, 48, seed=2) > 0.7).double()
    image = image.to(memory_format=layout)
    optimizers = [torch.optim.AdamW(network.parameters(), lr=1e-2) for network in (apart, joined)]
    for _ in range(3):
        made = []
        for network, optimizer in zip((apart, joined), optimizers, strict=True):
            optimizer.zero_grad()
            logits = network(image)
            nn.functional.binary_cross_entropy_with_logits(logits, mask).backward()
            made.append([logits, *(weight.grad for weight in network.parameters())])
            optimizer.step()
        torch.testing.assert_close(*made, atol=1e-9, rtol=1e-6)
    torch.testing.assert_close(apart.state_dict(), joined.state_dict(), atol=1e-9, rtol=1e-6)
    assert apart.state_dict()["decoder.3.after.0.num_batches_tracked"] == 3
