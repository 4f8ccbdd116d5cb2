"""What the Hydra doors share: a user's mistake ends in one message and exit code 2."""

import os
import sys
from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from crackseg.errors import ConfigError, CrackSegError


def enter(main: Callable[[], object]) -> None:
    """Runs a Hydra main; a wrong setting or wrong data is said without a traceback.

    Hydra prints and exits by itself, with code 1, unless it is told to let its errors through.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        main()
    except (CrackSegError, HydraException, OmegaConfBaseException) as error:
        print(f"error: {_in_words(error)}", file=sys.stderr)
        sys.exit(2)


def refuse_overrides(keys: Sequence[str], reason: str) -> None:
    """Refuses settings on the command line that would be ignored.

    Raises:
        ConfigError: naming the first of ``keys`` that was given.
    """
    for override in HydraConfig.get().overrides.task:
        key = override.lstrip("+").partition("=")[0]
        if key in keys:
            raise ConfigError(f"{override}: cannot be set here, {reason}")


def _in_words(error: BaseException) -> str:
    """The message with its causes, each told once."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None:
        text = str(current).strip()
        if text and not any(text in earlier for earlier in told):
            told.append(text)
        current = current.__cause__
    return "\n".join(told)
