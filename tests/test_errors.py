"""One clean sentence reaches the user, also out of a loader's worker process."""

import pickle
import traceback

import pytest

from crackseg import errors
from crackseg.errors import ConfigError, CrackSegError, UnreadableImageError, name_some

CHILDREN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CrackSegError)
]


def as_a_worker_tells_it(error: CrackSegError) -> str:
    """The text that torch rebuilds a worker's exception from."""
    try:
        try:
            raise OSError("image file is truncated")
        except OSError as cause:
            raise error from cause
    except CrackSegError as raised:
        story = "".join(traceback.format_exception(raised))
    kind = type(error).__name__
    return f"Caught {kind} in DataLoader worker process 0.\nOriginal {story}"


@pytest.mark.parametrize("kind", CHILDREN, ids=lambda kind: kind.__name__)
def test_every_error_keeps_its_message_and_is_caught_as_crackseg_error(
    kind: type[CrackSegError],
) -> None:
    with pytest.raises(CrackSegError) as caught:
        raise kind("data.root=x: nothing there")
    assert str(caught.value) == "data.root=x: nothing there"


def test_there_are_kinds_of_errors_to_tell_apart() -> None:
    assert len(CHILDREN) > 5
    assert CrackSegError in CHILDREN


@pytest.mark.parametrize("kind", CHILDREN, ids=lambda kind: kind.__name__)
def test_only_the_sentence_is_left_of_a_worker_s_traceback(kind: type[CrackSegError]) -> None:
    told = as_a_worker_tells_it(kind("/data/a b.png: cannot be decoded (file is truncated)"))
    assert told.count("Traceback") == 2
    assert str(kind(told)) == "/data/a b.png: cannot be decoded (file is truncated)"


def test_a_message_of_several_lines_stays_whole_out_of_a_worker() -> None:
    assert str(ConfigError(as_a_worker_tells_it(ConfigError("first\nsecond")))) == "first\nsecond"


def test_a_message_that_speaks_of_its_own_kind_is_not_shortened() -> None:
    message = "UnreadableImageError: is what this file gave before"
    assert str(UnreadableImageError(message)) == message


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(UnreadableImageError("/data/x.png: there is no such file")))
    assert type(error) is UnreadableImageError
    assert str(error) == "/data/x.png: there is no such file"


def test_a_few_names_are_all_told() -> None:
    assert name_some([]) == ""
    assert name_some(["a"]) == "a"
    assert name_some(iter("abcde")) == "a, b, c, d, e"


def test_of_many_names_the_first_and_the_number_of_the_others_are_told() -> None:
    assert name_some(iter("abcdefg")) == "a, b, c, d, e and 2 more"
    assert name_some(["a", "b", "c"], limit=2) == "a, b and 1 more"
