"""Leaves the modules that need an extra out of the doctests where it is not installed."""

from importlib.util import find_spec

_APP = [f"crackseg/app/{name}.py" for name in ("page", "protection", "theme")]
collect_ignore = [] if find_spec("gradio") else _APP
