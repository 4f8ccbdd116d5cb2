"""Train a crack segmenter: ``python train.py [setting=value ...]``; ``--help`` explains them."""

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


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Trains once and returns what a sweep compares."""
    with exit_on_user_error():
        from crackseg.launch.job import run_job

        work_begins()
        return run_job(to_dataclass(config))


if __name__ == "__main__":
    from crackseg.launch.arguments import expand_resume
    from crackseg.launch.paths import quote_paths
    from crackseg.launch.sweep import killed_jobs_in_words

    with exit_on_user_error(), killed_jobs_in_words():
        sys.argv[1:] = quote_paths(expand_resume(sys.argv[1:]))
        main()
