"""Networks by name. Every module of this package is imported, so that its networks are known."""

from importlib import import_module
from pkgutil import iter_modules

from crackseg.models.blocks import SkipNetwork
from crackseg.models.registry import NETWORKS, build_network, register

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["NETWORKS", "SkipNetwork", "build_network", "register"]
