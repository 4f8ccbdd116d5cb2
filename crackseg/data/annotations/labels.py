"""Which of an annotation's labels mean a crack."""

import re
from collections.abc import Collection

from crackseg.errors import DatasetError, name_some

_CRACK = re.compile("crack", re.IGNORECASE)
_NO_CRACK = re.compile(
    r"(?<![a-z])(no|non|not|un|without)[-_ ]*crack|crack[-_ ]*(free|less)", re.IGNORECASE
)


def means_crack(label: str) -> bool:
    """Whether a label speaks of a crack and not of there being none.

    >>> [means_crack(label) for label in ("Crack", "fine_cracks", "non-crack", "spalling")]
    [True, True, False, False]
    """
    return bool(_CRACK.search(label)) and not _NO_CRACK.search(label)


def crack_labels(labels: Collection[str], where: object) -> frozenset[str]:
    """Chooses the labels that speak of cracks, or the only label that there is.

    Args:
        labels: each once, or none at all.
        where: the file or folder to be named in an error.

    Raises:
        DatasetError: several labels, and none of them speaks of a crack.
    """
    chosen = frozenset(filter(means_crack, labels))
    if chosen or len(labels) <= 1:
        # A label that says there is no crack says so alone, too.
        return chosen or frozenset(one for one in labels if not _NO_CRACK.search(one))
    raise DatasetError(
        f"{where}: none of its {len(labels)} labels speaks of a crack "
        f"({name_some(sorted(labels), 10)}), so it is not known which means one; rename that label "
        "so that the word crack is in it"
    )
