"""Fetches files over HTTP, also from busy servers and over connections that drop."""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter
from rich.filesize import decimal
from urllib3 import Retry
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError

from crackseg import __version__
from crackseg.data.download.retry import cause_of, retry_policy
from crackseg.errors import DownloadError
from crackseg.system.progress import byte_progress

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_CONNECT_SECONDS, _SILENCE_SECONDS = 10, 60
# The received part of a chunk is lost if the connection drops.
_CHUNK = 1 << 15
_REFUSED = "it does not give it to everyone, or turns away programs or your network"
_WHY = {
    401: _REFUSED,
    403: _REFUSED,
    404: "it was moved or withdrawn, or its address in crackseg is out of date",
}


class HttpClient:
    """A client of a data set's servers.

    Args:
        alternative: What else a user can do, for messages.
        retry: Policy for faults that may pass, before an answer and within it alike.
    """

    def __init__(self, alternative: str, retry: Retry | None = None) -> None:
        self._alternative = alternative
        self._retry = retry or retry_policy()
        self._session = requests.Session()
        self._session.max_redirects = 10
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=self._retry))
        # Harvard's firewall turns away programs under the HTTP library's own name:
        # https://github.com/IQSS/dataverse.harvard.edu/issues/479
        self._session.headers["User-Agent"] = f"crackseg/{__version__}"
        # A compressed answer cannot be resumed, and its size is not the file's.
        self._session.headers["Accept-Encoding"] = "identity"

    def json(self, url: str) -> object:
        """Fetches a JSON document.

        Raises:
            DownloadError: There is no such document, or the server cannot be reached.
        """
        return self._until_whole(url, lambda: self._json(url), lambda: 0)

    def file(self, url: str, target: Path, size: int, md5: str) -> None:
        """Fetches a file, unless it exists already.

        Received bytes are in a file with ``.part`` added to its name, until it is complete and has
        the right MD5; another call resumes it. A file with a wrong MD5 is fetched once more from
        the start.

        Args:
            url: Address, asked anew after each drop, as what it redirects to may expire.
            target: Path in an existing folder.
            size: Size in bytes.
            md5: MD5 in hexadecimal.

        Raises:
            DownloadError: The file cannot be fetched, or has a wrong MD5 again.
            OSError: The file cannot be written.
        """
        if target.is_file() and md5_of(target) == md5:
            return
        part = target.with_name(f"{target.name}.part")
        for _ in range(2):
            part.touch()
            self._until_whole(
                url, lambda: self._append(url, part, size), lambda: part.stat().st_size
            )
            actual = md5_of(part)
            if actual == md5:
                part.replace(target)
                return
            log.warning("%s: arrived damaged (MD5)", target.name)
            part.unlink()
        raise DownloadError(
            f"{target.name}: has MD5 {actual} in place of {md5}, also when fetched once more from "
            f"its beginning, and was not kept; try again later, {self._alternative}"
        )

    def _until_whole(
        self, url: str, attempt: Callable[[], Result], received: Callable[[], int]
    ) -> Result:
        """Repeats a failed attempt; the policy counts from 0 again when more bytes have come."""
        retry, furthest = self._retry, received()
        while True:
            try:
                return attempt()
            except HTTPError as fault:
                if received() > furthest:
                    retry, furthest = self._retry, received()
                try:
                    retry = retry.increment("GET", url, error=fault)
                except MaxRetryError:
                    raise self._failed(url, cause_of(fault), received()) from fault
                retry.sleep()

    def _append(self, url: str, part: Path, size: int) -> None:
        """Fetches the missing bytes of a part."""
        done = part.stat().st_size
        if done >= size:
            return
        with self._get(url, done) as response, part.open("r+b") as file:
            begin = _first_byte(response, size)
            if begin is None and not done:
                raise self._other(url, response, decimal(size))
            # Some servers ignore the range that was asked for, and send all of it.
            file.truncate(done if begin == done else 0)
            if begin not in (0, done):
                raise ProtocolError("the server cannot resume, so it begins anew")
            file.seek(begin)
            with byte_progress(part.stem, size, begin) as advance:
                for chunk in response.raw.stream(_CHUNK):
                    file.write(chunk)
                    advance(len(chunk))
                    if file.tell() > size:
                        break
        if part.stat().st_size < size:
            raise ProtocolError("the connection ended early")

    def _json(self, url: str) -> object:
        with self._get(url) as response:
            content = b"".join(response.raw.stream(_CHUNK))
            try:
                return json.loads(content)
            # Brackets that are nested too deep are a RecursionError.
            except (ValueError, RecursionError) as error:
                raise self._other(url, response, "JSON") from error

    def _get(self, url: str, done: int = 0) -> requests.Response:
        """Asks for the bytes after the first ``done`` bytes."""
        headers = {"Range": f"bytes={done}-"} if done else {}
        timeout = (_CONNECT_SECONDS, _SILENCE_SECONDS)
        try:
            response = self._session.get(url, headers=headers, stream=True, timeout=timeout)
        except requests.TooManyRedirects as error:
            raise self._failed(url, "redirects in a loop", done) from error
        except requests.RequestException as error:
            raise self._failed(url, cause_of(error), done) from error
        # A range that is out of range is no refusal.
        if response.ok or (done and response.status_code == 416):
            return response
        with response:
            raise self._failed(url, _refusal(response), done)

    def _failed(self, url: str, cause: str, received: int = 0) -> DownloadError:
        kept = f"; {decimal(received)} are kept, and it will go on from there" if received else ""
        return DownloadError(
            f"{url}: {cause}{kept}; type the same command again later, {self._alternative}"
        )

    def _other(self, url: str, response: requests.Response, asked: str) -> DownloadError:
        kind = response.headers.get("Content-Type", "something").partition(";")[0]
        cause = f"the server answers with {kind} in place of {asked}; it may turn away programs"
        return self._failed(url, cause)


def md5_of(path: Path) -> str:
    """MD5 of a file in hexadecimal.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        # It is there to find damage; systems that forbid MD5 for secrets allow that.
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _first_byte(response: requests.Response, size: int) -> int | None:
    """First byte of an answer within a file of that size; None for any other answer."""
    if response.status_code == 206:
        span = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        return int(span[1]) if span else None
    length = response.headers.get("Content-Length", str(size))
    return 0 if response.status_code == 200 and length == str(size) else None


def _refusal(response: requests.Response) -> str:
    """Status of an answer and, where the server explains it as Dataverse does, its own words."""
    status = f"the server answers {response.status_code} {response.reason}".rstrip()
    with suppress(requests.RequestException, ValueError, KeyError, TypeError, RecursionError):
        status += f" ({str(response.json()['message'])[:200]})"
    why = _WHY.get(response.status_code)
    return f"{status}: {why}" if why else status
