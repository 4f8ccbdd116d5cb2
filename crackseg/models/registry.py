"""Networks by name: a module of this package that defines one registers it."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, TypeVar, get_type_hints

from crackseg.errors import ConfigError
from crackseg.models.blocks import SkipNetwork

NETWORKS: dict[str, Callable[..., SkipNetwork]] = {}
_Network = TypeVar("_Network", bound=type[SkipNetwork])


def register(name: str) -> Callable[[_Network], _Network]:
    """A decorator that makes a network known under a name.

    The settings ``model.*`` of the network are the arguments of its constructor, with their types
    and defaults, but for ``in_channels``; a ``Literal`` lists the texts that an argument may be.

    Args:
        name: Name of the network in settings and checkpoints, and of its file in ``conf/model``.
    """

    def add(network: _Network) -> _Network:
        NETWORKS[name] = network
        return network

    return add


def build_network(name: str, arguments: Mapping[str, Any]) -> SkipNetwork:
    """Builds a network.

    Args:
        name: Name of the network.
        arguments: Arguments of its constructor by name.

    Raises:
        ConfigError: An unknown name, or an argument that this network does not have.

    Example:
        >>> network = build_network("unet", {"base_channels": 4, "depth": 2})
        >>> network.stride
        4
    """
    if name not in NETWORKS:
        raise ConfigError(
            f"model.name={name}: there is no such network; known: {', '.join(NETWORKS)}"
        )
    known = arguments_of(name)
    foreign = [argument for argument in arguments if argument not in known]
    if foreign:
        raise ConfigError(
            f"model={name}: it has no argument {', '.join(foreign)}; known: {', '.join(known)}"
        )
    return NETWORKS[name](**arguments)


def arguments_of(name: str) -> dict[str, Parameter]:
    """The arguments of a network's constructor, each with its type resolved."""
    network = NETWORKS[name]
    types = get_type_hints(network.__init__)
    return {
        key: parameter.replace(annotation=types.get(key, Any))
        for key, parameter in signature(network).parameters.items()
    }


def settings_of(name: str, arguments: Mapping[str, Any]) -> str:
    """The settings that make such a network, as they are typed.

    >>> settings_of("unet", {"base_channels": 4, "depth": 4})
    'model=unet model.base_channels=4'
    """
    known = arguments_of(name)
    others = [
        f"model.{key}={value}"
        for key, value in arguments.items()
        if key in known and value != known[key].default
    ]
    return " ".join([f"model={name}", *others])
