"""Reads settings that may be written in several ways, which Hydra's types cannot express."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

from crackseg.config.checks import one_of
from crackseg.errors import ConfigError
from crackseg.system.limits import SCALE_LIMITS, SHARE_LIMITS, SIDE_LIMITS, Limits

LOOK_LIMITS = Limits(0.1, 1, below=True)
BLOCK_LIMITS = Limits(1, 1_000_000_000, whole=True)

AugmentationName = Literal["flips", "standard", "strong"]


def image_size(value: Any, key: str = "data.image_size") -> tuple[int, int]:
    """Reads ``data.image_size``: a side, or height and width, in pixels.

    Args:
        value: Setting as given.
        key: Name of the setting, for another one of the same form.

    Returns:
        Size (H, W) in pixels.

    Raises:
        ConfigError: The value is anything else.
    """
    sides = [value, value] if isinstance(value, int) else value
    right = isinstance(sides, list | tuple) and len(sides) == 2
    if not right or not all(type(side) is int and side > 0 for side in sides):
        raise ConfigError(
            f"{key}={value}: it is one side or [height, width], in whole pixels greater than 0, "
            "such as 128 or [96,160]"
        )
    if not all(SIDE_LIMITS.hold(side) for side in sides):
        raise ConfigError(f"{key}={value}: a side has at most {SIDE_LIMITS.high} pixels")
    height, width = sides
    return height, width


def augment(value: Any) -> AugmentationName | None:
    """Reads ``data.augment``: the name of an augmentation, true for the standard one, or false.

    Returns:
        Name of the augmentation; None leaves photographs as they are.

    Raises:
        ConfigError: The value is anything else.
    """
    if isinstance(value, bool):
        return "standard" if value else None
    names = get_args(AugmentationName)
    _, message = one_of("data.augment", value, ("true", "false", *names))
    if value not in names:
        raise ConfigError(message)
    return cast(AugmentationName, value)


def crop_size(value: Any) -> tuple[int, int] | None:
    """Reads ``data.crop_size``: as ``data.image_size``, or null.

    Raises:
        ConfigError: The value is anything else.
    """
    return None if value is None else image_size(value, "data.crop_size")


def scales(value: Any) -> tuple[float, float] | None:
    """Reads ``data.scales``: the smallest and the largest factor, or null.

    Raises:
        ConfigError: The value is anything else.
    """
    if value is None:
        return None
    right = isinstance(value, list | tuple) and len(value) == 2
    if not right or not all(SCALE_LIMITS.hold(factor) for factor in value):
        raise ConfigError(
            f"data.scales={value}: the smallest and the largest factor, each {SCALE_LIMITS}, such "
            "as [0.4,1.2]"
        )
    low, high = map(float, value)
    if not low <= 1 <= high:
        raise ConfigError(
            f"data.scales={value}: from at most 1 to at least 1, since validation judges "
            "photographs at their own size"
        )
    return low, high


def looks(value: Any) -> float | None:
    """Reads ``data.looks``: the smallest scale at which crops are seen beside their own size.

    Raises:
        ConfigError: The value is anything else than null and a part of 1.
    """
    if value is None:
        return None
    if not LOOK_LIMITS.hold(value):
        raise ConfigError(
            f"data.looks={value}: the smallest scale of a crop that is seen at several at once, "
            f"{LOOK_LIMITS}, such as 0.4; or null"
        )
    return float(value)


def shares(value: Any) -> dict[str, float]:
    """Reads ``data.shares``: share of an epoch by source, or null.

    Raises:
        ConfigError: The value is anything else, or the shares add up to more than 1.
    """
    named = {} if value is None else value
    if not isinstance(named, dict) or not all(map(SHARE_LIMITS.hold, named.values())):
        raise ConfigError(
            f"data.shares={value}: the share of an epoch by source, each {SHARE_LIMITS}, such as "
            "{masonry:0.3}"
        )
    if sum(named.values()) > 1 + 1e-6:
        raise ConfigError(
            f"data.shares={value}: they add up to {sum(named.values()):g}, and 1 is all of an epoch"
        )
    return {str(source): float(share) for source, share in named.items()}


def blocks(value: Any) -> dict[str, tuple[int, int]]:
    """Reads ``data.blocks``: size and guard by source, or null.

    Raises:
        ConfigError: The value is anything else.
    """
    named = {} if value is None else value
    if not isinstance(named, dict) or not all(_is_block(block) for block in named.values()):
        raise ConfigError(
            f"data.blocks={value}: how many numbers are in a run and in its guard band, by source, "
            "such as {CRACK500:[64,16]}"
        )
    return {str(source): (int(size), int(guard)) for source, (size, guard) in named.items()}


def roots(value: Any) -> list[Path]:
    """Reads ``data.root``: a folder, a list of folders, or folders by their source.

    Raises:
        ConfigError: The value is anything else.
    """
    folders = list(value.values()) if isinstance(value, dict) else value
    folders = folders if isinstance(folders, list | tuple) else [folders]
    # A folder may be called 2024, which Hydra reads as a number.
    if not folders or not all(isinstance(one, str | int) and str(one) for one in folders):
        raise ConfigError(
            f"data.root={value}: a folder, or several as [FOLDER,FOLDER], or with their sources as "
            "{SOURCE:FOLDER,SOURCE:FOLDER}"
        )
    return [path(str(folder)) for folder in folders]


def root_sources(value: Any) -> list[str]:
    """Reads from ``data.root`` the source of each folder; empty where none is given.

    Raises:
        ConfigError: The name of a source is empty.
    """
    if not isinstance(value, dict):
        return [""] * len(roots(value))
    if not all(str(source).strip() for source in value):
        raise ConfigError(f"data.root={value}: the name of a source is empty")
    return [str(source) for source in value]


def crack_labels(value: Sequence[str]) -> tuple[str, ...]:
    """Reads ``data.crack_labels``.

    Raises:
        ConfigError: A label is empty.
    """
    if not all(label.strip() for label in value):
        raise ConfigError(f"data.crack_labels={list(value)}: one label is empty")
    return tuple(value)


def names(value: Sequence[str] | None) -> tuple[str, ...] | None:
    """Reads a list of names, or null."""
    return None if value is None else tuple(value)


def whole_numbers(value: Sequence[int] | None) -> tuple[int, ...] | None:
    """Reads a list of whole numbers, or null."""
    return None if value is None else tuple(value)


def path(value: str) -> Path:
    """Reads a path; ``~`` is the home folder where nothing has that name as typed."""
    typed = Path(value)
    if not value.startswith("~") or typed.exists():
        return typed
    try:
        return typed.expanduser()
    except RuntimeError:
        # There is no such user, and so no home: it is a name like others.
        return typed


def file(value: str | None) -> Path | None:
    """Reads a path as :func:`path`, or null."""
    return None if value is None else path(value)


def _is_block(value: Any) -> bool:
    right = isinstance(value, list | tuple) and len(value) == 2
    # Without a guard, the photograph that a cut goes through would be on both sides unnoticed.
    return right and all(BLOCK_LIMITS.hold(number) for number in value)


def crack_values(value: Sequence[int] | None) -> frozenset[int] | None:
    """Reads ``data.crack_values``: values of masks that are crack, or null.

    Raises:
        ConfigError: Anything but whole numbers from 0 on, or an empty list.
    """
    if value is None:
        return None
    if not value or not all(type(one) is int and 0 <= one < 2**16 for one in value):
        raise ConfigError(
            f"data.crack_values={list(value)}: the values of masks that are crack, such as [1]"
        )
    return frozenset(value)


def crack_colours(value: Sequence[str] | None) -> frozenset[tuple[int, int, int]] | None:
    """Reads ``data.crack_colours``: colours of masks that are crack, or null.

    >>> crack_colours(["#fa3253"])
    frozenset({(250, 50, 83)})

    Raises:
        ConfigError: Anything but colours as ``#rrggbb``, or an empty list.
    """
    if value is None:
        return None
    digits = [re.fullmatch(r"#?([0-9a-fA-F]{6})", str(one)) for one in value]
    if not value or not all(digits):
        raise ConfigError(
            f"data.crack_colours={list(value)}: the colours of masks that are crack, such as "
            "'data.crack_colours=[\"#fa3253\"]'"
        )
    numbers = [int(one[1], 16) for one in digits if one is not None]
    return frozenset((number >> 16, number >> 8 & 255, number & 255) for number in numbers)
