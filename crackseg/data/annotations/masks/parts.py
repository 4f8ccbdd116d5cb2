"""What is decided about the masks of a data set, form by form, and how it is said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from crackseg.data.annotations.masks.encoding import MaskEncoding
from crackseg.data.annotations.masks.summaries import MaskSummary
from crackseg.errors import name_some

Files = Mapping[str, MaskSummary]
_PLAIN = MaskEncoding()


@dataclass(frozen=True)
class Decision:
    """What was decided for the masks of one data set.

    Attributes:
        encodings: How each of them is read, by name.
        line: What they mean, in one line.
        question: What must be answered before they can be read; empty where nothing must.
        remarks: What deserves a warning.
        is_chosen: Whether the settings decided, and name something that occurs.
    """

    encodings: Mapping[str, MaskEncoding]
    line: str
    question: str = ""
    remarks: tuple[str, ...] = ()
    is_chosen: bool = False


Key = TypeVar("Key")


@dataclass
class Parts:
    """What was decided so far, form by form."""

    encodings: dict[str, MaskEncoding] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    question: str = ""
    is_chosen: bool = False

    def set(self, line: str, files: Iterable[str], encoding: MaskEncoding = _PLAIN) -> None:
        """Adds how files are read of which nothing else is decided yet, and a line that says so."""
        self.encodings = dict.fromkeys(files, encoding) | self.encodings
        self.lines.append(line)

    def choose(self, files: Files, occurs: bool) -> None:
        """Adds that the settings decide how files are read, if they name anything that occurs."""
        if occurs:
            self.is_chosen = True
        else:
            self.remarks.append(
                "data.crack_values and data.crack_colours name nothing that occurs in "
                f"{len(files)} masks, which are read as without any crack: {name_some(files)}"
            )


def total_of(counts: Iterable[Mapping[Key, int]]) -> Counter[Key]:
    """Adds up counts."""
    total: Counter[Key] = Counter()
    for one in counts:
        total.update(one)
    return total


def listed_with_and(names: Iterable[str]) -> str:
    """Names as a sentence lists them."""
    listed = list(names)
    if len(listed) == 2:
        return " and ".join(listed)
    return name_some(listed, 8) or "nothing"


def count_as_crack(count: int) -> str:
    """The verb behind so many names."""
    return "is crack" if count <= 1 else "both count as crack" if count == 2 else "count as crack"


def how_to_choose(found: Iterable[object], parts: Parts, what: str) -> str:
    """How the settings choose among several; empty where there is nothing to choose."""
    if len(list(found)) < 2 or parts.is_chosen:
        return ""
    example = '["#RRGGBB"]' if what == "colours" else "[NUMBER]"
    return f" (data.crack_{what}={example} chooses)"
