"""Reads the pickle of a checkpoint without Python's unpickler, which calls what a file names.

A pickle is a program for a small stack machine. This one knows the 31 operations that torch
writes for plain values and tensors, of 68 in all. It calls nothing: of a tensor it notes where its
numbers stand, and everything else that has a name is refused. So a file can neither run code nor
take much more memory than its own size.
"""

import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from crackseg.parameters.form import FormError

# A network of 1,900 weights, with its optimizer's state, takes 120,000.
MOST_OPERATIONS = 500_000
_WHOLE = range(-(2**63), 2**63)

_ORDERED, _REBUILD = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
_DTYPES = {
    "torch FloatStorage": torch.float32,
    "torch DoubleStorage": torch.float64,
    "torch HalfStorage": torch.float16,
    "torch BFloat16Storage": torch.bfloat16,
    "torch LongStorage": torch.int64,
    "torch IntStorage": torch.int32,
    "torch ShortStorage": torch.int16,
    "torch CharStorage": torch.int8,
    "torch ByteStorage": torch.uint8,
    "torch BoolStorage": torch.bool,
}


class Storage(NamedTuple):
    """Numbers of one or several tensors, as a part of the file.

    Attributes:
        dtype: Kind of the numbers.
        key: Name of the part.
        numel: Number of them.
    """

    dtype: torch.dtype
    key: str
    numel: int


class StoredTensor(NamedTuple):
    """A tensor as its pickle describes it, unchecked; its numbers are not read yet.

    Attributes:
        storage: Numbers of the tensor.
        offset: Place of the first one.
        shape: Shape of the tensor.
        stride: Steps between neighbours along each dimension, in numbers.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class Name(NamedTuple):
    """A function or class that the pickle names; nothing is ever looked up by it."""

    name: str


def read_pickle(content: bytes) -> Any:
    """Reads plain values and descriptions of tensors.

    Returns:
        Dictionaries, lists, tuples, texts, numbers and :class:`StoredTensor`.

    Raises:
        FormError: The pickle holds anything else, or is too long.
        Exception: It is damaged; this may be any error.
    """
    machine = _Machine()
    for count, (operation, argument, _) in enumerate(pickletools.genops(content)):
        if count == MOST_OPERATIONS:
            raise FormError([f"it holds more than {MOST_OPERATIONS:,} values"])
        machine.do(operation.name, argument)
    (value,) = machine.stack
    return value


class _Machine:
    """The stack machine of a pickle, as far as plain values and tensors need it."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def do(self, operation: str, argument: Any) -> None:
        if operation in _MAKE:
            self.stack.append(_MAKE[operation](argument))
        elif operation in _ACT:
            _ACT[operation](self, argument)
        else:
            raise more_than_values()

    def mark(self, argument: Any) -> None:
        self._marks.append(len(self.stack))

    def remember(self, place: int) -> None:
        self._memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        self.stack.append(self._memo[place])

    def join(self, argument: Any) -> None:
        self.stack.append(tuple(self._since_mark()))

    def append(self, argument: Any) -> None:
        self._extend([self.stack.pop()])

    def extend(self, argument: Any) -> None:
        self._extend(self._since_mark())

    def set_item(self, argument: Any) -> None:
        self._set(self._last(2))

    def set_items(self, argument: Any) -> None:
        self._set(self._since_mark())

    def reduce(self, argument: Any) -> None:
        """Makes an empty dictionary or describes a tensor, instead of a call."""
        called, arguments = self._last(2)
        if called == Name(_ORDERED) and arguments == ():
            self.stack.append({})
        elif called == Name(_REBUILD):
            storage, offset, shape, stride = arguments[:4]
            self.stack.append(StoredTensor(storage, offset, shape, stride))
        else:
            raise more_than_values()

    def build(self, argument: Any) -> None:
        """Leaves out the version numbers of layers that torch keeps beside the weights."""
        target, _ = self._last(2)
        if not isinstance(target, dict):
            raise more_than_values()
        self.stack.append(target)

    def refer(self, argument: Any) -> None:
        """Describes the numbers of a tensor."""
        kind, named, key, _, count = self.stack.pop()
        if kind != "storage" or not isinstance(named, Name) or not isinstance(key, str):
            raise more_than_values()
        self.stack.append(Storage(_DTYPES[named.name], key, count))

    def _last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError(count)
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def _since_mark(self) -> list[Any]:
        place = self._marks.pop()
        taken = self.stack[place:]
        del self.stack[place:]
        return taken

    def _extend(self, values: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise more_than_values()
        self.stack[-1].extend(values)

    def _set(self, values: list[Any]) -> None:
        target = self.stack[-1]
        keys = values[::2]
        # Keys of other kinds can be made such that a dictionary takes minutes, or the stack's end.
        if not isinstance(target, dict) or not all(type(key) in (str, int) for key in keys):
            raise more_than_values()
        target.update(zip(keys, values[1::2], strict=True))


def more_than_values() -> FormError:
    """The error of a file that holds functions, classes or objects."""
    return FormError(["it holds more than weights and plain values and could run code when loaded"])


def _name(argument: str) -> Name:
    if argument not in (_ORDERED, _REBUILD, *_DTYPES):
        raise more_than_values()
    return Name(argument)


def _whole(argument: int) -> int:
    if argument not in _WHOLE:
        raise FormError(["it holds a whole number of more than 64 bits"])
    return argument


def _same(argument: Any) -> Any:
    return argument


# Operations that put a new value on the stack.
_MAKE: dict[str, Callable[[Any], Any]] = {
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_LIST": lambda _: [],
    "EMPTY_DICT": lambda _: {},
    "BINUNICODE": _same,
    "BINFLOAT": _same,
    "BININT": _same,
    "BININT1": _same,
    "BININT2": _same,
    "LONG1": _whole,
    "GLOBAL": _name,
}
_ACT: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda machine, _: None,
    "STOP": lambda machine, _: None,
    "MARK": _Machine.mark,
    "BINPUT": _Machine.remember,
    "LONG_BINPUT": _Machine.remember,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "TUPLE": _Machine.join,
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine._last(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine._last(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine._last(3))),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.refer,
}
