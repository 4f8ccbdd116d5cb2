"""Statistics of batch normalisations, from what they are given."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

# Below it, in squares of what a convolution gives, a channel is dead and keeps its weights.
_LEAST_VARIANCE = 1e-10


def restore_normalisations(
    network: nn.Module, convolutions: Iterable[tuple[str, str]], images: Iterable[Tensor]
) -> None:
    """Gives batch normalisations the statistics of images; in inference nothing changes.

    Where a file has normalisations as a part of convolutions, those of a network made from it are
    left to add a bias. A training would then normalise by batches what never was, and its steps
    would be far too long: the factors have made the weights small. Here each normalisation takes
    mean and variance of what it is given as its running statistics, the convolution before it is
    scaled to give a variance of 1, as fresh weights do, and factors and biases make up for both.

    Args:
        network: Network, whose normalisations have factors, biases and running statistics.
        convolutions: Names of each convolution that a normalisation follows, and of that one.
        images: Batches of images (N, C, H, W), at least one.

    Raises:
        ValueError: There is no image.
    """
    pairs = [
        (network.get_submodule(conv), network.get_submodule(norm)) for conv, norm in convolutions
    ]
    moments = {norm: _Moments() for _, norm in pairs}
    watched = [norm.register_forward_pre_hook(one.add) for norm, one in moments.items()]
    was_training = network.training
    try:
        with torch.no_grad():
            for batch in images:
                network.eval()(batch)
    finally:
        network.train(was_training)
        for hook in watched:
            hook.remove()
    for conv, norm in pairs:
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        _restate(conv, norm, *moments[norm].mean_and_variance())


class _Moments:
    """Sums over all values of each channel, in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: Tensor = torch.zeros(1)
        self._squares: Tensor = torch.zeros(1)

    def add(self, norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        """Adds what a normalisation is given, (N, C, H, W)."""
        values = given[0].double()
        self._count += values.numel() // values.shape[1]
        self._sum = self._sum + values.sum((0, 2, 3))
        self._squares = self._squares + (values**2).sum((0, 2, 3))

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        if not self._count:
            raise ValueError("statistics of nothing")
        mean = self._sum / self._count
        return mean, (self._squares / self._count - mean**2).clamp(min=0)


def _restate(conv: nn.Conv2d, norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Scales a convolution, and gives its normalisation what makes up for that."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    shift = norm.bias.double() - norm.running_mean.double() * scale
    deviation = torch.where(variance > _LEAST_VARIANCE, variance.sqrt(), 1.0)
    with torch.no_grad():
        conv.weight /= deviation[:, None, None, None]
        if conv.bias is not None:
            conv.bias /= deviation
        norm.running_mean.copy_(mean / deviation)
        norm.running_var.copy_(variance / deviation**2)
        norm.weight.copy_(scale * deviation * torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(shift + scale * mean)
