"""What is decided about the masks of a data set, form by form, and how it is said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from crackseg.data.annotations.masks.encoding import MaskEncoding
from crackseg.data.annotations.masks.stored import MaskSummary
from crackseg.errors import name_some

Files = Mapping[str, MaskSummary]


@dataclass(frozen=True)
class Decision:
    """What was decided for the masks of one data set.

    Attributes:
        encoding: How they are read, but for those in ``others``.
        line: What they mean, in one line.
        question: What must be answered before they can be read; empty where nothing must.
        remarks: What deserves a warning.
        others: Encodings of files that are read in another way, as the remarks say.
        is_chosen: Whether the settings decided.
    """

    encoding: MaskEncoding
    line: str
    question: str = ""
    remarks: tuple[str, ...] = ()
    others: Mapping[str, MaskEncoding] = field(default_factory=dict)
    is_chosen: bool = False


Key = TypeVar("Key")


@dataclass
class Parts:
    """What was decided so far, form by form."""

    encoding: MaskEncoding = field(default_factory=MaskEncoding)
    lines: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    others: dict[str, MaskEncoding] = field(default_factory=dict)
    question: str = ""
    is_chosen: bool = False

    def set(self, line: str, **changes: object) -> None:
        """Adds how one form is read, and the line that says so."""
        self.encoding = replace(self.encoding, **changes)  # type: ignore[arg-type]
        self.lines.append(line)


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
