"""What the page shows of a photograph."""

from collections.abc import Callable
from pathlib import Path

from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.app.view import NOTHING, label, view
from crackseg.measurement.classes import class_limits
from crackseg.measurement.scale import Scale

LIMITS = class_limits((1.0, 3.0))
Upload = Callable[..., Path]


def test_lengths_and_widths_are_in_pixels_without_a_scale(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    *_, photograph = desk.find(session)
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
    *_, photograph = desk.find(session)
    desk.set_scale(session, [photograph.key], Scale(0.3))
    photograph = session.update(photograph.key)
    shown = view(photograph, LIMITS)
    (crack,) = shown["cracks"]
    assert crack["length"][0] == "45 mm"
    assert crack["mean"][0].startswith("1.")
    assert crack["class"] == "1 to 3 mm"
    assert shown["scale"] == "0.3 mm per pixel"


def test_what_is_not_resolved_says_so_with_its_bounds(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload(width=1.6)])
    *_, photograph = desk.find(session)
    (crack,) = view(photograph, LIMITS)["cracks"]
    assert crack["mean"][0] == "not resolved"
    assert " to " in crack["mean"][1]


def test_the_list_says_how_far_each_photograph_is(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    waiting = session.photographs[0]
    assert label(waiting) == "wall.png: waiting"
    assert view(waiting, LIMITS) == NOTHING
    labels = [label(one) for one in desk.find(session)]
    assert labels[0] == "wall.png: finding cracks"
    assert labels[-1] == "wall.png: 1 crack"
