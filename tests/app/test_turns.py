"""Turns at the network."""

import threading

from crackseg.app.turns import Turns


def test_the_first_one_has_its_turn_at_once_and_others_know_how_many_are_ahead() -> None:
    turns = Turns()
    with turns.ticket() as first, turns.ticket() as second, turns.ticket() as third:
        assert [one.ahead for one in (first, second, third)] == [0, 1, 2]
        assert first.wait(0)
        assert not second.wait(0.01)


def test_who_asks_again_stands_behind_those_who_wait() -> None:
    turns, order = Turns(), []
    both_wait = threading.Barrier(3)

    def work(name: str) -> None:
        both_wait.wait()
        for _ in range(3):
            with turns.ticket() as ticket:
                assert ticket.wait(10)
                order.append(name)
                # Long enough for the other to ask.
                threading.Event().wait(0.05)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    both_wait.wait()
    for thread in threads:
        thread.join(20)
    assert "".join(order) in ("ababab", "bababa")


def test_who_gives_up_lets_the_next_one_in() -> None:
    turns = Turns()
    with turns.ticket() as first:
        with turns.ticket():
            last = turns.ticket()
            waiting = last.__enter__()
            assert waiting.ahead == 2
        assert waiting.ahead == 1
        assert first.wait(0)
        last.__exit__(None, None, None)
