import pickle
import signal

import pytest

from crackseg.interruption import Interrupted, graceful_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_told_at_the_end(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as left, graceful_signals() as came:  # noqa: PT012
        signal.raise_signal(number)
        assert came[0] == number
    assert left.value.code == 128 + number
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_second_ctrl_c_stops_at_once() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), graceful_signals():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        steps.append("went on")
        signal.raise_signal(signal.SIGINT)
        steps.append("never")
    assert steps == ["went on"]


def test_the_other_processes_of_a_run_leave_ctrl_c_to_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    with graceful_signals() as came:
        signal.raise_signal(signal.SIGINT)
    assert came == []
    with pytest.raises(Interrupted), graceful_signals():  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


def test_it_goes_from_process_to_process_unchanged() -> None:
    assert pickle.loads(pickle.dumps(Interrupted(15))).code == 143
