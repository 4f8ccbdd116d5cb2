"""Fetches over HTTP from servers that are busy and over lines that drop."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import IncompleteRead
from pathlib import Path

import requests
from rich.filesize import decimal

from crackseg import __version__
from crackseg.data.download.retry import PassingError, Patience
from crackseg.errors import DownloadError
from crackseg.system.progress import byte_progress

log = logging.getLogger(__name__)

_CONNECT_SECONDS, _SILENCE_SECONDS = 10, 60
_REDIRECTS = 10
# What servers say that are overburdened for the moment.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_WHY = {
    401: "it does not give it to everyone, or turns away programs or your network",
    403: "it does not give it to everyone, or turns away programs or your network",
    404: "it was moved or withdrawn, or its address in crackseg is out of date",
}
_CUT = "the connection ended early"
# What has come of a chunk is lost where the connection drops.
_CHUNK = 1 << 15


class Line:
    """A connection to the servers of a data set.

    Args:
        patience: with faults that may pass.
        otherwise: what else a user can do, for messages.
    """

    def __init__(self, patience: Patience, otherwise: str) -> None:
        self._patience = patience
        self._otherwise = otherwise
        self._session = requests.Session()
        self._session.max_redirects = _REDIRECTS
        self._session.headers.update(
            {
                # Harvard's firewall turns away programs under the HTTP library's own name:
                # https://github.com/IQSS/dataverse.harvard.edu/issues/479
                "User-Agent": f"crackseg/{__version__}",
                # A compressed answer cannot be gone on with, and its size is not the file's.
                "Accept-Encoding": "identity",
            }
        )

    def json(self, url: str) -> object:
        """Fetches a JSON document.

        Raises:
            DownloadError: there is none, or the server cannot be reached.
        """
        return self._patience.insist(url, lambda: self._json(url), self._otherwise)

    def file(self, url: str, target: Path, size: int, md5: str) -> None:
        """Fetches a file, unless it stands there already.

        What came stands under the name with ``.part`` added, until all of it came and its MD5 was
        found right; another call goes on where an earlier one ended. A file that is not right is
        fetched once more from its beginning.

        Args:
            url: is asked anew after each drop, as what it redirects to may expire.
            target: in an existing folder.
            size: in bytes.
            md5: in hexadecimal.

        Raises:
            DownloadError: it cannot be fetched, or is wrong twice.
            OSError: it cannot be written.
        """
        if target.is_file() and md5_of(target) == md5:
            return
        part = target.with_name(f"{target.name}.part")
        found = self._fetch(url, part, target.name, size)
        if found != md5:
            log.warning("%s: arrived damaged (MD5); it is fetched once more", target.name)
            part.unlink()
            found = self._fetch(url, part, target.name, size)
        if found != md5:
            part.unlink()
            raise DownloadError(
                f"{target.name}: has MD5 {found} in place of {md5}, also when fetched once more "
                f"from its beginning, and was not kept; try again later, {self._otherwise}"
            )
        part.replace(target)

    def _fetch(self, url: str, part: Path, name: str, size: int) -> str:
        """Fetches what a part lacks.

        Returns:
            The MD5 of the whole.
        """
        part.touch()
        self._patience.insist(
            f"{name} ({url})",
            lambda: self._go_on(url, part, name, size),
            self._otherwise,
            lambda: part.stat().st_size,
        )
        return md5_of(part)

    def _go_on(self, url: str, part: Path, name: str, size: int) -> None:
        done = part.stat().st_size
        if done >= size:
            return
        with self._get(url, done) as response, part.open("r+b") as file:
            begun = _first_byte(response, size)
            if begun is None and not done:
                raise DownloadError(
                    f"{name}: the server answers with {_kind(response)} in place of "
                    f"{decimal(size)}; {self._turned_away} ({url})"
                )
            # Some servers take no heed of what was asked for, and send all of it.
            file.truncate(done if begun == done else 0)
            if begun not in (0, done):
                raise PassingError("the server cannot go on where it ended, so it begins anew")
            file.seek(begun)
            with byte_progress(name, size, begun) as advance:
                for chunk in _chunks(response):
                    file.write(chunk)
                    advance(len(chunk))
                    if file.tell() > size:
                        break
        if part.stat().st_size < size:
            raise PassingError(_CUT)

    def _json(self, url: str) -> object:
        with self._get(url) as response:
            content = b"".join(_chunks(response))
            try:
                return json.loads(content)
            except ValueError as error:
                raise DownloadError(
                    f"{url}: the server answers with {_kind(response)} in place of JSON; "
                    f"{self._turned_away}"
                ) from error

    @property
    def _turned_away(self) -> str:
        return "it may turn away programs, or be under repair: try again later, " + self._otherwise

    def _get(self, url: str, done: int = 0) -> requests.Response:
        """Asks for what comes after the first ``done`` bytes."""
        try:
            response = self._session.get(
                url,
                headers={"Range": f"bytes={done}-"} if done else {},
                stream=True,
                timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
            )
        except requests.TooManyRedirects as error:
            raise DownloadError(
                f"{url}: leads in a circle (more than {_REDIRECTS} redirects); try again later, "
                f"{self._otherwise}"
            ) from error
        except requests.RequestException as error:
            raise PassingError(_cause(error)) from error
        status = response.status_code
        # A range that is out of range is no refusal.
        if status < 400 or (done and status == 416):
            return response
        with response:
            said = _status(response)
            if status in _PASSING:
                raise PassingError(said, _asked_pause(response))
        why = _WHY.get(status, "it does not give it in this way")
        raise DownloadError(f"{url}: {said}: {why}; try again later, {self._otherwise}")


def md5_of(path: Path) -> str:
    """MD5 of a file in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        # It is there to find damage; systems that forbid MD5 for secrets allow that.
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _chunks(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_content(_CHUNK)
    except requests.RequestException as error:
        raise PassingError(_cause(error)) from error


def _first_byte(response: requests.Response, size: int) -> int | None:
    """Which byte of a file of that size an answer begins with; None where it is another answer."""
    if response.status_code == 206:
        span = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        return int(span[1]) if span else None
    length = response.headers.get("Content-Length", str(size))
    return 0 if response.status_code == 200 and length == str(size) else None


def _kind(response: requests.Response) -> str:
    what = response.headers.get("Content-Type", "something").partition(";")[0]
    length = response.headers.get("Content-Length", "")
    return f"{what} of {decimal(int(length))}" if length.isdigit() else what


def _status(response: requests.Response) -> str:
    """The status and, where the server explains it as Dataverse does, its own words."""
    said = f"the server answers {response.status_code} {response.reason}".rstrip()
    try:
        message = response.json()["message"]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return said
    return f"{said} ({str(message)[:200]})"


def _asked_pause(response: requests.Response) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as a number or as a date."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _cause(error: BaseException) -> str:
    """What is behind the HTTP library's own account of it."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    while error.__context__ is not None:
        error = error.__context__
    if isinstance(error, IncompleteRead):
        return _CUT
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
