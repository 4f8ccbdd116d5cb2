"""One evaluation of Hydra's, with its log."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from crackseg.config.checks import refuse
from crackseg.config.schema import EvaluateConfig
from crackseg.config.validation import missing_network
from crackseg.errors import CrackSegError
from crackseg.launch.entrypoint import refuse_overrides
from crackseg.system.files import said_in_words
from crackseg.system.logs import start_logging

LOG = "evaluate.log"
# Folder in which Hydra keeps the settings.
_OF_HYDRA = ".hydra"


def run_evaluation(config: EvaluateConfig) -> float:
    """Runs Hydra's present evaluation.

    Returns:
        The crack IoU at the stored threshold.

    Raises:
        CrackSegError: The user made a mistake.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    with _forgotten_if_refused(folder):
        refuse(missing_network("checkpoint", config.checkpoint))
        # What an evaluation needs takes seconds to import, and some mistakes are told without it.
        from crackseg.workflows.evaluate import NOT_HERE, evaluate

        refuse_overrides(NOT_HERE)
        start_logging(folder / LOG)
        with said_in_words(folder):
            return float(evaluate(config, folder).stored.totals["crack_iou"])


@contextmanager
def _forgotten_if_refused(folder: Path) -> Iterator[None]:
    """Leaves nothing of an evaluation that is refused before it wrote anything."""
    fresh = not (folder / LOG).exists()
    try:
        yield
    except CrackSegError:
        if fresh and {one.name for one in folder.iterdir()} <= {LOG, _OF_HYDRA}:
            start_logging()  # Closes the file of the log.
            with suppress(OSError):
                (folder / LOG).unlink(missing_ok=True)
            shutil.rmtree(folder / _OF_HYDRA, ignore_errors=True)
        raise
