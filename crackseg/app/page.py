"""The page of the app: what is on it, and which function answers to what."""

import functools
import html
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from crackseg.app.archive import formats, write_archive
from crackseg.app.desk import Desk
from crackseg.app.notices import notices
from crackseg.app.sessions import AppPhotograph, Session
from crackseg.app.view import NOTHING, label, view
from crackseg.app.widths import widths_view
from crackseg.errors import CrackSegError
from crackseg.measurement.classes import PRESETS, ClassLimits, class_limits
from crackseg.measurement.scale import Scale

_HERE = Path(__file__).parent
# Seconds between two looks for old uploads, and the age at which they are removed: each session
# has a link to its own by then.
_UPLOADS = (30, 60)
_OWN = "own"
_DOWNLOAD = "Download everything (ZIP)"
# Answers that take no time, and wait for nobody. Past the queue, Gradio would show no mistake.
_AT_ONCE = {"concurrency_limit": None, "show_progress": "hidden"}


def build_page(desk: Desk, licence: str) -> gr.Blocks:
    """Lays the page out.

    Args:
        desk: Desk that answers.
        licence: Line about the network and its licence.
    """
    return _Page(desk, licence).blocks


def style() -> str:
    """Style of all that stands outside of the viewer."""
    return _text("page.css")


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _answer(function: Callable[..., Any]) -> Callable[..., Any]:
    """Shows a user's mistake in a box on the page."""

    @functools.wraps(function)
    def answered(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except CrackSegError as error:
            raise gr.Error(str(error), title="Not done", print_exception=False) from error

    return answered


class _Page:
    def __init__(self, desk: Desk, licence: str) -> None:
        self.desk = desk
        with gr.Blocks(
            title="Find cracks", analytics_enabled=False, delete_cache=_UPLOADS, fill_width=True
        ) as self.blocks:
            gr.HTML(_head(licence), elem_id="head")
            with gr.Row(equal_height=False):
                with gr.Column(scale=1, min_width=300):
                    self._left()
                with gr.Column(scale=4, min_width=340):
                    self._right()
            self._wire()

    def _left(self) -> None:
        most = self.desk.limits
        self.drop = gr.File(
            label=f"Up to {most.photographs} photographs of {most.megapixels:g} megapixels",
            file_count="multiple",
            height=160,
            elem_id="drop",
        )
        self.failures = gr.HTML("", elem_id="failures")
        self.chosen = gr.Radio([], label="Photographs", visible=False, elem_id="photographs")
        self.classes = gr.Dropdown(
            [*((one.source.partition(":")[0], one.name) for one in PRESETS.values()), _OWN_CHOICE],
            value="en1992",
            label="Classes of width",
            info="Limits of design or rating, no verdict on a structure",
            elem_id="classes",
        )
        self.own = gr.Textbox(
            "0.1, 0.3, 1", label="Limits in mm, rising", visible=False, elem_id="own-limits"
        )
        with gr.Accordion("Files to download", open=False, elem_id="files"):
            self.formats = gr.CheckboxGroup(
                [(f"{one.name}: {one.about}", one.name) for one in formats()],
                value=[one.name for one in formats()],
                label="Beside a record of each photograph (JSON)",
                elem_id="formats",
            )
        self.download = gr.Button(_DOWNLOAD, variant="primary", elem_id="download")
        self.file = gr.HTML(
            "", html_template="<span></span>", js_on_load=_text("download.js"), elem_id="file"
        )

    def _right(self) -> None:
        self.widths_open = gr.State(False)
        with gr.Tab("Overlay") as self.overlay_tab:
            self.viewer = _own_part("viewer")
        with gr.Tab("Widths") as self.widths_tab:
            self.widths = _own_part("widths")

    def _wire(self) -> None:
        limits = [self.classes, self.own]
        all_parts = [self.chosen, self.viewer, self.failures]
        taken = self.drop.upload(
            self.take_in, self.drop, [self.drop, self.chosen, self.failures], queue=False
        )
        found = taken.then(
            self.watch, limits, all_parts, concurrency_limit=None, show_progress="hidden"
        )
        changes = [
            found,
            self.overlay_tab.select(lambda: False, None, self.widths_open, **_AT_ONCE),
            self.widths_tab.select(lambda: True, None, self.widths_open, **_AT_ONCE),
            self.chosen.input(self.show, [self.chosen, *limits], self.viewer, **_AT_ONCE),
            self.viewer.rescale(self.set_scale, limits, self.viewer, **_AT_ONCE),
        ]
        for change in (self.classes.input, self.own.submit, self.own.blur):
            shown = [self.own, self.viewer]
            changes.append(change(self.show_classes, limits, shown, **_AT_ONCE))
        for change in changes:
            change.then(self.show_widths, [self.widths_open, *limits], self.widths, **_AT_ONCE)
        # It shows the new scale by itself.
        self.widths.rescale(self.set_scale, limits, self.viewer, **_AT_ONCE)
        self.viewer.rethreshold(
            self.measure,
            limits,
            [self.chosen, self.viewer],
            concurrency_limit=1,
            show_progress="hidden",
        )
        busy = self.download.click(
            lambda: gr.update(value="Packing …", interactive=False), None, self.download, **_AT_ONCE
        )
        packed = busy.then(
            self.write_all,
            [self.formats, *limits],
            self.file,
            concurrency_limit=1,
            show_progress="hidden",
        )
        packed.then(
            lambda: gr.update(value=_DOWNLOAD, interactive=True), None, self.download, **_AT_ONCE
        )
        self.blocks.unload(self.leave)

    @_answer
    def take_in(self, uploads: list[str] | None, request: gr.Request) -> list[Any]:
        session = self._session(request)
        self.desk.take_in(session, [Path(one) for one in uploads or ()])
        return [None, _list(session.photographs), notices(session.photographs, self.desk.predictor)]

    def watch(self, classes: str, own: str, request: gr.Request) -> Iterator[list[Any]]:
        session, limits = self._session(request), _limits(classes, own)
        for photographs in session.watch():
            # The first one is shown as soon as it is measured; others when they are chosen.
            first = next((one for one in photographs if one.measured), None)
            if session.chosen is None and first is not None:
                session.chosen = first.key
            chosen = session.get(session.chosen)
            # Each time: of answers that come close together, the page takes the last alone.
            content = view(chosen, limits) if chosen and chosen.measured else gr.skip()
            listed = _list(photographs, session.chosen)
            yield [listed, content, notices(photographs, self.desk.predictor)]

    @_answer
    def show(self, key: str | None, classes: str, own: str, request: gr.Request) -> Any:
        session = self._session(request)
        session.chosen = key
        return _view(session, classes, own)

    @_answer
    def show_classes(self, classes: str, own: str, request: gr.Request) -> list[Any]:
        shown = _view(self._session(request), classes, own)
        return [gr.update(visible=classes == _OWN), shown]

    @_answer
    def show_widths(self, is_open: bool, classes: str, own: str, request: gr.Request) -> Any:
        session = self._session(request)
        photograph = session.get(session.chosen)
        if photograph is None or not is_open:
            return gr.skip()
        return widths_view(photograph, self.desk.predictor, _limits(classes, own))

    @_answer
    def set_scale(self, classes: str, own: str, event: gr.EventData, request: gr.Request) -> Any:
        session = self._session(request)
        keys = [one.key for one in session.photographs] if event.for_all else [event.key]
        self.desk.set_scale(session, keys, _scale(event))
        return _view(session, classes, own)

    @_answer
    def measure(
        self, classes: str, own: str, event: gr.EventData, request: gr.Request
    ) -> list[Any]:
        session = self._session(request)
        self.desk.measure(session, event.key, float(event.threshold))
        return [_list(session.photographs), _view(session, classes, own)]

    @_answer
    def write_all(self, wanted: list[str], classes: str, own: str, request: gr.Request) -> str:
        session = self._session(request)
        if not any(one.measured for one in session.photographs):
            raise CrackSegError("There is nothing to download yet: drop a photograph first.")
        path = write_archive(session, self.desk.predictor, _limits(classes, own), wanted)
        # Another address each time, as the page acts on a change.
        return f"gradio_api/file={path}?{path.stat().st_mtime_ns}"

    def leave(self, request: gr.Request) -> None:
        self.desk.sessions.end(request.session_hash or "")

    def _session(self, request: gr.Request) -> Session:
        return self.desk.sessions.of(request.session_hash or "")


_OWN_CHOICE = ("Limits of your own", _OWN)


def _view(session: Session, classes: str, own: str) -> Any:
    photograph = session.get(session.chosen)
    return NOTHING if photograph is None else view(photograph, _limits(classes, own))


def _scale(event: gr.EventData) -> Scale | None:
    return Scale(float(event.mm), float(event.uncertainty)) if event.mm else None


def _own_part(name: str) -> gr.HTML:
    """A part of the page that is not made of Gradio's, from the files of its name."""
    return gr.HTML(
        NOTHING,
        html_template=_text(f"{name}.html"),
        css_template=_text(f"{name}.css"),
        js_on_load=_text(f"{name}.js"),
        apply_default_css=False,
        elem_id=name,
    )


def _limits(classes: str, own: str) -> ClassLimits:
    if classes != _OWN:
        return class_limits(classes)
    try:
        return class_limits([float(one) for one in own.split(",")])
    except ValueError:
        raise CrackSegError(f"Limits {own!r}: numbers in mm with commas between them") from None


def _list(photographs: Sequence[AppPhotograph], select: str | None = None) -> Any:
    choices = [(label(one), one.key) for one in photographs if not one.is_failed]
    chosen = {} if select is None else {"value": select}
    return gr.update(choices=choices, visible=bool(choices), **chosen)


def _head(licence: str) -> str:
    return (
        "<h1>Find and measure cracks</h1><p>Photographs go to the machine that runs this app, to "
        "no other, and are deleted there when you close or reload this page.</p>"
        f'<p class="licence">{html.escape(licence)}</p>'
    )
