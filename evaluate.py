"""Judge a checkpoint: ``python evaluate.py checkpoint=best.ckpt [subset=test|val|train|all]``."""

import signal
import sys
from pathlib import Path

# Python's own handler raises in whatever is just being imported, where it may get lost.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from crackseg.system.exits import end_at_once_by_signals, work_begins  # noqa: E402

# Before all that takes long to import.
end_at_once_by_signals()

import hydra  # noqa: E402
from hydra.core.hydra_config import HydraConfig  # noqa: E402
from omegaconf import DictConfig  # noqa: E402

from crackseg.config.schema import register_schemas  # noqa: E402
from crackseg.launch.entrypoint import (  # noqa: E402
    exit_on_user_error,
    refuse_overrides,
    to_dataclass,
)

register_schemas()


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(config: DictConfig) -> float:
    """Evaluates once and returns the crack IoU at the stored threshold."""
    with exit_on_user_error():
        from crackseg.system.files import said_in_words
        from crackseg.system.logs import start_logging
        from crackseg.workflows.evaluate import NOT_HERE, evaluate

        work_begins()
        refuse_overrides(NOT_HERE)
        folder = Path(HydraConfig.get().runtime.output_dir)
        start_logging(folder / "evaluate.log")
        with said_in_words(folder):
            return float(evaluate(to_dataclass(config), folder).stored.totals["crack_iou"])


if __name__ == "__main__":
    from crackseg.launch.paths import quote_paths

    with exit_on_user_error():
        sys.argv[1:] = quote_paths(sys.argv[1:])
        main()
