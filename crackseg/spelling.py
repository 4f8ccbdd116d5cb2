"""The valid name that a misspelt one was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that looks most like another one; None where none does.

    >>> nearest("lrr", ["lr", "weight_decay"])
    'lr'
    """
    return next(iter(get_close_matches(str(name), list(known), n=1)), None)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """``did you mean lr?`` for ``lrr``; empty where no known name is near."""
    meant = nearest(name, known)
    return f"did you mean {meant}?" if meant else ""
