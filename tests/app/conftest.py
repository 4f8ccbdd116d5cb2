"""What the tests of the app share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from crackseg.app.desk import Desk
from crackseg.app.limits import AppLimits
from crackseg.app.sessions import Session, Sessions, sessions
from crackseg.inference.predictor import Predictor
from tests.app.stand_ins import DarkIsCrack, draw_photograph


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with sessions() as found:
        yield found


@pytest.fixture
def predictor() -> DarkIsCrack:
    return DarkIsCrack()


@pytest.fixture
def desk(opened: Sessions, predictor: DarkIsCrack) -> Desk:
    return Desk(cast(Predictor, predictor), AppLimits(1.0, 3, 60.0), opened)


@pytest.fixture
def session(opened: Sessions) -> Session:
    return opened.of("page")


@pytest.fixture
def upload(opened: Sessions) -> Callable[..., Path]:
    """Draws a photograph, and puts it where uploads arrive."""

    def put(name: str = "wall.png", width: float = 6.0) -> Path:
        path = opened.uploads / f"{name}-of-its-own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return draw_photograph(path, width)

    return put
