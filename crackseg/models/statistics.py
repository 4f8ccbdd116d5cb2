"""Statistics of batch normalisations, from what they are given."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

# A channel that varies by less than this part of its own size is dead, and keeps its weights.
_LEAST_DEVIATION = 1e-5


def restore_normalisations(
    network: nn.Module, convolutions: Sequence[tuple[str, str]], images: Iterable[Tensor]
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
        ValueError: There is no image, or a convolution or a normalisation is named twice.
    """
    names = [name for pair in convolutions for name in pair]
    if len(set(names)) < len(names):
        raise ValueError("a convolution or a normalisation that is used twice")
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


def keep_statistics(network: nn.Module) -> None:
    """Lets batch normalisations use their running statistics, until training mode is set again."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


class _Moments:
    """Mean and mean square of each channel over batches, in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: Tensor = torch.zeros(1, dtype=torch.float64)
        self._square: Tensor = torch.zeros(1, dtype=torch.float64)

    def add(self, norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        """Adds what a normalisation is given, (N, C, H, W)."""
        values = given[0]
        variance, mean = (one.double() for one in torch.var_mean(values, (0, 2, 3), correction=0))
        added = values.numel() // values.shape[1]
        self._count += added
        share = added / self._count
        self._mean = self._mean + share * (mean - self._mean)
        self._square = self._square + share * (variance + mean**2 - self._square)

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        if not self._count:
            raise ValueError("statistics of nothing")
        return self._mean, (self._square - self._mean**2).clamp(min=0)


def _restate(conv: nn.Conv2d, norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    """Scales a convolution, and gives its normalisation what makes up for that."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    shift = norm.bias.double() - norm.running_mean.double() * scale
    deviation = variance.sqrt()
    deviation[deviation <= _LEAST_DEVIATION * mean.abs()] = 1.0
    with torch.no_grad():
        conv.weight /= deviation[:, None, None, None]
        if conv.bias is not None:
            conv.bias /= deviation
        norm.running_mean.copy_(mean / deviation)
        norm.running_var.copy_(variance / deviation**2)
        norm.weight.copy_(scale * deviation * torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(shift + scale * mean)
