"""Fetches files over HTTP, also from busy servers and over connections that drop."""

import hashlib
import logging
from contextlib import suppress
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from rich.filesize import decimal
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import HTTPError, IncompleteRead, MaxRetryError, ProtocolError

from crackseg import __version__
from crackseg.errors import DownloadError
from crackseg.system.progress import byte_progress

log = logging.getLogger(__name__)

_CONNECT_SECONDS, _SILENCE_SECONDS = 10, 60
# The received part of a chunk is lost if the connection drops.
_CHUNK = 1 << 15


class LoggedRetry(Retry):
    """urllib3's policy, with a line in the log before each new try."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Waits before the next try, as long as the server asks or else the policy says."""
        failed = self.history[-1]
        cause = f"the server answers {failed.status}" if failed.status else _cause(failed.error)
        pause = (response and self.get_retry_after(response)) or self.get_backoff_time()
        log.warning("%s: %s; trying again in %.0f s", failed.url, cause, pause)
        super().sleep(response)


RETRY = LoggedRetry(
    total=7,
    backoff_factor=1,
    # Answers of servers that are overloaded for the moment.
    status_forcelist=(408, 429, 500, 502, 503, 504),
    retry_after_max=600,
    # The last answer may hold the server's own explanation.
    raise_on_status=False,
)
"""Policy for faults that may pass."""


class HttpClient:
    """A client of a data set's servers.

    Args:
        alternative: What else a user can do, for messages.
        retry: Policy for faults that may pass, before an answer and within it alike.
    """

    def __init__(self, alternative: str, retry: Retry = RETRY) -> None:
        self._alternative = alternative
        self._retry = retry
        self._session = requests.Session()
        self._session.max_redirects = 10
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
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
        with self._get(url) as response:
            try:
                document: object = response.json()
            # Brackets that are nested too deep are a RecursionError.
            except (requests.JSONDecodeError, RecursionError) as error:
                raise self._other(url, response, "JSON") from error
            except requests.RequestException as error:
                raise self._failed(url, _cause(error)) from error
            return document

    def file(self, url: str, target: Path, size: int, md5: str) -> None:
        """Fetches a file, unless it exists already.

        Received bytes are in a file with ``.part`` added to its name, until it is complete and has
        the right MD5; another call resumes it.

        Args:
            url: Address, asked anew after each drop, as what it redirects to may expire.
            target: Path in an existing folder.
            size: Size in bytes.
            md5: MD5 in hexadecimal.

        Raises:
            DownloadError: The file cannot be fetched, or has a wrong MD5.
            OSError: The file cannot be written.
        """
        if target.is_file() and md5_of(target) == md5:
            return
        part = target.with_name(f"{target.name}.part")
        part.touch()
        self._complete(url, part, size)
        actual = md5_of(part)
        if actual != md5:
            part.unlink()
            raise DownloadError(
                f"{target.name}: arrived damaged (it has MD5 {actual} in place of {md5}), and was "
                f"not kept; type the same command again, {self._alternative}"
            )
        part.replace(target)

    def _complete(self, url: str, part: Path, size: int) -> None:
        """Fetches what is missing; the policy counts from 0 again when more bytes have come."""
        retry = self._retry
        while (done := part.stat().st_size) < size:
            fault: HTTPError = ProtocolError("the connection ended early")
            try:
                self._append(url, part, done, size)
            except HTTPError as error:
                fault = error
            received = part.stat().st_size
            if received > done:
                retry = self._retry
                continue
            try:
                retry = retry.increment("GET", url, error=fault)
            except MaxRetryError:
                raise self._failed(url, _cause(fault), received) from fault
            retry.sleep()

    def _append(self, url: str, part: Path, done: int, size: int) -> None:
        """Adds the bytes of one answer to a part; empties it first if the server cannot resume."""
        with self._get(url, done) as response, part.open("ab") as file:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
                file.truncate(0)
                file.seek(0)
                length = response.headers.get("Content-Length", str(size))
                if response.status_code != 200 or length != str(size):
                    if not done:
                        raise self._other(url, response, decimal(size))
                    return
            with byte_progress(part.stem, size, file.tell()) as advance:
                for chunk in response.raw.stream(_CHUNK):
                    file.write(chunk)
                    advance(len(chunk))
                    if file.tell() > size:
                        break

    def _get(self, url: str, done: int = 0) -> requests.Response:
        """Asks for the bytes after the first ``done`` bytes."""
        headers = {"Range": f"bytes={done}-"} if done else {}
        timeout = (_CONNECT_SECONDS, _SILENCE_SECONDS)
        try:
            response = self._session.get(url, headers=headers, stream=True, timeout=timeout)
        except requests.RequestException as error:
            loops = isinstance(error, requests.TooManyRedirects)
            cause = "redirects in a loop" if loops else _cause(error)
            raise self._failed(url, cause, done) from error
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


def _refusal(response: requests.Response) -> str:
    """Status of an answer and, where the server explains it as Dataverse does, its own words."""
    status = f"the server answers {response.status_code} {response.reason}".rstrip()
    with suppress(requests.RequestException, ValueError, KeyError, TypeError, RecursionError):
        status += f" ({str(response.json()['message'])[:200]})"
    return status


def _cause(error: BaseException | None) -> str:
    """The cause behind an error of the HTTP libraries."""
    while error is not None and error.__context__ is not None:
        error = error.__context__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, IncompleteRead):
        return "the connection ended early"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
