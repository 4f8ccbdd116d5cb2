"""What may pass is waited for, and not for ever."""

import logging
import time

import pytest
from urllib3 import HTTPResponse, Retry
from urllib3.exceptions import MaxRetryError, ProtocolError

from crackseg.data.download.transfer import RETRY


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of every pause, none of which is waited for."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def fail(retry: Retry, times: int, header: str | None = None) -> Retry:
    """Lets tries fail: by an answer with the given ``Retry-After``, else by the connection."""
    headers = {"Retry-After": header} if header else None
    for _ in range(times):
        response = HTTPResponse(status=503, headers=headers) if header else None
        error = None if header else ProtocolError("the connection is down")
        retry = retry.increment("GET", "/x.zip", response=response, error=error)
        retry.sleep(response)
    return retry


def test_each_pause_is_twice_as_long(slept: list[float]) -> None:
    fail(RETRY.new(), 4)
    assert slept == [2, 4, 8]


def test_retries_are_given_up(slept: list[float]) -> None:
    retry = fail(RETRY.new(total=3), 3)
    with pytest.raises(MaxRetryError):
        fail(retry, 1)


@pytest.mark.parametrize(("header", "pause"), [("30", 30), ("86400", 600)])
def test_the_pause_that_a_server_asks_for_is_kept_to_a_limit(
    slept: list[float], header: str, pause: float
) -> None:
    fail(RETRY.new(), 2, header)
    assert slept[-1] == pause


def test_each_try_is_said(
    slept: list[float], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    fail(fail(RETRY.new(), 2), 1, "7")
    assert caplog.messages == [
        "/x.zip: the connection is down; trying again in 0 s",
        "/x.zip: the connection is down; trying again in 2 s",
        "/x.zip: the server answers 503; trying again in 7 s",
    ]
