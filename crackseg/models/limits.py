"""Limits of a network's arguments, so that it can be built in time and memory."""

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import torch

from crackseg.errors import ConfigError, MissingLibraryError, did_you_mean
from crackseg.models import NETWORKS, SkipNetwork, build_network
from crackseg.models.registry import arguments_of
from crackseg.system.limits import Limits

# Half a billion weights are 2 GB, a hundred times those of the largest network of the paper.
MOST_WEIGHTS = 500_000_000
# Of arguments that several networks share; others are checked by their types.
# Eight poolings reduce 256 pixels to one; more would need photographs of at least 512 pixels.
ARGUMENT_LIMITS = {
    "in_channels": Limits(3, 3, whole=True),
    "base_channels": Limits(1, 1024, whole=True),
    "depth": Limits(1, 8, whole=True),
    "convs_per_level": Limits(1, 16, whole=True),
    "decoder_channels": Limits(1, 1024, whole=True),
    # Encoders for ImageNet halve the size five times, a few six times.
    "encoder_levels": Limits(1, 6, whole=True),
    "dropout": Limits(0, 1, below=True),
    "negative_slope": Limits(0, 1),
    "norm_momentum": Limits(0, 1, above=True),
    "norm_eps": Limits(0, 1, above=True),
}


def network_faults(name: object, arguments: Mapping[str, Any]) -> list[str]:
    """Finds the faults of a network's name and arguments.

    Args:
        name: Name of the network.
        arguments: Arguments of its constructor by name.

    Returns:
        A line for every fault, such as ``model.depth=99: at least 1 and at most 8``.
    """
    if not isinstance(name, str) or name not in NETWORKS:
        return [_choice("model.name", name, tuple(NETWORKS))]
    faults = []
    known = arguments_of(name)
    for argument, value in arguments.items():
        if argument in known:
            faults += _argument_faults(argument, known[argument].annotation, value)
        else:
            listed = ", ".join(known)
            faults.append(
                f"model.{argument}: the network {name} has no such argument; known: {listed}"
            )
    return faults or _size_faults(name, arguments)


def _argument_faults(argument: str, kind: Any, value: object) -> list[str]:
    """A line where a value is not what the constructor's argument of this type may be."""
    key = f"model.{argument}"
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return [] if value in choices else [_choice(key, value, choices)]
    limits = ARGUMENT_LIMITS.get(argument)
    if limits is not None:
        return [] if limits.hold(value) else [f"{key}={value}: {limits}"]
    right = type(value) is kind or (kind is float and type(value) is int)
    finite = not isinstance(value, float) or math.isfinite(value)
    wanted = getattr(kind, "__name__", kind)
    return [] if right and finite else [f"{key}={value}: a value of type {wanted}"]


def outline(name: str, arguments: Mapping[str, Any]) -> SkipNetwork:
    """Makes a network without memory for its weights, with only their names, shapes and dtypes."""
    with torch.device("meta"):
        return build_network(name, arguments)


def _size_faults(name: str, arguments: Mapping[str, Any]) -> list[str]:
    try:
        network = outline(name, arguments)
    except MissingLibraryError:
        # Nothing is known to be wrong with the arguments.
        raise
    except ConfigError as error:
        return [str(error)]
    weights = sum(weight.numel() for weight in network.parameters())
    if weights <= MOST_WEIGHTS:
        return []
    return [
        f"model: a network of {weights:,} weights, the most are {MOST_WEIGHTS:,}; lower "
        "model.base_channels or model.depth"
    ]


def _choice(key: str, value: object, known: tuple[str, ...]) -> str:
    guess = did_you_mean(value, known)
    message = f"{key}={value}: one of {', '.join(known)}"
    return f"{message}; {guess}" if guess else message
