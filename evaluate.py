"""Judge a checkpoint: ``python evaluate.py checkpoint=best.ckpt [subset=test|val|train|all]``."""

import signal
import sys

# Python's own handler raises in whatever is just being imported, where it may get lost.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from crackseg.system.exits import end_at_once_by_signals, work_begins  # noqa: E402

# Before all that takes long to import.
end_at_once_by_signals()

import hydra  # noqa: E402
from omegaconf import DictConfig  # noqa: E402

from crackseg.config.schema import register_schemas  # noqa: E402
from crackseg.launch.entrypoint import exit_on_user_error, to_dataclass  # noqa: E402

register_schemas()


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(config: DictConfig) -> float:
    """Evaluates once and returns the crack IoU at the stored threshold."""
    with exit_on_user_error():
        from crackseg.launch.evaluation import run_evaluation

        work_begins()
        return run_evaluation(to_dataclass(config))


if __name__ == "__main__":
    from crackseg.launch.paths import quote_paths

    with exit_on_user_error():
        sys.argv[1:] = quote_paths(sys.argv[1:])
        main()
