"""The view of widths: the component of the inspection page, in a frame of its own."""

from collections.abc import Mapping

from crackseg.app.finding import read_image
from crackseg.app.sessions import AppPhotograph
from crackseg.inference.predictor import Predictor
from crackseg.measurement.classes import ClassLimits
from crackseg.reporting.inspection.component import (
    component_script,
    component_style,
    photograph_component,
)

_KEY = "photograph"
# The frame has no rights in the page around it, and tells it two things alone.
_TELL = f"""
const tell = (what) => parent.postMessage(what, "*");
document.addEventListener("crackseg:scale", () => tell({{ scale: crackseg.of("{_KEY}").scale }}));
new ResizeObserver(() => tell({{ height: document.documentElement.offsetHeight }}))
  .observe(document.documentElement);
"""
_STYLE = """
html { overflow: hidden; } body { margin: 0; background: transparent; } h3 { margin-top: 0; }
"""


def widths_view(
    photograph: AppPhotograph, predictor: Predictor, limits: ClassLimits
) -> Mapping[str, str]:
    """Key of a measured photograph, and the document that shows its widths; nothing before."""
    if photograph.measured is None:
        return {}
    picture = read_image(photograph, predictor)
    shown = photograph_component(photograph.measured, picture, limits, _KEY)
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Widths</title>'
        f"<style>{component_style()}{_STYLE}</style>{shown}"
        f"<script>{component_script()}{_TELL}</script></html>"
    )
    return {"key": photograph.key, "document": document}
