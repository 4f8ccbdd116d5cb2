"""Places of results: a different one for each photograph, on every file system."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence

# Most file systems take 255 bytes; the longest ending of a result needs 16 of them.
_MOST_BYTES = 200


def targets(photographs: Sequence[str]) -> list[str]:
    """Different places for results: ``a/x`` for ``a/x.jpg``, or ``a/x_jpg`` beside ``a/x.png``.

    Texts are taken for paths here: of 100,000 photographs, paths alone would take seconds.

    Args:
        photographs: Paths of photographs.

    >>> targets(["a/x.jpg", "b/x.jpg", "b/x.png"])
    ['a/x', 'b/x_jpg', 'b/x_png']
    """
    parts = [os.path.split(path) for path in photographs]
    stems = [os.path.join(folder, _stem(name)) for folder, name in parts]  # noqa: PTH118
    by_stem = Counter(stem.casefold() for stem in stems)
    found: list[str] = []
    taken: set[str] = set()
    for (folder, name), target in zip(parts, stems, strict=True):
        if by_stem[target.casefold()] > 1:
            target = os.path.join(folder, _shortened(name.replace(".", "_")))  # noqa: PTH118
        # Some file systems do not tell large letters from small ones.
        while target.casefold() in taken:
            target = f"{target}_"
        taken.add(target.casefold())
        found.append(target)
    return found


def _stem(name: str) -> str:
    """A file's name without its suffix, and never one that leads to another folder."""
    dot = name.rfind(".")
    stem = name[:dot] if 0 < dot < len(name) - 1 else name
    # ``..png`` would be written beside the folder.
    return _shortened(stem if stem.strip(".") else name.replace(".", "_"))


def _shortened(name: str) -> str:
    data = name.encode(errors="surrogateescape")
    if len(data) <= _MOST_BYTES:
        return name
    return f"{data[:_MOST_BYTES].decode(errors='ignore')}-{hashlib.sha256(data).hexdigest()[:8]}"
