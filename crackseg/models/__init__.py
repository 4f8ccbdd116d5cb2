"""Networks by name."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from crackseg.errors import ConfigError
from crackseg.models.unet import PaperUNet, SkipNetwork, UNet

NETWORKS: dict[str, Callable[..., SkipNetwork]] = {"unet": UNet, "unet_paper": PaperUNet}


def build_network(name: str, arguments: Mapping[str, Any]) -> SkipNetwork:
    """Builds the network ``name`` with its constructor's arguments.

    Raises:
        ConfigError: The name is unknown, or the network does not have one of the arguments.

    Example:
        >>> build_network("unet", {"depth": 2, "base_channels": 4}).stride
        4
    """
    if name not in NETWORKS:
        raise ConfigError(
            f"model.name={name}: there is no such network; known: {', '.join(NETWORKS)}"
        )
    known = signature(NETWORKS[name]).parameters
    foreign = [argument for argument in arguments if argument not in known]
    if foreign:
        raise ConfigError(
            f"model={name}: it has no argument {', '.join(foreign)}; known: {', '.join(known)}"
        )
    return NETWORKS[name](**arguments)


__all__ = ["NETWORKS", "SkipNetwork", "build_network"]
