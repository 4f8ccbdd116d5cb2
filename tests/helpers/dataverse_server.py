"""A server on localhost that answers as Dataverse does, with the faults that a test asks for.

A file's address redirects to a storage, as Harvard's does, whose addresses hold for one request.
"""

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from crackseg.data.download.dataverse import Source

PERSISTENT_ID = "doi:10.5072/FK2/CRACKS"


@dataclass
class Answer:
    """A status in place of the answer that was due."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Dataverse:
    """Serves files by name; entered, it runs in a thread of its own.

    Attributes:
        files: content by path.
        entries: what the metadata says of a file beyond, or in place of, the truth; by path.
        metadata: in place of the whole metadata.
        ranges: whether the storage honours a range that is asked for.
        drop_after: bytes after which the storage closes each connection, for the next ``drops``.
        instead: answers in place of the next ones, by the first part of the path asked for.
        loop: whether a file's address redirects to itself.
        asked: path and range of every request.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.entries: dict[str, dict[str, Any]] = {}
        self.metadata: bytes | None = None
        self.ranges = True
        self.drop_after: int | None = None
        self.drops = 10**9
        self.instead: dict[str, deque[Answer]] = {}
        self.loop = False
        self.asked: list[tuple[str, str | None]] = []
        self.agents: set[str | None] = set()
        self.signatures: set[str] = set()
        handler = type("Handler", (_Handler,), {"dataverse": self})
        self._http = _Server(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def source(self) -> Source:
        return Source(self.url, PERSISTENT_ID, "4.0")

    @property
    def fetched(self) -> list[str | None]:
        """The range of every request to the storage."""
        return [span for path, span in self.asked if path.startswith("/storage/")]

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def listing(self) -> bytes:
        """The metadata as ``versions/4.0`` gives it."""
        if self.metadata is not None:
            return self.metadata
        entries = [self._entry(number, path) for number, path in enumerate(self.files)]
        version = {"id": 7, "versionNumber": 4, "versionMinorNumber": 0, "files": entries}
        return json.dumps({"status": "OK", "data": version}).encode()

    def _entry(self, number: int, path: str) -> dict[str, Any]:
        folder, _, name = path.rpartition("/")
        content = self.files[path]
        md5 = hashlib.md5(content).hexdigest()
        data = {
            "id": 100 + number,
            "filename": name,
            "filesize": len(content),
            "contentType": "application/zip",
            "md5": md5,
        } | self.entries.get(path, {})
        entry = {"label": name, "restricted": False, "version": 1, "dataFile": data}
        return entry | ({"directoryLabel": folder} if folder else {})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing of those who hang up."""


class _Handler(BaseHTTPRequestHandler):
    dataverse: Dataverse
    # What cuts a connection short must not be taken for the end of the content.
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        self.dataverse.asked.append((address.path, self.headers["Range"]))
        self.dataverse.agents.add(self.headers["User-Agent"])
        for prefix, answers in self.dataverse.instead.items():
            if answers and address.path.startswith(prefix):
                answer = answers.popleft()
                self._send(answer.status, answer.body, answer.headers)
                return
        parts = address.path.strip("/").split("/")
        if parts[:-1] == ["api", "datasets", ":persistentId", "versions"]:
            self._metadata(parts[-1], query)
        elif parts[:-1] == ["api", "access", "datafile"]:
            self._redirect(parts[-1])
        elif parts[:-1] == ["storage"]:
            self._storage(parts[-1], query)
        else:
            self._error(404, "no such address")

    def _metadata(self, version: str, query: Mapping[str, list[str]]) -> None:
        if version != "4.0" or query["persistentId"] != [PERSISTENT_ID]:
            self._error(404, f"Dataset version {version} of dataset 3 not found")
        elif query.get("excludeFiles") != ["false"]:
            self._send(200, b'{"status": "OK", "data": {"id": 7}}', _JSON)
        else:
            self._send(200, self.dataverse.listing(), _JSON)

    def _redirect(self, number: str) -> None:
        signature = f"{number}-{len(self.dataverse.asked)}"
        self.dataverse.signatures.add(signature)
        to = self.path if self.dataverse.loop else f"/storage/{number}?signature={signature}"
        self._send(303, b"", {"Location": to})

    def _storage(self, number: str, query: Mapping[str, list[str]]) -> None:
        try:
            self.dataverse.signatures.remove(query["signature"][0])
        except KeyError:
            self._send(403, b"<Error>expired</Error>", {"Content-Type": "application/xml"})
            return
        content = list(self.dataverse.files.values())[int(number) - 100]
        span = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if not span or not self.dataverse.ranges:
            self._send(200, content)
            return
        first = int(span[1])
        if first >= len(content):
            self._send(416, b"")
            return
        shown = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self._send(206, content[first:], {"Content-Range": shown})

    def _error(self, status: int, message: str) -> None:
        self._send(status, json.dumps({"status": "ERROR", "message": message}).encode(), _JSON)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = self.dataverse.drop_after
        if self.path.startswith("/storage/") and limit is not None and self.dataverse.drops:
            self.dataverse.drops -= 1
            body = body[:limit]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


_JSON = {"Content-Type": "application/json"}
