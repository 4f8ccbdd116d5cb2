"""The page of the app: what is on it, and which function answers to what."""

import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from crackseg.app.archive import write_archive
from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.app.view import NOTHING, label, view
from crackseg.errors import ConfigError
from crackseg.measurement.classes import PRESETS, ClassLimits, class_limits
from crackseg.measurement.scale import Scale

_HERE = Path(__file__).parent
# Seconds between two looks for old uploads, and the age at which they are removed: each session
# has a link to its own by then.
_UPLOADS = (30, 60)
_OWN = "own"


def build_page(desk: Desk) -> gr.Blocks:
    """Lays the page out."""
    return _Page(desk).blocks


class _Page:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        with gr.Blocks(
            title="crackseg", analytics_enabled=False, delete_cache=_UPLOADS, fill_width=True
        ) as self.blocks:
            gr.HTML(_head(desk), elem_classes="head")
            with gr.Row(equal_height=False):
                with gr.Column(scale=1, min_width=300):
                    self._left()
                with gr.Column(scale=3, min_width=520):
                    self.viewer = gr.HTML(
                        NOTHING,
                        html_template=_text("viewer.html"),
                        css_template=_text("viewer.css"),
                        js_on_load=_text("viewer.js"),
                        elem_id="viewer",
                    )
            self._wire()

    def _left(self) -> None:
        most = self.desk.limits
        self.drop = gr.File(
            label=f"Photographs (up to {most.photographs}, {most.megapixels:g} megapixels each)",
            file_count="multiple",
            height=150,
            elem_id="drop",
        )
        self.messages = gr.HTML("", elem_id="messages")
        self.chosen = gr.Radio([], label="On this page", visible=False, elem_id="photographs")
        with gr.Group():
            self.mm = gr.Number(
                None, label="Scale: millimetres per pixel", minimum=0, step=0.001, elem_id="scale"
            )
            self.for_all = gr.Button("Use this scale for all", size="sm", elem_id="for-all")
        self.classes = gr.Dropdown(
            [(one.source.partition(":")[0], one.name) for one in PRESETS.values()]
            + [("Limits of your own", _OWN)],
            value="en1992",
            label="Classes of width",
            elem_id="classes",
        )
        self.own = gr.Textbox(
            "0.1, 0.3, 1", label="Limits in mm, rising", visible=False, elem_id="own-limits"
        )
        self.download = gr.Button("Download everything", variant="primary", elem_id="download")
        self.file = gr.HTML(
            "", js_on_load=_text("download.js"), html_template="<span></span>", elem_id="file"
        )

    def _wire(self) -> None:
        of_list = [self.chosen, self.viewer, self.messages]
        limits = [self.classes, self.own]
        taken = self.drop.upload(
            self.take_in, [self.drop], [self.drop, self.chosen, self.messages], queue=False
        )
        taken.then(
            self.find,
            [self.chosen, *limits],
            of_list,
            concurrency_limit=None,
            show_progress="hidden",
        )
        shown = [self.viewer, self.mm]
        quiet = {"show_progress": "hidden", "queue": False}
        self.chosen.input(self.show, [self.chosen, *limits], shown, **quiet)
        for change in (self.classes.input, self.own.submit, self.own.blur):
            change(self.show_classes, [self.chosen, *limits], [self.own, self.viewer], **quiet)
        for change in (self.mm.submit, self.mm.blur):
            change(self.set_scale, [self.chosen, self.mm, *limits], shown, **quiet)
        self.for_all.click(self.set_scale_of_all, [self.chosen, self.mm, *limits], shown, **quiet)
        self.viewer.rescale(self.set_scale_by_points, limits, shown, **quiet)
        self.viewer.rethreshold(
            self.measure,
            limits,
            [self.chosen, self.viewer],
            concurrency_limit=1,
            show_progress="hidden",
        )
        self.download.click(
            self.write_all, limits, self.file, concurrency_limit=1, show_progress="hidden"
        )
        self.blocks.unload(self.leave)

    # ---- Answers ----------------------------------------------------------------------------

    def take_in(self, uploads: list[str] | None, request: gr.Request) -> list[Any]:
        session = self._session(request)
        self.desk.take_in(session, [Path(one) for one in uploads or ()])
        return [None, self._list(session, None), _failures(session)]

    def find(
        self, key: str | None, classes: str, own: str, request: gr.Request
    ) -> Iterator[list[Any]]:
        session, limits = self._session(request), _limits(classes, own)
        for photograph in self.desk.find(session):
            key = key or (photograph.key if photograph.measured else None)
            first = photograph.measured is not None and photograph.key == key
            shown = view(photograph, limits) if first else gr.skip()
            yield [self._list(session, key), shown, _failures(session)]

    def show(self, key: str | None, classes: str, own: str, request: gr.Request) -> list[Any]:
        photograph = self._session(request).get(key)
        if photograph is None:
            return [NOTHING, None]
        scale = photograph.scale
        return [view(photograph, _limits(classes, own)), scale and scale.mm_per_pixel]

    def show_classes(
        self, key: str | None, classes: str, own: str, request: gr.Request
    ) -> list[Any]:
        shown, _ = self.show(key, classes, own, request)
        return [gr.update(visible=classes == _OWN), shown]

    def set_scale(
        self, key: str | None, mm: float | None, classes: str, own: str, request: gr.Request
    ) -> list[Any]:
        session = self._session(request)
        photograph = session.get(key)
        if photograph is not None and mm != (photograph.scale and photograph.scale.mm_per_pixel):
            self.desk.set_scale(session, [photograph.key], Scale(mm) if mm else None)
        return self.show(key, classes, own, request)

    def set_scale_of_all(
        self, key: str | None, mm: float | None, classes: str, own: str, request: gr.Request
    ) -> list[Any]:
        session = self._session(request)
        photograph = session.get(key)
        scale = Scale(mm) if mm else None
        if photograph is not None and photograph.scale and photograph.scale.mm_per_pixel == mm:
            # It may come from two points, whose uncertainty goes with it.
            scale = photograph.scale
        self.desk.set_scale(session, [one.key for one in session.photographs], scale)
        return self.show(key, classes, own, request)

    def set_scale_by_points(
        self, event: gr.EventData, classes: str, own: str, request: gr.Request
    ) -> list[Any]:
        (one, other), key = event.points, event.key
        scale = Scale.of_two_points(tuple(one), tuple(other), event.length)
        self.desk.set_scale(self._session(request), [key], scale)
        return self.show(key, classes, own, request)

    def measure(
        self, event: gr.EventData, classes: str, own: str, request: gr.Request
    ) -> list[Any]:
        session = self._session(request)
        found = self.desk.measure(session, event.key, float(event.threshold))
        shown = gr.skip() if found is None else view(found, _limits(classes, own))
        return [self._list(session, event.key), shown]

    def write_all(self, classes: str, own: str, request: gr.Request) -> str:
        session = self._session(request)
        if not any(one.measured for one in session.photographs):
            raise gr.Error("There is nothing to download yet: drop a photograph first.")
        path = write_archive(session, self.desk.predictor, _limits(classes, own))
        return f"gradio_api/file={path}"

    def leave(self, request: gr.Request) -> None:
        self.desk.sessions.end(request.session_hash or "")

    def _session(self, request: gr.Request) -> Session:
        return self.desk.sessions.of(request.session_hash or "")

    def _list(self, session: Session, key: str | None) -> Any:
        choices = [(label(one), one.key) for one in session.photographs if one.state != "failed"]
        chosen = {} if key is None else {"value": key}
        return gr.update(choices=choices, visible=bool(choices), **chosen)


def _limits(classes: str, own: str) -> ClassLimits:
    if classes != _OWN:
        return class_limits(classes)
    try:
        return class_limits([float(one) for one in own.replace(";", ",").split(",")])
    except (ValueError, ConfigError) as error:
        raise gr.Error(f"Limits of classes: {error}") from error


def _failures(session: Session) -> str:
    """Names each bad file, with what is wrong with it."""
    failed = [one for one in session.photographs if one.state == "failed"]
    lines = [f"<li><b>{html.escape(one.name)}</b>: {html.escape(one.words)}</li>" for one in failed]
    return f'<ul role="alert">{"".join(lines)}</ul>' if lines else ""


def _head(desk: Desk) -> str:
    return (
        "<h1>Find and measure cracks</h1><p>Your photographs stay on the machine that runs this "
        f"app, and are deleted when the page is closed. {html.escape(desk.predictor.line)}</p>"
    )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


STYLE = _text("page.css")
Answers = Mapping[str, Any]
