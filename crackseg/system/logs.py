"""Messages of the package: where they go, and which of others' are kept back."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crackseg.system.files import said_in_words
from crackseg.system.processes import is_first_process


def start_logging(file: Path | None = None) -> None:
    """Sends the package's log messages to the terminal, and also to ``file`` if given."""
    logger = logging.getLogger("crackseg")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    if not is_first_process():
        logger.addHandler(logging.NullHandler())
        return
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if file is not None:
        with said_in_words(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(_LogFile(file, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)


class _LogFile(logging.FileHandler):
    """Stays silent on a full disk, where the standard handler prints a traceback for every line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Does nothing: more important files report that nothing can be written."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


@contextmanager
def quiet(level: int, *names: str) -> Iterator[None]:
    """Keeps back messages inside.

    Args:
        level: Level from which messages pass, such as ``logging.WARNING``.
        names: Names of the loggers.
    """
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, one in zip(loggers, before, strict=True):
            logger.setLevel(one)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Suppresses Lightning's messages that do not concern the reader of a run."""
    of_lightning = quiet(logging.WARNING, "lightning.pytorch", "lightning.fabric")
    with of_lightning, warnings.catch_warnings():
        # Raised inside Lightning by its use of torch's tree functions.
        warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")
        # Lightning warns on 2-core machines too; the number of workers was measured.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists.*")
        warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
        # Of evaluations, which keep their figures in files of their own.
        warnings.filterwarnings("ignore", message=".*have no logger configured.*")
        # Where SLURM is installed: who wants a job of it starts one.
        warnings.filterwarnings("ignore", message=".*`srun` command is available.*")
        # Of the tracing for TensorBoard's graph: shapes are checked in Python, on purpose.
        warnings.filterwarnings("ignore", message=".*might cause the trace to be incorrect.*")
        warnings.filterwarnings("ignore", message=".*torch.jit.trace.*")
        yield
