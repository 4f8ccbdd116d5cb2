"""Files that are refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crackseg.errors import CheckpointError


def refusal_of(read: Callable[[Path], object], path: Path) -> str:
    """The message, which is one line and names the file."""
    with pytest.raises(CheckpointError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message
