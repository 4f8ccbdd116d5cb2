"""Declared form of what a file holds: values are checked one by one, and all faults are named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crackseg.errors import name_some
from crackseg.metrics.histogram import THRESHOLDS
from crackseg.system.limits import Limits

_MOST_SHOWN = 60
_MOST_OF_A_FAULT = 150
_KINDS = {
    "list": "a list",
    "tuple": "a list",
    "dict": "a table",
    "Tensor": "a tensor",
    "StoredTensor": "a tensor",
}
# Weights and counts of trainings that are far larger than any today.
WHOLE = Limits(0, 2**53, whole=True)


class FormError(Exception):
    """A file's content is of another form than it should be.

    Args:
        faults: Line for every fault.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(name_some([one_line(fault) for fault in faults], 3))


class Fields:
    """The values of a dictionary from a file, each taken out by its name and its form.

    A value of another form is noted as a fault, and None stands in its place until
    :meth:`refuse` is called.

    Args:
        values: Dictionary; None where there is none, which has been said.
        place: Place of the dictionary in the file, such as ``data``; empty for the outermost.
        faults: Faults so far, to which those found here are added.

    Attributes:
        faults: Line for every fault.
    """

    def __init__(
        self, values: Mapping[Any, Any] | None, place: str = "", faults: list[str] | None = None
    ) -> None:
        self.faults: list[str] = [] if faults is None else faults
        self._place = f"{place}." if place else ""
        self._values = values

    def refuse(self) -> None:
        """Ends the reading.

        Raises:
            FormError: There are faults.
        """
        if self.faults:
            raise FormError(self.faults)

    def take(self, key: str, right: Callable[[Any], bool], wanted: str) -> Any:
        """The value of a key, if it is right."""
        if self._values is None:
            return None
        if key not in self._values:
            self.faults.append(f"it lacks {self._place}{key}")
            return None
        value = self._values[key]
        if right(value):
            return value
        self.faults.append(f"{self._place}{key}={shown(value)}: {wanted}")
        return None

    def __contains__(self, key: str) -> bool:
        return self._values is not None and key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values or ())

    def fault(self, key: str, wanted: str) -> None:
        """Notes what else is wrong with the value of a key."""
        self.faults.append(f"{self._place}{key}: {wanted}")

    def part(self, key: str) -> "Fields":
        """The fields of a dictionary inside this one."""
        return Fields(self.mapping(key), f"{self._place}{key}", self.faults)

    def mapping(self, key: str) -> Any:
        """A dictionary of plain values with texts as keys."""
        return self.table(key, _is_plain, "plain values")

    def number(self, key: str, limits: Limits) -> Any:
        """A number within limits."""
        return self.take(key, limits.hold, str(limits))

    def numbers(self, key: str, limits: Limits) -> Any:
        """Some numbers within limits as a tuple, which is empty where they are wrong."""

        def right(value: object) -> bool:
            return isinstance(value, list) and bool(value) and all(map(limits.hold, value))

        return tuple(self.take(key, right, f"a list of numbers, each {limits}") or ())

    def text(self, key: str) -> Any:
        """A text."""
        return self.take(key, lambda value: isinstance(value, str), "a text")

    def choice(self, key: str, known: Sequence[str]) -> Any:
        """One of several texts."""
        return self.take(
            key, lambda value: isinstance(value, str) and value in known, ", ".join(known)
        )

    def threshold(self, key: str) -> Any:
        """A threshold of masks, one of the grid that validation chooses from."""
        return self.take(key, _is_threshold, "one of 0.01, 0.02, ... 0.99")

    def pair(self, key: str, limits: Limits, optional: bool = False) -> Any:
        """Two numbers within limits as a tuple, or None where it is optional."""

        def right(value: object) -> bool:
            if isinstance(value, list | tuple):
                return len(value) == 2 and all(map(limits.hold, value))
            return optional and value is None

        pair = self.take(key, right, f"two {'whole ' * limits.whole}numbers, each {limits}")
        return None if pair is None else tuple(pair)

    def table(self, key: str, right: Callable[[Any], bool], wanted: str) -> Any:
        """A dictionary with texts as keys, whose values are all right."""

        def all_right(value: object) -> bool:
            return (
                isinstance(value, dict)
                and all(isinstance(name, str) for name in value)
                and all(map(right, value.values()))
            )

        return self.take(key, all_right, f"a table of {wanted} by name")


def shown(value: object) -> str:
    """A value as a message shows it: a short one as it is, of others their kind.

    >>> shown("0.5"), shown(0.5), shown([0.5])
    ("'0.5'", '0.5', 'a list')
    """
    if isinstance(value, str):
        return repr(value[:_MOST_SHOWN])
    if isinstance(value, int | float | None):
        return str(value)
    return _KINDS.get(type(value).__name__, "something else")


def _is_threshold(value: object) -> bool:
    return type(value) is float and value in THRESHOLDS[1:]


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(one) for key, one in value.items())
    # A stored tensor is a tuple of another kind.
    if isinstance(value, list) or type(value) is tuple:
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | None)


def one_line(text: str) -> str:
    """Text for a terminal: what would move its cursor or change its colours is left out."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    short = plain if len(plain) <= _MOST_OF_A_FAULT else f"{plain[:_MOST_OF_A_FAULT]}..."
    return " ".join(short.split())
