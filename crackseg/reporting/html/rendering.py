"""Fills the templates that lie beside the modules."""

from collections.abc import Callable, Mapping
from functools import lru_cache
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
