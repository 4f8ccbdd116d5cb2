"""What may pass is waited for, and not for ever."""

import logging

import pytest

from crackseg.data.download.retry import PassingError, Patience
from crackseg.errors import DownloadError


class Flaky:
    """Fails as often as it is told to; each try brings the given number of bytes."""

    def __init__(self, failures: int, bring: int = 0, pause: float | None = None) -> None:
        self.failures, self.bring, self.pause = failures, bring, pause
        self.done = self.tries = 0
        self.slept: list[float] = []

    def attempt(self) -> str:
        self.tries += 1
        self.done += self.bring
        if self.tries <= self.failures:
            raise PassingError("the line is down", self.pause)
        return "through"

    def run(self, tries: int = 4) -> str:
        patience = Patience(tries=tries, pause=1, longest=100, sleep=self.slept.append)
        return patience.insist("x.zip", self.attempt, "or walk there", lambda: self.done)


def test_each_pause_is_twice_as_long() -> None:
    flaky = Flaky(failures=3)
    assert flaky.run() == "through"
    assert flaky.slept == [1, 2, 4]


def test_it_is_given_up_in_one_message() -> None:
    flaky = Flaky(failures=4)
    with pytest.raises(DownloadError) as caught:
        flaky.run()
    assert str(caught.value) == (
        "x.zip: the line is down (4 tries); type the same command again later, or walk there"
    )
    assert flaky.tries == 4


def test_there_is_no_end_to_tries_that_bring_something() -> None:
    flaky = Flaky(failures=50, bring=1)
    assert flaky.run() == "through"
    assert set(flaky.slept) == {1}


def test_the_message_says_what_is_kept() -> None:
    flaky = Flaky(failures=9)
    flaky.done = 2_500_000
    with pytest.raises(DownloadError, match=r"\(4 tries\); 2.5 MB are kept, and it will go on "):
        flaky.run()


def test_a_pause_that_is_asked_for_is_kept_to() -> None:
    flaky = Flaky(failures=2, pause=30)
    assert flaky.run() == "through"
    assert flaky.slept == [30, 30]


def test_a_pause_that_is_too_long_is_not_waited_for() -> None:
    flaky = Flaky(failures=2, pause=3600)
    with pytest.raises(DownloadError, match=r"^x.zip: the line is down \(asks to wait 3600 s\); "):
        flaky.run()
    assert flaky.slept == []


def test_each_try_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    Flaky(failures=2).run()
    assert caplog.messages == [
        "x.zip: the line is down; trying again in 1 s",
        "x.zip: the line is down; trying again in 2 s",
    ]
