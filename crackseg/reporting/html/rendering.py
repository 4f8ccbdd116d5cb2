"""Fills the templates that lie beside the modules."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(
    template: str, content: Mapping[str, Any], filters: Mapping[str, Callable[..., str]]
) -> str:
    """Fills a template; in HTML the values are escaped.

    Args:
        template: Path of the template below this package's parent, such as ``html/layout.html``.
        content: Values by name.
        filters: Filters by name.
    """
    environment = Environment(
        loader=PackageLoader("crackseg.reporting", "."),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(content)
