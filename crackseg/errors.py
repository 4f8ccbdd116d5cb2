"""Errors that a user can cause. A bug is none of these and keeps its traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class CrackSegError(Exception):
    """A user's mistake: one message that says what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        # A DataLoader worker's exception is rebuilt in the main process from its whole traceback
        # as text; only the sentence at the end of that text is meant for the user.
        marker = f"{type(self).__name__}: "
        if "Original Traceback" in message and marker in message:
            message = message.rpartition(marker)[2].strip()
        super().__init__(message)


class ConfigError(CrackSegError):
    """A setting that is unknown, of the wrong type, or that contradicts another one."""


class MissingLibraryError(ConfigError):
    """A setting, or a network in a file, needs a library that is not installed."""


class DatasetNotFoundError(CrackSegError):
    """No photograph with a mask exists where the data set was searched."""


class DatasetError(CrackSegError):
    """The files of a data set contradict each other."""


class DownloadError(CrackSegError):
    """Files that cannot be fetched, or that are not what they should be."""


class UnreadableImageError(CrackSegError):
    """A file that should hold an image cannot be decoded."""


class AnnotationError(UnreadableImageError):
    """An annotation cannot be drawn on its photograph.

    Attributes:
        reason: What is wrong, without names, so that equal reasons can be counted.
    """

    reason = ""

    @classmethod
    def of(cls, what: str, reason: str) -> "AnnotationError":
        """The error of a file, or of what stands in it."""
        error = cls(f"{what} {reason}")
        error.reason = reason
        return error


class ManifestError(CrackSegError):
    """A split manifest that is damaged, overlaps, or names missing files."""


class CheckpointError(CrackSegError):
    """A checkpoint that is missing, truncated, foreign, or would run code when loaded."""


class ImageSizeError(CrackSegError):
    """An image size that a network cannot take."""


class TrainingError(CrackSegError):
    """A training that cannot continue, such as one whose loss is no longer a number."""


class OutputError(CrackSegError):
    """A file that cannot be written: a full disk, no rights, a folder of that name."""


class WorkerKilledError(CrackSegError):
    """A worker process that was ended from outside."""


class ProcessLostError(CrackSegError):
    """Another process of a training of several has ended from outside."""


class RunsNotFoundError(CrackSegError):
    """No run, or no folder, exists where runs were searched."""


class StudyError(CrackSegError):
    """A search whose trials cannot be kept, or of which too many fail."""


class RunBusyError(CrackSegError):
    """Another process works in a run's folder."""


def name_some(names: Iterable[str], limit: int = 5) -> str:
    """Joins names for a message: the first ``limit`` of them and how many more there are."""
    listed = list(names)
    shown = ", ".join(listed[:limit])
    return f"{shown} and {len(listed) - limit} more" if len(listed) > limit else shown


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that looks most like another one; None where none does.

    >>> nearest("lrr", ["lr", "weight_decay"]), nearest("CSV", ["csv", "svg"])
    ('lr', 'csv')
    """
    text, names = str(name), list(known)
    same_letters = [one for one in names if one.casefold() == text.casefold()]
    return next(iter(same_letters or get_close_matches(text, names, n=1)), None)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """``did you mean lr?`` for ``lrr``; empty where no known name is near."""
    meant = nearest(name, known)
    return f"did you mean {meant}?" if meant else ""


def reason_of(error: BaseException) -> str:
    r"""First line of what an error of another library says; its kind where it says nothing.

    >>> reason_of(ValueError("no such file\nhint: ...")), reason_of(ValueError())
    ('no such file', 'ValueError')
    """
    return (str(error).splitlines() or [type(error).__name__])[0]
