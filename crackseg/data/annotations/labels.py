"""Decides which labels of annotations mean a crack."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crackseg.errors import DatasetError, name_some

_CRACK = re.compile("crack", re.IGNORECASE)
# What denies stands before, with two words between at most ("no visible crack"), or behind.
_NO_CRACK = re.compile(
    r"(?<![a-z])(no|non|not|un|without|false|fake|pseudo|anti)([-_ ]+[a-z]+){0,2}[-_ ]*crack"
    r"|cracks?[-_ ]*(free|less|like|negatives?)(?![a-z])",
    re.IGNORECASE,
)
_SETTING = "data.crack_labels=[LABEL] (crackseg data: --crack-labels LABEL)"


@dataclass(frozen=True)
class LabelUse:
    """Labels of one annotation file or of several.

    Attributes:
        declared: Labels that a file names, with annotations or without.
        used: Labels that annotations have.
        headings: Labels that are above others, such as the name of a project.
    """

    declared: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    headings: frozenset[str] = frozenset()

    @property
    def labels(self) -> frozenset[str]:
        """All labels, without headings that no annotation has."""
        return (self.declared - self.headings) | self.used


def joined_use(uses: Iterable[LabelUse]) -> LabelUse:
    """Joins the labels of several files of a data set.

    Where one file has cracks and stains and the next only stains, the next one has no crack.
    """
    declared, used, headings = set[str](), set[str](), set[str]()
    for use in uses:
        declared |= use.declared
        used |= use.used
        headings |= use.headings
    return LabelUse(frozenset(declared), frozenset(used), frozenset(headings))


def means_crack(label: str) -> bool:
    """Whether a label means a crack, and not the absence of cracks.

    >>> [means_crack(label) for label in ("Crack", "fine_cracks", "non-crack", "spalling")]
    [True, True, False, False]
    """
    return bool(_CRACK.search(label)) and not _NO_CRACK.search(label)


def crack_labels(use: LabelUse, where: object, given: Collection[str] = ()) -> frozenset[str]:
    """Chooses the labels that mean a crack.

    Args:
        use: Labels of all annotation files.
        where: File or folder that is named in an error.
        given: Labels that the user says are cracks. If there are none, they are guessed: the labels
            that mean a crack, or the only label in use.

    Raises:
        DatasetError: There are several labels, and none of them means a crack.
    """
    if given:
        wanted = {label.casefold() for label in given}
        return frozenset(label for label in use.declared | use.used if label.casefold() in wanted)
    labels, speaking = use.labels, frozenset(filter(means_crack, use.labels))
    if speaking & use.used or (speaking and not use.used):
        return speaking
    left = use.used or labels
    if speaking:
        raise DatasetError(
            f"{where}: no annotation bears the label {name_some(sorted(speaking), 10)}, and all "
            f"bear others ({name_some(sorted(left), 10)}), so it is not known which means a crack; "
            f"say it with {_SETTING}"
        )
    if len(left) <= 1:
        # A label such as "no crack" means no crack even where it is the only one.
        return frozenset(label for label in left if not _NO_CRACK.search(label))
    raise DatasetError(
        f"{where}: none of its {len(left)} labels speaks of a crack "
        f"({name_some(sorted(left), 10)}), so it is not known which means one; say it with "
        f"{_SETTING}"
    )


def refuse_unknown_labels(given: Collection[str], known: Collection[str], where: object) -> None:
    """Refuses labels that the user says are cracks and that no annotation file has.

    Args:
        given: Labels as the user wrote them.
        known: Labels of all annotation files.
        where: Folder that is named in an error.

    Raises:
        DatasetError: There are such labels.
    """
    there = {label.casefold() for label in known}
    unknown = [label for label in given if label.casefold() not in there]
    if unknown and not known:
        raise DatasetError(f"data.crack_labels: no annotation file below {where} has any label")
    if unknown:
        raise DatasetError(
            f"data.crack_labels: no annotation file below {where} has the label "
            f"{name_some(unknown)}; the labels are {name_some(sorted(known), 10)}"
        )
