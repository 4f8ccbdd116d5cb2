"""Keeps the page from asking other machines for anything, and the server from doing it for it."""

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's page needs inline scripts and styles; none of it may come from elsewhere.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    # What belongs to a session stays in no browser's cache.
    (b"cache-control", b"no-store"),
)


def middleware() -> list[Middleware]:
    """What stands between the network and Gradio."""
    return [Middleware(_NothingFromElsewhere)]


class _NothingFromElsewhere:
    """Forbids the page other hosts, and refuses paths that have Gradio fetch from them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "file=http" in scope["path"].lower():
            await PlainTextResponse("no other host", 403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in _HEADERS}
                theirs = [pair for pair in message.get("headers", ()) if pair[0] not in ours]
                message["headers"] = [*theirs, *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers)
