"""Writes and reads settings as a user types them, for a shell and for Hydra."""

import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def relative_to_cwd(path: Path) -> Path:
    """Makes a path relative to the working folder if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def hydra_override(key: str, path: Path | str) -> str:
    """A path as Hydra reads it, which takes bare commas, signs and foreign letters otherwise."""
    return f"{key}={hydra_text(str(path))}"


def hydra_text(text: str) -> str:
    """A text that Hydra reads as this text, between quotes where it must be.

    >>> print(hydra_text("walls/lr=0.1"), hydra_text("walls/2024"))
    "walls/lr=0.1" walls/2024
    """
    # Without a slash it may be a number; words of Hydra's own are no names.
    words = r"(?!(null|true|false|nan|inf)$)[A-Za-z_][A-Za-z0-9_.-]*"
    if re.fullmatch(rf"{words}|[A-Za-z0-9_.-]*/[A-Za-z0-9_./-]*", text, re.IGNORECASE):
        return text
    # Backslashes stand for themselves but before a quote, where they are doubled.
    text = re.sub(r'(\\*)"', r'\1\1\\"', text)
    text = re.sub(r"(\\+)$", r"\1\1", text)
    text = text.replace("${", "\\${")
    return f'"{text}"'


def hydra_value(value: Any) -> str:
    r"""A value as it is typed on the command line: a path or a name, a number, a list, a table.

    >>> print(hydra_value([128, None, True, "my walls"]), hydra_value({1: 0.5, "my walls": 0.2}))
    [128,null,true,"my walls"] {1:0.5,my\ walls:0.2}
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        # Hydra takes no quotes around a name in a table.
        names = (re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", str(key)) for key in value)
        pairs = map(":".join, zip(names, map(hydra_value, value.values()), strict=True))
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(hydra_value, value))}]"
    return hydra_text(str(value))


def key_of(override: str) -> str:
    """The key of a setting as typed, without Hydra's signs for adding or removing it.

    >>> key_of("+data.root=walls")
    'data.root'
    """
    return override.partition("=")[0].lstrip("+~")


def shell_override(key: str, path: Path) -> str:
    """Writes a setting so that it can be typed in a shell."""
    return shlex.quote(hydra_override(key, relative_to_cwd(path)))


def without_password(text: str) -> str:
    """A database as it may be written down.

    >>> without_password("search.storage=postgresql+pg8000://ann:secret@host/name")
    'search.storage=postgresql+pg8000://ann:***@host/name'
    """
    return re.sub(r"(://[^:/@\s]+):[^@\s]+@", r"\1:***@", text)


def program(name: str) -> str:
    """A program of this environment as it can be typed here, whether activated or not."""
    return shlex.quote(str(relative_to_cwd(Path(sys.executable).with_name(name))))


def how_to_go_on(script: str, key: str, folder: Path) -> str:
    """How work that has ended goes on, as it can be typed here.

    Args:
        script: Program, such as ``train.py -m``.
        key: Setting that names the folder, such as ``sweep.resume``.
        folder: Folder of what goes on.
    """
    return f"go on with: {program('python')} {script} {shell_override(key, folder)}"


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key, as on a command line.

    Args:
        settings: Settings, nested as in ``config.yaml``.
        prefix: Beginning of all keys.

    >>> flatten({"model": {"name": "unet"}, "loss": {"terms": {}}, "seed": 0})
    {'model.name': 'unet', 'loss.terms': {}, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def ignored_tables(overrides: Iterable[str]) -> list[str]:
    """A line for each ``KEY={}``, which Hydra joins with what is there, so that nothing changes.

    >>> ignored_tables(["seed=1"])
    []
    """
    return [
        f"{override}: an empty table takes nothing away and would be ignored; leave it out, or "
        "choose another group"
        for override in overrides
        if re.fullmatch(r"[^=]*=\s*\{\s*\}\s*", override)
    ]
