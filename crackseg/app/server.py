"""Runs the app until it is told to end, and leaves nothing behind."""

import ipaddress
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.app.desk import Desk
from crackseg.app.limits import AppLimits
from crackseg.app.sessions import sessions
from crackseg.errors import ConfigError, MissingLibraryError
from crackseg.inference.predictor import Predictor

if TYPE_CHECKING:
    from gradio import Blocks

# What Gradio and its libraries would otherwise ask of other machines, or keep in the browser.
_SILENCE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def require_gradio() -> None:
    """Refuses to go on without Gradio.

    Raises:
        MissingLibraryError: It is not installed.
    """
    if find_spec("gradio") is None:
        raise MissingLibraryError(
            "the app needs gradio, which is not installed; pip install 'crackseg[app]'"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def served(
    predictor: Predictor,
    licence: str,
    limits: AppLimits,
    host: str = "127.0.0.1",
    port: int | None = None,
) -> Iterator[str]:
    """Serves the app in other threads.

    Args:
        predictor: Predictor of the network.
        licence: Line about the network and its licence, for the page.
        limits: What a user may ask for.
        host: Address that the app listens at.
        port: Port; None takes the first free one from 7860.

    Yields:
        The address of the page.

    Raises:
        MissingLibraryError: Gradio is not installed.
        ConfigError: The address cannot be taken.
    """
    require_gradio()
    with sessions() as open_sessions, _environment(open_sessions.uploads):
        # Imported here because it takes seconds, and reads the lines above.
        from crackseg.app.page import build_page

        desk = Desk(predictor, limits, open_sessions)
        page = build_page(desk, licence)
        try:
            address = _launched(page, host, port, limits, open_sessions.shown)
            with desk.at_work():
                yield address
        finally:
            page.close(verbose=False)


def _launched(page: "Blocks", host: str, port: int | None, limits: AppLimits, shown: Path) -> str:
    """Serves a page, and gives its address."""
    # Imported here, as they import Gradio.
    from crackseg.app.page import style
    from crackseg.app.protection import middleware
    from crackseg.app.theme import theme

    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            inline=False,
            show_error=True,
            ssr_mode=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            max_file_size=limits.upload_bytes,
            allowed_paths=[str(shown)],
            app_kwargs={"middleware": middleware(), "docs_url": None, "redoc_url": None},
            theme=theme(),
            css=style(),
        )
    except OSError as error:
        raise ConfigError(f"--host {host} --port {port}: {error}") from error
    return str(address)


@contextmanager
def _environment(uploads: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= _SILENCE | {"GRADIO_TEMP_DIR": str(uploads)}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def wait() -> None:
    """Waits for a signal, which raises an exception here."""
    threading.Event().wait()
