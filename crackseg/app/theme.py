"""Looks of the page: colours of the other pages, and no font that would have to be fetched."""

from gradio.themes import Base, Color, Font

_ACCENT = Color(
    c50="#fff1f4", c100="#ffe1e8", c200="#ffc5d3", c300="#ff9db6", c400="#ff7aa2", c500="#d4145a",
    c600="#b80f49", c700="#9a0b3d", c800="#7d0a33", c900="#640a2b", c950="#3b0418",
)  # fmt: skip
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Cascadia Mono", "Menlo", "Consolas", "monospace")


def theme() -> Base:
    """The theme."""
    base = Base(
        primary_hue=_ACCENT,
        secondary_hue=_ACCENT,
        neutral_hue="stone",
        font=[Font(name) for name in _SANS],
        font_mono=[Font(name) for name in _MONO],
    )
    return base.set(
        body_text_color_subdued="#5b626a",
        body_text_color_subdued_dark="#a5acb4",
        block_info_text_color="#5b626a",
        block_info_text_color_dark="#a5acb4",
        block_label_text_color="#42484f",
        block_label_text_color_dark="#c5c9ce",
        block_title_text_color="#1f2328",
        block_title_text_color_dark="#e7e5df",
        body_background_fill="#fbfaf7",
        body_background_fill_dark="#14171a",
        button_primary_background_fill="#b80f49",
        button_primary_background_fill_hover="#9a0b3d",
        button_primary_background_fill_dark="#b80f49",
        button_primary_background_fill_hover_dark="#d4145a",
    )
