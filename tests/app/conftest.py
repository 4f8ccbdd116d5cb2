"""What the tests of the app share."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from crackseg.app.desk import Desk
from crackseg.app.limits import AppLimits
from crackseg.app.server import served
from crackseg.app.sessions import Session, Sessions, sessions
from crackseg.inference.predictor import Predictor
from tests.app.browsing import LICENCE, App, wait_until
from tests.app.stand_ins import DarkIsCrack, draw_photograph
from tests.helpers.browser import FLAGS, find_browser


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


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    pytest.importorskip("gradio", reason="needs pip install crackseg[app]")
    api = pytest.importorskip("playwright.sync_api", reason="needs crackseg[browser]")
    found = find_browser()
    if found is None:
        pytest.skip("needs a Chromium")
    network, root = DarkIsCrack(), tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch, api.sync_playwright() as playwright:
        patch.setattr("tempfile.tempdir", str(root))
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        connected: list[object] = []
        connect = socket.socket.connect
        patch.setattr(
            socket.socket,
            "connect",
            lambda one, to: (connected.append(to), connect(one, to))[1],
        )
        with served(cast(Predictor, network), LICENCE, AppLimits(1.0, 5, 60.0)) as address:
            opened = App(chromium, address, network, root)
            opened.connected = connected
            yield opened
        chromium.close()
    assert list(root.iterdir()) == []


@pytest.fixture(autouse=True)
def _pages_are_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "app" in request.fixturenames:
        app = request.getfixturevalue("app")
        for context in app.chromium.contexts:
            context.close()
        assert wait_until(lambda: app.files() == [])


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[..., str]:
    return lambda name="wall.png", width=6.0: str(draw_photograph(tmp_path / name, width))
