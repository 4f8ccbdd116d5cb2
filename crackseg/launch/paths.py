"""Reads paths on the command line as typed, if there is such a file or folder."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from crackseg.config.overrides import hydra_text, key_of
from crackseg.errors import ConfigError

# Settings that name a file or a folder, or several.
PATH_KEYS = (
    "checkpoint",
    "resume",
    "init_from",
    "distill",
    "sweep.resume",
    "root",
    "data.root",
    "data.exclude",
    "data.origins",
    "data.manifest",
    "data.cache",
    "hydra.run.dir",
    "hydra.sweep.dir",
)
# Hydra makes these itself, and would make them in the working folder if they had no name.
_NEEDED = ("hydra.run.dir", "hydra.sweep.dir")


def quote_paths(arguments: Sequence[str]) -> list[str]:
    """Puts quotes around paths that Hydra would misread, such as those of a sweep's jobs.

    A path is read as typed if it exists (also one by one in lists), or if Hydra could not read it
    at all; ``~`` stands for the home folder.

    Args:
        arguments: Arguments of the command line.

    Raises:
        ConfigError: A folder to write to has no name.
    """
    return [_quoted(argument) for argument in arguments]


def there(text: str) -> Path | None:
    """The file or folder of this name, as typed or below the home folder; None without any."""
    for path in _readings(text):
        try:
            if path.exists():
                return path
        except (OSError, ValueError):
            # A name that no file can have, for its length or for a zero byte.
            continue
    return None


def _readings(text: str) -> Iterator[Path]:
    yield Path(text)
    if text.startswith("~"):
        try:
            yield Path(text).expanduser()
        except RuntimeError:
            # There is no such user, and so no home.
            return


def _quoted(argument: str) -> str:
    key, sign, text = argument.partition("=")
    if not sign or key_of(argument) not in PATH_KEYS:
        return argument
    if key_of(argument) in _NEEDED and text.strip("'\" ") == "":
        raise ConfigError(f"{argument}: empty; name a folder, such as {key}=outputs/mine")
    path = there(text) if text else None
    if path is not None:
        return f"{key}={hydra_text(str(path))}"
    if key_of(argument) in _NEEDED:
        return f"{key}={_quoted_new(text)}"
    return f"{key}={_quoted_list(text) or _quoted_text(text)}"


def _quoted_list(text: str) -> str | None:
    """Quotes ``[a,b]`` or ``a,b`` of existing paths; None if it is no such list, or ambiguous."""
    listed = text.startswith("[") and text.endswith("]")
    pieces = (text[1:-1] if listed else text).split(",")
    if len(pieces) == 1 and not listed:
        return None
    readings = list(_joined(tuple(pieces)))
    if len(readings) != 1:
        return None
    joined = ",".join(hydra_text(str(path)) for path in readings[0])
    return f"[{joined}]" if listed else joined


def _joined(pieces: tuple[str, ...]) -> Iterator[tuple[Path, ...]]:
    """All ways to join pieces between commas to existing paths, which may contain commas."""

    @cache
    def from_place(start: int) -> tuple[tuple[Path, ...], ...]:
        if start == len(pieces):
            return ((),)
        found = []
        for end in range(start + 1, len(pieces) + 1):
            text = ",".join(pieces[start:end])
            path = there(text) or there(text.strip()) if text.strip() else None
            if path is not None:
                found += [(path, *rest) for rest in from_place(end)]
            if len(found) > 1:
                break
        return tuple(found)

    yield from from_place(0)


def _quoted_new(text: str) -> str:
    """Quotes a folder that does not exist yet; it is one folder, not a list."""
    if text[0] in "'\"" or "${" in text:
        return text
    return hydra_text(str(list(_readings(text))[-1]))


def _quoted_text(text: str) -> str:
    """Quotes a path that does not exist so that Hydra can read it; a later check refuses it."""
    if not text or text[0] in "'\"[{" or "${" in text:
        return text
    try:
        value = OverridesParser.create().parse_override(f"key={text}").value()
    except (HydraException, OmegaConfBaseException):
        return hydra_text(text)
    # 2024_01 is a number to Hydra, and would be named without its underscore.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return hydra_text(text) if is_number else text
