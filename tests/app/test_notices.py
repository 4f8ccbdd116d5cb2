"""What the page says of all photographs together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from crackseg.app.desk import Desk
from crackseg.app.limits import AppLimits
from crackseg.app.notices import notices
from crackseg.app.sessions import Session, Sessions
from crackseg.inference.predictor import Predictor
from crackseg.workflows.train import TrainResult
from tests.app.stand_ins import DarkIsCrack, work_off
from tests.helpers.data_sets import IMAGES, noise_of


@pytest.fixture
def network(trained: TrainResult) -> Predictor:
    return Predictor.from_checkpoint(trained.checkpoint, device="cpu")


def said_of(pictures: list[Path], network: Predictor, opened: Sessions, session: Session) -> str:
    desk = Desk(network, AppLimits(1.0, 9, 60.0), opened)
    for picture in pictures:
        path = opened.uploads / f"{picture.stem}-of-its-own" / f"{picture.stem}.png"
        path.parent.mkdir(parents=True)
        Image.open(picture).save(path)
        desk.take_in(session, [path])
    work_off(desk, session)
    return notices(session.photographs, network)


def test_photographs_unlike_those_of_the_training_are_said(
    network: Predictor, opened: Sessions, session: Session, tmp_path: Path
) -> None:
    pictures = sorted(Path(noise_of(tmp_path)).iterdir())
    said = said_of(pictures, network, opened, session)
    assert "<b>Check the masks:</b> the 5 photographs are unlike those that the network was" in said
    assert 'role="note"' in said
    # Four of them tell nothing.
    assert notices(session.photographs[:4], network) == ""


def test_nothing_is_said_of_photographs_that_are_alike(
    network: Predictor, opened: Sessions, session: Session, archive: Path
) -> None:
    pictures = sorted((archive / IMAGES).iterdir())[:6]
    assert said_of(pictures, network, opened, session) == ""
    assert all(one.features is not None for one in session.photographs)


def test_bad_files_are_named_as_text(
    predictor: DarkIsCrack, desk: Desk, session: Session, upload: Callable[..., Path]
) -> None:
    desk.take_in(session, [upload()])
    work_off(desk, session)
    (good,) = session.photographs
    bad = replace(good, name="<b>.jpg", words="no <picture>", is_failed=True)
    said = notices([good, bad], desk.predictor)
    assert said == '<ul role="alert"><li><b>&lt;b&gt;.jpg</b>: no &lt;picture&gt;</li></ul>'
    assert notices([good], desk.predictor) == ""
