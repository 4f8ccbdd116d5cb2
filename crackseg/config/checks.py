"""Single checks of settings: whether a value is right, and the message where it is not."""

from collections.abc import Callable, Sequence

from crackseg.errors import ConfigError, CrackSegError, did_you_mean
from crackseg.system.limits import Limits

# Whether a setting is right, and the message where it is not.
Check = tuple[bool, str]


def refuse(faults: Sequence[str]) -> None:
    """Raises all faults together, one line each.

    Raises:
        ConfigError: There are faults.
    """
    if faults:
        raise ConfigError("\n".join(faults))


def faults_of(checks: Sequence[Check]) -> list[str]:
    """Messages of the checks that do not hold."""
    return [message for holds, message in checks if not holds]


def fault_of(check: Callable[[], object]) -> list[str]:
    """Message of a check that raises an error."""
    try:
        check()
    except CrackSegError as error:
        return [str(error)]
    return []


def one_of(key: str, value: object, known: Sequence[str]) -> Check:
    """Checks that a value is one of those known; the message names the nearest."""
    guess = did_you_mean(value, known)
    message = f"{key}={value}: one of {', '.join(known)}"
    return value in known, f"{message}; {guess}" if guess else message


def within(key: str, value: object, limits: Limits) -> Check:
    """Checks that a number is within its limits."""
    return limits.hold(value), f"{key}={value}: {limits}"
