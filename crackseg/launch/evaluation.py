"""One evaluation of Hydra's, with its log."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from crackseg.config.checks import refuse
from crackseg.config.schema import EvaluateConfig
from crackseg.config.validation import missing_network
from crackseg.evaluation.results import HISTOGRAM, IMAGES, MASKS, METRICS
from crackseg.launch.entrypoint import refuse_overrides
from crackseg.launch.refused import forgotten_if_refused
from crackseg.runs.record import LOCK
from crackseg.system.files import said_in_words
from crackseg.system.logs import start_logging

LOG = "evaluate.log"
_MADE = (LOG, LOCK)
_BEGUN = (MASKS, METRICS, IMAGES, HISTOGRAM)


def run_evaluation(config: EvaluateConfig) -> float:
    """Runs Hydra's present evaluation.

    Returns:
        The crack IoU at the stored threshold.

    Raises:
        CrackSegError: The user made a mistake.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    with forgotten_if_refused(folder, _MADE, _BEGUN):
        refuse(missing_network("checkpoint", config.checkpoint))
        # What an evaluation needs takes seconds to import, and some mistakes are told without it.
        from crackseg.workflows.evaluate import NOT_HERE, evaluate

        refuse_overrides(NOT_HERE)
        start_logging(folder / LOG)
        with said_in_words(folder):
            return float(evaluate(config, folder).stored.totals["crack_iou"])
