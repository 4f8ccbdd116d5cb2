"""What the page shows of a photograph."""

from collections.abc import Callable
from pathlib import Path

from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.app.view import NOTHING, label, view
from crackseg.measurement.classes import class_limits
from crackseg.measurement.scale import Scale
from tests.app.stand_ins import work_off

LIMITS = class_limits((1.0, 3.0))
Upload = Callable[..., Path]


def test_lengths_and_widths_are_in_pixels_without_a_scale(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    work_off(desk, session)
    photograph = session.photographs[-1]
    shown = view(photograph, LIMITS)
    (crack,) = shown["cracks"]
    assert crack["length"][0] == "149 px"
    assert crack["mean"][0].endswith(" px")
    assert crack["class"] == ""
    assert (shown["width"], shown["height"], shown["threshold"]) == (200, 200, 0.5)
    assert "pixels" in shown["scale"]


def test_with_a_scale_they_are_in_millimetres_with_a_class(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    work_off(desk, session)
    photograph = session.photographs[-1]
    desk.set_scale(session, [photograph.key], Scale(0.3))
    photograph = session.update(photograph.key)
    shown = view(photograph, LIMITS)
    (crack,) = shown["cracks"]
    assert crack["length"][0] == "44.7 mm"
    assert crack["mean"][0].startswith("1.")
    assert crack["class"] == "1 to 3 mm"
    assert shown["scale"] == "Scale: 0.3 ± 0 mm per pixel"


def test_what_is_not_resolved_says_so_with_its_bounds(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload(width=1.6)])
    work_off(desk, session)
    photograph = session.photographs[-1]
    (crack,) = view(photograph, LIMITS)["cracks"]
    assert crack["mean"][0] == "not resolved"
    assert crack["mean"][1].endswith(" px")


def test_the_list_says_how_far_each_photograph_is(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    waiting = session.photographs[0]
    assert label(waiting) == "wall.png: waiting"
    assert view(waiting, LIMITS) == NOTHING
    work_off(desk, session)
    assert label(session.photographs[0]) == "wall.png: 1 crack"
