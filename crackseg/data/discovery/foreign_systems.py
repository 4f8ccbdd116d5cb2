"""Says which names of photographs other operating systems do not take."""

import re
from collections.abc import Iterable
from pathlib import Path

from crackseg.data.discovery.layouts import composed
from crackseg.errors import name_some

# Windows keeps these names for devices, with any suffix, and cuts blanks and dots at the end.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?|.*[. ]", re.IGNORECASE)


def said_names(photographs: Iterable[Path]) -> list[str]:
    """Notes on names that differ in case alone, and on those that Windows reserves.

    Args:
        photographs: Photographs, relative to their root.
    """
    together: dict[str, list[str]] = {}
    for path in photographs:
        together.setdefault(composed(path.as_posix()).casefold(), []).append(path.as_posix())
    alike = [name for names in together.values() if len(names) > 1 for name in sorted(names)]
    reserved = [
        names[0]
        for names in together.values()
        if any(_RESERVED.fullmatch(part) for part in Path(names[0]).parts)
    ]
    notes = []
    if alike:
        notes.append(
            f"{len(alike)} names of photographs differ in upper and lower case alone, and are one "
            f"file on Windows and macOS; rename them before they are copied there: "
            f"{name_some(alike)}"
        )
    if reserved:
        notes.append(
            f"{len(reserved)} photographs have names that Windows does not take; rename them "
            f"before they are copied there: {name_some(sorted(reserved))}"
        )
    return notes
