"""Files arrive whole from servers that drop, ignore, lie and refuse."""

import hashlib
import socket
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from crackseg.data.download.transfer import RETRY, HttpClient
from crackseg.errors import DownloadError
from tests.helpers.dataverse_server import Answer, Dataverse

# Less than a chunk of 32 KiB is lost with a connection; what is dropped after is a multiple of it.
CONTENT = bytes(range(251)) * 4000
DROP = 10 << 15
MD5 = hashlib.md5(CONTENT).hexdigest()
SIZE = len(CONTENT)


class Fetching:
    """A server with one file, and what it takes to fetch it."""

    def __init__(self, server: Dataverse, folder: Path, slept: list[float]) -> None:
        self.server = server
        self.target = folder / "x.zip"
        self.part = folder / "x.zip.part"
        self.slept = slept
        self.client = HttpClient("or walk there", RETRY.new(total=3))
        self.url = f"{server.url}/api/access/datafile/100"

    def run(self, md5: str = MD5) -> bytes:
        self.client.file(self.url, self.target, SIZE, md5)
        assert not self.part.exists()
        return self.target.read_bytes()

    def refused(self, md5: str = MD5) -> str:
        with pytest.raises(DownloadError) as caught:
            self.client.file(self.url, self.target, SIZE, md5)
        assert not self.target.exists()
        return str(caught.value)


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetching]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with Dataverse({"x.zip": CONTENT}) as server:
        yield Fetching(server, tmp_path, slept)


def test_a_file_behind_a_redirect(fetching: Fetching) -> None:
    assert fetching.run() == CONTENT
    assert [path for path, _ in fetching.server.asked] == [
        "/api/access/datafile/100",
        "/storage/100",
    ]
    assert fetching.slept == []


def test_it_does_not_call_itself_by_a_name_that_is_turned_away(fetching: Fetching) -> None:
    fetching.run()
    [agent] = fetching.server.agents
    assert agent is not None
    assert agent.startswith("crackseg/")


def test_a_file_that_is_there_is_not_fetched(fetching: Fetching) -> None:
    fetching.run()
    fetching.server.asked.clear()
    assert fetching.run() == CONTENT
    assert fetching.server.asked == []


def test_a_file_that_was_damaged_since_is_fetched_anew(fetching: Fetching) -> None:
    fetching.target.write_bytes(CONTENT[:-1] + b"x")
    assert fetching.run() == CONTENT


def test_an_empty_file(fetching: Fetching) -> None:
    fetching.client.file(fetching.url, fetching.target, 0, hashlib.md5(b"").hexdigest())
    assert fetching.target.read_bytes() == b""


def test_a_dropped_connection_is_gone_on_with(fetching: Fetching) -> None:
    fetching.server.drop_after = DROP
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == [
        None,
        f"bytes={DROP}-",
        f"bytes={2 * DROP}-",
        f"bytes={3 * DROP}-",
    ]
    # Every try brought something, so the policy counts anew and does not pause.
    assert fetching.slept == []


def test_a_later_run_goes_on_where_one_ended(fetching: Fetching) -> None:
    fetching.part.write_bytes(CONTENT[:4000])
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == ["bytes=4000-"]


def test_an_answer_that_is_too_short_is_gone_on_with(fetching: Fetching) -> None:
    fetching.part.write_bytes(CONTENT[:4000])
    short = Answer(206, {"Content-Range": f"bytes 4000-5999/{SIZE}"}, CONTENT[4000:6000])
    fetching.server.instead["/storage"] = deque([short])
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == ["bytes=4000-", "bytes=6000-"]


def test_a_line_that_stays_down_is_given_up_and_the_part_kept(fetching: Fetching) -> None:
    fetching.part.write_bytes(CONTENT[:4000])
    fetching.server.drop_after = 0
    message = fetching.refused()
    assert message == (
        f"{fetching.url}: the connection ended early; 4.0 kB are kept, and it will go on from "
        "there; type the same command again later, or walk there"
    )
    assert fetching.part.read_bytes() == CONTENT[:4000]
    assert fetching.slept == [2, 4]


def test_ctrl_c_keeps_the_part(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = requests.Session.get

    def interrupt(session: requests.Session, url: str, **options: Any) -> requests.Response:
        if fetching.server.fetched:
            raise KeyboardInterrupt
        return ask(session, url, **options)

    fetching.server.drop_after, fetching.server.drops = DROP, 1
    with monkeypatch.context() as patch:
        patch.setattr(requests.Session, "get", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetching.run()
    assert fetching.part.read_bytes() == CONTENT[:DROP]
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == [None, f"bytes={DROP}-"]


def test_a_server_that_ignores_ranges_sends_all_of_it(fetching: Fetching) -> None:
    fetching.server.ranges = False
    fetching.part.write_bytes(b"?" * 4000)
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == ["bytes=4000-"]


def test_a_server_that_ignores_ranges_and_drops_is_given_up(fetching: Fetching) -> None:
    fetching.server.ranges = False
    fetching.server.drop_after = DROP
    assert "the connection ended early; 327.7 kB are kept" in fetching.refused()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(416),
        Answer(206, {"Content-Range": f"bytes 100-{SIZE - 1}/{SIZE}"}, CONTENT[100:]),
        Answer(206, {}, CONTENT[4000:]),
        # Dataverse before 5.11 sent the range under the status of the whole.
        Answer(200, {}, CONTENT[4000:]),
    ],
)
def test_a_range_that_cannot_be_had_begins_anew(fetching: Fetching, answer: Answer) -> None:
    fetching.part.write_bytes(CONTENT[:4000])
    fetching.server.instead["/storage"] = deque([answer])
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == ["bytes=4000-", None]


def test_a_wrong_md5_is_refused_and_not_kept(fetching: Fetching) -> None:
    assert fetching.refused("f" * 32) == (
        f"x.zip: arrived damaged (it has MD5 {MD5} in place of {'f' * 32}), and was not kept; type "
        "the same command again, or walk there"
    )
    assert not fetching.part.exists()


def test_a_part_of_another_file_is_noticed(fetching: Fetching) -> None:
    fetching.part.write_bytes(b"?" * 4000)
    assert "x.zip: arrived damaged" in fetching.refused()
    assert fetching.run() == CONTENT
    assert fetching.server.fetched == ["bytes=4000-", None]


def test_more_than_was_promised_is_not_taken(fetching: Fetching) -> None:
    fetching.part.write_bytes(CONTENT[:4000])
    span = {"Content-Range": f"bytes 4000-9999999/{SIZE}"}
    endless = Answer(206, span, CONTENT[4000:] + bytes(5_000_000))
    fetching.server.instead["/storage"] = deque([endless])
    assert "x.zip: arrived damaged" in fetching.refused()
    assert fetching.run() == CONTENT


def test_a_missing_file_is_final(fetching: Fetching) -> None:
    url = f"{fetching.server.url}/api/nowhere"
    with pytest.raises(DownloadError) as caught:
        fetching.client.file(url, fetching.target, SIZE, MD5)
    assert str(caught.value) == (
        f"{url}: the server answers 404 Not Found (no such address); type the same command again "
        "later, or walk there"
    )
    assert len(fetching.server.asked) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_is_final(fetching: Fetching, status: int) -> None:
    answer = Answer(status, {}, b'{"status": "ERROR", "message": "not you"}')
    fetching.server.instead["/api"] = deque([answer])
    message = fetching.refused()
    assert f": the server answers {status} " in message
    assert message.endswith(" (not you); type the same command again later, or walk there")
    assert len(fetching.server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(fetching: Fetching, status: int) -> None:
    fetching.server.instead["/api"] = deque([Answer(status), Answer(status)])
    assert fetching.run() == CONTENT
    assert fetching.slept == [2]


def test_retry_after_is_honoured(fetching: Fetching) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    asked = ("7", later)
    fetching.server.instead["/api"] = deque(Answer(503, {"Retry-After": it}) for it in asked)
    assert fetching.run() == CONTENT
    assert fetching.slept[0] == 7
    assert 80 < fetching.slept[1] <= 90


def test_a_server_that_stays_busy_is_given_up(fetching: Fetching) -> None:
    fetching.server.instead["/api"] = deque([Answer(503)] * 4)
    assert fetching.refused() == (
        f"{fetching.url}: the server answers 503 Service Unavailable; type the same command again "
        "later, or walk there"
    )


def test_a_loop_of_redirects_is_final(fetching: Fetching) -> None:
    fetching.server.loop = True
    assert fetching.refused() == (
        f"{fetching.url}: redirects in a loop; type the same command again later, or walk there"
    )
    assert len(fetching.server.asked) == 11


def test_a_page_in_place_of_the_file_is_final(fetching: Fetching) -> None:
    page = Answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Are you human?")
    fetching.server.instead["/api"] = deque([page])
    assert fetching.refused() == (
        f"{fetching.url}: the server answers with text/html in place of 1.0 MB; it may turn away "
        "programs; type the same command again later, or walk there"
    )
    assert fetching.slept == []


def test_no_server(fetching: Fetching) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        with pytest.raises(DownloadError) as caught:
            fetching.client.json(url)
    assert str(caught.value) == (
        f"{url}: Connection refused; type the same command again later, or walk there"
    )


def test_json(fetching: Fetching) -> None:
    fetching.server.instead["/list"] = deque([Answer(503), Answer(200, {}, b'{"a": [1]}')])
    assert fetching.client.json(f"{fetching.server.url}/list") == {"a": [1]}


def test_a_list_that_breaks_off_is_named(fetching: Fetching) -> None:
    broken = Answer(200, {"Content-Length": "100", "Connection": "close"}, b"{")
    fetching.server.instead["/list"] = deque([broken])
    with pytest.raises(DownloadError, match="/list: the connection ended early; type the same"):
        fetching.client.json(f"{fetching.server.url}/list")


def test_a_pause_that_cannot_be_read_is_named(fetching: Fetching) -> None:
    fetching.server.instead["/api"] = deque([Answer(503, {"Retry-After": "soon"})])
    assert "Retry-After header: soon" in fetching.refused()


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000])
def test_a_page_in_place_of_json_is_final(fetching: Fetching, body: bytes) -> None:
    fetching.server.instead["/list"] = deque([Answer(202, {"Content-Type": "text/html"}, body)])
    url = f"{fetching.server.url}/list"
    with pytest.raises(DownloadError) as caught:
        fetching.client.json(url)
    assert str(caught.value) == (
        f"{url}: the server answers with text/html in place of JSON; it may turn away programs; "
        "type the same command again later, or walk there"
    )
    assert len(fetching.server.asked) == 1
