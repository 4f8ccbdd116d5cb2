"""Scales at which a network looks at photographs: named by a user, or chosen for the network."""

import math
from collections.abc import Sequence

import numpy as np

from crackseg.errors import ConfigError
from crackseg.parameters.usage import UsageParameters
from crackseg.system.limits import SCALE_LIMITS

AUTO = "auto"
# A number, several, a text of them with commas between, or auto; None leaves it to the network.
ScaleChoice = float | Sequence[float] | str | None

# Neighbouring scales of auto are about this factor apart; closer ones add nothing but time.
_STEP = 1.6


def scales_of(choice: ScaleChoice, usage: UsageParameters) -> tuple[float, ...]:
    """The scales that a choice means for a network.

    Args:
        choice: Training pixels per photograph pixel, along a side; ``auto`` for all that
            :func:`spread` names. None takes the stored scale of a network that was trained at one,
            and ``auto`` for one that was trained at a range.
        usage: What the network's use needs.

    Raises:
        ConfigError: There is none, or one is no number or out of range.
    """
    if choice is None:
        choice = usage.scale if usage.scales is None else AUTO
    if isinstance(choice, str) and choice == AUTO:
        return spread(usage)
    scales = _numbers(choice)
    if not scales or not all(map(SCALE_LIMITS.hold, scales)):
        raise ConfigError(
            f"scale={_shown(choice)}: training pixels per photograph pixel, {SCALE_LIMITS}; one "
            f"number, several with commas between, or {AUTO}{_with_a_point(choice)}"
        )
    return scales


def spread(usage: UsageParameters) -> tuple[float, ...]:
    """Scales from the smallest of a network's training to the largest, in equal steps.

    None is above that of the photographs themselves, as enlarging shows nothing new. A network of
    one scale has those from its own to that of the photographs, since many cracks are thinner than
    those of its training.
    """
    low, high = usage.scales or (usage.scale, 1.0)
    high = max(low, min(high, 1.0))
    steps = max(round(math.log(high / low, _STEP)), 1)
    return tuple(dict.fromkeys(np.geomspace(low, high, steps + 1).tolist()))


def _numbers(choice: float | Sequence[float] | str) -> tuple[float, ...]:
    """The numbers of a choice; none where a text holds something else."""
    if not isinstance(choice, str):
        numbers = (choice,) if isinstance(choice, int | float | np.number) else choice
        return tuple(one.item() if isinstance(one, np.number) else one for one in numbers)
    try:
        return tuple(map(float, choice.split(",")))
    except ValueError:
        return ()


def _with_a_point(choice: float | Sequence[float] | str) -> str:
    """A hint where a comma was meant as a decimal point."""
    whole, _, part = str(choice).partition(",")
    is_one = whole.isdecimal() and part.isdecimal() and SCALE_LIMITS.hold(float(f"{whole}.{part}"))
    return f"; write {whole}.{part} for one scale" if is_one else ""


def _shown(choice: float | Sequence[float] | str) -> str:
    return (
        str(choice)
        if isinstance(choice, str | int | float | np.number)
        else ",".join(map(str, choice))
    )
