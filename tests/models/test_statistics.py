"""Batch normalisations get statistics, and the network says what it said before."""

import copy
from collections.abc import Iterable

import pytest
import torch
from torch import nn

from crackseg.inference.graphs.export import normalised_convs
from crackseg.models import NETWORKS, SkipNetwork, build_network
from crackseg.models.statistics import keep_statistics, restore_normalisations
from tests.helpers.networks import small_arguments, with_statistics


def norms_of(network: SkipNetwork) -> list[nn.BatchNorm2d]:
    return [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]


def restore(network: SkipNetwork, images: Iterable[torch.Tensor]) -> None:
    was_training = network.training
    pairs = normalised_convs(network.eval())
    assert len(pairs) == len(norms_of(network))
    restore_normalisations(network.train(was_training), pairs, images)


def images() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(4, 3, 32, 48, generator=generator) for _ in range(3)]


@pytest.fixture
def network() -> SkipNetwork:
    torch.manual_seed(0)
    return with_statistics(build_network("unet", {"base_channels": 4, "depth": 2, "dropout": 0.0}))


def test_nothing_changes_in_inference(network: SkipNetwork) -> None:
    other = torch.rand(1, 3, 24, 24)
    with torch.no_grad():
        before = network.eval()(other)
        restore(network.train(), images())
        assert network.training
        torch.testing.assert_close(network.eval()(other), before, atol=1e-5, rtol=1e-5)


def test_each_convolution_gives_a_mean_and_a_variance_of_1_that_are_known(
    network: SkipNetwork,
) -> None:
    restore(network, images())
    norm = norms_of(network)[0]
    seen: list[torch.Tensor] = []
    norm.register_forward_pre_hook(lambda norm, given: seen.append(given[0]))
    with torch.no_grad():
        for batch in images():
            network.eval()(batch)
    values = torch.cat(seen)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, values.mean((0, 2, 3)), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(norm.running_var, values.var((0, 2, 3), correction=0))
    torch.testing.assert_close(norm.running_var, torch.ones(len(norm.running_var)))


def test_a_dead_channel_stays_as_it_is(network: SkipNetwork) -> None:
    conv = next(one for one in network.modules() if isinstance(one, nn.Conv2d))
    with torch.no_grad():
        conv.weight[1] = 0
        before = network.eval()(images()[0])
        restore(network, images())
        assert not conv.weight[1].any()
        torch.testing.assert_close(network.eval()(images()[0]), before, atol=1e-5, rtol=1e-5)


def test_a_timm_encoder_says_what_it_said() -> None:
    arguments = small_arguments("unet_pretrained", depth=3)
    network = with_statistics(build_network("unet_pretrained", arguments)).eval()
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        wanted = network(images()[0])
        restore(network, images())
        torch.testing.assert_close(network(images()[0]), wanted, atol=1e-4, rtol=1e-4)
    kernels = [name for name, weight in before.items() if weight.ndim == 4]
    changed = [
        name for name in kernels if not torch.equal(network.state_dict()[name], before[name])
    ]
    assert changed == [name for name in kernels if name != "head.weight"]


def test_a_layer_that_is_used_twice_is_refused(network: SkipNetwork) -> None:
    pairs = normalised_convs(network.eval())
    with pytest.raises(ValueError, match="a convolution or a normalisation that is used twice"):
        restore_normalisations(network, [*pairs, pairs[0]], images())


def test_a_training_on_such_images_begins_where_inference_is(network: SkipNetwork) -> None:
    # Of one batch, so that its statistics are those that training normalises by.
    [batch] = images()[:1]
    with torch.no_grad():
        wanted = network.eval()(batch)
        before = copy.deepcopy(network).train()(batch)
        restore(network, [batch])
        after = network.train()(batch)
    assert (before - wanted).abs().mean() > 0.1
    torch.testing.assert_close(after, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_statistics_are_kept_in_training(name: str) -> None:
    arguments = small_arguments(name, depth=2) | {"dropout": 0.0}
    network = with_statistics(build_network(name, arguments))
    before = copy.deepcopy(network.state_dict())
    keep_statistics(network.train())
    batch = images()[0]
    with torch.no_grad():
        seen = network(batch)
        torch.testing.assert_close(seen, network.eval()(batch))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_no_image_is_refused(network: SkipNetwork) -> None:
    with pytest.raises(ValueError, match="statistics of nothing"):
        restore(network, [])
