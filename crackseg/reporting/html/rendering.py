"""Fills the templates that lie beside the modules."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(
    template: str, content: Mapping[str, Any], filters: Mapping[str, Callable[..., object]]
) -> str:
    """Fills a template; in HTML the values are escaped.

    Args:
        template: Path of the template below this package's parent, such as ``html/layout.html``.
        content: Values by name.
        filters: Filters by name.
    """
    environment = _environment(template.endswith(".html"), tuple(filters.items()))
    return environment.get_template(template).render(content)


# A page of hundreds of cards fills the same template each time.
@lru_cache(maxsize=8)
def _environment(
    is_html: bool, filters: tuple[tuple[str, Callable[..., object]], ...]
) -> Environment:
    environment = Environment(
        loader=PackageLoader("crackseg.reporting", "."),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= dict(filters)
    return environment


def source(path: str) -> str:
    """The text of a script or a style, by its path below this package's parent."""
    return files("crackseg.reporting").joinpath(path).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """The hash by which a page's own rules know a script or a style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
