"""What the Hydra doors share: a user's mistake ends in one message and exit code 2."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from omegaconf.errors import ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException

from crackseg.errors import ConfigError, CrackSegError


@contextmanager
def user_errors() -> Iterator[None]:
    """Says a wrong setting or wrong data in words and exits with code 2; bugs pass through.

    It goes around a Hydra main, for what Hydra finds, and into it, for what the work finds: Hydra
    prints what passes out of a main.
    """
    # Without it Hydra prints its errors by itself and exits with code 1.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    except CrackSegError as error:
        _leave(str(error))
    except MissingConfigException as error:
        _leave(_missing_choice(error))
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__
        _leave(_wrong_setting(cause if isinstance(cause, OmegaConfBaseException) else error))


def refuse_overrides(reasons: Mapping[str, str]) -> None:
    """Refuses settings on the command line that would be ignored.

    Args:
        reasons: why a setting cannot be set here, by its key.

    Raises:
        ConfigError: naming the first of them that was given.
    """
    for override in HydraConfig.get().overrides.task:
        key = override.lstrip("+").partition("=")[0]
        if key in reasons:
            raise ConfigError(f"{override}: cannot be set here, {reasons[key]}")


def _leave(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def _missing_choice(error: MissingConfigException) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    options = [str(option) for option in error.options or ()]
    if not group or not options:
        return str(error).splitlines()[0]
    return f"{group}={choice}: there is no such choice; {_nearest(choice, options)}"


def _wrong_setting(error: Exception) -> str:
    key = str(getattr(error, "full_key", None) or "")
    first_line = str(error).strip().splitlines()[0]
    if not key:
        return first_line
    if isinstance(error, MissingMandatoryValue):
        return f"{key}: missing; give {key}=VALUE"
    if not isinstance(error, ConfigKeyError | AttributeError):
        return f"{key}: {first_line}"
    prefix, _, name = key.rpartition(".")
    known = _settings(getattr(error, "object_type", None))
    return f"{key}: there is no such setting in {prefix or 'the config'}; {_nearest(name, known)}"


def _settings(schema: Any) -> list[str]:
    return [entry.name for entry in fields(schema)] if is_dataclass(schema) else []


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"{guess}known: {', '.join(known)}"
